/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the benchmarks share: clocks, percentiles, and the line for script/bench. It measures nothing by
 * itself.
 */

#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int64_t bench_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t bench_process_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bench_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

void bench_check(int r, const char *what)
{
	if (r < 0)
		bench_fail("%s: %s", what, strerror(-r));
}

void bench_times_add(BenchTimes *times, int64_t ns)
{
	if (times->n == times->capacity) {
		times->capacity = times->capacity ? 2 * times->capacity : 1024;
		times->ns = reallocarray(times->ns, times->capacity, sizeof *times->ns);
		if (!times->ns)
			bench_fail("not enough memory for %zu times", times->capacity);
	}
	times->ns[times->n++] = ns;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

double bench_times_us(BenchTimes *times, double percent)
{
	size_t rank = (size_t)(percent / 100 * (double)times->n);

	if (times->n == 0)
		bench_fail("nothing was measured");
	qsort(times->ns, times->n, sizeof *times->ns, compare);
	return (double)times->ns[rank < times->n ? rank : times->n - 1] / 1000;
}

void bench_times_clear(BenchTimes *times)
{
	free(times->ns);
	*times = (BenchTimes){ 0 };
}

static bool is_met(const BenchFigure *figure, double ratio)
{
	return (figure->ratio_min == 0 || ratio >= figure->ratio_min) &&
	       (figure->ratio_max == 0 || ratio <= figure->ratio_max) &&
	       (figure->over_max == 0 || figure->value - figure->raw <= figure->over_max);
}

void bench_report(const BenchFigure *figure)
{
	double ratio = figure->raw != 0 ? figure->value / figure->raw : 0;
	char asked[64] = "";

	if (figure->ratio_min != 0)
		snprintf(asked, sizeof asked, "at least %g of raw", figure->ratio_min);
	else if (figure->ratio_max != 0)
		snprintf(asked, sizeof asked, "at most %g of raw", figure->ratio_max);
	else if (figure->over_max != 0)
		snprintf(asked, sizeof asked, "at most raw + %g", figure->over_max);
	printf("{\"bench\":\"%s\",\"figure\":\"%s\",\"unit\":\"%s\",\"value\":%.6g,\"raw\":%.6g,\"ratio\":%.4g,"
	       "\"asked\":\"%s\",\"met\":%s}\n",
		figure->bench, figure->figure, figure->unit, figure->value, figure->raw, ratio, asked,
		asked[0] ? (is_met(figure, ratio) ? "true" : "false") : "null");
	fflush(stdout);
}

const char *bench_folder(int argc, char **argv)
{
	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "Usage: %s FOLDER\n\nRun by script/bench; leaves its files in FOLDER.\n",
			argv[0]);
		exit(2);
	}
	return argv[1];
}
