/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Signed notes: signing and strict reading. It touches no file. It must not accept a note with a wrong
 * signature by a known key, even if another signature is right. It ignores signatures of unknown keys.
 */

#include "tlog/note.h"

#include <string.h>

#include <openssl/evp.h>

#include "tlog/cosignature.h"
#include "tlog/note-key.h"

#define EM_DASH "\xe2\x80\x94"

enum { ID_BYTES = 4 };

/* ---- writing ---- */

/**
 * `before` and the line of one signature, which the caller owns. `before` is everything before the new line:
 * text, empty line and existing signatures.
 */
static int append_line(const NoteVerifier *by, const uint8_t *signature, size_t size, Slice before,
	const char *gap, char **ret)
{
	_cleanup_(freep) char *encoded = NULL;
	uint8_t bytes[ID_BYTES + COSIGNATURE_BYTES_MAX];

	for (unsigned i = 0; i < ID_BYTES; i++)
		bytes[i] = (uint8_t)(by->id >> (24 - 8 * i));
	memcpy(bytes + ID_BYTES, signature, size);
	encoded = base64_encode(bytes, ID_BYTES + size);
	if (!encoded || asprintf(ret, "%.*s%s" EM_DASH " %s %s\n", (int)before.size, before.text, gap,
				by->name, encoded) < 0)
		return -ENOMEM;
	return 0;
}

static int append_signature(const NoteSigner *signer, Slice text, Slice before, const char *gap, char **ret)
{
	uint8_t signature[NOTE_SIGNATURE_BYTES_MAX];
	const NoteVerifier *by = note_signer_verifier(signer);
	size_t size;
	int r;

	if (by->kind != NOTE_ED25519)
		return -EINVAL;
	r = note_key_sign(signer, text, signature, &size);
	return r < 0 ? r : append_line(by, signature, size, before, gap, ret);
}

int note_sign(const NoteSigner *signer, const char *text, char **ret)
{
	Slice slice = { text, strlen(text) };

	if (slice.size == 0 || slice.size > NOTE_SIZE_MAX || text[slice.size - 1] != '\n' ||
		!text_is_note(slice))
		return -EINVAL;
	return append_signature(signer, slice, slice, "\n", ret);
}

int note_sign_again(const NoteSigner *signer, const char *note, size_t size, char **ret)
{
	size_t text_size;
	int r;

	r = note_read(note, size, &text_size, NULL);
	if (r < 0)
		return r;
	return append_signature(signer, (Slice){ note, text_size }, (Slice){ note, size }, "", ret);
}

int note_cosign(const NoteSigner *signer, const char *note, size_t size, int64_t utc_s, char **ret)
{
	uint8_t cosignature[COSIGNATURE_BYTES_MAX];
	NoteVerifier by;
	size_t text_size, cosignature_size;
	int r = note_read(note, size, &text_size, NULL);

	if (r < 0)
		return r;
	r = cosignature_sign(signer, (Slice){ note, text_size }, utc_s, cosignature, &cosignature_size);
	if (r < 0)
		return r;
	note_signer_cosigner(signer, &by);
	return append_line(&by, cosignature, cosignature_size, (Slice){ "", 0 }, "", ret);
}

/* ---- reading ---- */

typedef struct Signature {
	Slice name;
	uint32_t id;
	uint8_t *bytes; /* starts with the id */
	size_t size;
} Signature;

static void signature_done(Signature *signature)
{
	free(signature->bytes);
}

static int parse_signature(Slice line, Signature *ret)
{
	const char *space;
	int r;

	if (!text_take_word(&line, EM_DASH " "))
		return -EINVAL;
	space = line.size > 0 ? memchr(line.text, ' ', line.size) : NULL;
	if (!space)
		return -EINVAL;
	ret->name = (Slice){ line.text, space - line.text };
	if (!text_is_key_name(ret->name))
		return -EINVAL;
	r = base64_decode((Slice){ space + 1, line.size - ret->name.size - 1 }, &ret->bytes, &ret->size);
	if (r < 0)
		return r;
	if (ret->size <= ID_BYTES)
		return -EINVAL;
	ret->id = (uint32_t)ret->bytes[0] << 24 | (uint32_t)ret->bytes[1] << 16 |
		  (uint32_t)ret->bytes[2] << 8 | ret->bytes[3];
	return 0;
}

static bool is_by(const Signature *signature, const NoteVerifier *key)
{
	return signature->id == key->id && signature->name.size == strlen(key->name) &&
	       memcmp(signature->name.text, key->name, signature->name.size) == 0;
}

/** Splits a note into its two halves. */
static int split_note(Slice note, Slice *ret_text, Slice *ret_signatures, Error *error)
{
	if (note.size > NOTE_SIZE_MAX)
		return error_set(error, -EINVAL, "the note is longer than %d bytes", NOTE_SIZE_MAX);
	if (!text_is_note(note))
		return error_set(error, -EINVAL, "the note has control characters or is not UTF-8");
	if (note.size == 0 || note.text[note.size - 1] != '\n')
		return error_set(error, -EINVAL, "the note does not end in a newline; part of it is missing");
	/* use the last empty line: the text may contain others */
	for (size_t i = note.size - 1; i > 0; i--) {
		if (note.text[i] != '\n' || note.text[i - 1] != '\n')
			continue;
		*ret_text = (Slice){ note.text, i };
		*ret_signatures = (Slice){ note.text + i + 1, note.size - i - 1 };
		if (ret_signatures->size > 0)
			return 0;
		break;
	}
	return error_set(error, -EINVAL, "the note has no signature after an empty line");
}

typedef struct Keys {
	const NoteVerifier *known;
	size_t n;
	NoteOpened opened; /* signed_by: n when none has */
} Keys;

/** The name of the log that a checkpoint, or a key's statement, belongs to. */
static bool is_origin_name(const NoteVerifier *key, Slice text)
{
	size_t size = strlen(key->name);

	return text.size > size && text.text[size] == '\n' && memcmp(text.text, key->name, size) == 0;
}

static void take_signed(Keys *keys, size_t i, Slice text, int64_t utc_s)
{
	NoteOpened *opened = &keys->opened;

	if (keys->known[i].kind != NOTE_ED25519) {
		/* there is room for all signatures */
		opened->cosigned[opened->n_cosigned++] = (NoteCosigned){ i, utc_s };
		return;
	}
	if (opened->signed_by == keys->n)
		opened->signed_by = i;
	if (is_origin_name(&keys->known[i], text))
		opened->signed_for_origin = true;
}

/** -EBADMSG when the signature is not by this key over this text. `ret_utc_s` gets a cosignature's time. */
static int verify_by_key(
	const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size, int64_t *ret_utc_s)
{
	if (verifier->kind != NOTE_ED25519)
		return cosignature_verify(verifier, text, signature, size, ret_utc_s);
	if (size != NOTE_SIGNATURE_BYTES)
		return -EBADMSG;
	return note_key_verify_message(verifier, text.text, text.size, signature, size);
}

/** Ignores signatures of unknown keys. If several keys share name and id, one of them must have signed. */
static int check_signature(Slice text, const Signature *signature, Keys *keys)
{
	int64_t utc_s = 0;
	int result = 0;

	for (size_t i = 0; i < keys->n; i++) {
		if (!is_by(signature, &keys->known[i]))
			continue;
		result = verify_by_key(&keys->known[i], text, signature->bytes + ID_BYTES,
			signature->size - ID_BYTES, &utc_s);
		if (result >= 0)
			take_signed(keys, i, text, utc_s);
		if (result != -EBADMSG)
			return result;
	}
	return result;
}

static int check_line(Slice text, Slice line, Keys *keys, unsigned number, Error *error)
{
	_cleanup_(signature_done) Signature signature = { 0 };
	int r;

	if (number > NOTE_SIGNATURES_MAX)
		return error_set(error, -EINVAL, "the note has more than %d signatures", NOTE_SIGNATURES_MAX);
	r = parse_signature(line, &signature);
	if (r == -EINVAL)
		return error_set(error, r, "signature line %u is not of its form", number);
	if (r < 0)
		return error_set(error, r, "no memory for signature line %u", number);
	r = check_signature(text, &signature, keys);
	if (r == -EBADMSG)
		return error_set(error, r,
			"the signature by %.*s does not go with this text: one was changed",
			(int)signature.name.size, signature.name.text);
	if (r == -EOPNOTSUPP)
		return error_set(error, r,
			"the cosignature by %.*s is of ML-DSA-44, which this machine's libcrypto cannot check "
			"(OpenSSL 3.5 can): check on another, or without that key",
			(int)signature.name.size, signature.name.text);
	if (r < 0)
		return error_set(error, r, "libcrypto fails on signature line %u", number);
	return 0;
}

static int check_note(Slice note, Keys *keys, Slice *ret_text, Error *error)
{
	Slice text, signatures, line;
	unsigned number = 0;
	int r;

	r = split_note(note, &text, &signatures, error);
	if (r < 0)
		return r;
	while (text_next_line(&signatures, &line, &number)) {
		r = check_line(text, line, keys, number, error);
		if (r < 0)
			return r;
	}
	*ret_text = text;
	return 0;
}

int note_read(const char *note, size_t size, size_t *ret_text_size, Error *error)
{
	Slice text;
	int r;

	r = check_note((Slice){ note, size }, &(Keys){ 0 }, &text, error);
	if (r < 0)
		return r;
	*ret_text_size = text.size;
	return 0;
}

int note_open(const char *note, size_t size, const NoteVerifier *known, size_t n_known, NoteOpened *ret,
	Error *error)
{
	Keys keys = { .known = known, .n = n_known, .opened.signed_by = n_known };
	Slice text;
	int r;

	r = check_note((Slice){ note, size }, &keys, &text, error);
	if (r < 0)
		return r;
	if (keys.opened.signed_by == n_known)
		return error_set(error, -ENOKEY,
			keys.opened.n_cosigned > 0
				? "only witnesses that were given have signed it, not the log itself: give the log's key as well"
				: "no signature is by a key that was given; is it the right key?");
	keys.opened.text_size = text.size;
	*ret = keys.opened;
	return 0;
}
