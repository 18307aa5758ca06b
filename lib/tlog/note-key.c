/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The keys of signed notes: their text, signing and verifying with libcrypto. It touches no file. A private
 * key must be wiped from memory before that is freed.
 */

#include "tlog/note-key.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tlog/note.h"
#include "util/digest.h"

#define ML_DSA_44      "ML-DSA-44" /* the names that libcrypto of OpenSSL 3.5 knows */
#define ML_DSA_44_SEED "seed"

enum {
	SEED_BYTES = 32, /* a private key, of RFC 8032 and of FIPS 204 alike */
	ENCODED_SEED_CHARS = 44,
	ENCODED_MAX = 1 + NOTE_PUBLIC_KEY_MAX,
	ENCODED_CHARS_MAX = (ENCODED_MAX + 2) / 3 * 4,
	ID_CHARS = 8
};

struct NoteSigner {
	NoteVerifier verifier;
	EVP_PKEY *key;
	uint8_t seed[SEED_BYTES];
};

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free, EVP_PKEY_freep);
DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free, EVP_PKEY_CTX_freep);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free, EVP_MD_CTX_freep);

/* ---- keys as text ---- */

size_t note_key_size(NoteKind kind)
{
	switch (kind) {
	case NOTE_ED25519:
	case NOTE_COSIGNATURE:
		return NOTE_PUBLIC_KEY_BYTES;
	case NOTE_COSIGNATURE_ML_DSA_44:
		return NOTE_ML_DSA_44_KEY_BYTES;
	}
	return 0;
}

static NoteVerifier verifier_make(const char *name, NoteKind kind, const uint8_t *key)
{
	uint8_t encoded[ENCODED_MAX] = { (uint8_t)kind }, digest[DIGEST_BYTES];
	NoteVerifier verifier = { .kind = kind };
	size_t size = note_key_size(kind);
	const DigestPart parts[] = { { name, strlen(name) }, { "\n", 1 }, { encoded, 1 + size } };

	memcpy(encoded + 1, key, size);
	digest_compute(parts, ELEMENTS(parts), digest);
	verifier.id =
		(uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
	memcpy(verifier.name, name, strlen(name));
	memcpy(verifier.key, key, size);
	return verifier;
}

/** Accepts lower case only, which everybody writes, so that a key has only one text. */
static bool parse_id(Slice text, uint32_t *ret)
{
	uint32_t id = 0;

	if (text.size != ID_CHARS)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, text.text[i]);

		if (!at || !*at)
			return false;
		id = id << 4 | (uint32_t)(at - digits);
	}
	*ret = id;
	return true;
}

/** Shared by public and private keys: "<name>+<id>+<base64>". */
typedef struct KeyText {
	char name[NOTE_NAME_MAX];
	NoteKind kind;
	uint32_t id;
	uint8_t key[NOTE_PUBLIC_KEY_MAX];
} KeyText;

/** Takes everything up to the next '+', and that '+'. */
static bool take_key_field(Slice *rest, Slice *ret)
{
	const char *plus = rest->size > 0 ? memchr(rest->text, '+', rest->size) : NULL;

	if (!plus)
		return false;
	*ret = (Slice){ rest->text, plus - rest->text };
	*rest = (Slice){ plus + 1, rest->size - ret->size - 1 };
	return true;
}

/** `key_size`: of a key of a kind; 0 for an unknown kind. */
static int parse_key(
	Slice text, const char *what, size_t (*key_size)(NoteKind kind), KeyText *ret, Error *error)
{
	_cleanup_(freep) uint8_t *encoded = NULL;
	size_t size = 0;
	Slice name, id;
	int r;

	memset(ret, 0, sizeof *ret);
	if (!take_key_field(&text, &name) || !take_key_field(&text, &id))
		return error_set(error, -EINVAL, "%s has three parts with '+' between; copy all of it", what);
	if (!text_is_key_name(name))
		return error_set(error, -EINVAL, "%s begins with a name without spaces", what);
	if (!parse_id(id, &ret->id))
		return error_set(
			error, -EINVAL, "%s has 8 lower-case hexadecimal digits after its name", what);
	r = base64_decode(text, &encoded, &size);
	if (r == -EINVAL)
		return error_set(error, r, "%s ends in something that is not base64", what);
	if (r < 0)
		return error_set(error, r, "no memory for %s", what);
	ret->kind = (NoteKind)encoded[0];
	if (key_size(ret->kind) == 0)
		r = error_set(error, -EOPNOTSUPP,
			"%s is of kind %u; only Ed25519 (1) and the witnesses' kinds (4 and 6) are known here",
			what, encoded[0]);
	else if (size != 1 + key_size(ret->kind))
		r = error_set(error, -EINVAL, "%s has a key of %zu bytes instead of %zu", what, size - 1,
			key_size(ret->kind));
	if (r >= 0) {
		memcpy(ret->name, name.text, name.size);
		memcpy(ret->key, encoded + 1, size - 1);
	}
	OPENSSL_cleanse(encoded, size);
	return r;
}

static int check_id(const NoteVerifier *verifier, uint32_t id, const char *what, Error *error)
{
	if (verifier->id == id)
		return 0;
	return error_set(error, -EBADMSG,
		"%s says %08" PRIx32 " where its name and key give %08" PRIx32
		"; a character was changed, copy it again",
		what, id, verifier->id);
}

int note_verifier_parse(const char *text, NoteVerifier *ret, Error *error)
{
	static const char what[] = "the public key";
	NoteVerifier verifier;
	KeyText key;
	int r;

	r = parse_key((Slice){ text, strlen(text) }, what, note_key_size, &key, error);
	if (r < 0)
		return r;
	verifier = verifier_make(key.name, key.kind, key.key);
	r = check_id(&verifier, key.id, what, error);
	if (r < 0)
		return r;
	*ret = verifier;
	return 0;
}

static void encode_key(NoteKind kind, const uint8_t *key, size_t size, char *ret)
{
	uint8_t encoded[ENCODED_MAX] = { (uint8_t)kind };

	memcpy(encoded + 1, key, size);
	EVP_EncodeBlock((unsigned char *)ret, encoded, (int)(1 + size));
	OPENSSL_cleanse(encoded, sizeof encoded);
}

void note_verifier_write(const NoteVerifier *verifier, char ret[NOTE_KEY_MAX])
{
	char encoded[ENCODED_CHARS_MAX + 1];

	encode_key(verifier->kind, verifier->key, note_key_size(verifier->kind), encoded);
	(void)snprintf(ret, NOTE_KEY_MAX, "%s+%08" PRIx32 "+%s", verifier->name, verifier->id, encoded);
}

void note_signer_write(const NoteSigner *signer, char ret[NOTE_PRIVATE_KEY_MAX])
{
	char encoded[ENCODED_SEED_CHARS + 1];

	encode_key(signer->verifier.kind, signer->seed, SEED_BYTES, encoded);
	(void)snprintf(ret, NOTE_PRIVATE_KEY_MAX, "PRIVATE+KEY+%s+%08" PRIx32 "+%s\n", signer->verifier.name,
		signer->verifier.id, encoded);
	OPENSSL_cleanse(encoded, sizeof encoded);
}

/* ---- private keys ---- */

static size_t seed_size(NoteKind kind)
{
	return note_key_size(kind) > 0 ? SEED_BYTES : 0;
}

/** -EOPNOTSUPP: libcrypto does not support the algorithm. */
static int make_ml_dsa_44(const uint8_t seed[SEED_BYTES], EVP_PKEY **ret)
{
	_cleanup_(EVP_PKEY_CTX_freep) EVP_PKEY_CTX *context =
		EVP_PKEY_CTX_new_from_name(NULL, ML_DSA_44, NULL);
	OSSL_PARAM parts[] = {
		OSSL_PARAM_construct_octet_string(ML_DSA_44_SEED, (void *)seed, SEED_BYTES),
		OSSL_PARAM_construct_end(),
	};

	if (!context)
		return -EOPNOTSUPP;
	return EVP_PKEY_fromdata_init(context) == 1 &&
			       EVP_PKEY_fromdata(context, ret, EVP_PKEY_KEYPAIR, parts) == 1
		       ? 0
		       : -EIO;
}

static int signer_make(const char *name, NoteKind kind, const uint8_t seed[SEED_BYTES], NoteSigner **ret)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = calloc(1, sizeof *signer);
	uint8_t public_key[NOTE_PUBLIC_KEY_MAX];
	size_t size = sizeof public_key;
	int r = 0;

	if (!signer)
		return -ENOMEM;
	memcpy(signer->seed, seed, sizeof signer->seed);
	if (kind == NOTE_COSIGNATURE_ML_DSA_44)
		r = make_ml_dsa_44(seed, &signer->key);
	else
		signer->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_BYTES);
	if (r < 0)
		return r;
	if (!signer->key || EVP_PKEY_get_raw_public_key(signer->key, public_key, &size) != 1 ||
		size != note_key_size(kind))
		return -EIO;
	signer->verifier = verifier_make(name, kind, public_key);
	*ret = TAKE_PTR(signer);
	return 0;
}

static int generate_key(const char *name, NoteKind kind, NoteSigner **ret)
{
	uint8_t seed[SEED_BYTES];
	int r;

	if (!text_is_key_name((Slice){ name, strlen(name) }))
		return -EINVAL;
	r = random_bytes(seed, sizeof seed);
	if (r >= 0)
		r = signer_make(name, kind, seed, ret);
	OPENSSL_cleanse(seed, sizeof seed);
	return r;
}

int note_signer_generate(const char *name, NoteSigner **ret)
{
	return generate_key(name, NOTE_ED25519, ret);
}

int note_signer_generate_ml_dsa_44(const char *name, NoteSigner **ret)
{
	return generate_key(name, NOTE_COSIGNATURE_ML_DSA_44, ret);
}

int note_signer_parse(const char *text, NoteSigner **ret, Error *error)
{
	static const char what[] = "the private key";
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	Slice rest = { text, strlen(text) };
	KeyText key;
	int r;

	if (rest.size > 0 && rest.text[rest.size - 1] == '\n')
		rest.size--;
	if (!text_take_word(&rest, "PRIVATE+KEY+"))
		return error_set(error, -EINVAL, "%s begins with PRIVATE+KEY+; this is something else", what);
	r = parse_key(rest, what, seed_size, &key, error);
	if (r < 0)
		return r;
	if (key.kind != NOTE_COSIGNATURE)
		r = signer_make(key.name, key.kind, key.key, &signer);
	OPENSSL_cleanse(&key.key, sizeof key.key);
	if (key.kind == NOTE_COSIGNATURE)
		return error_set(error, -EOPNOTSUPP,
			"%s is a witness's, of kind %u; a log signs with Ed25519 (1)", what, key.kind);
	if (r == -EOPNOTSUPP)
		return error_set(error, r,
			"%s is of ML-DSA-44, which this machine's libcrypto does not know (OpenSSL 3.5 does)",
			what);
	if (r < 0)
		return error_set(error, r, "%s: no memory, or libcrypto fails", what);
	r = check_id(&signer->verifier, key.id, what, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(signer);
	return 0;
}

int note_signer_rename(const NoteSigner *signer, const char *name, NoteSigner **ret)
{
	if (!text_is_key_name((Slice){ name, strlen(name) }))
		return -EINVAL;
	return signer_make(name, signer->verifier.kind, signer->seed, ret);
}

NoteSigner *note_signer_free(NoteSigner *signer)
{
	if (!signer)
		return NULL;
	EVP_PKEY_free(signer->key);
	OPENSSL_clear_free(signer, sizeof *signer);
	return NULL;
}

const NoteVerifier *note_signer_verifier(const NoteSigner *signer)
{
	return &signer->verifier;
}

void note_signer_cosigner(const NoteSigner *signer, NoteVerifier *ret)
{
	const NoteVerifier *own = &signer->verifier;

	*ret = verifier_make(own->name, own->kind == NOTE_ED25519 ? NOTE_COSIGNATURE : own->kind, own->key);
}

/* ---- signatures ---- */

int note_key_sign(
	const NoteSigner *signer, Slice message, uint8_t ret[NOTE_SIGNATURE_BYTES_MAX], size_t *ret_size)
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t expected =
		signer->verifier.kind == NOTE_ED25519 ? NOTE_SIGNATURE_BYTES : NOTE_ML_DSA_44_SIGNATURE_BYTES;
	size_t size = NOTE_SIGNATURE_BYTES_MAX;

	if (!context)
		return -ENOMEM;
	if (EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, signer->key, NULL) != 1 ||
		EVP_DigestSign(context, ret, &size, (const unsigned char *)message.text, message.size) != 1 ||
		size != expected)
		return -EIO;
	*ret_size = size;
	return 0;
}

/**
 * The key in libcrypto's form. Algorithm names are looked up at run time, because a newer library knows more.
 */
static EVP_PKEY *public_key(const NoteVerifier *verifier)
{
	const char *name = verifier->kind == NOTE_COSIGNATURE_ML_DSA_44 ? ML_DSA_44 : "ED25519";

	return EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, verifier->key, note_key_size(verifier->kind));
}

int note_key_verify_message(const NoteVerifier *verifier, const void *message, size_t message_size,
	const uint8_t *signature, size_t size)
{
	_cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	_cleanup_(EVP_PKEY_freep) EVP_PKEY *key = public_key(verifier);

	if (!key && verifier->kind == NOTE_COSIGNATURE_ML_DSA_44)
		return -EOPNOTSUPP;
	if (!context || !key)
		return -ENOMEM;
	if (EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) != 1)
		return -EIO;
	return EVP_DigestVerify(context, signature, size, message, message_size) == 1 ? 0 : -EBADMSG;
}
