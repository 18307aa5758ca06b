/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger as its publisher reads it. It must never write, and never hold a snapshot beyond one call. */

#include "ledger/outbox.h"

#include <string.h>

#include "ledger/reader.h"
#include "ledger/statements.h"
#include "ledger/tree.h"

struct LedgerOutbox {
	Reader *reader;
	Statements statements;
};

/** Ends the call's snapshot. A cleanup function; statements must be reset before it runs. */
static void snapshot_done(Reader **reader)
{
	if (*reader)
		reader_end(*reader);
}

/** Starts a snapshot for several statements; a single statement has one anyway. */
static int outbox_begin(LedgerOutbox *outbox, Reader **ret)
{
	int r = reader_begin(outbox->reader);

	if (r < 0)
		return r;
	*ret = outbox->reader;
	return 0;
}

int ledger_outbox_open(const char *path, LedgerOutbox **ret, Error *error)
{
	_cleanup_(ledger_outbox_freep) LedgerOutbox *outbox = calloc(1, sizeof *outbox);
	ReaderOptions options = { .followed = true };
	int r;

	error_set(error, -ENOMEM, "out of memory");
	if (!outbox)
		return -ENOMEM;
	r = reader_open(path, &options, &outbox->reader, error);
	if (r < 0)
		return r;
	reader_end(outbox->reader);
	outbox->statements.db = outbox->reader->db;
	*ret = TAKE_PTR(outbox);
	return 0;
}

LedgerOutbox *ledger_outbox_free(LedgerOutbox *outbox)
{
	if (!outbox)
		return NULL;
	statements_clear(&outbox->statements);
	reader_free(outbox->reader);
	free(outbox);
	return NULL;
}

/** Reads one number; 0 when there is no row. */
static int read_outbox_number(LedgerOutbox *outbox, const char *sql, uint64_t argument, uint64_t *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_row(&outbox->statements, sql, argument, &select);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = r == 0 ? (uint64_t)column_integer(select, 0) : 0;
	return 0;
}

static int read_formerly(LedgerOutbox *outbox, char ret[LEDGER_NAMES_MAX])
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_row(&outbox->statements, sql_renamed_station, 0, &select);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	snprintf(ret, LEDGER_NAMES_MAX, "%s", column_string(select, 0));
	return 0;
}

int ledger_outbox_info(LedgerOutbox *outbox, LedgerOutboxInfo *ret)
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	LedgerOutboxInfo info = { 0 };
	const struct {
		const char *sql;
		uint64_t *ret;
	} numbers[] = {
		{ "SELECT max(seq) FROM record", &info.newest },
		{ "SELECT max(size) FROM checkpoint", &info.checkpoint },
		{ "SELECT max(seq) FROM record WHERE kind = 'ledger.restored'", &info.restored },
		{ "SELECT max(value) FROM meta WHERE name = 'published'", &info.published },
		{ "SELECT max(value) FROM meta WHERE name = 'checkpoint_published'",
			&info.checkpoint_published },
	};
	int r = outbox_begin(outbox, &snapshot);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ELEMENTS(numbers); i++) {
		r = read_outbox_number(outbox, numbers[i].sql, 0, numbers[i].ret);
		if (r < 0)
			return r;
	}
	r = read_formerly(outbox, info.formerly);
	if (r < 0)
		return r;
	*ret = info;
	return 0;
}

/** Whether a field that now counts as free text is in the body, as in records of earlier versions. */
static bool has_words(const char *body, const RecordField *field)
{
	char key[64];

	if (field->words != WORDS_BESIDE)
		return false;
	snprintf(key, sizeof key, "\"%s\":", field->name);
	return strstr(body, key);
}

/**
 * Published records contain no free text, but old records may still wait for publication: replaces *body by
 * one without free text where it has any, which is rare. 0 or -ENOMEM, -EUCLEAN.
 */
static int leave_out_words(const char *kind, char **body)
{
	const RecordField *fields = record_fields(kind);
	json_auto_t *object = NULL;

	for (const RecordField *field = fields; field && field->name; field++) {
		if (!has_words(*body, field))
			continue;
		if (!object)
			object = json_loads(*body, 0, NULL);
		if (!object)
			return -EUCLEAN;
		(void)json_object_del(object, field->name);
	}
	if (!object)
		return 0;
	free(*body);
	*body = json_dumps(object, LEDGER_JSON);
	return *body ? 0 : -ENOMEM;
}

/* the columns of ledger_outbox_read() */
enum {
	COLUMN_SEQ,
	COLUMN_UTC,
	COLUMN_KIND,
	COLUMN_LEAF,
	COLUMN_HASH,
};

static int deliver_row(sqlite3_stmt *row, LedgerMessageDone done, void *userdata)
{
	DigestPart hash = column_bytes(row, COLUMN_HASH), text = leaf_body(column_bytes(row, COLUMN_LEAF));
	_cleanup_(freep) char *body = text.data ? strndup(text.data, text.size) : NULL;
	json_auto_t *fields = NULL;
	LedgerMessage message = {
		.seq = (uint64_t)column_integer(row, COLUMN_SEQ),
		.utc_us = column_integer(row, COLUMN_UTC),
		.kind = column_text(row, COLUMN_KIND),
		.hash = hash.data,
	};
	int r;

	if (!message.kind || !hash.data || hash.size != DIGEST_BYTES || !text.data)
		return -EUCLEAN;
	r = body ? leave_out_words(message.kind, &body) : -ENOMEM;
	if (r < 0)
		return r;
	message.body = body;
	if (strcmp(message.kind, "zone.statistics") == 0) {
		fields = json_loads(body, 0, NULL);
		message.zone = json_string_value(json_object_get(fields, "zone"));
	}
	return done(userdata, &message);
}

int ledger_outbox_read(
	LedgerOutbox *outbox, uint64_t after, uint32_t limit, LedgerMessageDone done, void *userdata)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r, result = statement_get(&outbox->statements, sql_records_to_publish, &select);

	if (result != SQLITE_OK)
		return ledger_errno(result);
	sqlite3_bind_int64(select, 1, (int64_t)after);
	sqlite3_bind_int64(select, 2, limit);
	while ((result = sqlite3_step(select)) == SQLITE_ROW) {
		r = deliver_row(select, done, userdata);
		if (r != 0)
			return r;
	}
	return ledger_errno(result);
}

int ledger_outbox_count(LedgerOutbox *outbox, uint64_t after, uint64_t *ret)
{
	return read_outbox_number(
		outbox, "SELECT count(*) FROM record WHERE published AND seq > ?", after, ret);
}

int ledger_outbox_hash(LedgerOutbox *outbox, uint64_t seq, uint8_t ret[DIGEST_BYTES])
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	DigestPart hash;
	int r = statement_row(&outbox->statements, "SELECT hash FROM record WHERE seq = ?", seq, &select);

	if (r < 0)
		return r;
	hash = column_bytes(select, 0);
	if (!hash.data || hash.size != DIGEST_BYTES)
		return -EUCLEAN;
	memcpy(ret, hash.data, DIGEST_BYTES);
	return 0;
}

int ledger_outbox_stock(LedgerOutbox *outbox, json_t **ret)
{
	json_auto_t *none = json_object();

	return none ? query_rows(outbox->reader->db, query_find("newest-stock"), none, ret, NULL) : -ENOMEM;
}

int ledger_outbox_checkpoint(LedgerOutbox *outbox, uint64_t since, json_t **ret)
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	int r = outbox_begin(outbox, &snapshot);

	return r < 0 ? r : prove_checkpoint(&outbox->statements, since, ret);
}

/* ---- the log as it is, for a mirror ---- */

static int newest_key(LedgerOutbox *outbox, char ret[NOTE_KEY_MAX])
{
	_cleanup_(statement_donep) sqlite3_stmt *key = NULL;
	int r = statement_row(
		&outbox->statements, "SELECT key FROM signing_key ORDER BY seq DESC LIMIT 1", 0, &key);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	snprintf(ret, NOTE_KEY_MAX, "%s", column_string(key, 0));
	return 0;
}

int ledger_outbox_key(LedgerOutbox *outbox, char ret[NOTE_KEY_MAX])
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	int r = outbox_begin(outbox, &snapshot);

	return r < 0 ? r : newest_key(outbox, ret);
}

int ledger_outbox_sealed(LedgerOutbox *outbox, LedgerSealed *ret)
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	LedgerSealed sealed = { 0 };
	int r = outbox_begin(outbox, &snapshot);

	r = r < 0 ? r
		  : statement_row(&outbox->statements,
			    "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", 0, &newest);
	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	r = newest_key(outbox, sealed.key);
	if (r < 0)
		return r;
	sealed.size = (uint64_t)column_integer(newest, 0);
	sealed.note = strdup(column_string(newest, 1));
	if (!sealed.note)
		return -ENOMEM;
	*ret = sealed;
	return 0;
}

int ledger_outbox_leaves(
	LedgerOutbox *outbox, uint64_t first, uint32_t n, LedgerLeafDone done, void *userdata)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = statement_get(&outbox->statements,
		"SELECT seq, leaf FROM record WHERE seq > ?1 AND seq <= ?1 + ?2 ORDER BY seq", &select);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(select, 1, (int64_t)first);
	sqlite3_bind_int64(select, 2, n);
	for (uint64_t number = first; number < first + n; number++) {
		DigestPart leaf;
		int result = sqlite3_step(select);

		if (result != SQLITE_ROW)
			return result == SQLITE_DONE ? -EUCLEAN : ledger_errno(result);
		leaf = column_bytes(select, 1);
		if ((uint64_t)column_integer(select, 0) != number + 1 || !leaf.data)
			return -EUCLEAN;
		r = done(userdata, number, leaf);
		if (r != 0)
			return r;
	}
	return 0;
}

int ledger_outbox_consistency(LedgerOutbox *outbox, uint64_t old_size, uint64_t size, MerklePath *ret)
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	TreeReader reader = { .statements = &outbox->statements };
	int r = outbox_begin(outbox, &snapshot);

	return r < 0 ? r : tree_prove_consistency(&reader, old_size, size, ret);
}

int ledger_outbox_subtree(LedgerOutbox *outbox, uint64_t start, uint64_t end, uint64_t size, MerklePath *ret)
{
	_cleanup_(snapshot_done) Reader *snapshot = NULL;
	TreeReader reader = { .statements = &outbox->statements };
	int r = outbox_begin(outbox, &snapshot);

	return r < 0 ? r : tree_prove_subtree(&reader, start, end, size, ret);
}

int ledger_outbox_escrow(LedgerOutbox *outbox, int64_t since_us, json_t **ret)
{
	char since[CLOCK_UTC_TEXT_MAX];
	json_auto_t *arguments = NULL;

	clock_format_utc(since_us, since);
	arguments = json_pack("{s:s}", "from", since);

	return arguments ? query_rows(outbox->reader->db, query_find("escrow"), arguments, ret, NULL)
			 : -ENOMEM;
}
