/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads figures and times as people and devices write them. A value that can be read in two ways is refused
 * with a sentence that says so; it is never guessed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/**
 * Reads a figure in decimal notation: digits with an optional sign before them, one decimal sign, and the
 * other sign between groups of three digits. `decimal` is '.', ',' or '\0'; with '\0', "1,800" and "1.800"
 * are refused. No powers of ten, no hexadecimal, no infinity. -EINVAL with `error`.
 */
int csv_number(const char *text, char decimal, double *ret, Error *error);

/** Whether csv_time() knows the zone: "local", a name such as Europe/Berlin, or a POSIX rule. */
bool csv_zone_exists(const char *zone);

/**
 * Reads a time in strptime()'s `format`; if the format has no %z, the time is in `zone`. A local time that a
 * clock change skipped or repeated is refused. -EINVAL with `error`. Changes TZ while it runs: one thread
 * only.
 */
int csv_time(const char *text, const char *format, const char *zone, int64_t *ret_utc_us, Error *error);
