/* SPDX-License-Identifier: Apache-2.0 */

/**
 * SHA-256 of memory, hexadecimal text, and random bytes, which must come from the kernel alone. It reads no
 * file.
 */

#include "util/digest.h"

#include <string.h>
#include <sys/random.h>

#define OPENSSL_SUPPRESS_DEPRECATED /* see digest_compute() */
#include <openssl/err.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

/*
 * Uses the functions of SHA-256 directly: through EVP the call costs as much as hashing a short message, and
 * a ledger consists of short messages. libcrypto uses the processor's instructions either way. These
 * functions only compute, in memory that they are given, and cannot fail.
 */
void digest_compute(const DigestPart *parts, size_t n, uint8_t ret[DIGEST_BYTES])
{
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < n; i++)
		SHA256_Update(&context, parts[i].data, parts[i].size);
	SHA256_Final(ret, &context);
}

void digest_hex(const void *data, size_t size, char ret[DIGEST_HEX_MAX])
{
	uint8_t digest[DIGEST_BYTES];

	digest_compute(&(DigestPart){ data, size }, 1, digest);
	hex_encode(digest, sizeof digest, ret);
}

void hex_encode(const uint8_t *data, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret[2 * i] = digits[data[i] >> 4];
		ret[2 * i + 1] = digits[data[i] & 15];
	}
	ret[2 * size] = '\0';
}

int hex_decode(const char *text, uint8_t *ret, size_t size)
{
	size_t found;
	int r;

	if (strlen(text) != 2 * size)
		return -EINVAL;
	/* a left-over entry in the thread's error queue would be mistaken for a TLS error */
	ERR_set_mark();
	r = OPENSSL_hexstr2buf_ex(ret, size, &found, text, '\0') == 1 ? 0 : -EINVAL;
	ERR_pop_to_mark();
	return r;
}

int random_bytes(void *ret, size_t size)
{
	return getentropy(ret, size) < 0 ? -EIO : 0;
}
