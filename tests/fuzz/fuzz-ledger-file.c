/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A ledger's file that somebody changed: its bytes, its cells, their types, its rows and its schema. The
 * input says what is changed of a small sound ledger. Whatever it is, the file is verified, asked every
 * question, exported and copied without harm, and a changed cell of what the records prove is always told of.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/copy.h"
#include "ledger/reader.h"
#include "ledger/verify.h"
#include "util/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEMPLATE_MAX = 8 << 20, CHANGES_MAX = 6, TABLES_MAX = 128, NAME_SIZE = 64, HUGE_TEXT = 1 << 20 };

static char folder[PATH_MAX], path[PATH_MAX + 16];
static char *sound; /* the bytes of a sound ledger */
static size_t sound_size;
static char tables[TABLES_MAX][NAME_SIZE];
static size_t n_tables;

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* ---- a sound ledger ---- */

static int64_t now_us = 1772445600LL * USEC_PER_SEC; /* 2026-03-02T10:00:00Z */

static void read_clock(void *userdata, ClockReading *ret)
{
	now_us += USEC_PER_SEC;
	*ret = (ClockReading){ .utc_us = now_us, .monotonic_us = now_us, .synchronized = true };
	memset(ret->boot_id, 'b', 32);
}

static void take_answer(void *userdata, const LedgerAnswer *answer)
{
	*(int *)userdata = answer->error;
	if (answer->error < 0)
		fprintf(stderr, "%s\n", answer->text);
}

/** Takes `body` and `personal`. */
static void append(Ledger *ledger, const char *kind, json_t *body, json_t *personal, const char *attachment)
{
	LedgerRecord record = { .kind = kind,
		.actor = "b1",
		.body = body,
		.personal = personal,
		.attachment = attachment,
		.attachment_size = attachment ? strlen(attachment) : 0 };
	int error = 1;

	need(body && ledger_append(ledger, &record, take_answer, &error) == 0, kind);
	while (error == 1)
		ledger_dispatch(ledger);
	need(error == 0, kind);
	json_decref(body);
	json_decref(personal);
}

static void fill(Ledger *ledger)
{
	char sha256[DIGEST_HEX_MAX];

	digest_hex("bytes", 5, sha256);
	append(ledger, "station.started",
		json_pack("{s:s, s:i}", "version", "1", "schema", LEDGER_SCHEMA_VERSION), NULL, NULL);
	append(ledger, "operator.enrolled",
		json_pack("{s:s, s:[s, s]}", "badge", "b1", "roles", "technician", "administrator"),
		json_pack("{s:s, s:s}", "name", "Ada", "pin", "hash"), NULL);
	append(ledger, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "gtin", "04012345678901", "lot", "L1", "product",
			"1RL", "maker", "Maker", "expiry", "2099-01-01", "quantity", 5),
		NULL, NULL);
	append(ledger, "subject.registered", json_pack("{s:s}", "subject", "P-1"),
		json_pack("{s:s}", "name", "Eve"), NULL);
	append(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "p",
			"course_session", 1),
		NULL, NULL);
	append(ledger, "needle.claimed",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "unit", "(01)04012345678901(10)L1",
			"gtin", "04012345678901", "lot", "L1", "code", "x"),
		NULL, NULL);
	append(ledger, "strokes",
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", 1, "zone", "vertex", "unit", "u",
			"strokes", 100, "dots", 1, "encoding", "stroke-delta-1", "sha256", sha256),
		NULL, "bytes");
	append(ledger, "fault.latched", json_pack("{s:i, s:s}", "session", 1, "cause", "link"), NULL, NULL);
	append(ledger, "fault.acknowledged",
		json_pack("{s:i, s:s, s:s}", "session", 1, "cause", "link", "note", "looked at"), NULL, NULL);
	append(ledger, "record.corrected",
		json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "corrects", 10, "field", "note", "old",
			"looked at", "new", "mended", "why", "a slip", "signed", "b1"),
		NULL, NULL);
	append(ledger, "sterilizer.registered",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "sterilizer", "S1", "maker", "M", "model", "X",
			"serial", "1", "installed", "2026-01-01"),
		NULL, NULL);
	append(ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", 1, "reason", "x"), NULL, NULL);
	append(ledger, "personal.erased",
		json_pack("{s:s, s:s, s:s, s:s}", "subject", "P-1", "reason", "asked", "signed", "b1",
			"profile", "p"),
		NULL, NULL);
}

static void list_tables(void)
{
	sqlite3_stmt *rows = NULL;
	sqlite3 *db = NULL;

	need(sqlite3_open(path, &db) == SQLITE_OK, "open");
	need(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1,
		     &rows, NULL) == SQLITE_OK,
		"tables");
	while (sqlite3_step(rows) == SQLITE_ROW && n_tables < TABLES_MAX)
		snprintf(tables[n_tables++], NAME_SIZE, "%s", column_string(rows, 0));
	sqlite3_finalize(rows);
	sqlite3_close(db);
}

static void remove_all(void)
{
	static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm",
		"ledger.db-journal", "ledger.db.lock", "ledger.db.checkpoint", "copy", "copy.part",
		"station.key" };
	char name[PATH_MAX + 32];

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		snprintf(name, sizeof name, "%s/%s", folder, names[i]);
		(void)unlink(name);
	}
	(void)rmdir(folder);
}

static void make_sound(void)
{
	const Clock clock = { .read = read_clock };
	const char *temporary = getenv("TMPDIR");
	Error error = { 0 };
	LedgerOptions options = { .path = path,
		.station = "clinic/one",
		.clock = &clock,
		.keys = folder,
		.checkpoint_records = 5,
		.checkpoint_s = 600 };
	Ledger *ledger = NULL;
	LedgerInfo info;

	snprintf(folder, sizeof folder, "%s/fuzz-ledger-XXXXXX", temporary ? temporary : P_tmpdir);
	need(mkdtemp(folder) != NULL, "folder");
	atexit(remove_all);
	snprintf(path, sizeof path, "%s/ledger.db", folder);
	need(ledger_open(&options, &ledger, &info, &error) == 0, error.text);
	fill(ledger);
	ledger_free(ledger);
	need(file_read(path, TEMPLATE_MAX, &sound, &sound_size) == 0, "template");
	list_tables();
}

/* ---- changing it ---- */

typedef struct Input {
	const uint8_t *data;
	size_t size;
} Input;

/** 0 when there is no more. */
static uint32_t take(Input *input, uint32_t below)
{
	uint32_t value = 0;

	for (int i = 0; i < 2 && input->size > 0; i++, input->data++, input->size--)
		value = value << 8 | *input->data;
	return value % below;
}

static void write_file(const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	need(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "write");
	close(fd);
}

static void change_bytes(Input *input)
{
	char *copy = malloc(sound_size);

	need(copy != NULL, "memory");
	memcpy(copy, sound, sound_size);
	for (uint32_t n = 1 + take(input, 8); n > 0; n--) {
		size_t page = take(input, (uint32_t)(sound_size / 4096)), at = take(input, 4096);

		/* the beginnings of pages say most */
		copy[page * 4096 + (take(input, 2) ? at % 64 : at)] = (char)take(input, 256);
	}
	write_file(copy, sound_size - take(input, 2) * take(input, 4096));
	free(copy);
}

static void bind_any(sqlite3_stmt *statement, int i, Input *input)
{
	static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN, UINT32_MAX, 253402300800000000 };
	static const char *const texts[] = { "", "x", "\xff\xfe", "a\nb", "released", "{", "[[[[",
		"{\"body\":{}}", "session.begun", "2026-01-01" };
	static char *huge;

	if (!huge) {
		huge = malloc(HUGE_TEXT);
		need(huge != NULL, "memory");
		memset(huge, '[', HUGE_TEXT);
	}
	switch (take(input, 8)) {
	case 0:
		sqlite3_bind_null(statement, i);
		break;
	case 1:
		sqlite3_bind_int64(statement, i, numbers[take(input, ELEMENTS(numbers))]);
		break;
	case 2:
		sqlite3_bind_double(statement, i, take(input, 2) ? 1.5 : 1e308 * 10);
		break;
	case 3:
		sqlite3_bind_text(statement, i, texts[take(input, ELEMENTS(texts))], -1, SQLITE_STATIC);
		break;
	case 4:
		sqlite3_bind_text(statement, i, "with\0in", 7, SQLITE_STATIC);
		break;
	case 5:
		sqlite3_bind_zeroblob(statement, i, (int)take(input, 2048));
		break;
	case 6:
		sqlite3_bind_text(statement, i, huge, HUGE_TEXT, SQLITE_STATIC);
		break;
	default:
		sqlite3_bind_blob(statement, i, input->data, (int)input->size, SQLITE_STATIC);
	}
}

/** What the records prove, or give: any change of a cell there is damage. */
static bool is_proved(const char *table)
{
	return strcmp(table, "meta") != 0 && strcmp(table, "checkpoint") != 0;
}

static void column_of(sqlite3 *db, const char *table, uint32_t number, char ret[NAME_SIZE])
{
	sqlite3_stmt *rows = NULL;
	char sql[128];
	uint32_t n = 0;

	snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
	snprintf(ret, NAME_SIZE, "rowid");
	if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) == SQLITE_OK)
		n = (uint32_t)sqlite3_column_count(rows);
	if (n > 0)
		snprintf(ret, NAME_SIZE, "%s", sqlite3_column_name(rows, (int)(number % n)));
	sqlite3_finalize(rows);
}

/** CHECK and NOT NULL are the program's promise, not the file's: whoever writes bytes need not heed them. */
static void forget_constraints(sqlite3 *db)
{
	(void)sqlite3_exec(db,
		"PRAGMA ignore_check_constraints=ON; PRAGMA writable_schema=ON;"
		"UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '        ') WHERE type = 'table';"
		"PRAGMA writable_schema=RESET;",
		NULL, NULL, NULL);
}

/** Each text back as it was. */
static void put_schema_back(sqlite3 *db)
{
	(void)sqlite3_exec(db,
		"PRAGMA writable_schema=ON;"
		"UPDATE sqlite_master SET sql = replace(sql, '        ', 'NOT NULL') WHERE type = 'table';"
		"PRAGMA writable_schema=RESET;",
		NULL, NULL, NULL);
}

/** Returns whether something was changed that has to be told of. */
static bool change_cell(sqlite3 *db, Input *input)
{
	const char *table = tables[take(input, (uint32_t)n_tables)];
	sqlite3_stmt *update = NULL;
	char column[NAME_SIZE], sql[512];
	bool told = false;

	column_of(db, table, take(input, 64), column);
	snprintf(sql, sizeof sql,
		"UPDATE OR IGNORE \"%s\" SET \"%s\" = ?1 WHERE \"%s\" IS NOT ?1 AND \"%s\" IS (SELECT \"%s\" FROM \"%s\""
		" LIMIT 1 OFFSET ?2)",
		table, column, column, column, column, table);
	forget_constraints(db);
	if (sqlite3_prepare_v2(db, sql, -1, &update, NULL) == SQLITE_OK) {
		bind_any(update, 1, input);
		sqlite3_bind_int(update, 2, (int)take(input, 20));
		told = sqlite3_step(update) == SQLITE_DONE && sqlite3_changes(db) > 0 && is_proved(table);
	}
	sqlite3_finalize(update);
	put_schema_back(db);
	return told;
}

static void change_rows(sqlite3 *db, Input *input)
{
	const char *table = tables[take(input, (uint32_t)n_tables)];
	char sql[256];

	if (take(input, 2))
		snprintf(sql, sizeof sql, "DELETE FROM \"%s\" WHERE abs(random()) %% 2", table);
	else
		snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO \"%s\" SELECT * FROM \"%s\"", table, table);
	(void)sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/** Things that a file may bring along to be run. */
static bool change_schema(sqlite3 *db, Input *input)
{
	static const char *const statements[] = {
		"CREATE TRIGGER sqlite_x AFTER INSERT ON unit BEGIN DELETE FROM unit; END",
		"DROP VIEW audit_lots; CREATE VIEW audit_lots AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n) SELECT i AS lot FROM n",
		"ALTER TABLE record RENAME TO hidden; CREATE VIEW record AS SELECT * FROM hidden, hidden AS b, hidden AS c",
		"CREATE TABLE surplus(a CHECK(a = (SELECT randomblob(1000000000))))",
		"CREATE INDEX surplus ON record(json_extract(CAST(leaf AS TEXT), '$'))",
		"CREATE VIRTUAL TABLE surplus USING fts5(a)",
		"ANALYZE",
		"ALTER TABLE unit ADD COLUMN g GENERATED ALWAYS AS (zeroblob(1000000000))",
	};

	return sqlite3_exec(db, statements[take(input, ELEMENTS(statements))], NULL, NULL, NULL) == SQLITE_OK;
}

static bool change(Input *input)
{
	sqlite3 *db = NULL;
	bool told = false;

	if (take(input, 3) == 1) {
		change_bytes(input);
		return false;
	}
	write_file(sound, sound_size);
	need(sqlite3_open(path, &db) == SQLITE_OK, "open");
	(void)sqlite3_exec(db, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;", NULL, NULL, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	for (int i = 0; i < CHANGES_MAX && input->size > 0; i++)
		switch (take(input, 6)) {
		case 0:
			change_rows(db, input);
			told = false; /* what was changed may be gone again */
			i = CHANGES_MAX;
			break;
		case 1:
			told = change_schema(db, input) || told;
			break;
		default:
			/* a second change may undo the first */
			told = change_cell(db, input);
			i = CHANGES_MAX;
		}
	sqlite3_close(db);
	return told;
}

/* ---- looking at it ---- */

static void on_finding(void *userdata, const char *text)
{
	need(text[0] && strlen(text) < VERIFY_TEXT_MAX && text_is_printable(text, VERIFY_TEXT_MAX),
		"a finding without words");
}

static int look(void)
{
	Error error = { 0 };
	Verification found = { 0 };
	VerifyOptions options = { .path = path, .parts = VERIFY_ALL, .threads = 1, .finding = on_finding };
	int r = ledger_verify(&options, &found, &error);

	need(r == 0 || error.text[0], "an error without a sentence");
	return r < 0 || found.findings > 0;
}

static int pass(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size)
{
	return 0;
}

static void ask(Ledger *ledger)
{
	Error error;
	uint64_t rows;

	for (const char *const *query = ledger_query_names(); *query; query++) {
		json_auto_t *none = json_object(), *answer = NULL;
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

		error.text[0] = '\0';
		need(ledger_stream_now(ledger, *query, none, fd, &rows, &error) == 0 || error.text[0],
			*query);
		close(fd);
		(void)!ledger_lookup_now(ledger, *query, none, &answer, &error);
	}
	for (uint64_t seq = 0; seq < 20; seq++) {
		json_auto_t *proof = NULL, *growth = NULL;

		(void)!ledger_prove_now(ledger, seq, &proof, &error);
		(void)!ledger_prove_growth_now(ledger, seq, &growth, &error);
	}
	if (ledger_hold(ledger, &rows) == 0)
		(void)!ledger_each_record(ledger, rows, pass, NULL);
}

static void copy_it(void)
{
	char name[PATH_MAX + 16];
	Error error;
	const LedgerCopy copy = { .path = path, .name = name };
	LedgerArchive archive;

	snprintf(name, sizeof name, "%s/copy", folder);
	(void)!ledger_backup(&copy, &error);
	(void)unlink(name);
	(void)!ledger_archive(&copy, INT64_MAX, &archive, &error);
	(void)unlink(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	LedgerOptions options = { .path = path, .read_only = true };
	Input input = { data, size };
	Error error = { 0 };
	Ledger *ledger = NULL;
	LedgerInfo info;
	bool told;

	if (!sound)
		make_sound();
	told = change(&input);
	need(look() || !told, "a changed cell that nobody tells of");
	if (ledger_open(&options, &ledger, &info, &error) < 0)
		need(error.text[0], "no sentence");
	else
		ask(ledger);
	ledger_free(ledger);
	copy_it();
	return 0;
}
