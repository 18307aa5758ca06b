/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Verifies what belongs to the records but is stored elsewhere: personal data, attachments, and the tables
 * made from the records. It must not repair anything, or run a trigger of the file.
 */

#include "ledger/sql.h"
#include "ledger/verify-private.h"
#include "ledger/statements.h"

#include <string.h>

/* ---- personal data ---- */

static int check_personal(void *userdata, sqlite3_stmt *row)
{
	Verifier *verifier = userdata;
	json_auto_t *leaf = leaf_parse(row, 3);
	const char *commitment = json_string_value(json_object_get(leaf, "personal"));
	DigestPart parts[2] = { column_bytes(row, 1), column_bytes(row, 2) };
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_MAX];

	digest_compute(parts, 2, digest);
	hex_encode(digest, sizeof digest, hex);
	verifier->found->personal++;
	if (!commitment || !parts[0].data || !parts[1].data || strcmp(hex, commitment) != 0)
		verify_finding(verifier, "the personal data of record %lld is not what the record commits to",
			(long long)column_integer(row, 0));
	return 0;
}

static int mark_erased(void *userdata, sqlite3_stmt *row)
{
	Verifier *verifier = userdata;
	json_auto_t *leaf = leaf_parse(row, 0);
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

/** A record names its attachment by digest, in any place of its body. */
static int check_attachment(void *userdata, sqlite3_stmt *row)
{
	Verifier *verifier = userdata;
	long long seq = column_integer(row, 0);
	DigestPart part = column_bytes(row, 1), leaf = column_bytes(row, 2);
	char hex[DIGEST_HEX_MAX];
	uint8_t digest[DIGEST_BYTES];

	digest_compute(&part, 1, digest);
	hex_encode(digest, sizeof digest, hex);
	verifier->found->attachments++;
	if (!part.data || !leaf.data || !memmem(leaf.data, leaf.size, hex, strlen(hex)))
		verify_finding(
			verifier, "the attachment of record %lld is not the one that the record names", seq);
	return 0;
}

static int tell_missing_attachment(void *userdata, sqlite3_stmt *row)
{
	Verifier *verifier = userdata;

	verify_finding(
		verifier, "the attachment of record %lld is missing", (long long)column_integer(row, 0));
	return 0;
}

int verify_beside(Verifier *verifier)
{
	int r = verify_each_row(verifier,
		"SELECT personal.seq, salt, data, leaf FROM personal LEFT JOIN record USING(seq)",
		check_personal, verifier);

	if (r < 0)
		return r;
	r = verify_each_row(
		verifier, "SELECT leaf FROM record WHERE kind = 'personal.erased'", mark_erased, verifier);
	if (r < 0)
		return r;
	r = check_missing(verifier);
	if (r < 0)
		return r;
	r = verify_each_row(verifier,
		"SELECT attachment.seq, data, leaf FROM attachment LEFT JOIN record USING(seq)",
		check_attachment, verifier);
	if (r < 0)
		return r;
	return verify_each_row(verifier, sql_without_attachment, tell_missing_attachment, verifier);
}

/* ---- projections ---- */

/** Fills our own tables, beside the file's, from the file's records. */
static int fill_scratch(Verifier *verifier, uint64_t *ret_failed)
{
	sqlite3 *db = verifier->db;
	int r = ledger_errno(schema_make(db, 0, LEDGER_SCHEMA_VERSION));

	if (r < 0)
		return r;
	/*
	 * for our own triggers, some of which fill tables; the file's never run, because nothing is written
	 * there
	 */
	r = ledger_errno(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL));
	if (r < 0)
		return r;
	/* deviations have been reported already */
	r = ledger_errno(sqlite3_exec(db,
		"INSERT OR IGNORE INTO main.personal(seq, salt, data) SELECT seq, salt, data FROM kept.personal"
		" WHERE typeof(salt) = 'blob' AND typeof(data) = 'text';"
		"DROP TABLE main.record;"
		"CREATE TEMP VIEW record AS SELECT * FROM kept.record;",
		NULL, NULL, NULL));
	return r < 0 ? r
		     : projection_replay(
			       db, verifier->reader->version, 0, verifier->options->leave, ret_failed);
}

/** The columns in which an older file's table must equal ours; NULL when it has no such table. */
static int shared_columns(Verifier *verifier, const char *table, char **ret)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	const char *columns;
	int r = statement_once(verifier->db, sql_shared_columns, table, &select);

	if (r < 0)
		return r;
	columns = column_text(select, 0);
	*ret = columns ? strdup(columns) : NULL;
	return columns && !*ret ? -ENOMEM : 0;
}

/** Also compares the number of rows, because a duplicate row is in both sets. */
static int compare_table(Verifier *verifier, const char *table, const char *columns)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	_cleanup_(freep) char *sql = NULL;
	int64_t missing, surplus, twice;
	int r;

	if (asprintf(&sql,
		    "SELECT (SELECT count(*) FROM (SELECT %s FROM main.%s EXCEPT SELECT %s FROM kept.%s)),"
		    " (SELECT count(*) FROM (SELECT %s FROM kept.%s EXCEPT SELECT %s FROM main.%s)),"
		    " (SELECT count(*) FROM kept.%s NOT INDEXED) - (SELECT count(*) FROM main.%s NOT INDEXED)",
		    columns, table, columns, table, columns, table, columns, table, table, table) < 0)
		return -ENOMEM;
	r = statement_once(verifier->db, sql, NULL, &select);
	if (r < 0)
		return r;
	missing = column_integer(select, 0);
	surplus = column_integer(select, 1);
	twice = column_integer(select, 2);
	verifier->found->tables++;
	if (missing > 0 || surplus > 0)
		verify_finding(verifier,
			"the table %s is not what the records give: %lld rows are wrong or missing, %lld should not be",
			table, (long long)missing, (long long)surplus);
	else if (twice != 0)
		verify_finding(verifier,
			"the table %s is not what the records give: it has %lld rows more, which stand there twice",
			table, (long long)twice);
	return 0;
}

static int compare_table_of_version(Verifier *verifier, const char *table)
{
	_cleanup_(freep) char *columns = NULL;
	int r;

	if (!verifier->found->older)
		return compare_table(verifier, table, "*");
	r = shared_columns(verifier, table, &columns);
	return r < 0 || !columns ? r : compare_table(verifier, table, columns);
}

static int compare_tables(Verifier *verifier)
{
	for (const char *const *table = sql_tables; *table; table++) {
		int r = verify_left(verifier) ? -ECANCELED : compare_table_of_version(verifier, *table);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_structure(Verifier *verifier)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	int result;

	/* a table that is not ours may have constraints of its own */
	if (verifier->reader->difference.tables_surplus)
		return 0;
	result = sqlite3_prepare_v2(verifier->db, "PRAGMA kept.integrity_check(20)", -1, &rows, NULL);
	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(rows);
		if (result == SQLITE_ROW && strcmp(column_string(rows, 0), "ok") != 0)
			verify_finding(verifier, "the database's own structure is damaged: %.200s",
				column_string(rows, 0));
	}
	return ledger_errno(result);
}

int verify_projections(Verifier *verifier)
{
	uint64_t failed = 0;
	int r = check_structure(verifier);

	if (r < 0)
		return r;
	statements_clear(&verifier->statements); /* from here on a plain table name means our own table */
	r = fill_scratch(verifier, &failed);
	verifier->replayed = r == 0;
	if (r == -EUCLEAN && failed > 0) {
		verify_finding(
			verifier, "record %llu does not fit those before it", (unsigned long long)failed);
		return 0;
	}
	return r < 0 ? r : compare_tables(verifier);
}
