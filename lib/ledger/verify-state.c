/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the file keeps beside its records and is no projection of them: nodes of the tree, checkpoints, marks
 * and cursors. None is signed, so each is held against what the records say; what no record can say is in
 * docs/transparency-log.md.
 */

#include "ledger/verify-private.h"

#include <string.h>

/* a checkpoint that was made by time lies so long behind its newest record at most: [ledger]
 * checkpoint_minutes */
#define PATIENCE_US (2 * USEC_PER_DAY)
/* two clocks of one computer that differ by more were set */
#define CLOCK_SLACK_US USEC_PER_SEC

/** Runs `sql`, whose parameters are `number` and TREE_KEPT_LEVEL, for the one figure that it gives. */
static int figure_of(Verifier *verifier, const char *sql, uint64_t number, int64_t *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	int r = ledger_errno(statement_get(&verifier->statements, sql, &select));

	if (r < 0)
		return r;
	if (sqlite3_bind_parameter_count(select) > 0)
		sqlite3_bind_int64(select, 1, (int64_t)number);
	if (sqlite3_bind_parameter_count(select) > 1)
		sqlite3_bind_int(select, 2, TREE_KEPT_LEVEL);
	r = ledger_errno(sqlite3_step(select));
	if (r == 0)
		*ret = column_integer(select, 0);
	return r;
}

/* ---- the tree ---- */

/** Those that belong there were looked for one by one; others have no place in it. */
static int check_nodes(Verifier *verifier)
{
	int64_t surplus = 0;
	int r = figure_of(verifier,
		"SELECT count(*) FROM tree_node WHERE NOT (typeof(level) = 'integer' AND typeof(number) = 'integer'"
		" AND level BETWEEN ?2 AND 62 AND number >= 0 AND number < (?1 >> level))",
		verifier->total, &surplus);

	if (r == 0 && surplus > 0)
		verify_finding(verifier,
			"the kept tree has %lld nodes over records that there are not: they were added",
			(long long)surplus);
	return r;
}

/* ---- checkpoints ---- */

/** A record beside a checkpoint: when it was written, by both clocks. */
typedef struct Moment {
	bool known;
	int64_t utc_us, monotonic_us;
	char boot[CLOCK_BOOT_ID_MAX];
} Moment;

static Moment moment_of(sqlite3_stmt *row, int utc, int leaf)
{
	Moment moment = { 0 };
	json_auto_t *fields = leaf_parse(row, leaf);

	moment.known = column_number(row, utc, &moment.utc_us) && fields;
	moment.monotonic_us = json_integer_value(json_object_get(fields, "mono"));
	snprintf(moment.boot, sizeof moment.boot, "%s",
		json_is_string(json_object_get(fields, "boot"))
			? json_string_value(json_object_get(fields, "boot"))
			: "");
	return moment;
}

/** Whether the clock was set, or the computer started, between two records: then it says nothing in between.
 */
static bool clock_was_set(const Moment *before, const Moment *after)
{
	int64_t difference;

	if (strcmp(before->boot, after->boot) != 0)
		return true;
	difference = (after->utc_us - before->utc_us) - (after->monotonic_us - before->monotonic_us);
	return difference > CLOCK_SLACK_US || difference < -CLOCK_SLACK_US;
}

/**
 * A checkpoint bears the time of its newest record. Programs before wrote the time at which it was made,
 * which lies between this record and the next.
 */
static bool is_date_possible(int64_t utc_us, const Moment *newest, const Moment *next)
{
	if (!newest->known || utc_us == newest->utc_us)
		return true;
	if (next->known && clock_was_set(newest, next))
		return true;
	return utc_us > newest->utc_us &&
	       utc_us <= (next->known ? next->utc_us : newest->utc_us + PATIENCE_US);
}

static int check_dates(Verifier *verifier)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	int result,
		r = ledger_errno(statement_get(&verifier->statements,
			"SELECT size, checkpoint.utc_us, newest.utc_us, newest.leaf, next.utc_us, next.leaf"
			" FROM checkpoint LEFT JOIN record AS newest ON newest.seq = size"
			" LEFT JOIN record AS next ON next.seq = size + 1 ORDER BY size",
			&rows));

	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE) {
		Moment newest, next;
		int64_t utc_us;

		if (result != SQLITE_ROW)
			return ledger_errno(result);
		newest = moment_of(rows, 2, 3);
		next = moment_of(rows, 4, 5);
		if (!column_number(rows, 1, &utc_us) || !is_date_possible(utc_us, &newest, &next))
			verify_finding(verifier,
				"the checkpoint at %lld records bears a time at which it was not made",
				(long long)column_integer(rows, 0));
		r = verify_left(verifier) ? -ECANCELED : 0;
	}
	return r;
}

/* the kinds that ended their group with a checkpoint in every version that made any */
#define SEALING                                                                                                 \
	"'key.created', 'key.rotated', 'session.signed', 'session.abandoned', 'session.interrupted', 'station." \
	"stopped'"

/* ... and those that do so since a start says which schema version its program has: from this one on */
#define SEALING_SINCE "'needle.claimed', 'ledger.restored', 'ledger.cleared'"

enum { VERSION_THAT_SEALS_MORE = 4 };

static json_int_t schema_of_start(sqlite3_stmt *row, int column)
{
	json_auto_t *leaf = leaf_parse(row, column);

	return json_integer_value(json_object_get(json_object_get(leaf, "body"), "schema"));
}

/**
 * The records of a group have one time, and so has the last of a group that was sealed. Which program wrote a
 * record the start before it says.
 */
static int check_sealed(Verifier *verifier)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	json_int_t schema = 0;
	int result,
		r = ledger_errno(statement_get(&verifier->statements,
			"SELECT sealing.seq, sealing.utc_us, (SELECT newest.utc_us FROM checkpoint"
			" JOIN record AS newest ON newest.seq = size WHERE size >= sealing.seq ORDER BY size LIMIT 1)"
			", CASE WHEN kind = 'station.started' THEN leaf END, kind IN (" SEALING_SINCE ")"
			" FROM record AS sealing WHERE kind IN ('station.started', " SEALING
			", " SEALING_SINCE ") AND sealing.seq >="
			" (SELECT min(seq) FROM record WHERE kind = 'key.created') ORDER BY sealing.seq",
			&rows));

	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE) {
		if (result != SQLITE_ROW)
			return ledger_errno(result);
		if (!column_is_null(rows, 3))
			schema = schema_of_start(rows, 3);
		else if (column_integer(rows, 4) && schema < VERSION_THAT_SEALS_MORE)
			continue;
		else if (column_is_null(rows, 2) || column_integer(rows, 1) != column_integer(rows, 2))
			verify_finding(verifier,
				"a checkpoint is missing: there must be one that was made with record %lld",
				(long long)column_integer(rows, 0));
		r = verify_left(verifier) ? -ECANCELED : 0;
	}
	return r;
}

/* ---- marks and cursors ---- */

static bool was_synchronized(sqlite3_stmt *row, int leaf)
{
	json_auto_t *fields = leaf_parse(row, leaf);

	return json_is_true(json_object_get(fields, "sync"));
}

/** No later than the latest record, and no earlier than the newest one whose clock was synchronised. */
static int check_newest_mark(Verifier *verifier, int64_t mark)
{
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	int r = ledger_errno(statement_get(
		&verifier->statements, "SELECT utc_us, leaf FROM record ORDER BY seq DESC LIMIT 1", &newest));

	if (r == 0)
		r = ledger_errno(sqlite3_step(newest));
	if (r < 0)
		return r;
	if (mark > verifier->latest_us)
		verify_finding(
			verifier, "the mark of the newest time is later than any record: it was changed");
	else if (verifier->total > 0 && was_synchronized(newest, 1) && mark < column_integer(newest, 0))
		verify_finding(verifier,
			"the mark of the newest time is earlier than the newest record: it was changed");
	return 0;
}

static int check_mark(Verifier *verifier, const char *name, int64_t value)
{
	if (strcmp(name, "newest_utc_us") == 0)
		return check_newest_mark(verifier, value);
	if (strcmp(name, "published") == 0) {
		if (value < 0 || (uint64_t)value > verifier->total)
			verify_finding(verifier,
				"the file says that %lld records were sent to the broker, and has %llu: the next"
				" ones would never be sent",
				(long long)value, (unsigned long long)verifier->total);
	} else if (strcmp(name, "checkpoint_published") == 0) {
		if (value < 0 || (uint64_t)value > verifier->found->sealed)
			verify_finding(verifier,
				"the file says that a checkpoint of %lld records was sent to the broker, and its"
				" newest is of %llu",
				(long long)value, (unsigned long long)verifier->found->sealed);
	} else if (strcmp(name, "probe") != 0) {
		verify_finding(verifier, "the mark \"%.40s\" is none of a ledger's", name);
	}
	return 0;
}

static int check_marks(Verifier *verifier)
{
	_cleanup_(statement_donep) sqlite3_stmt *rows = NULL;
	bool has_newest = false;
	int64_t value;
	int result,
		r = ledger_errno(statement_get(&verifier->statements, "SELECT name, value FROM meta", &rows));

	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE) {
		const char *name;

		if (result != SQLITE_ROW)
			return ledger_errno(result);
		name = column_string(rows, 0);
		has_newest = has_newest || strcmp(name, "newest_utc_us") == 0;
		if (column_number(rows, 1, &value))
			r = check_mark(verifier, name, value);
		else
			verify_finding(verifier, "the mark \"%.40s\" is no number", name);
	}
	if (r == 0 && !has_newest)
		r = check_newest_mark(verifier, 0);
	return r;
}

/* ---- the version ---- */

/** A file that is called older than it is would not have its tables compared. */
static int check_version(Verifier *verifier)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *leaf = NULL;
	json_int_t schema;
	int r = ledger_errno(statement_get(&verifier->statements,
		"SELECT leaf FROM record WHERE kind = 'station.started' ORDER BY seq DESC LIMIT 1", &row));

	if (r == 0)
		r = ledger_errno(sqlite3_step(row));
	if (r < 0 || sqlite3_data_count(row) == 0)
		return r;
	leaf = leaf_parse(row, 0);
	schema = json_integer_value(json_object_get(json_object_get(leaf, "body"), "schema"));
	if (schema > verifier->reader->version)
		verify_finding(verifier,
			"the file calls itself one of schema version %lld, but its records were written at version %lld",
			(long long)verifier->reader->version, (long long)schema);
	return 0;
}

int verify_state(Verifier *verifier)
{
	int r = check_nodes(verifier);

	if (r == 0)
		r = check_version(verifier);
	if (r == 0)
		r = check_dates(verifier);
	/* without a key there are no checkpoints; a key's own must be there (verify.c) */
	if (r == 0 && verifier->n_checkpoints > 0)
		r = check_sealed(verifier);
	return r < 0 ? r : check_marks(verifier);
}
