/* SPDX-License-Identifier: Apache-2.0 */

/** Answers from a read-only ledger, without a thread. Nothing here writes. */

#include "ledger/copy.h"
#include "ledger/ledger-private.h"
#include "ledger/statements.h"

#include <string.h>

int ledger_hold(Ledger *ledger, uint64_t *ret_records)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	int r = ledger_read_begin(ledger, NULL);

	if (r < 0)
		return r;
	ledger->held = true;
	r = statement_once(ledger->db, "SELECT coalesce(max(seq), 0) FROM record", NULL, &select);
	if (r < 0)
		return r;
	*ret_records = (uint64_t)column_integer(select, 0);
	return 0;
}

int ledger_prove_now(Ledger *ledger, uint64_t seq, json_t **ret, Error *error)
{
	int r = ledger_read_begin(ledger, error);

	if (r < 0)
		return r;
	r = prove_record(&ledger->statements, ledger->path, seq, ret);
	ledger_read_end(ledger);
	if (r == -ENOENT)
		return error_set(error, r, "there is no record %llu", (unsigned long long)seq);
	if (r == -ENODATA)
		return error_set(error, r,
			"no checkpoint covers record %llu yet: ask the running station, or later",
			(unsigned long long)seq);
	if (r < 0)
		return error_set(
			error, r, "record %llu cannot be proved (%s)", (unsigned long long)seq, strerror(-r));
	return 0;
}

int ledger_prove_growth_now(Ledger *ledger, uint64_t size, json_t **ret, Error *error)
{
	int r = ledger_read_begin(ledger, error);

	if (r < 0)
		return r;
	r = prove_growth(&ledger->statements, size, ret);
	ledger_read_end(ledger);
	if (r == -ENODATA)
		return error_set(error, r,
			"no checkpoint of this ledger covers %llu records: is it an older copy?",
			(unsigned long long)size);
	if (r < 0)
		return error_set(error, r, "the growth since %llu records cannot be proved (%s)",
			(unsigned long long)size, strerror(-r));
	return 0;
}

int ledger_lookup_now(Ledger *ledger, const char *query, json_t *arguments, json_t **ret, Error *error)
{
	const LedgerQuery *found = query_find(query);
	int r;

	if (!found)
		return error_set(error, -EINVAL, "there is no query \"%.64s\"", query);
	r = ledger_read_begin(ledger, error);
	if (r < 0)
		return r;
	r = query_rows(ledger->db, found, arguments, ret, error);
	ledger_read_end(ledger);
	return r;
}

void ledger_leave_out_personal(Ledger *ledger)
{
	ledger->impersonal = true;
}

int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	DigestPart leaf, attachment;
	int result, r;

	if (!ledger->read_only)
		return -EBUSY;
	r = ledger_errno(sqlite3_prepare_v2(ledger->db, sql_records_to_export, -1, &rows, NULL));
	if (r < 0)
		return r;
	sqlite3_bind_int64(rows, 1, (int64_t)size);
	while ((result = sqlite3_step(rows)) == SQLITE_ROW) {
		leaf = column_bytes(rows, 1);
		attachment = column_bytes(rows, 2);
		if (!leaf.data)
			return -EUCLEAN;
		r = each(userdata, (uint64_t)column_integer(rows, 0), leaf.data, leaf.size, attachment.data,
			attachment.size);
		if (r != 0)
			return r;
	}
	return ledger_errno(result);
}

int ledger_opening_now(Ledger *ledger, uint64_t seq, LedgerOpening take, void *userdata)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	DigestPart salt, data;
	int r = statement_row(
		&ledger->statements, "SELECT salt, data FROM personal WHERE seq = ?", (int64_t)seq, &row);

	if (r < 0)
		return r;
	salt = column_bytes(row, 0);
	data = column_bytes(row, 1);
	return take(userdata, salt, data);
}
