/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `audit witness`: it compares saved checkpoints, or a client's proof, with the ledger's file.
 * It must not write to that file.
 */

#include "proof.h"

#include <string.h>

#include "tlog/proof.h"
#include "util/file.h"

#define N(number) ((unsigned long long)(number))

typedef struct Witnessed {
	char **notes;
	size_t n;
} Witnessed;

/** A cleanup function. */
static void witnessed_done(Witnessed *witnessed)
{
	for (size_t i = 0; i < witnessed->n; i++)
		free(witnessed->notes[i]);
	free(witnessed->notes);
}

static int keep_note(Witnessed *witnessed, const char *note)
{
	char **grown = reallocarray(witnessed->notes, witnessed->n + 1, sizeof *grown), *kept = strdup(note);

	if (grown)
		witnessed->notes = grown;
	if (!grown || !kept) {
		free(kept);
		return ctl_fail("out of memory");
	}
	witnessed->notes[witnessed->n++] = kept;
	return CTL_DONE;
}

static int keep_message(void *userdata, unsigned line, const json_t *message)
{
	return keep_note(userdata, proof_note_of(message));
}

/** Whether the saved checkpoints are the ledger's. Prints the findings; `ret` gets what was compared. */
static int hold_against_ledger(Ctl *ctl, const char *path, const Witnessed *witnessed, Verification *ret)
{
	VerifyOptions options = {
		.path = path,
		.parts = VERIFY_RECORDS | VERIFY_SIGNATURES,
		.witnessed = (const char *const *)witnessed->notes,
		.n_witnessed = witnessed->n,
	};

	return proof_verify(ctl, &options, ret);
}

static int compare_witnessed(Ctl *ctl, const Witnessed *witnessed)
{
	Verification found = { 0 };
	int status = hold_against_ledger(ctl, proof_ledger(ctl), witnessed, &found);
	char text[160];

	if (status != CTL_DONE)
		return status;
	snprintf(text, sizeof text, "%llu saved checkpoints fit the ledger's %llu records",
		N(found.witnessed), N(found.records));
	proof_tell(ctl, "sound", text);
	return CTL_DONE;
}

/**
 * Finds the key that signed the client's proof: one that was given, or any that the ledger knows. A proof
 * without a valid signature says nothing about the ledger.
 */
static int check_signed(
	Ctl *ctl, Ledger *ledger, const InclusionProof *proof, const char *leaf, size_t size, Checkpoint *ret)
{
	KnownKeys known = { 0 };
	Error why;
	bool given;
	int status = proof_read_keys(ctl, &known);

	if (status != CTL_DONE)
		return status;
	given = known.n > 0;
	status = given ? CTL_DONE : proof_add_ledger_keys(ledger, &known);
	if (status != CTL_DONE)
		return status;
	if (inclusion_proof_verify(proof, leaf, size, known.keys, known.n, NULL, ret, &why) < 0)
		return ctl_fail("the proof itself does not hold: %s%s", why.text,
			given ? ""
			      : "; if the ledger itself was changed, give the key that the clinic wrote down with --key");
	return CTL_DONE;
}

/** Compares the record itself, byte for byte. */
static int compare_record(
	Ctl *ctl, Ledger *ledger, const InclusionProof *proof, const char *leaf, size_t leaf_size)
{
	_cleanup_(inclusion_proof_done) InclusionProof own = { 0 };
	json_auto_t *made = NULL;
	Error error;
	char text[96];
	const char *its;

	if (ledger_prove_now(ledger, proof->index + 1, &made, &error) < 0) {
		proof_tell(ctl, "finding", error.text);
		return CTL_FAILED;
	}
	its = json_string_value(json_object_get(made, "proof"));
	if (!its || inclusion_proof_parse(its, strlen(its), &own, NULL) < 0)
		return ctl_fail("the ledger's own proof cannot be read");
	if (own.extra_size == leaf_size && memcmp(own.extra, leaf, leaf_size) == 0)
		return CTL_DONE;
	snprintf(text, sizeof text, "record %llu of the ledger is not the one that the proof is of",
		N(proof->index + 1));
	proof_tell(ctl, "finding", text);
	return CTL_FAILED;
}

/** Compares a client's report with the ledger: its proof, its record, and the checkpoint that it names. */
static int compare_proof(Ctl *ctl, const char *text, size_t size)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(witnessed_done) Witnessed witnessed = { 0 };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	_cleanup_(freep) char *given = NULL, *note = NULL;
	char told[160];
	Error why;
	const char *leaf, *path;
	Verification found = { 0 };
	Checkpoint checkpoint;
	size_t leaf_size = 0;
	int status = CTL_DONE, differs;

	if (inclusion_proof_parse(text, size, &proof, &why) < 0)
		return ctl_fail("%s", why.text);
	if (ctl->leaf && file_read(ctl->leaf, PROOF_FILE_MAX, &given, &leaf_size) < 0)
		return ctl_fail("%s: it cannot be read", ctl->leaf);
	if (!given && !proof.extra)
		return ctl_usage("the proof does not hold what it proves: give its bytes with --leaf FILE");
	leaf = given ? given : (const char *)proof.extra;
	leaf_size = given ? leaf_size : proof.extra_size;
	note = strndup(proof.checkpoint, proof.checkpoint_size);
	status = note ? keep_note(&witnessed, note) : ctl_fail("out of memory");
	if (status != CTL_DONE)
		return status;
	path = proof_ledger(ctl);
	status = proof_open_ledger(path, &ledger);
	if (status != CTL_DONE)
		return status;
	status = check_signed(ctl, ledger, &proof, leaf, leaf_size, &checkpoint);
	if (status != CTL_DONE)
		return status;
	differs = compare_record(ctl, ledger, &proof, leaf, leaf_size);
	status = hold_against_ledger(ctl, path, &witnessed, &found);
	if (status != CTL_DONE || differs != CTL_DONE)
		return CTL_FAILED;
	snprintf(told, sizeof told,
		"the proof is genuine; record %llu and the checkpoint at %llu records are the ledger's",
		N(proof.index + 1), N(checkpoint.size));
	proof_tell(ctl, "sound", told);
	return CTL_DONE;
}

int proof_witness(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(witnessed_done) Witnessed witnessed = { 0 };
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int status = proof_read_proof(arguments[0], &text, &size);

	if (status != CTL_DONE || !text)
		return status;
	if (strncmp(text, PROOF_BEGINNING, strlen(PROOF_BEGINNING)) == 0)
		return compare_proof(ctl, text, size);
	status = text[0] == '{' ? proof_each_message(arguments[0], text, keep_message, &witnessed)
				: keep_note(&witnessed, text);
	return status == CTL_DONE ? compare_witnessed(ctl, &witnessed) : status;
}
