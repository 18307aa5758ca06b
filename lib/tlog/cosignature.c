/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Cosignatures of witnesses and mirrors (c2sp.org/tlog-cosignature): exactly what they sign for a checkpoint.
 * It must not decide whether a checkpoint may be
 * cosigned: a station cosigns none.
 */

#include "tlog/cosignature.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "tlog/note-key.h"

enum {
	TIME_BYTES = COSIGNATURE_TIME_BYTES,
	NAME_BYTES_MAX = 255, /* of a TLS vector whose length is one byte */
	LABEL_BYTES = 12,
	/* label, name, time, origin, start, end, hash */
	MESSAGE_MAX = LABEL_BYTES + 2 * (1 + NAME_BYTES_MAX) + 3 * 8 + DIGEST_BYTES,
};

/** The first three lines of a checkpoint: a witness vouches for nothing else. */
typedef struct Tree {
	Slice origin;
	uint64_t size;
	MerkleHash root;
} Tree;

/** -EBADMSG when it is not a checkpoint: a witness signs nothing else. */
static int read_tree(Slice text, Tree *ret)
{
	unsigned number = 0;
	Slice line;

	if (!text_next_line(&text, &ret->origin, &number) || ret->origin.size == 0 ||
		!text_next_line(&text, &line, &number) || !text_parse_number(line, &ret->size) ||
		!text_next_line(&text, &line, &number) ||
		base64_decode_exactly(line, ret->root.bytes, sizeof ret->root.bytes) < 0)
		return -EBADMSG;
	return 0;
}

/** "cosignature/v1", the time, and the whole text. The caller owns the message. -ENOMEM. */
static int write_message(Slice text, uint64_t utc_s, char **ret, size_t *ret_size)
{
	int size = asprintf(ret, "cosignature/v1\ntime %" PRIu64 "\n%.*s", utc_s, (int)text.size, text.text);

	if (size < 0)
		return -ENOMEM;
	*ret_size = (size_t)size;
	return 0;
}

static int verify_ed25519(const NoteVerifier *verifier, Slice text, uint64_t utc_s, const uint8_t *signature)
{
	_cleanup_(freep) char *message = NULL;
	size_t size = 0;
	int r = write_message(text, utc_s, &message, &size);

	return r < 0 ? r : note_key_verify_message(verifier, message, size, signature, NOTE_SIGNATURE_BYTES);
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
	uint64_t big_endian = htobe64(number);

	return put(at, &big_endian, sizeof big_endian);
}

static uint8_t *put_name(uint8_t *at, Slice name)
{
	*at++ = (uint8_t)name.size;
	return put(at, name.text, name.size);
}

/** The structure `cosigned_message` for the whole tree. -EBADMSG: a name is too long for it. */
static int write_structure(
	const char *cosigner, const Tree *tree, uint64_t utc_s, uint8_t ret[MESSAGE_MAX], size_t *ret_size)
{
	static const uint8_t label[LABEL_BYTES] = "subtree/v1\n";
	Slice name = { cosigner, strlen(cosigner) };
	uint8_t *end;

	if (name.size > NAME_BYTES_MAX || tree->origin.size > NAME_BYTES_MAX)
		return -EBADMSG;
	end = put(ret, label, sizeof label);
	end = put_name(end, name);
	end = put_number(end, utc_s);
	end = put_name(end, tree->origin);
	end = put_number(end, 0);
	end = put_number(end, tree->size);
	end = put(end, tree->root.bytes, sizeof tree->root.bytes);
	*ret_size = (size_t)(end - ret);
	return 0;
}

static int verify_ml_dsa_44(
	const NoteVerifier *verifier, const Tree *tree, uint64_t utc_s, const uint8_t *signature)
{
	uint8_t message[MESSAGE_MAX];
	size_t size;
	int r = write_structure(verifier->name, tree, utc_s, message, &size);

	return r < 0 ? r
		     : note_key_verify_message(
			       verifier, message, size, signature, NOTE_ML_DSA_44_SIGNATURE_BYTES);
}

int cosignature_verify(
	const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size, int64_t *ret_utc_s)
{
	bool post_quantum = verifier->kind == NOTE_COSIGNATURE_ML_DSA_44;
	size_t expected = post_quantum ? NOTE_ML_DSA_44_SIGNATURE_BYTES : NOTE_SIGNATURE_BYTES;
	uint64_t utc_s;
	Tree tree;
	int r;

	if (size != TIME_BYTES + expected || read_tree(text, &tree) < 0)
		return -EBADMSG;
	memcpy(&utc_s, signature, sizeof utc_s);
	utc_s = be64toh(utc_s);
	if (utc_s > INT64_MAX)
		return -EBADMSG;
	r = post_quantum ? verify_ml_dsa_44(verifier, &tree, utc_s, signature + TIME_BYTES)
			 : verify_ed25519(verifier, text, utc_s, signature + TIME_BYTES);
	if (r < 0)
		return r;
	*ret_utc_s = (int64_t)utc_s;
	return 0;
}

static int sign_ed25519(const NoteSigner *signer, Slice text, uint64_t utc_s, uint8_t *ret, size_t *ret_size)
{
	_cleanup_(freep) char *message = NULL;
	size_t size = 0;
	int r = write_message(text, utc_s, &message, &size);

	return r < 0 ? r : note_key_sign(signer, (Slice){ message, size }, ret, ret_size);
}

static int sign_ml_dsa_44(
	const NoteSigner *signer, const Tree *tree, uint64_t utc_s, uint8_t *ret, size_t *ret_size)
{
	uint8_t message[MESSAGE_MAX];
	size_t size;
	int r = write_structure(note_signer_verifier(signer)->name, tree, utc_s, message, &size);

	return r < 0 ? -EINVAL : note_key_sign(signer, (Slice){ (const char *)message, size }, ret, ret_size);
}

int cosignature_sign(const NoteSigner *signer, Slice text, int64_t utc_s, uint8_t ret[COSIGNATURE_BYTES_MAX],
	size_t *ret_size)
{
	size_t size;
	Tree tree;
	int r;

	if (utc_s < 0 || read_tree(text, &tree) < 0)
		return -EINVAL;
	r = note_signer_verifier(signer)->kind == NOTE_COSIGNATURE_ML_DSA_44
		    ? sign_ml_dsa_44(signer, &tree, (uint64_t)utc_s, ret + TIME_BYTES, &size)
		    : sign_ed25519(signer, text, (uint64_t)utc_s, ret + TIME_BYTES, &size);
	if (r < 0)
		return r;
	(void)put_number(ret, (uint64_t)utc_s);
	*ret_size = TIME_BYTES + size;
	return 0;
}
