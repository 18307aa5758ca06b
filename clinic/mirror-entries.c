/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Takes entries, and answers as tlog-mirror says. It must not cosign a checkpoint before its last record is
 * committed, and must not take an entry that no proof covers.
 */

#include <string.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "mirror-asked.h"
#include "mirror-effects.h"
#include "record-rows.h"
#include "tlog/mirror.h"

static Answer mirror_info(unsigned status, uint64_t size, uint64_t next_entry)
{
	char *text = NULL;

	if (asprintf(&text, "%llu\n%llu\n\n", (unsigned long long)size, (unsigned long long)next_entry) < 0)
		text = NULL;
	return answer_text(status, "text/x.tlog.mirror-info", text);
}

/** The hashes of the entries of a package that are here already. */
static int read_before(MirrorAsked *asked, MirrorRange range, MerkleHash hashes[MIRROR_PACKAGE])
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char begin[MIRROR_NUMBER_MAX], start[MIRROR_NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { mirror_number(range.begin, begin), 0 },
		{ mirror_number(range.start, start), 0 } };
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
	MirrorEffects *effects;
	uint64_t taken_to; /* the entry after the last that was proved */
	bool wrong;        /* a package that is whole does not prove its entries */
	MirrorPackage package;
} Taking;

static int mirror_take_entry(MirrorAsked *asked, Taking *taking, uint64_t seq, DigestPart leaf)
{
	json_auto_t *record = NULL;
	int r = record_rows_add(taking->rows, asked->station.id, seq, leaf, &record, &asked->error);

	return r < 0 ? r : mirror_effects_note(taking->effects, seq, record, &asked->error);
}

/** Reads and proves package after package, and keeps the entries that are not here yet. */
static int take_packages(MirrorAsked *asked, Taking *taking)
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
				r = mirror_take_entry(
					asked, taking, seq, taking->package.entries[seq - range.start]);
		if (r < 0)
			return r;
		taking->taken_to = range.end;
	}
	return 0;
}

/** The registry's head is locked last, and not for long. */
static int store_rows(MirrorAsked *asked, const Taking *taking)
{
	char text[MIRROR_NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 },
		{ mirror_number(taking->taken_to, text), 0 } };
	int r;

	if (taking->taken_to <= asked->next_entry)
		return 0;
	r = record_rows_store(taking->rows, asked->connection, &asked->error);
	r = r < 0 ? r
		  : database_do(
			    asked->connection, sql_advance_entry, values, ELEMENTS(values), &asked->error);
	r = r < 0 ? r
		  : mirror_effects_store(taking->effects, asked->connection, &asked->station,
			    asked->mirror->registry_signer, asked->seen, &asked->error);
	if (r >= 0)
		asked->next_entry = taking->taken_to;
	return r;
}

/** All is here: the checkpoint is the mirror's, and once that is committed it is cosigned. */
static Answer finish_mirror(MirrorAsked *asked, const Taking *taking, const char *note)
{
	char text[MIRROR_NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 },
		{ mirror_number(taking->upload.end, text), 0 } };
	int r = database_do(asked->connection, sql_advance_mirror, values, ELEMENTS(values), &asked->error);

	r = r < 0 ? r : mirror_commit(asked);
	if (r < 0)
		return answer_trouble(&asked->error);
	return mirror_answer_cosigned(asked->mirror->signers, MIRROR_SIGNERS_MAX, note);
}

static Answer answer_taken(MirrorAsked *asked, const Taking *taking, const char *note)
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
	return mirror_commit(asked) < 0 ? answer_trouble(&asked->error)
					: mirror_info(202, taking->upload.end, asked->next_entry);
}

static Answer judge_entries(MirrorAsked *asked, Taking *taking)
{
	_cleanup_(freep) char *note = NULL;
	int r;

	if (strcmp(taking->upload.origin, asked->station.origin) != 0)
		return answer_problem(404, "Unknown log", "the station \"%s\" has the log %s, not %.200s",
			asked->station.name, asked->station.origin, taking->upload.origin);
	r = taking->upload.end >= asked->mirror_size
		    ? mirror_find_checkpoint(asked, taking->upload.end, &note, &taking->checkpoint)
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
	if (*taking) {
		record_rows_free((*taking)->rows);
		mirror_effects_free((*taking)->effects);
	}
	free(*taking);
}

Answer mirror_add_entries(const Clinic *clinic, Request *request)
{
	_cleanup_(mirror_done) MirrorAsked asked = { 0 };
	_cleanup_(taking_freep) Taking *taking = calloc(1, sizeof *taking);
	Error error;

	if (!taking || record_rows_new(&taking->rows) < 0 || mirror_effects_new(&taking->effects) < 0)
		return answer_text(500, "", NULL);
	taking->rest = (DigestPart){ request->body, request->size };
	if (mirror_read_upload(&taking->rest, &taking->upload, &error) < 0)
		return answer_problem(400, "Bad request", "%s", error.text);
	if (mirror_begin(&asked, &clinic->mirror, request) < 0)
		return answer_trouble(&asked.error);
	if (asked.station.quarantined)
		return mirror_refuse_quarantined(request->name);
	return judge_entries(&asked, taking);
}
