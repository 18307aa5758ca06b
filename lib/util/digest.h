/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** SHA-256 (FIPS 180-4) with OpenSSL's libcrypto, and the system's random bytes. */

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum { DIGEST_BYTES = 32, DIGEST_HEX_MAX = 65 };

/** One part of a message that is hashed without joining the parts first. */
typedef struct DigestPart {
	const void *data;
	size_t size;
} DigestPart;

/** Hashes the concatenation of `n` parts. */
void digest_compute(const DigestPart *parts, size_t n, uint8_t ret[DIGEST_BYTES]);

/** A convenience for places where speed does not matter. */
void digest_hex(const void *data, size_t size, char ret[DIGEST_HEX_MAX]);

/** Lower-case hexadecimal; `ret` needs 2 * size + 1 bytes. */
void hex_encode(const uint8_t *data, size_t size, char *ret);

/** Decodes exactly `size` bytes. -EINVAL on a bad digit or another length. */
int hex_decode(const char *text, uint8_t *ret, size_t size) _must_check_;

/** Fills at most 256 bytes with unpredictable ones from the kernel. -EIO on failure. */
int random_bytes(void *ret, size_t size) _must_check_;
