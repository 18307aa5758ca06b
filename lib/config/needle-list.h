/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The configurations of needles that a protocol allows, as its file has them: "1RL, 3RL 0.25". Pure; does not
 * block.
 */

#include <stdbool.h>

#include "util/error.h"

enum { NEEDLE_LIST_MAX = 64 }; /* with the NUL; room for eight configurations */

/** Whether each part is a configuration; "" is a list, too. -EINVAL with the reason in `error`. */
int needle_list_check(const char *list, Error *error) _must_check_;

/**
 * Whether `list` allows a cartridge with this configuration: count and shape are the same, and the diameter
 * where both say one. "" allows any. A configuration that cannot be read is in no list but "".
 */
bool needle_list_allows(const char *list, const char *configuration);
