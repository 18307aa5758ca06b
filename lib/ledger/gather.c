/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes a ledger's file of records that came from elsewhere. A record may be anything: it must not be trusted
 * to be one. Nothing is decided about it: the station decided when it wrote it.
 */

#include "ledger/gather.h"

#include <fcntl.h>
#include <string.h>

#include "ledger/reader.h"
#include "ledger/tree.h"
#include "record/record.h"

struct LedgerGather {
	sqlite3 *db;
	Statements statements;
	MerkleTree tree;    /* of the records from number 1 on, as long as they come in order */
	bool gaps;          /* they did not */
	uint64_t projected; /* the tables have the records up to this one */
};

static int explain_gather(const LedgerGather *gather, int r, const char *what, Error *error)
{
	return error_set(error, r, "the records cannot be %s: %s", what,
		gather->db ? sqlite3_errmsg(gather->db) : strerror(-r));
}

/* ---- the file ---- */

static int refuse_file(const char *path, Error *error)
{
	return error_set(error, -EPROTO,
		"%.140s is no copy of a station's records by this version: delete it, it is made anew", path);
}

/** Nobody else may read the records of the people who were treated. */
static int make_gathered_file(const char *path, bool *ret_new, Error *error)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	*ret_new = fd >= 0;
	if (fd < 0 && errno != EEXIST)
		return error_set(error, -errno, "%.140s cannot be written: %s", path, strerror(errno));
	return 0;
}

static int prepare_file(LedgerGather *gather, bool is_new)
{
	int r = schema_harden(gather->db);

	if (r != SQLITE_OK)
		return r;
	r = sqlite3_exec(gather->db,
		"PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;", NULL,
		NULL, NULL);
	if (r != SQLITE_OK)
		return r;
	r = functions_add(gather->db);
	return r == SQLITE_OK && is_new ? schema_migrate(gather->db, 0, NULL) : r;
}

/** The file may have been changed since it was made: its tables must be ours, and its records without gaps.
 */
static int check_gathered_file(LedgerGather *gather, const char *path, Error *error)
{
	TreeReader reader = { .statements = &gather->statements };
	SchemaDifference difference = { 0 };
	int64_t version, records;

	if (schema_check_version(gather->db, "main", path, false, &version, error) < 0 ||
		schema_compare(gather->db, "main", version, &difference) < 0 || difference.names[0])
		return refuse_file(path, error);
	records = statement_number(gather->db, "SELECT coalesce(max(seq), 0) FROM record", 0);
	if (records != statement_number(gather->db, "SELECT count(*) FROM record", 0) ||
		tree_load(&reader, (uint64_t)records, &gather->tree) < 0)
		return refuse_file(path, error);
	gather->projected = (uint64_t)records;
	return 0;
}

static int gather_begin(LedgerGather *gather, Error *error)
{
	return sqlite3_exec(gather->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : explain_gather(gather, -EIO, "kept", error);
}

int ledger_gather_open(const char *path, LedgerGather **ret, uint64_t *ret_records, Error *error)
{
	_cleanup_(ledger_gather_freep) LedgerGather *gather = calloc(1, sizeof *gather);
	bool is_new;
	int r;

	if (!gather)
		return error_set(error, -ENOMEM, "no memory for records");
	r = make_gathered_file(path, &is_new, error);
	if (r < 0)
		return r;
	if (sqlite3_open_v2(path, &gather->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
			SQLITE_OK ||
		prepare_file(gather, is_new) != SQLITE_OK)
		return is_new ? explain_gather(gather, -EIO, "kept", error) : refuse_file(path, error);
	gather->statements.db = gather->db;
	r = check_gathered_file(gather, path, error);
	if (r < 0)
		return r;
	r = gather_begin(gather, error);
	if (r < 0)
		return r;
	*ret_records = gather->tree.size;
	*ret = TAKE_PTR(gather);
	return 0;
}

LedgerGather *ledger_gather_free(LedgerGather *gather)
{
	if (!gather)
		return NULL;
	statements_clear(&gather->statements);
	sqlite3_close_v2(gather->db);
	free(gather);
	return NULL;
}

/* ---- records ---- */

/** What the table has in columns. */
typedef struct GatheredColumns {
	const char *kind;
	int64_t utc_us, session;
	bool published;
} GatheredColumns;

static bool read_columns(const json_t *leaf, uint64_t record, GatheredColumns *ret)
{
	const json_t *body = json_object_get(leaf, "body");
	const char *utc = json_string_value(json_object_get(leaf, "utc"));
	const RecordKind *kind;

	ret->kind = json_string_value(json_object_get(leaf, "kind"));
	ret->session = json_integer_value(json_object_get(body, "session"));
	kind = ret->kind ? record_kind_find(ret->kind) : NULL;
	ret->published = kind && kind->topic;
	return ret->kind && utc && json_is_object(body) && clock_parse_utc(utc, &ret->utc_us) >= 0 &&
	       (uint64_t)json_integer_value(json_object_get(leaf, "seq")) == record;
}

static int append_to_tree(LedgerGather *gather, uint64_t record, const MerkleHash *hash)
{
	gather->gaps = gather->gaps || record != gather->tree.size + 1;
	return gather->gaps ? 0 : tree_append(&gather->statements, &gather->tree, hash);
}

int ledger_gather_add(LedgerGather *gather, uint64_t record, const void *leaf, size_t size, Error *error)
{
	json_auto_t *fields =
		size <= LEAF_BYTES_MAX ? json_loadb(leaf, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
	GatheredColumns columns;
	MerkleHash hash;
	int r;

	if (!read_columns(fields, record, &columns))
		return error_set(error, -EBADMSG,
			"what was sent as record %llu is not that record of a station",
			(unsigned long long)record);
	merkle_hash_leaf(leaf, size, &hash);
	r = statement_execute(&gather->statements,
		"INSERT INTO record(seq, kind, utc_us, session, published, leaf, hash)"
		" VALUES(?, ?, ?, nullif(?, 0), ?, ?, ?)",
		"itiiibb", (int64_t)record, columns.kind, columns.utc_us, columns.session,
		(int64_t)columns.published, leaf, size, hash.bytes, sizeof hash.bytes);
	if (r == -EEXIST)
		return error_set(error, r, "record %llu was sent twice", (unsigned long long)record);
	r = r < 0 ? r : append_to_tree(gather, record, &hash);
	if (r < 0)
		return explain_gather(gather, r, "kept", error);
	return 0;
}

uint64_t ledger_gather_size(const LedgerGather *gather)
{
	return gather->gaps ? 0 : gather->tree.size;
}

int ledger_gather_root(const LedgerGather *gather, MerkleHash *ret)
{
	if (gather->gaps)
		return -ENODATA;
	merkle_tree_root(&gather->tree, ret);
	return 0;
}

static int make_tables(LedgerGather *gather, uint64_t *ret_failed)
{
	int r = ledger_errno(sqlite3_exec(gather->db,
		"DELETE FROM record_day;"
		"INSERT OR REPLACE INTO meta(name, value)"
		" SELECT 'newest_utc_us', coalesce(max(utc_us), 0) FROM record",
		NULL, NULL, NULL));

	return r < 0 ? r
		     : projection_replay(
			       gather->db, LEDGER_SCHEMA_VERSION, gather->projected, NULL, ret_failed);
}

int ledger_gather_finish(LedgerGather *gather, Error *error)
{
	uint64_t failed = 0;
	int r = make_tables(gather, &failed);

	if (r == -EUCLEAN)
		return error_set(error, -EPROTO,
			"record %llu is of a kind or form that this version does not know: install the newer one",
			(unsigned long long)failed);
	if (r < 0 || sqlite3_exec(gather->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return explain_gather(gather, r < 0 ? r : -EIO, "kept", error);
	gather->projected = gather->tree.size;
	return gather_begin(gather, error);
}
