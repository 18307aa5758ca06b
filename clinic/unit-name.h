/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Names of cartridges as the stations' ledgers make them. */

#include <stdbool.h>

enum { UNIT_MAX = 128 };

/** (10)L1 of (10)L1#7, with *ret_number 7; false for a unit that is no number of a lot. */
bool unit_split(const char *unit, char ret_base[UNIT_MAX + 1], long long *ret_number);
