/* SPDX-License-Identifier: Apache-2.0 */

/** What stands beside the records: personal data, attachments, and the tables that the records give. */

#include "ledger/area.h"
#include "ledger/verify-private.h"

#include <string.h>

static json_t *parse_leaf(sqlite3_stmt *row, int column)
{
	return json_loadb(
		sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column), 0, NULL);
}

/** Runs `each` on all rows of `sql`. */
static int each_row(Verifier *verifier, const char *sql, int (*each)(Verifier *verifier, sqlite3_stmt *row))
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	int result, r = ledger_errno(statement_get(&verifier->statements, sql, &rows));

	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE) {
		if (result != SQLITE_ROW)
			return ledger_errno(result);
		r = verify_left(verifier) ? -ECANCELED : each(verifier, rows);
	}
	return r;
}

/* ---- personal data ---- */

static int check_personal(Verifier *verifier, sqlite3_stmt *row)
{
	json_auto_t *leaf = parse_leaf(row, 3);
	const char *commitment = json_string_value(json_object_get(leaf, "personal"));
	DigestPart parts[2] = {
		{ sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1) },
		{ sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2) },
	};
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];
	int r = digester_compute(verifier->digester, parts, 2, digest);

	if (r < 0)
		return r;
	hex_encode(digest, sizeof digest, hex);
	verifier->found->personal++;
	if (!commitment || strcmp(hex, commitment) != 0)
		verify_finding(verifier, "the personal data of record %lld is not what the record commits to",
			(long long)sqlite3_column_int64(row, 0));
	return 0;
}

static int mark_erased(Verifier *verifier, sqlite3_stmt *row)
{
	json_auto_t *leaf = parse_leaf(row, 0);
	const json_t *records = json_object_get(json_object_get(leaf, "body"), "records"), *number;
	size_t i;

	json_array_foreach (records, i, number)
		for (size_t k = 0; k < verifier->n_committed; k++)
			if (verifier->committed[k] == (uint64_t)json_integer_value(number)) {
				verifier->committed[k] = 0;
				verifier->found->erased++;
			}
	return 0;
}

static bool has_personal(Verifier *verifier, uint64_t seq)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;

	if (statement_get(&verifier->statements, "SELECT 1 FROM personal WHERE seq = ?", &select) !=
		SQLITE_OK)
		return false;
	sqlite3_bind_int64(select, 1, (int64_t)seq);
	return sqlite3_step(select) == SQLITE_ROW;
}

static int check_missing(Verifier *verifier)
{
	for (size_t i = 0; i < verifier->n_committed; i++) {
		uint64_t seq = verifier->committed[i];

		if (verify_left(verifier))
			return -ECANCELED;
		if (seq > 0 && !has_personal(verifier, seq))
			verify_finding(verifier,
				"the personal data of record %llu is gone, and no record says why",
				(unsigned long long)seq);
	}
	return 0;
}

/* ---- attachments ---- */

/** A record names the attachments that it has by their digest, wherever in its body. */
static int check_attachment(Verifier *verifier, sqlite3_stmt *row)
{
	long long seq = sqlite3_column_int64(row, 0);
	const void *leaf = sqlite3_column_blob(row, 2);
	DigestPart part = { sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1) };
	char hex[DIGEST_HEX_MAX];
	uint8_t digest[DIGEST_BYTES];
	int r = digester_compute(verifier->digester, &part, 1, digest);

	if (r < 0)
		return r;
	hex_encode(digest, sizeof digest, hex);
	verifier->found->attachments++;
	if (!leaf || !memmem(leaf, (size_t)sqlite3_column_bytes(row, 2), hex, strlen(hex)))
		verify_finding(
			verifier, "the attachment of record %lld is not the one that the record names", seq);
	return 0;
}

static int tell_missing(Verifier *verifier, sqlite3_stmt *row)
{
	verify_finding(verifier, "the attachment of record %lld is missing",
		(long long)sqlite3_column_int64(row, 0));
	return 0;
}

/* the kinds of records that have an attachment */
#define WITHOUT_ATTACHMENT                                                            \
	"SELECT seq FROM record WHERE kind IN ('strokes', 'lot.certificate') AND NOT" \
	" EXISTS (SELECT 1 FROM attachment WHERE attachment.seq = record.seq)"

int verify_beside(Verifier *verifier)
{
	int r = each_row(verifier,
		"SELECT personal.seq, salt, CAST(data AS BLOB), leaf FROM personal LEFT JOIN record USING(seq)",
		check_personal);

	if (r == 0)
		r = each_row(verifier, "SELECT leaf FROM record WHERE kind = 'personal.erased'", mark_erased);
	if (r == 0)
		r = check_missing(verifier);
	if (r == 0)
		r = each_row(verifier,
			"SELECT attachment.seq, data, leaf FROM attachment LEFT JOIN record USING(seq)",
			check_attachment);
	if (r == 0)
		r = each_row(verifier, WITHOUT_ATTACHMENT, tell_missing);
	return r;
}

/* ---- projections ---- */

#define DEFINITIONS(database)                             \
	"SELECT type, name, tbl_name, sql FROM " database \
	".sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'"

/** A changed view or column answers another question than the one that is asked. */
static int compare_definitions(Verifier *verifier, sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(db,
		"SELECT group_concat(name, ', ') FROM (SELECT name FROM (" DEFINITIONS("main") " EXCEPT " DEFINITIONS(
			"kept") ") UNION SELECT name FROM (" DEFINITIONS("kept") " EXCEPT " DEFINITIONS("main") "))",
		-1, &row, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
		verify_finding(verifier,
			"tables, views or triggers of the file were added, changed or removed: %.200s",
			(const char *)sqlite3_column_text(row, 0));
	return ledger_errno(result);
}

/** A temporary database beside the file's tables: ours of their own, the records as the file has them. */
static int open_scratch(Verifier *verifier, sqlite3 **ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char error[LEDGER_TEXT_MAX];
	int r = schema_open_scratch(verifier->options->path, &db, error);

	if (r == 0)
		r = compare_definitions(verifier, db);
	if (r == 0)
		r = ledger_errno(sqlite3_exec(db,
			"INSERT INTO main.personal SELECT * FROM kept.personal;"
			"DROP TABLE main.record;"
			"CREATE TEMP VIEW record AS SELECT * FROM kept.record;",
			NULL, NULL, NULL));
	if (r == 0)
		*ret = TAKE_PTR(db);
	return r;
}

static int compare_table(Verifier *verifier, sqlite3 *db, const char *table)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	_cleanup_(freep) char *sql = NULL;
	int64_t missing, surplus;

	if (asprintf(&sql,
		    "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM kept.%s)),"
		    " (SELECT count(*) FROM (SELECT * FROM kept.%s EXCEPT SELECT * FROM main.%s))",
		    table, table, table, table) < 0)
		return -ENOMEM;
	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) != SQLITE_OK || sqlite3_step(select) != SQLITE_ROW)
		return ledger_errno(sqlite3_errcode(db));
	missing = sqlite3_column_int64(select, 0);
	surplus = sqlite3_column_int64(select, 1);
	verifier->found->tables++;
	if (missing > 0 || surplus > 0)
		verify_finding(verifier,
			"the table %s is not what the records give: %lld rows are wrong or missing, %lld should not be",
			table, (long long)missing, (long long)surplus);
	return 0;
}

static int compare_tables(Verifier *verifier, sqlite3 *db)
{
	int r = 0;

	for (const LedgerArea *const *area = ledger_areas; *area && r == 0; area++)
		for (const char *const *table = (*area)->tables; *table && r == 0; table++)
			r = verify_left(verifier) ? -ECANCELED : compare_table(verifier, db, *table);
	return r;
}

static int check_structure(Verifier *verifier)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int result = sqlite3_prepare_v2(verifier->db, "PRAGMA integrity_check(20)", -1, &rows, NULL);

	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(rows);
		if (result == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(rows, 0), "ok") != 0)
			verify_finding(verifier, "the database's own structure is damaged: %.200s",
				(const char *)sqlite3_column_text(rows, 0));
	}
	return ledger_errno(result);
}

int verify_projections(Verifier *verifier)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	uint64_t failed = 0;
	int r = check_structure(verifier);

	/* its tables are another program's; a station that takes it in makes them anew */
	if (r < 0 || verifier->found->older)
		return r;
	r = open_scratch(verifier, &db);
	if (r == 0)
		r = projection_replay(db, verifier->options->leave, &failed);
	if (r == -EUCLEAN && failed > 0) {
		verify_finding(
			verifier, "record %llu does not fit those before it", (unsigned long long)failed);
		return 0;
	}
	return r < 0 ? r : compare_tables(verifier, db);
}
