/* SPDX-License-Identifier: Apache-2.0 */

/**
 * SHA-256 of what an open descriptor gives, in constant memory. It opens no file: the caller does. It blocks
 * on the disk, and must not be called on the main loop of a running daemon.
 */

#include "util/digest-file.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* see digest_compute() */
#include <openssl/sha.h>

enum { CHUNK = 1 << 16 };

int digest_file_part(int fd, uint64_t most, const atomic_bool *leave, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(freep) char *chunk = malloc(CHUNK);
	uint8_t digest[DIGEST_BYTES];
	SHA256_CTX context;
	uint64_t size = 0;
	ssize_t n;

	if (!chunk)
		return -ENOMEM;
	SHA256_Init(&context);
	while ((n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (leave && atomic_load(leave))
			return -ECANCELED;
		size += n > 0 ? (uint64_t)n : 0;
		if (size > most)
			return -EFBIG;
		if (n > 0)
			SHA256_Update(&context, chunk, (size_t)n);
	}
	SHA256_Final(digest, &context);
	hex_encode(digest, sizeof digest, ret);
	return 0;
}

int digest_file(int fd, char ret[DIGEST_HEX_MAX])
{
	return digest_file_part(fd, UINT64_MAX, NULL, ret);
}
