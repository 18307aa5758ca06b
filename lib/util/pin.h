/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** PIN hashes: yescrypt through libcrypt. Slow by design: never on the main loop, see util/worker.h. */

#include <stdbool.h>

#include "util/cleanup.h"

enum { PIN_DIGITS_MIN = 4, PIN_DIGITS_MAX = 12, PIN_HASH_MAX = 384 };

/** Only digits, PIN_DIGITS_MIN to PIN_DIGITS_MAX of them. */
bool pin_is_valid(const char *pin);

/** Hashes with a fresh random salt. -EINVAL for an invalid PIN, -ENOMEM, -EIO. */
int pin_hash(const char *pin, char ret[PIN_HASH_MAX]) _must_check_;

/** Takes as long for a wrong PIN as for the right one. A malformed hash never matches. */
bool pin_matches(const char *pin, const char *hash);
