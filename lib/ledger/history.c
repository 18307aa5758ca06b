/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the records of a session again. It must not write, nor judge what they say. */

#include "ledger/history.h"

#include "ledger/reader.h"

static int give_past_record(sqlite3_stmt *row, LedgerPastTake take, void *userdata, LedgerHistory *history)
{
	json_auto_t *leaf = leaf_parse(row, 3);
	DigestPart attachment = column_bytes(row, 4);
	LedgerPast past = {
		.seq = (uint64_t)column_integer(row, 0),
		.utc_us = column_integer(row, 1),
		.kind = column_string(row, 2),
		.body = json_object_get(leaf, "body"),
	};

	if (!past.body)
		return -EUCLEAN;
	past.attachment = attachment.data;
	past.attachment_size = attachment.size;
	history->records++;
	history->newest_utc_us = past.utc_us;
	return take(userdata, &past);
}

static int read_records(
	Reader *reader, uint64_t session, LedgerPastTake take, void *userdata, LedgerHistory *history)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	int r = sqlite3_prepare_v2(reader->db,
		"SELECT seq, utc_us, kind, leaf, data FROM record LEFT JOIN attachment USING(seq) WHERE session = ?"
		" ORDER BY seq",
		-1, &row, NULL);

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

static int prepare_about(Reader *reader, const char *sql, uint64_t session, sqlite3_stmt **ret)
{
	int r = sqlite3_prepare_v2(reader->db, sql, -1, ret, NULL);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	sqlite3_bind_int64(*ret, 1, (int64_t)session);
	r = sqlite3_step(*ret);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : ledger_errno(r);
}

static int read_restored(Reader *reader, uint64_t session, bool *ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	int r = prepare_about(reader,
		"SELECT EXISTS (SELECT 1 FROM record WHERE kind = 'ledger.restored'"
		" AND seq > (SELECT max(seq) FROM record WHERE session = ?))",
		session, &row);

	if (r == 0)
		*ret = column_integer(row, 0) != 0;
	return r;
}

static int read_rules(Reader *reader, uint64_t session, json_t **ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	json_auto_t *leaf = NULL;
	int r = prepare_about(reader,
		"SELECT leaf FROM record WHERE kind = 'station.started'"
		" AND seq < (SELECT min(seq) FROM record WHERE session = ?) ORDER BY seq DESC LIMIT 1",
		session, &row);

	if (r < 0 || sqlite3_data_count(row) == 0)
		return r;
	leaf = leaf_parse(row, 0);
	*ret = json_incref(json_object_get(json_object_get(leaf, "body"), "rules"));
	return 0;
}

int ledger_history(const char *path, uint64_t session, LedgerPastTake take, void *userdata,
	LedgerHistory *ret, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(reader_freep) Reader *reader = NULL;
	ReaderOptions options = { .followed = true };
	LedgerHistory history = { 0 };
	int r = reader_open(path, &options, &reader, error);

	if (r < 0)
		return r;
	r = read_records(reader, session, take, userdata, &history);
	if (r == 0)
		r = read_restored(reader, session, &history.restored);
	if (r == 0)
		r = read_rules(reader, session, &history.rules);
	reader_end(reader);
	if (r < 0) {
		snprintf(error, LEDGER_TEXT_MAX, "the records of session %llu cannot be read (%s)",
			(unsigned long long)session, strerror(-r));
		return r;
	}
	*ret = history;
	return 0;
}
