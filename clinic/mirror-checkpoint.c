/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes checkpoints, and answers as tlog-witness says. It must not take one that contradicts an earlier one.
 */

#include <string.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "mirror-asked.h"
#include "mirror-fork.h"
#include "quarantine.h"
#include "tlog/mirror.h"
#include "tlog/tlog-text.h"

enum { CHECKPOINT_BODY_MAX = 64 * 1024 };

/** A request of tlog-witness: the old size, the proof, and the note. */
typedef struct Submission {
	uint64_t old_size;
	MerklePath proof;
	Slice note;
} Submission;

static bool read_submission(const char *body, size_t size, Submission *ret)
{
	Slice rest = { body, size }, line;
	unsigned n = 0;

	if (!text_next_line(&rest, &line, &n) || !text_take_word(&line, "old ") ||
		!text_parse_number(line, &ret->old_size))
		return false;
	for (ret->proof.n = 0; text_next_line(&rest, &line, &n) && line.size > 0; ret->proof.n++)
		if (ret->proof.n == MIRROR_HASHES_MAX ||
			base64_decode_exactly(line, &ret->proof.hashes[ret->proof.n], sizeof(MerkleHash)) < 0)
			return false;
	ret->note = rest;
	return line.size == 0 && rest.size > 0;
}

static Answer conflict_of_size(uint64_t size)
{
	char *text = NULL;

	if (asprintf(&text, "%llu\n", (unsigned long long)size) < 0)
		text = NULL;
	return answer_text(409, "text/x.tlog.size", text);
}

/** What the new checkpoint is beside those that were taken. */
typedef struct Judgement {
	const char *flaw; /* NULL: it follows from the last */
	const char *fork; /* NULL, or why both are of two logs */
	char *known;      /* the checkpoint that it contradicts */
} Judgement;

static void judgement_clear(Judgement *judgement)
{
	free(judgement->known);
}

/** Another root of a size that was taken: two logs, whatever else the request has. */
static int find_other_root(MirrorAsked *asked, const Checkpoint *new_one, Judgement *ret)
{
	Checkpoint known;
	int r = mirror_find_checkpoint(asked, new_one->size, &ret->known, &known);

	if (r >= 0 && !merkle_hash_equal(&known.root, &new_one->root))
		ret->fork = "its log signed two checkpoints of one size: its card was cloned";
	return r == -ENOENT ? 0 : r;
}

/** The proof from the pending checkpoint to the new one. */
static int judge_growth(
	MirrorAsked *asked, const Submission *submission, const Checkpoint *new_one, Judgement *ret)
{
	Checkpoint old = { .size = 0 };
	int r;

	free(TAKE_PTR(ret->known));
	merkle_tree_root(&(MerkleTree){ 0 }, &old.root);
	r = asked->pending_size > 0 ? mirror_find_checkpoint(asked, asked->pending_size, &ret->known, &old)
				    : 0;
	if (r < 0)
		return r;
	if (merkle_verify_consistency(
		    old.size, &old.root, new_one->size, &new_one->root, &submission->proof) >= 0)
		return 0;
	ret->flaw =
		"the proof does not lead from the last checkpoint to this one: the log was changed, or the proof is of another";
	if (mirror_is_fork(&old, new_one, &submission->proof))
		ret->fork =
			"its log signed a checkpoint that does not contain an earlier one: its card was cloned or restored";
	return 0;
}

static Answer answer_fork(MirrorAsked *asked, const Submission *submission, const Judgement *judgement)
{
	_cleanup_(freep) char *note = strndup(submission->note.text, submission->note.size);
	const Contradiction contradiction = { judgement->fork, note, judgement->known };
	int r;

	if (!note)
		return answer_text(500, "", NULL);
	r = quarantine_station(asked->connection, asked->mirror->registry_signer, &asked->station,
		&contradiction, &asked->error);
	r = r < 0 ? r : mirror_commit(asked);
	return r < 0 ? answer_trouble(&asked->error)
		     : answer_problem(403, "Quarantined",
			       "the station is quarantined, and what it held is written off: %s",
			       judgement->fork);
}

static Answer take_checkpoint(MirrorAsked *asked, const Submission *submission, const Checkpoint *new_one)
{
	_cleanup_(freep) char *note = strndup(submission->note.text, submission->note.size);
	char text[MIRROR_NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { mirror_number(new_one->size, text), 0 },
		{ note, 0 } };
	int r;

	if (!note)
		return answer_text(500, "", NULL);
	r = database_do(asked->connection, sql_take_checkpoint, values, ELEMENTS(values), &asked->error);
	r = r < 0 ? r : mirror_commit(asked);
	return r < 0 ? answer_trouble(&asked->error)
		     : mirror_answer_cosigned(&asked->mirror->witness, asked->mirror->witness != NULL, note);
}

static Answer judge_checkpoint(MirrorAsked *asked, const Submission *submission)
{
	_cleanup_(judgement_clear) Judgement judgement = { 0 };
	Checkpoint new_one;
	Error error;
	int r = checkpoint_open(submission->note.text, submission->note.size, &asked->station.key, 1,
		asked->station.origin, &new_one, NULL, &error);

	if (r == -EXDEV)
		return answer_problem(404, "Unknown log", "%s", error.text);
	if (r == -EINVAL)
		return answer_problem(400, "No checkpoint", "%s", error.text);
	if (r < 0)
		return answer_problem(403, "Not signed by the log", "%s", error.text);
	r = find_other_root(asked, &new_one, &judgement);
	if (r < 0)
		return answer_trouble(&asked->error);
	if (judgement.fork)
		return answer_fork(asked, submission, &judgement);
	if (submission->old_size > new_one.size)
		return answer_problem(400, "Shrinking log", "the old size is above the checkpoint's");
	if (submission->old_size != asked->pending_size)
		return conflict_of_size(asked->pending_size);
	r = judge_growth(asked, submission, &new_one, &judgement);
	if (r < 0)
		return answer_trouble(&asked->error);
	if (judgement.fork)
		return answer_fork(asked, submission, &judgement);
	if (judgement.flaw)
		return answer_problem(422, "Not consistent", "%s", judgement.flaw);
	return take_checkpoint(asked, submission, &new_one);
}

Answer mirror_add_checkpoint(const Clinic *clinic, Request *request)
{
	_cleanup_(mirror_done) MirrorAsked asked = { 0 };
	Submission submission;

	if (request->size > CHECKPOINT_BODY_MAX ||
		!read_submission(request->body, request->size, &submission))
		return answer_problem(400, "Bad request",
			"a line \"old N\", the proof's lines, an empty line and the checkpoint are expected");
	if (mirror_begin(&asked, &clinic->mirror, request) < 0)
		return answer_trouble(&asked.error);
	if (asked.station.quarantined)
		return mirror_refuse_quarantined(request->name);
	return judge_checkpoint(&asked, &submission);
}
