/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the benchmarks share. Each measures Stipple and, in the same run, the raw limit of the same work, and
 * prints one JSON object a line for script/bench to collect. Absolute figures differ between machines; what
 * is judged is how far from the raw limit Stipple is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

/** Durations in nanoseconds. Zero it at first; bench_times_clear() at the end. */
typedef struct BenchTimes {
	int64_t *ns;
	size_t n, capacity;
} BenchTimes;

typedef struct BenchFigure {
	const char *bench, *figure, *unit;
	double value, raw; /* raw: the limit as measured in this run */
	/* what is asked for; those left 0 are not */
	double ratio_min, ratio_max; /* of value / raw */
	double over_max;             /* of value - raw, in `unit` */
} BenchFigure;

/** CLOCK_MONOTONIC. */
int64_t bench_now_ns(void);
/** CPU time of the calling thread, or of the whole process. */
int64_t bench_thread_cpu_ns(void);
int64_t bench_process_cpu_ns(void);

/** Ends the program with a sentence on stderr: what it measures cannot be measured here. */
void bench_fail(const char *format, ...) _printf_(1, 2) __attribute__((noreturn));
/** bench_fail() when `r` is a negative errno. */
void bench_check(int r, const char *what);

void bench_times_add(BenchTimes *times, int64_t ns);
/** Nearest-rank percentile in microseconds, `percent` 0 to 100. Sorts. */
double bench_times_us(BenchTimes *times, double percent);
void bench_times_clear(BenchTimes *times);

/** Prints the line. */
void bench_report(const BenchFigure *figure);

/** `argv[1]` as a folder for the files of this run, on the disk that is to be measured. */
const char *bench_folder(int argc, char **argv);
