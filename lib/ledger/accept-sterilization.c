/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts records of sterilisers, their programs and cycles, and the biological indicator tests that prove
 * them: what a test must rest on. accept-release.c judges releases. A replay must not judge that again.
 */

#include "ledger/accept.h"
#include "ledger/statements.h"

#include <string.h>

/* ---- sterilisers ---- */

/** Refuses a time in the future, because it would prove too much. */
static int check_not_ahead(ProjectionContext *context, const char *field)
{
	const char *text = projection_text(context, field);
	int64_t utc_us;

	if (context->replay || !text || clock_parse_utc(text, &utc_us) < 0 ||
		utc_us <= context->utc_us + LEDGER_AHEAD_MAX_H * 3600 * USEC_PER_SEC)
		return 0;
	return projection_refuse(context, -EINVAL,
		"%s %s lies in the future: check it and the clock of the steriliser", field, text);
}

/** -ENOENT unless the body's steriliser is registered. */
static int need_sterilizer(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context, "SELECT 1 FROM sterilizer WHERE sterilizer = @sterilizer", &found);

	if (r < 0 || found)
		return r;
	return projection_refuse(context, -ENOENT, "steriliser %s is not on record: register it first",
		projection_text(context, "sterilizer"));
}

static int accept_sterilizer(ProjectionContext *context)
{
	return check_not_ahead(context, "installed");
}

static int sterilizer_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST,
		"steriliser %s is registered already: choose another name, or record its service",
		projection_text(context, "sterilizer"));
}

static int accept_service(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r < 0)
		return r;
	r = check_not_ahead(context, "done");
	if (r < 0 || context->replay || !json_is_true(json_object_get(context->body, "counter_reset")) ||
		text_list_has("repair major-repair returned", projection_text(context, "work")))
		return r;
	return projection_refuse(context, -EINVAL,
		"a steriliser's counter begins anew after a repair: enter work=repair, major-repair or "
		"returned, or leave counter_reset out");
}

/* ---- cycles ---- */

/** A report is that of the steriliser whose serial it has, and its file is kept. */
static int check_cycle_report(ProjectionContext *context)
{
	bool found;
	int r = projection_has(context,
		"SELECT 1 FROM sterilizer WHERE sterilizer = @sterilizer AND"
		" (@device_serial IS NULL OR @device_serial IN (serial,"
		" (SELECT new FROM correction WHERE corrects = sterilizer.seq AND field = 'serial'"
		" ORDER BY seq DESC LIMIT 1)) COLLATE NOCASE)",
		&found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -EINVAL,
			"the report is of a steriliser with serial %s, which is not that of %s: look whose it is",
			projection_text(context, "device_serial"), projection_text(context, "sterilizer"));
	r = projection_has(context,
		"SELECT 1 WHERE @raw_sha256 IS NULL OR EXISTS(SELECT 1 FROM cycle_file WHERE sha256 = @raw_sha256)",
		&found);
	if (r < 0 || found)
		return r;
	return projection_refuse(context, -ENOENT,
		"the file from which cycle %lld was read is not on record: import it with `stipplectl sterilizer import`",
		projection_number(context, "cycle"));
}

static int accept_cycle(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r < 0)
		return r;
	r = check_not_ahead(context, "started");
	return r < 0 || context->replay ? r : check_cycle_report(context);
}

static int file_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST, "the file %s is on record already: each is kept once",
		projection_text(context, "file"));
}

static int cycle_exists(ProjectionContext *context)
{
	return projection_refuse(context, -EEXIST,
		"cycle %lld of steriliser %s is on record already: check its number; where its counter began "
		"anew after a repair, record that first (counter_reset=yes)",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"));
}

/* ---- biological indicators ---- */

static bool is_result(const ProjectionContext *context, const char *result)
{
	return strcmp(projection_text(context, "result"), result) == 0;
}

/** A result needs a control that grew, and an indicator that had not expired. */
static int check_indicator(ProjectionContext *context, int64_t tested_us)
{
	const char *expiry = projection_text(context, "expiry");
	bool grew = strcmp(projection_text(context, "control"), "growth") == 0;
	char tested[CLOCK_UTC_TEXT_MAX];

	if (is_result(context, "invalid"))
		return 0;
	projection_date(tested_us, tested);
	if (!grew && is_result(context, "pass"))
		return projection_refuse(context, -EINVAL,
			"the control of lot %s did not grow, so the test proves nothing: record result=invalid and test again",
			projection_text(context, "lot"));
	if (strcmp(expiry, tested) < 0 && is_result(context, "pass"))
		return projection_refuse(context, -EINVAL,
			"indicator lot %s expired on %s, before the test on %s: record result=invalid and test again",
			projection_text(context, "lot"), expiry, tested);
	return 0;
}

/** After a passed test, adds the due date of the next, for people who see only the record. */
static int set_due(ProjectionContext *context, int64_t tested_us)
{
	long long days = projection_number(context, "biological_days");
	char due[CLOCK_UTC_TEXT_MAX];

	if (days == 0 || !is_result(context, "pass"))
		return 0;
	projection_date(tested_us + days * USEC_PER_DAY, due);
	return projection_complete(context, "due", json_string(due));
}

/** The time when the steriliser ran with the indicator: the cycle's time, or the given one. */
static int check_tested(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, sql_tested_us, &row, &found);

	if (r < 0)
		return r;
	if (!column_is_null(row, 0)) {
		r = check_indicator(context, column_integer(row, 0));
		return r < 0 ? r : set_due(context, column_integer(row, 0));
	}
	if (json_object_get(context->body, "cycle"))
		return cycle_refuse_unknown(context);
	return projection_refuse(context, -EINVAL,
		"when steriliser %s was tested is not said: enter its cycle=N, or tested=TIME",
		projection_text(context, "sterilizer"));
}

static int accept_test(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r < 0 || context->replay)
		return r;
	r = check_not_ahead(context, "tested");
	return r < 0 ? r : check_tested(context);
}

/* ---- tests of the machine ---- */

/*
 * EN 13060 and EN 285: in a vacuum leak test the pressure rises by at most 0.13 kPa/min (1.3 mbar/min) over
 * 10 min.
 */
#define LEAK_MOST_KPA_MIN 0.13
#define LEAK_LEAST_MIN    10.0

static int accept_penetration(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	return r < 0 ? r : check_not_ahead(context, "tested");
}

/** Judges the figures, so that nobody has to. */
static int accept_leak(ProjectionContext *context)
{
	const json_t *body = context->body;
	bool passed = json_number_value(json_object_get(body, "rate_kpa_min")) <= LEAK_MOST_KPA_MIN &&
		      json_number_value(json_object_get(body, "minutes")) >= LEAK_LEAST_MIN;
	int r = need_sterilizer(context);

	if (r < 0 || context->replay)
		return r;
	r = check_not_ahead(context, "tested");
	return r < 0 ? r : projection_complete(context, "result", json_string(passed ? "pass" : "fail"));
}

/* ---- what was done ---- */

static int accept_follow_up(ProjectionContext *context)
{
	bool found;
	int r = projection_has(
		context, "SELECT 1 FROM indicator_test WHERE seq = @test AND result = 'fail'", &found);

	if (r < 0)
		return r;
	if (!found)
		return projection_refuse(context, -ENOENT,
			"record %lld is no biological test that failed: see `stipplectl audit indicators result=fail`",
			projection_number(context, "test"));
	if (context->replay || !projection_text(context, "notified"))
		return 0;
	return projection_complete(context, "told", json_true());
}

const Acceptance accept_sterilization[] = {
	{ "sterilizer.registered", accept_sterilizer, sterilizer_exists },
	{ "sterilizer.serviced", accept_service },
	{ "program.registered", need_sterilizer },
	{ "cycle.recorded", accept_cycle, cycle_exists },
	{ "penetration.tested", accept_penetration },
	{ "leak.tested", accept_leak },
	{ "sterilizer.file", .exists = file_exists },
	{ "indicator.tested", accept_test },
	{ "indicator.followed-up", accept_follow_up },
	{ NULL },
};
