/* SPDX-License-Identifier: Apache-2.0 */

/** Codes of cartridges read in full, beside one look at each of their bytes. One processor. */

#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "code/needle-code.h"
#include "util/clock.h"

enum { CODES = 4096, ROUNDS = 100, CODE_MAX = 64 };

static char codes[CODES][CODE_MAX];

/** As they come: DataMatrix, GS1-128, typed with brackets, and HIBC. */
static void write_codes(void)
{
	for (int i = 0; i < CODES; i++) {
		switch (i % 4) {
		case 0:
			snprintf(codes[i], CODE_MAX,
				"]d201040123456789011731123110L%04d\x1d"
				"21S%06d",
				i, i);
			break;
		case 1:
			snprintf(codes[i], CODE_MAX, "01040123456789011731123110L%04d", i);
			break;
		case 2:
			snprintf(codes[i], CODE_MAX, "(01)04012345678901(17)311231(10)L%04d(21)S%06d", i, i);
			break;
		case 3:
			snprintf(codes[i], CODE_MAX, "+A99912345/$$52001510X3/16D20111212/S77DEFG457");
			break;
		}
	}
}

static double scan(void)
{
	int64_t begun = bench_thread_cpu_ns();
	volatile unsigned kept;
	unsigned sum = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < CODES; i++)
			for (const char *c = codes[i]; *c; c++)
				sum = sum * 31 + (unsigned char)*c;
		kept = sum;
	}
	(void)kept;
	return 1e9 * CODES * ROUNDS / (double)(bench_thread_cpu_ns() - begun);
}

static double read_codes(void)
{
	/* 2020-01-01: none of them has expired */
	const NeedleCodeOptions options = { .today_utc_us = 1577836800LL * USEC_PER_SEC };
	int64_t begun = bench_thread_cpu_ns();
	NeedleCode code;

	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < CODES; i++) {
			needle_code_read(codes[i], &options, &code);
			if (code.n_errors > 0 || !code.unit[0])
				bench_fail("the code %s was not understood", codes[i]);
		}
	return 1e9 * CODES * ROUNDS / (double)(bench_thread_cpu_ns() - begun);
}

int main(void)
{
	double raw;

	write_codes();
	raw = scan();
	bench_report(&(BenchFigure){ .bench = "code",
		.figure = "cartridge codes read; raw looks at each byte",
		.unit = "1/s",
		.value = read_codes(),
		.raw = raw });
	return 0;
}
