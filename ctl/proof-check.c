/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `audit verify --proof`: it checks evidence that somebody kept of a log, ours or another. The
 * evidence is a proof that an entry is in the log or that the log only grew, a checkpoint, a key's statement
 * about the next key, or the saved messages of the topic `checkpoint`. The command must trust nothing but
 * the public keys that it was given, and needs no ledger.
 */

#include "proof.h"

#include <inttypes.h>
#include <string.h>

#include "tlog/proof.h"
#include "util/file.h"
#include "util/text.h"

#define BEGINS(text, literal) (strncmp(text, literal, sizeof(literal) - 1) == 0)

/* ---- one proof ---- */

static int check_leaf(
	Ctl *ctl, const KnownKeys *known, const InclusionProof *proof, const char *leaf, size_t size)
{
	char what[64];
	Error why;
	int r = inclusion_proof_verify(proof, leaf, size, known->keys, known->n, NULL, NULL, &why);

	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	snprintf(what, sizeof what, "entry %" PRIu64 " is in the log", proof->index + 1);
	return proof_tell_verified(ctl, known, proof->checkpoint, proof->checkpoint_size, what);
}

static int check_inclusion(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(freep) char *leaf = NULL;
	Error why;
	_cleanup_(freep) char *shown = NULL;
	size_t leaf_size = 0;
	int status, r = inclusion_proof_parse(text, size, &proof, &why);

	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	if (ctl->leaf) {
		r = file_read(ctl->leaf, PROOF_FILE_MAX, &leaf, &leaf_size);
		return r < 0 ? ctl_fail("%s: %s", ctl->leaf, strerror(-r))
			     : check_leaf(ctl, known, &proof, leaf, leaf_size);
	}
	if (!proof.extra)
		return ctl_usage("the proof does not hold what it proves: give its bytes with --leaf FILE");
	status = check_leaf(ctl, known, &proof, (const char *)proof.extra, proof.extra_size);
	shown = strndup((const char *)proof.extra, proof.extra_size);
	if (status == CTL_DONE && !ctl->json && shown && strlen(shown) == proof.extra_size &&
		text_is_printable(shown, proof.extra_size))
		puts(shown);
	return status;
}

/** Checks a statement about the next key. It is no checkpoint; its third line is that key. */
static int check_next_key(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	const char *origin_end = strchr(text, '\n'), *key = origin_end + sizeof PROOF_NEXT_KEY - 1;
	_cleanup_(freep) char *origin = strndup(text, (size_t)(origin_end - text));
	_cleanup_(freep) char *next = strndup(key, strcspn(key, "\n"));
	json_auto_t *fields = NULL;
	Error why;
	NoteVerifier parsed;
	NoteOpened opened;
	int r = origin && next ? note_open(text, size, known->keys, known->n, &opened, &why) : -ENOMEM;

	if (r == -ENOMEM)
		return ctl_fail("out of memory");
	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	if (!opened.signed_for_origin)
		return ctl_fail(
			"%s: it is of the log %s, but signed by %s: no key of that log that was given has "
			"signed it",
			ctl->proof, origin, known->keys[opened.signed_by].name);
	if (note_verifier_parse(next, &parsed, &why) < 0)
		return ctl_fail("%s: its third line is no key: %s", ctl->proof, why.text);
	if (parsed.kind != NOTE_ED25519)
		return ctl_fail("%s: its third line is a witness's key, which signs for no log", ctl->proof);
	fields = json_pack(
		"{s:s, s:s, s:s}", "proved", "this key signed for the next", "log", origin, "key", next);
	ctl_print_fields(ctl, fields);
	return CTL_DONE;
}

static int check_saved_note(Ctl *ctl, const KnownKeys *known, const char *text, size_t size)
{
	const char *line = strchr(text, '\n');

	if (line && BEGINS(line, PROOF_NEXT_KEY))
		return check_next_key(ctl, known, text, size);
	return proof_tell_verified(ctl, known, text, size, "the checkpoint is signed by this key");
}

/* ---- proofs that a log only grew ---- */

static int check_growth(Ctl *ctl, const KnownKeys *known, const char *since, const char *text, size_t size)
{
	_cleanup_(freep) char *note = NULL;
	char what[96];
	Error why;
	Checkpoint old;
	ConsistencyProof proof;
	size_t note_size;
	int status, r = consistency_proof_parse(text, size, &proof, &why);

	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	if (!since)
		return ctl_usage("a proof of growth needs the checkpoint that it starts from: since=FILE");
	status = proof_read_checkpoint(since, &note, &note_size);
	if (status != CTL_DONE)
		return status;
	r = checkpoint_open(note, note_size, known->keys, known->n, NULL, &old, NULL, &why);
	if (r < 0)
		return proof_refuse(since, r, why.text);
	r = consistency_proof_verify(&proof, &old, known->keys, known->n, NULL, &why);
	if (r < 0)
		return proof_refuse(ctl->proof, r, why.text);
	snprintf(what, sizeof what, "nothing was changed or removed since it had %" PRIu64 " entries",
		old.size);
	return proof_tell_verified(ctl, known, proof.checkpoint, proof.checkpoint_size, what);
}

int proof_check(Ctl *ctl, const char *since)
{
	_cleanup_(freep) char *text = NULL;
	KnownKeys known;
	size_t size = 0;
	int status = proof_read_keys(ctl, &known);

	if (status != CTL_DONE)
		return status;
	if (known.n == 0)
		return ctl_usage(
			"--proof needs --key, the log's public key from somebody you trust, or a --policy that has it");
	status = proof_read_proof(ctl->proof, &text, &size);
	if (status != CTL_DONE || !text)
		return status;
	if (BEGINS(text, "old "))
		return check_growth(ctl, &known, since, text, size);
	if (since)
		return ctl_usage("since= goes with a proof of growth, as audit prove since= writes it");
	if (BEGINS(text, PROOF_BEGINNING))
		return check_inclusion(ctl, &known, text, size);
	return text[0] == '{' ? proof_check_messages(ctl, &known, text)
			      : check_saved_note(ctl, &known, text, size);
}
