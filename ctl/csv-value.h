/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Figures and times as people and devices write them. What can be read in two ways is refused with a sentence
 * that says so, never guessed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/**
 * A figure in decimal notation: digits, a sign before them, one decimal sign, and the other sign between
 * groups of three digits. `decimal` is '.', ',' or '\0': then "1,800" and "1.800" are refused. No powers of
 * ten, no hexadecimal, no infinity. -EINVAL with `error`.
 */
int csv_number(const char *text, char decimal, double *ret, Error *error);

/** Whether csv_time() knows the zone: "local", a name such as Europe/Berlin, or a POSIX rule. */
bool csv_zone_exists(const char *zone);

/**
 * A time by strptime()'s `format`; without %z in it of `zone`. An hour that the change of clocks left out, or
 * that it ran through twice, is refused. -EINVAL with `error`. Changes TZ for its duration: one thread only.
 */
int csv_time(const char *text, const char *format, const char *zone, int64_t *ret_utc_us, Error *error);
