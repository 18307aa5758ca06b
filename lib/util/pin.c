/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Hashes PINs and passwords and compares them. Both are slow by design, and must not run on the main loop. A
 * wrong PIN must not get a faster answer than a right one.
 */

#include "util/pin.h"

#include <crypt.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/text.h"

bool pin_is_valid(const char *pin)
{
	size_t length = strspn(pin, "0123456789");

	return pin[length] == '\0' && length >= PIN_DIGITS_MIN && length <= PIN_DIGITS_MAX;
}

static int hash_with(const char *pin, const char *setting, char ret[PIN_HASH_MAX])
{
	struct crypt_data *data = calloc(1, sizeof *data);
	const char *hash;
	int r = -EIO;

	if (!data)
		return -ENOMEM;
	hash = crypt_r(pin, setting, data);
	if (hash && hash[0] != '*' && strlen(hash) < PIN_HASH_MAX) {
		memcpy(ret, hash, strlen(hash) + 1);
		r = 0;
	}
	explicit_bzero(data, sizeof *data);
	free(data);
	return r;
}

static int hash_anew(const char *word, char ret[PIN_HASH_MAX])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof setting))
		return -EIO;
	return hash_with(word, setting, ret);
}

int pin_hash(const char *pin, char ret[PIN_HASH_MAX])
{
	return pin_is_valid(pin) ? hash_anew(pin, ret) : -EINVAL;
}

bool password_is_valid(const char *password)
{
	return strlen(password) >= PASSWORD_MIN && text_is_printable(password, PASSWORD_MAX);
}

int password_hash(const char *password, char ret[PIN_HASH_MAX])
{
	return password_is_valid(password) ? hash_anew(password, ret) : -EINVAL;
}

bool pin_matches(const char *pin, const char *hash)
{
	char computed[PIN_HASH_MAX];
	size_t length = strlen(hash);

	if (hash_with(pin, hash, computed) < 0 || strlen(computed) != length)
		return false;
	return CRYPTO_memcmp(computed, hash, length) == 0;
}
