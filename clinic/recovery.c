/* SPDX-License-Identifier: Apache-2.0 */

/** Encrypts keys for a backup. It must not keep a code or a key in memory that it no longer needs. */

#include "recovery.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "util/digest.h"

enum { SALT_BYTES = 16, NONCE_BYTES = 12, TAG_BYTES = 16, KEY_BYTES = 32, ROUNDS = 100000, GROUP_SIGNS = 5 };

static const char code_signs[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
static const char mark[] = "stipple-clinic keys 1\n";

enum { MARK_BYTES = sizeof mark - 1, HEAD_BYTES = MARK_BYTES + SALT_BYTES + NONCE_BYTES };

int recovery_code_make(char ret[RECOVERY_CODE_MAX])
{
	uint8_t random[RECOVERY_SIGNS];
	char typed[RECOVERY_SIGNS + 1] = "";
	int r = random_bytes(random, sizeof random);

	for (size_t i = 0; r >= 0 && i < RECOVERY_SIGNS; i++)
		typed[i] = code_signs[random[i] % 32];
	return r < 0 ? r : recovery_code_read(typed, ret);
}

int recovery_code_read(const char *typed, char ret[RECOVERY_CODE_MAX])
{
	char code[RECOVERY_CODE_MAX];
	size_t n = 0, used = 0;

	for (; *typed; typed++) {
		char sign = (char)toupper((unsigned char)*typed);

		if (sign == '-' || isspace((unsigned char)sign))
			continue;
		if (n == RECOVERY_SIGNS || !memchr(code_signs, sign, sizeof code_signs - 1))
			return -EINVAL;
		if (n > 0 && n % GROUP_SIGNS == 0)
			code[used++] = '-';
		code[used++] = sign;
		n++;
	}
	if (n != RECOVERY_SIGNS)
		return -EINVAL;
	code[used] = '\0';
	memcpy(ret, code, sizeof code);
	return 0;
}

static int open_cipher(const char *code, const uint8_t salt[SALT_BYTES], gnutls_aead_cipher_hd_t *ret)
{
	const gnutls_datum_t secret = { (unsigned char *)code, (unsigned)strlen(code) };
	const gnutls_datum_t salted = { (unsigned char *)salt, SALT_BYTES };
	uint8_t key[KEY_BYTES];
	const gnutls_datum_t derived = { key, sizeof key };
	int r = gnutls_pbkdf2(GNUTLS_MAC_SHA256, &secret, &salted, ROUNDS, key, sizeof key);

	r = r < 0 ? r : gnutls_aead_cipher_init(ret, GNUTLS_CIPHER_AES_256_GCM, &derived);
	gnutls_memset(key, 0, sizeof key);
	return r;
}

int recovery_seal(const char *code, const void *data, size_t size, void **ret, size_t *ret_size, Error *error)
{
	size_t sealed = size + TAG_BYTES;
	_cleanup_(freep) uint8_t *out = malloc(HEAD_BYTES + sealed);
	gnutls_aead_cipher_hd_t cipher;
	uint8_t *salt = out ? out + MARK_BYTES : NULL;
	int r;

	if (!out)
		return error_set(error, -ENOMEM, "no memory");
	memcpy(out, mark, MARK_BYTES);
	if (random_bytes(salt, SALT_BYTES + NONCE_BYTES) < 0 || open_cipher(code, salt, &cipher) < 0)
		return error_set(error, -EIO, "the keys cannot be encrypted");
	r = gnutls_aead_cipher_encrypt(cipher, salt + SALT_BYTES, NONCE_BYTES, mark, MARK_BYTES, TAG_BYTES,
		data, size, out + HEAD_BYTES, &sealed);
	gnutls_aead_cipher_deinit(cipher);
	if (r < 0)
		return error_set(error, -EIO, "the keys cannot be encrypted: %s", gnutls_strerror(r));
	*ret = TAKE_PTR(out);
	*ret_size = HEAD_BYTES + sealed;
	return 0;
}

int recovery_open(
	const char *code, const void *sealed, size_t size, char **ret, size_t *ret_size, Error *error)
{
	const uint8_t *head = sealed, *salt = head + MARK_BYTES;
	_cleanup_(freep) char *out = NULL;
	gnutls_aead_cipher_hd_t cipher;
	size_t plain;
	int r;

	if (size < HEAD_BYTES + TAG_BYTES || memcmp(head, mark, MARK_BYTES) != 0)
		return error_set(error, -EBADMSG, "the keys of the backup are damaged: use another backup");
	plain = size - HEAD_BYTES - TAG_BYTES;
	out = calloc(1, plain + 1);
	if (!out || open_cipher(code, salt, &cipher) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = gnutls_aead_cipher_decrypt(cipher, salt + SALT_BYTES, NONCE_BYTES, mark, MARK_BYTES, TAG_BYTES,
		head + HEAD_BYTES, size - HEAD_BYTES, out, &plain);
	gnutls_aead_cipher_deinit(cipher);
	if (r < 0)
		return error_set(error, -EBADMSG,
			"the recovery code does not open the keys of this backup: compare it with the paper, or use another backup");
	*ret = TAKE_PTR(out);
	*ret_size = plain;
	return 0;
}
