/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any bytes as a key, a checkpoint or a signed note: a key or checkpoint that is taken is written back the
 * same, what is refused says why, and no note counts as signed by a key that did not sign it.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tlog/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** There is one text for one key. */
static void check_key(const char *text)
{
	char again[NOTE_KEY_MAX];
	Error error = { 0 };
	NoteVerifier key;

	if (note_verifier_parse(text, &key, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	note_verifier_write(&key, again);
	if (strcmp(text, again) != 0)
		abort();
}

/** There is one text for one checkpoint. */
static void check_checkpoint(const char *text, size_t size)
{
	_cleanup_(freep) char *again = NULL;
	Error error = { 0 };
	Checkpoint checkpoint;

	if (checkpoint_parse(text, size, &checkpoint, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	if (checkpoint_write(&checkpoint, &again) < 0 || strlen(again) != size ||
		memcmp(again, text, size) != 0)
		abort();
}

/** A note that is of its form stays one when it is signed once more, and the new signature verifies. */
static void check_note(const char *note, size_t size)
{
	static NoteSigner *signer;
	_cleanup_(freep) char *again = NULL;
	Error error = { 0 };
	NoteOpened opened;
	size_t text_size;
	int r;

	if (!signer && note_signer_generate("example.com/fuzz", &signer) < 0)
		abort();
	if (note_read(note, size, &text_size, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	check_checkpoint(note, text_size);
	if (note_open(note, size, note_signer_verifier(signer), 1, &opened, &error) >= 0)
		abort();
	if (note_sign_again(signer, note, size, &again) < 0)
		abort();
	r = note_open(again, strlen(again), note_signer_verifier(signer), 1, &opened, &error);
	/* with as many signatures as there may be, there was no room for it */
	if (r != -EINVAL && (r < 0 || opened.text_size != text_size))
		abort();
}

/** Keys, checkpoints without signatures and signed notes: each is taken whole, or refused with a sentence. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(freep) char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check_key(text);
	check_checkpoint((const char *)data, size);
	check_note((const char *)data, size);
	return 0;
}
