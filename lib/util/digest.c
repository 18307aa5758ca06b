/* SPDX-License-Identifier: Apache-2.0 */

/**
 * SHA-256 of memory, hexadecimal text, and random bytes, which must come from the kernel alone. It reads no
 * file.
 */

#include "util/digest.h"

#include <string.h>
#include <sys/random.h>

#define OPENSSL_SUPPRESS_DEPRECATED /* see digest_compute() */
#include <openssl/evp.h>
#include <openssl/sha.h>

/*
 * The functions of SHA-256 itself: through EVP a short message costs as much for the call as for its hash,
 * and a ledger is made of short messages. libcrypto takes the processor's instructions either way. They only
 * compute, in memory that they are given, and cannot fail.
 */
void digest_compute(const DigestPart *parts, size_t n, uint8_t ret[DIGEST_BYTES])
{
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < n; i++)
		SHA256_Update(&context, parts[i].data, parts[i].size);
	SHA256_Final(ret, &context);
}

int digest_hex(const void *data, size_t size, char ret[DIGEST_HEX_MAX])
{
	uint8_t digest[DIGEST_BYTES];

	if (EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	hex_encode(digest, sizeof digest, ret);
	return 0;
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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int hex_decode(const char *text, uint8_t *ret, size_t size)
{
	if (strlen(text) != 2 * size)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret[i] = high << 4 | low;
	}
	return 0;
}

int random_bytes(void *ret, size_t size)
{
	unsigned char *bytes = ret;

	while (size > 0) {
		ssize_t n = getrandom(bytes, size, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		bytes += n;
		size -= n;
	}
	return 0;
}
