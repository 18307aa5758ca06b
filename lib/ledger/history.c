/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the records of a session again. It must not write, or judge what they say. */

#include "ledger/history.h"

#include "ledger/reader.h"
#include "ledger/statements.h"

static int give_past_record(sqlite3_stmt *row, LedgerPastTake take, void *userdata, LedgerHistory *history)
{
	json_auto_t *leaf = leaf_parse(row, 3), *beside = NULL;
	DigestPart attachment = column_bytes(row, 4);
	const char *kept = column_text(row, 5);
	LedgerPast past = {
		.seq = (uint64_t)column_integer(row, 0),
		.utc_us = column_integer(row, 1),
		.kind = column_string(row, 2),
		.actor = json_string_value(json_object_get(leaf, "actor")),
		.body = json_object_get(leaf, "body"),
	};

	if (!past.body)
		return -EUCLEAN;
	beside = kept ? json_loads(kept, 0, NULL) : NULL;
	if (beside && json_object_update_missing(past.body, beside) < 0)
		return -ENOMEM;
	past.attachment = attachment.data;
	past.attachment_size = attachment.size;
	history->records++;
	history->newest_utc_us = past.utc_us;
	return take(userdata, &past);
}

static int read_records(
	Statements *statements, uint64_t session, LedgerPastTake take, void *userdata, LedgerHistory *history)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = statement_get(statements, sql_session_records, &row);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(row, 1, (int64_t)session);
	while ((r = sqlite3_step(row)) == SQLITE_ROW) {
		r = give_past_record(row, take, userdata, history);
		if (r < 0)
			return r;
	}
	return r == SQLITE_DONE ? 0 : ledger_errno(r);
}

static int read_restored(Statements *statements, uint64_t session, bool *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = statement_row(statements, sql_session_before_restoring, session, &row);

	*ret = r == 0;
	return r == -ENOENT ? 0 : r;
}

static int read_rules(Statements *statements, uint64_t session, json_t **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *leaf = NULL;
	int r = statement_row(statements, sql_session_start, session, &row);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	leaf = leaf_parse(row, 0);
	*ret = json_incref(json_object_get(json_object_get(leaf, "body"), "rules"));
	return 0;
}

static int read_history(
	Statements *statements, uint64_t session, LedgerPastTake take, void *userdata, LedgerHistory *history)
{
	int r = read_records(statements, session, take, userdata, history);

	if (r < 0)
		return r;
	r = read_restored(statements, session, &history->restored);
	return r < 0 ? r : read_rules(statements, session, &history->rules);
}

int ledger_history(const char *path, uint64_t session, LedgerPastTake take, void *userdata,
	LedgerHistory *ret, Error *error)
{
	_cleanup_(reader_freep) Reader *reader = NULL;
	ReaderOptions options = { .followed = true };
	LedgerHistory history = { 0 };
	Statements statements = { 0 };
	int r = reader_open(path, &options, &reader, error);

	if (r < 0)
		return r;
	statements.db = reader->db;
	r = read_history(&statements, session, take, userdata, &history);
	statements_clear(&statements);
	reader_end(reader);
	if (r < 0)
		return error_set(error, r, "the records of session %llu cannot be read (%s)",
			(unsigned long long)session, strerror(-r));
	*ret = history;
	return 0;
}
