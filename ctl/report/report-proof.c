/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes the proof of a record into a report. It checks the form only: nobody may rely on
 * it for the signature.
 */

#include "report/report-proof.h"

#include <stdio.h>
#include <string.h>

#include "report/proof-code.h"
#include "tlog/proof.h"

/** The text of a note before its signatures, up to the empty line. */
static size_t note_text_size(const char *note, size_t size)
{
	const char *end = memmem(note, size, "\n\n", 2);

	return end ? (size_t)(end - note) + 1 : size;
}

int report_set_proof(ReportProof *set, const char *proof, const char *key, Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof parsed = { 0 };
	_cleanup_(freep) char *root = NULL;
	Checkpoint checkpoint;
	int r = inclusion_proof_parse(proof, strlen(proof), &parsed, error);

	if (r < 0)
		return r;
	r = checkpoint_parse(parsed.checkpoint, note_text_size(parsed.checkpoint, parsed.checkpoint_size),
		&checkpoint, error);
	if (r < 0)
		return r;
	root = g_base64_encode(checkpoint.root.bytes, sizeof checkpoint.root.bytes);
	free(set->text);
	free(set->code);
	set->text = strdup(proof);
	set->code = proof_code_write(proof);
	set->seq = (int64_t)parsed.index + 1;
	set->tree_size = (int64_t)checkpoint.size;
	snprintf(set->origin, sizeof set->origin, "%s", checkpoint.origin);
	snprintf(set->key, sizeof set->key, "%s", key);
	snprintf(set->root, sizeof set->root, "%s", root);
	return 0;
}
