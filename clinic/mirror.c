/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes checkpoints and entries, and answers as tlog-witness and tlog-mirror say. It must not cosign a
 * checkpoint before its last record is committed, and must not take an entry that no proof covers.
 */

#include "mirror.h"

#include <string.h>
#include <time.h>

#include "clinic.h"
#include "clinic-sql.h"
#include "record-rows.h"
#include "route.h"
#include "tlog/checkpoint.h"
#include "tlog/mirror.h"
#include "tlog/tlog-text.h"

enum { CHECKPOINT_BODY_MAX = 64 * 1024, NUMBER_MAX = 24 };

/** One request: who asks, a connection within a transaction, and how far their log is mirrored. */
typedef struct Asked {
	const Mirror *mirror;
	PGconn *connection;
	Station station;
	uint64_t next_entry, pending_size, mirror_size;
	Error error;
} Asked;

static const char *number(uint64_t value, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

static uint64_t value_of(const PGresult *row, int column)
{
	return strtoull(PQgetvalue(row, 0, column), NULL, 10);
}

/** Begins the transaction and takes the lock on the log. */
static int asked_begin(Asked *asked, const Mirror *mirror, const char *name)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r;

	asked->mirror = mirror;
	r = database_take(mirror->database, &asked->connection, &asked->error);
	if (r < 0)
		return r;
	r = database_do(asked->connection, "BEGIN", NULL, 0, &asked->error);
	r = r < 0 ? r : station_find(asked->connection, name, &asked->station, &asked->error);
	if (r < 0)
		return r;
	r = database_run(asked->connection, sql_lock_mirror, &(DatabaseValue){ asked->station.id, 0 }, 1,
		&row, &asked->error);
	if (r < 0)
		return r;
	if (PQntuples(row) != 1)
		return error_set(
			&asked->error, -EIO, "the station \"%s\" has no mirror: enrol it anew", name);
	asked->next_entry = value_of(row, 0);
	asked->pending_size = value_of(row, 1);
	asked->mirror_size = value_of(row, 2);
	return 0;
}

static int asked_commit(Asked *asked)
{
	return database_do(asked->connection, "COMMIT", NULL, 0, &asked->error);
}

/** What was not committed did not happen: the connection is closed within its transaction. */
static void asked_done(Asked *asked)
{
	if (!asked->connection)
		return;
	if (PQtransactionStatus(asked->connection) == PQTRANS_INTRANS ||
		PQtransactionStatus(asked->connection) == PQTRANS_INERROR)
		(void)!database_do(asked->connection, "ROLLBACK", NULL, 0, NULL);
	database_give(asked->mirror->database, asked->connection);
}

/** 200 with a line for each signer; `n` may be 0. */
static Answer answer_cosigned(const NoteSigner *const *signers, size_t n, const char *note)
{
	_cleanup_(freep) char *lines = strdup("");
	int r = lines ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && signers[i] && r >= 0; i++) {
		_cleanup_(freep) char *line = NULL, *before = TAKE_PTR(lines);

		r = note_cosign(signers[i], note, strlen(note), time(NULL), &line);
		if (r >= 0 && asprintf(&lines, "%s%s", before, line) < 0) {
			lines = NULL;
			r = -ENOMEM;
		}
	}
	return r < 0 ? answer_problem(500, "Not cosigned",
			       "the checkpoint is stored, and cannot be cosigned: %s", strerror(-r))
		     : answer_text(200, "text/plain; charset=utf-8", TAKE_PTR(lines));
}

/* ---- checkpoints ---- */

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

/** The checkpoint of that size that was taken. The note is the caller's. -ENOENT: none was. */
static int find_checkpoint(Asked *asked, uint64_t size, char **ret_note, Checkpoint *ret)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	_cleanup_(freep) char *note = NULL;
	char text[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { number(size, text), 0 } };
	size_t text_size;
	int r = database_run(
		asked->connection, sql_checkpoint_of_size, values, ELEMENTS(values), &row, &asked->error);

	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return -ENOENT;
	note = strdup(PQgetvalue(row, 0, 0));
	if (!note)
		return error_set(&asked->error, -EIO, "no memory for a checkpoint");
	r = note_read(note, strlen(note), &text_size, &asked->error);
	r = r < 0 ? r : checkpoint_parse(note, text_size, ret, &asked->error);
	if (r >= 0)
		*ret_note = TAKE_PTR(note);
	return r < 0 ? -EIO : 0;
}

static Answer conflict_of_size(uint64_t size)
{
	char *text = NULL;

	if (asprintf(&text, "%llu\n", (unsigned long long)size) < 0)
		text = NULL;
	return answer_text(409, "text/x.tlog.size", text);
}

/** The proof from the pending checkpoint to the new one. NULL: it holds; else what is wrong. */
static const char *find_flaw(Asked *asked, const Submission *submission, const Checkpoint *new_one, int *ret)
{
	_cleanup_(freep) char *note = NULL;
	Checkpoint old = { .size = 0 };

	merkle_tree_root(&(MerkleTree){ 0 }, &old.root);
	*ret = asked->pending_size > 0 ? find_checkpoint(asked, asked->pending_size, &note, &old) : 0;
	if (*ret < 0)
		return NULL;
	return merkle_verify_consistency(
		       old.size, &old.root, new_one->size, &new_one->root, &submission->proof) < 0
		       ? "the proof does not lead from the last checkpoint to this one: the log was changed, or the "
			 "proof is of another"
		       : NULL;
}

static Answer take_checkpoint(Asked *asked, const Submission *submission, const Checkpoint *new_one)
{
	_cleanup_(freep) char *note = strndup(submission->note.text, submission->note.size);
	char text[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { number(new_one->size, text), 0 },
		{ note, 0 } };
	int r;

	if (!note)
		return answer_text(500, "", NULL);
	r = database_do(asked->connection, sql_take_checkpoint, values, ELEMENTS(values), &asked->error);
	r = r < 0 ? r : asked_commit(asked);
	return r < 0 ? answer_trouble(&asked->error)
		     : answer_cosigned(&asked->mirror->witness, asked->mirror->witness != NULL, note);
}

static Answer judge_checkpoint(Asked *asked, const Submission *submission)
{
	const char *flaw;
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
	if (submission->old_size > new_one.size)
		return answer_problem(400, "Shrinking log", "the old size is above the checkpoint's");
	if (submission->old_size != asked->pending_size)
		return conflict_of_size(asked->pending_size);
	flaw = find_flaw(asked, submission, &new_one, &r);
	if (r < 0)
		return answer_trouble(&asked->error);
	if (flaw && submission->old_size == new_one.size && submission->proof.n == 0)
		return conflict_of_size(asked->pending_size);
	if (flaw)
		return answer_problem(422, "Not consistent", "%s", flaw);
	return take_checkpoint(asked, submission, &new_one);
}

static Answer add_checkpoint(const Mirror *mirror, const char *name, const char *body, size_t size)
{
	_cleanup_(asked_done) Asked asked = { 0 };
	Submission submission;

	if (size > CHECKPOINT_BODY_MAX || !read_submission(body, size, &submission))
		return answer_problem(400, "Bad request",
			"a line \"old N\", the proof's lines, an empty line and the checkpoint are expected");
	if (asked_begin(&asked, mirror, name) < 0)
		return answer_trouble(&asked.error);
	if (asked.station.quarantined)
		return answer_problem(403, "Quarantined",
			"the station \"%s\" is quarantined: ask the clinic's administrator to enrol it anew",
			name);
	return judge_checkpoint(&asked, &submission);
}

/* ---- entries ---- */

static Answer mirror_info(unsigned status, uint64_t size, uint64_t next_entry)
{
	char *text = NULL;

	if (asprintf(&text, "%llu\n%llu\n\n", (unsigned long long)size, (unsigned long long)next_entry) < 0)
		text = NULL;
	return answer_text(status, "text/x.tlog.mirror-info", text);
}

/** The hashes of the entries of a package that are here already. */
static int read_before(Asked *asked, MirrorRange range, MerkleHash hashes[MIRROR_PACKAGE])
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char begin[NUMBER_MAX], start[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { number(range.begin, begin), 0 },
		{ number(range.start, start), 0 } };
	int r;

	if (range.begin == range.start)
		return 0;
	r = database_run(asked->connection, sql_leaves, values, ELEMENTS(values), &rows, &asked->error);
	if (r < 0)
		return r;
	if ((uint64_t)PQntuples(rows) != range.start - range.begin)
		return error_set(&asked->error, -EIO, "the mirror of \"%s\" lacks entries before %llu",
			asked->station.name, (unsigned long long)range.start);
	for (int i = 0; i < PQntuples(rows); i++) {
		size_t size;
		unsigned char *leaf = PQunescapeBytea((unsigned char *)PQgetvalue(rows, i, 0), &size);

		if (!leaf)
			return error_set(&asked->error, -EIO, "no memory for entries");
		merkle_hash_leaf(leaf, size, &hashes[i]);
		PQfreemem(leaf);
	}
	return 0;
}

/** One upload while it is read. */
typedef struct Taking {
	MirrorUpload upload;
	Checkpoint checkpoint;
	DigestPart rest;
	RecordRows *rows;
	uint64_t taken_to; /* the entry after the last that was proved */
	bool wrong;        /* a package that is whole does not prove its entries */
	MirrorPackage package;
} Taking;

/** Reads and proves package after package, and keeps the entries that are not here yet. */
static int take_packages(Asked *asked, Taking *taking)
{
	MerkleHash before[MIRROR_PACKAGE];
	int r = 0;

	for (uint64_t i = 0; i < mirror_packages(&taking->upload) && i < MIRROR_PACKAGES_MAX; i++) {
		MirrorRange range = mirror_range(&taking->upload, i);

		if (mirror_read_package(&taking->rest, range, &taking->package, NULL) < 0)
			return 0;
		r = i == 0 ? read_before(asked, range, before) : 0;
		if (r < 0)
			return r;
		taking->wrong = mirror_verify_package(&taking->package, before, taking->upload.end,
					&taking->checkpoint.root) < 0;
		if (taking->wrong)
			return 0;
		for (uint64_t seq = range.start; seq < range.end && r >= 0; seq++)
			if (seq >= asked->next_entry)
				r = record_rows_add(taking->rows, asked->station.id, seq,
					taking->package.entries[seq - range.start], &asked->error);
		if (r < 0)
			return r;
		taking->taken_to = range.end;
	}
	return 0;
}

static int store_rows(Asked *asked, const Taking *taking)
{
	char text[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { number(taking->taken_to, text), 0 } };
	int r;

	if (taking->taken_to <= asked->next_entry)
		return 0;
	r = record_rows_store(taking->rows, asked->connection, &asked->error);
	r = r < 0 ? r
		  : database_do(
			    asked->connection, sql_advance_entry, values, ELEMENTS(values), &asked->error);
	if (r >= 0)
		asked->next_entry = taking->taken_to;
	return r;
}

/** All is here: the checkpoint is the mirror's, and once that is committed it is cosigned. */
static Answer finish_mirror(Asked *asked, const Taking *taking, const char *note)
{
	char text[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { number(taking->upload.end, text), 0 } };
	int r = database_do(asked->connection, sql_advance_mirror, values, ELEMENTS(values), &asked->error);

	r = r < 0 ? r : asked_commit(asked);
	if (r < 0)
		return answer_trouble(&asked->error);
	return answer_cosigned(asked->mirror->signers, MIRROR_SIGNERS_MAX, note);
}

static Answer answer_taken(Asked *asked, const Taking *taking, const char *note)
{
	if (taking->wrong && taking->taken_to == taking->upload.start)
		return answer_problem(422, "Not proved",
			"the entries from %llu on are not those of the checkpoint",
			(unsigned long long)taking->upload.start);
	if (taking->taken_to == taking->upload.start && taking->upload.start < taking->upload.end)
		return answer_problem(
			400, "No entries", "the upload is cut off before its first package ends");
	if (store_rows(asked, taking) < 0)
		return answer_trouble(&asked->error);
	if (taking->taken_to == taking->upload.end)
		return finish_mirror(asked, taking, note);
	return asked_commit(asked) < 0 ? answer_trouble(&asked->error)
				       : mirror_info(202, taking->upload.end, asked->next_entry);
}

static Answer judge_entries(Asked *asked, Taking *taking)
{
	_cleanup_(freep) char *note = NULL;
	int r;

	if (strcmp(taking->upload.origin, asked->station.origin) != 0)
		return answer_problem(404, "Unknown log", "the station \"%s\" has the log %s, not %.200s",
			asked->station.name, asked->station.origin, taking->upload.origin);
	r = taking->upload.end >= asked->mirror_size
		    ? find_checkpoint(asked, taking->upload.end, &note, &taking->checkpoint)
		    : -ENOENT;
	if (r == -ENOENT)
		return mirror_info(409, asked->pending_size, asked->next_entry);
	if (r < 0)
		return answer_trouble(&asked->error);
	if (taking->upload.start > asked->next_entry)
		return mirror_info(409, taking->upload.end, asked->next_entry);
	taking->taken_to = taking->upload.start;
	if (take_packages(asked, taking) < 0)
		return answer_trouble(&asked->error);
	return answer_taken(asked, taking, note);
}

static void taking_freep(Taking **taking)
{
	if (*taking)
		record_rows_free((*taking)->rows);
	free(*taking);
}

static Answer add_entries(const Mirror *mirror, const char *name, const char *body, size_t size)
{
	_cleanup_(asked_done) Asked asked = { 0 };
	_cleanup_(taking_freep) Taking *taking = calloc(1, sizeof *taking);
	Error error;

	if (!taking || record_rows_new(&taking->rows) < 0)
		return answer_text(500, "", NULL);
	taking->rest = (DigestPart){ body, size };
	if (mirror_read_upload(&taking->rest, &taking->upload, &error) < 0)
		return answer_problem(400, "Bad request", "%s", error.text);
	if (asked_begin(&asked, mirror, name) < 0)
		return answer_trouble(&asked.error);
	if (asked.station.quarantined)
		return answer_problem(403, "Quarantined",
			"the station \"%s\" is quarantined: ask the clinic's administrator to enrol it anew",
			name);
	return judge_entries(&asked, taking);
}

/* ---- routes ---- */

static Answer handle_checkpoint(const Clinic *clinic, Request *request)
{
	return add_checkpoint(&clinic->mirror, request->name, request->body, request->size);
}

static Answer handle_entries(const Clinic *clinic, Request *request)
{
	return add_entries(&clinic->mirror, request->name, request->body, request->size);
}

const Route mirror_routes[] = {
	{ "POST", "/add-checkpoint", ROUTE_STATION, NULL, handle_checkpoint },
	{ "POST", "/add-entries", ROUTE_STATION, "application/octet-stream", handle_entries },
	{ 0 },
};
