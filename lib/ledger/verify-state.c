/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Verifies what the file stores besides records and projections: nodes of the tree, checkpoints, marks and
 * cursors. None of these is signed by itself, so each is compared with the records. docs/transparency-log.md
 * lists what no record can prove.
 */

#include "ledger/verify-private.h"
#include "ledger/statements.h"

#include <string.h>

/* longest time by which a timed checkpoint may follow its newest record: [ledger] checkpoint_minutes */
#define PATIENCE_US (2 * USEC_PER_DAY)
/* a larger difference between two clocks of one computer means that one was set */
#define CLOCK_SLACK_US USEC_PER_SEC

/* ---- the tree ---- */

/** The nodes that must exist were checked one by one; any others are surplus. */
static int check_nodes(Verifier *verifier)
{
	_Static_assert(TREE_KEPT_LEVEL == 8, "as the statement says");
	_cleanup_(statement_donep) sqlite3_stmt *surplus = NULL;
	int r = statement_row(&verifier->statements, sql_surplus_nodes, verifier->total, &surplus);

	if (r < 0)
		return r;
	if (column_integer(surplus, 0) > 0)
		verify_finding(verifier,
			"the kept tree has %lld nodes over records that there are not: they were added",
			(long long)column_integer(surplus, 0));
	return 0;
}

/* ---- checkpoints ---- */

/** A record next to a checkpoint: when it was written, by both clocks. */
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

/**
 * Whether the clock was set or the computer restarted between two records: then nothing is known about the
 * time between.
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
 * A checkpoint has the time of its newest record. Earlier programs wrote the time at which it was made, which
 * lies between this record and the next.
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

static int check_date(void *userdata, sqlite3_stmt *row)
{
	Moment newest = moment_of(row, 2, 3), next = moment_of(row, 4, 5);
	int64_t utc_us;

	if (!column_number(row, 1, &utc_us) || !is_date_possible(utc_us, &newest, &next))
		verify_finding(userdata,
			"the checkpoint at %lld records bears a time at which it was not made",
			(long long)column_integer(row, 0));
	return 0;
}

static int check_checkpoint_dates(Verifier *verifier)
{
	return verify_each_row(verifier, sql_checkpoint_dates, check_date, verifier);
}

/*
 * the kinds marked in the fifth column of sql_sealing_records do so since starts record the schema version of
 * their program: from this one on
 */
enum { VERSION_THAT_SEALS_MORE = 4 };

static json_int_t schema_of_start(sqlite3_stmt *row, int column)
{
	json_auto_t *leaf = leaf_parse(row, column);

	return json_integer_value(json_object_get(json_object_get(leaf, "body"), "schema"));
}

typedef struct Sealing {
	Verifier *verifier;
	json_int_t schema; /* of the program that wrote the following records */
} Sealing;

static int check_sealing_record(void *userdata, sqlite3_stmt *row)
{
	Sealing *sealing = userdata;

	if (!column_is_null(row, 3))
		sealing->schema = schema_of_start(row, 3);
	else if (column_integer(row, 4) && sealing->schema < VERSION_THAT_SEALS_MORE)
		return 0;
	else if (column_is_null(row, 2) || column_integer(row, 1) != column_integer(row, 2))
		verify_finding(sealing->verifier,
			"a checkpoint is missing: there must be one that was made with record %lld",
			(long long)column_integer(row, 0));
	return 0;
}

/**
 * All records of a group have one time, including the last of a sealed group. The start before a record says
 * which program wrote it.
 */
static int check_sealed(Verifier *verifier)
{
	Sealing sealing = { .verifier = verifier };

	return verify_each_row(verifier, sql_sealing_records, check_sealing_record, &sealing);
}

/* ---- marks and cursors ---- */

static bool was_synchronized(sqlite3_stmt *row, int leaf)
{
	json_auto_t *fields = leaf_parse(row, leaf);

	return json_is_true(json_object_get(fields, "sync"));
}

/** The mark is not after the latest record, and not before the newest record whose clock was synchronised. */
static int check_newest_mark(Verifier *verifier, int64_t mark)
{
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	int r = statement_row(&verifier->statements,
		"SELECT utc_us, leaf FROM record ORDER BY seq DESC LIMIT 1", 0, &newest);

	if (r < 0 && r != -ENOENT)
		return r;
	if (mark > verifier->latest_us)
		verify_finding(
			verifier, "the mark of the newest time is later than any record: it was changed");
	else if (r == 0 && verifier->total > 0 && was_synchronized(newest, 1) &&
		 mark < column_integer(newest, 0))
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

typedef struct Marks {
	Verifier *verifier;
	bool has_newest;
} Marks;

static int check_mark_row(void *userdata, sqlite3_stmt *row)
{
	Marks *marks = userdata;
	const char *name = column_string(row, 0);
	int64_t value;

	marks->has_newest = marks->has_newest || strcmp(name, "newest_utc_us") == 0;
	if (column_number(row, 1, &value))
		return check_mark(marks->verifier, name, value);
	verify_finding(marks->verifier, "the mark \"%.40s\" is no number", name);
	return 0;
}

static int check_marks(Verifier *verifier)
{
	Marks marks = { .verifier = verifier };
	int r = verify_each_row(verifier, "SELECT name, value FROM meta", check_mark_row, &marks);

	return r < 0 || marks.has_newest ? r : check_newest_mark(verifier, 0);
}

/* ---- the version ---- */

/** A file that claims to be older than it is would escape the comparison of its tables. */
static int check_recorded_version(Verifier *verifier)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *leaf = NULL;
	json_int_t schema;
	int r = statement_row(&verifier->statements,
		"SELECT leaf FROM record WHERE kind = 'station.started' ORDER BY seq DESC LIMIT 1", 0, &row);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
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

	if (r < 0)
		return r;
	r = check_recorded_version(verifier);
	if (r < 0)
		return r;
	r = check_checkpoint_dates(verifier);
	if (r < 0)
		return r;
	/* without a key there are no checkpoints; verify.c checks that a key's own checkpoint exists */
	if (verifier->n_checkpoints > 0)
		r = check_sealed(verifier);
	return r < 0 ? r : check_marks(verifier);
}
