/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Hashes of PINs and passwords: yescrypt through libcrypt. Slow by design: never on the main loop, see
 * util/worker.h. */

#include <stdbool.h>

#include "util/cleanup.h"

enum { PIN_DIGITS_MIN = 4, PIN_DIGITS_MAX = 12, PIN_HASH_MAX = 384, PASSWORD_MIN = 10, PASSWORD_MAX = 200 };

/** Only digits, PIN_DIGITS_MIN to PIN_DIGITS_MAX of them. */
bool pin_is_valid(const char *pin);

/** Hashes with a fresh random salt. -EINVAL for an invalid PIN, -ENOMEM, -EIO. */
int pin_hash(const char *pin, char ret[PIN_HASH_MAX]) _must_check_;

/** At least PASSWORD_MIN bytes, at most PASSWORD_MAX, UTF-8 without control characters. */
bool password_is_valid(const char *password);
/** As pin_hash(), for a password. */
int password_hash(const char *password, char ret[PIN_HASH_MAX]) _must_check_;

/** Takes as long for a wrong PIN or password as for the right one. A malformed hash never matches. */
bool pin_matches(const char *pin, const char *hash);
