/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checkpoints as text: names of logs, writing, reading, signing. It touches no file. It must not sign for a
 * log other than the key's own, or accept a checkpoint that no given key of its log has signed.
 */

#include "tlog/checkpoint.h"

#include <inttypes.h>
#include <string.h>

#include "tlog/tlog-text.h"
#include "util/text.h"

int checkpoint_origin(const char *clinic, const char *station, char ret[NOTE_NAME_MAX])
{
	char origin[NOTE_NAME_MAX];

	if (!text_is_identifier(clinic, NOTE_NAME_MAX) || !text_is_identifier(station, NOTE_NAME_MAX))
		return -EINVAL;
	if (snprintf(origin, sizeof origin, "stipple/%s/%s", clinic, station) >= NOTE_NAME_MAX)
		return -EINVAL;
	memcpy(ret, origin, sizeof origin);
	return 0;
}

#define EPOCH "/epoch-"

enum { OWN_ORIGIN_MAX = 200 }; /* bytes; an epoch must fit after it */

/**
 * Length of an origin without its epoch. An ending that resembles an epoch, but is not written as one,
 * belongs to the name.
 */
static size_t base_of(const char *origin, uint64_t *ret_epoch)
{
	const char *found = strrchr(origin, '/');
	Slice number = { NULL, 0 };

	*ret_epoch = 1;
	if (!found || strncmp(found, EPOCH, sizeof EPOCH - 1) != 0)
		return strlen(origin);
	number = (Slice){ found + sizeof EPOCH - 1, strlen(found + sizeof EPOCH - 1) };
	if (!text_parse_number(number, ret_epoch) || *ret_epoch < 2) {
		*ret_epoch = 1;
		return strlen(origin);
	}
	return (size_t)(found - origin);
}

bool checkpoint_origin_is_valid(const char *origin)
{
	size_t size = strlen(origin);
	uint64_t epoch;

	if (size == 0 || size > OWN_ORIGIN_MAX || strstr(origin, "://") || strstr(origin, "//") ||
		origin[0] == '/' || origin[size - 1] == '/' || !text_is_key_name((Slice){ origin, size }))
		return false;
	for (size_t i = 0; i < size; i++)
		if (origin[i] <= ' ' || origin[i] > '~')
			return false;
	return base_of(origin, &epoch) == size;
}

bool checkpoint_same_log(const char *origin, const char *other)
{
	uint64_t epoch;
	size_t size = base_of(origin, &epoch);

	return base_of(other, &epoch) == size && memcmp(origin, other, size) == 0;
}

int checkpoint_next_epoch(const char *origin, const char *other, char ret[NOTE_NAME_MAX])
{
	char next[NOTE_NAME_MAX];
	uint64_t epoch, others = 1;
	size_t size = base_of(origin, &epoch);

	if (other && checkpoint_same_log(origin, other))
		(void)base_of(other, &others);
	if (others > epoch)
		epoch = others;
	if (epoch >= MERKLE_SIZE_MAX || snprintf(next, sizeof next, "%.*s" EPOCH "%" PRIu64, (int)size,
						origin, epoch + 1) >= NOTE_NAME_MAX)
		return -EINVAL;
	memcpy(ret, next, sizeof next);
	return 0;
}

/** Whether this is one line of a note, not empty, and short enough. */
static bool is_origin_line(Slice line)
{
	return line.size > 0 && line.size < NOTE_NAME_MAX && text_is_note(line) &&
	       !memchr(line.text, '\n', line.size);
}

/** Whether these are non-empty lines, each with its newline. */
static bool are_extensions(Slice text)
{
	unsigned number = 0;
	Slice line;

	while (text.size > 0)
		if (!text_is_note(text) || !text_next_line(&text, &line, &number) || line.size == 0)
			return false;
	return true;
}

int checkpoint_write(const Checkpoint *checkpoint, char **ret)
{
	Slice extensions = { checkpoint->extensions, checkpoint->extensions_size };
	Slice origin = { checkpoint->origin, strnlen(checkpoint->origin, NOTE_NAME_MAX) };
	char root[MERKLE_HASH_TEXT_MAX];
	char *text;

	if (!is_origin_line(origin) || checkpoint->size > MERKLE_SIZE_MAX ||
		extensions.size > NOTE_SIZE_MAX || !are_extensions(extensions))
		return -EINVAL;
	merkle_write_hash(&checkpoint->root, root);
	if (asprintf(&text, "%s\n%" PRIu64 "\n%s\n%.*s", checkpoint->origin, checkpoint->size, root,
		    (int)extensions.size, extensions.size > 0 ? extensions.text : "") < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}

int checkpoint_sign(const Checkpoint *checkpoint, const NoteSigner *signer, char **ret)
{
	_cleanup_(freep) char *text = NULL;
	int r;

	if (strcmp(checkpoint->origin, note_signer_verifier(signer)->name) != 0)
		return -EINVAL;
	r = checkpoint_write(checkpoint, &text);
	if (r < 0)
		return r;
	return note_sign(signer, text, ret);
}

int checkpoint_parse(const char *text, size_t size, Checkpoint *ret, Error *error)
{
	Slice rest = { text, size }, line;
	Checkpoint checkpoint = { 0 };
	unsigned number = 0;
	int r;

	if (!text_next_line(&rest, &line, &number) || !is_origin_line(line))
		return error_set(error, -EINVAL, "the checkpoint's line 1 is not an origin");
	memcpy(checkpoint.origin, line.text, line.size);
	if (!text_next_line(&rest, &line, &number) || !text_parse_number(line, &checkpoint.size))
		return error_set(error, -EINVAL, "the checkpoint's line 2 is not a number of records");
	if (!text_next_line(&rest, &line, &number))
		return error_set(error, -EINVAL, "the checkpoint has fewer than 3 lines");
	r = base64_decode_exactly(line, checkpoint.root.bytes, sizeof checkpoint.root.bytes);
	if (r < 0)
		return error_set(error, r, "the checkpoint's line 3 is not the base64 of a SHA-256 hash");
	if (!are_extensions(rest))
		return error_set(
			error, -EINVAL, "the checkpoint has an empty or unfinished line after its third");
	checkpoint.extensions = rest.text;
	checkpoint.extensions_size = rest.size;
	*ret = checkpoint;
	return 0;
}

int checkpoint_open(const char *note, size_t size, const NoteVerifier *known, size_t n_known,
	const char *origin, Checkpoint *ret, NoteOpened *ret_opened, Error *error)
{
	Checkpoint checkpoint;
	NoteOpened opened;
	int r;

	r = note_open(note, size, known, n_known, &opened, error);
	if (r < 0)
		return r;
	r = checkpoint_parse(note, opened.text_size, &checkpoint, error);
	if (r < 0)
		return r;
	if (!opened.signed_for_origin)
		return error_set(error, -EXDEV,
			"the checkpoint is of %.200s, but signed by %.200s: no key of that log that was given has signed it",
			checkpoint.origin, known[opened.signed_by].name);
	if (origin && strcmp(origin, checkpoint.origin) != 0)
		return error_set(error, -EXDEV, "the checkpoint is of %.200s, not of %.200s",
			checkpoint.origin, origin);
	*ret = checkpoint;
	if (ret_opened)
		*ret_opened = opened;
	return 0;
}
