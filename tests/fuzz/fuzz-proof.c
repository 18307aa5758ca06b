/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any bytes as a proof that a record is in a log or that the log only grew: what is taken is written back the
 * same, and none proves what is not so.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tlog/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* the example key of Go's note package, which signed the seeds */
static const char key_text[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

static void compare(const char *again, const char *text, size_t size)
{
	if (strlen(again) != size || memcmp(again, text, size) != 0)
		abort();
}

static void check_inclusion(const char *text, size_t size, const NoteVerifier *key)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(freep) char *again = NULL;
	Error error = { 0 };

	if (inclusion_proof_parse(text, size, &proof, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	if (inclusion_proof_write(&proof, &again) >= 0)
		compare(again, text, size);
	/* nothing signed has a leaf like this */
	if (inclusion_proof_verify(&proof, "no leaf", 7, key, 1, NULL, NULL, &error) >= 0 || !error.text[0])
		abort();
}

static void check_consistency(const char *text, size_t size, const NoteVerifier *key)
{
	const Checkpoint old = { .origin = "PeterNeumann", .size = 3 };
	_cleanup_(freep) char *again = NULL;
	Error error = { 0 };
	ConsistencyProof proof;

	if (consistency_proof_parse(text, size, &proof, &error) < 0) {
		if (!error.text[0])
			abort();
		return;
	}
	if (consistency_proof_write(&proof, &again) >= 0)
		compare(again, text, size);
	/* no tree has a root of zeroes */
	if (consistency_proof_verify(&proof, &old, key, 1, NULL, &error) >= 0 || !error.text[0])
		abort();
}

/** A proof is taken whole, and written is the same again, or refused with a sentence; none proves what is
 * not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Error error;
	NoteVerifier key;

	if (note_verifier_parse(key_text, &key, &error) < 0)
		abort();
	check_inclusion((const char *)data, size, &key);
	check_consistency((const char *)data, size, &key);
	return 0;
}
