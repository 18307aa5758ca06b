/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sterilisers, their cycles, and the biological indicator tests that prove them. Times are those of the
 * steriliser's day, not of the record: a test read in the incubator two days later speaks of the cycle it ran
 * in.
 */

#include "ledger/area.h"
#include "ledger/due.h"

#include <string.h>

static const char *const tables[] = { "sterilizer", "counter_reset", "cycle", "cycle_item", "indicator_test",
	"handpiece_sterile", "handpiece_use", NULL };

/* ---- sterilisers ---- */

/** Refuses a time of the body that lies in the future: it would prove too much. */
static int refuse_future(ProjectionContext *context, const char *field)
{
	const char *text = projection_text(context, field);
	int64_t utc_us;

	if (context->replay || !text || clock_parse_utc(text, &utc_us) < 0 ||
		utc_us <= context->utc_us + LEDGER_AHEAD_MAX_H * 3600 * USEC_PER_SEC)
		return 0;
	return projection_refuse(context, -EINVAL,
		"%s %s lies in the future: check it and the clock of the steriliser", field, text);
}

/** -ENOENT unless the steriliser of the body is registered. */
static int need_sterilizer(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(
		context, "SELECT 1 FROM sterilizer WHERE sterilizer = @sterilizer", &row, &found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT,
			"steriliser %s is not on record: register it first",
			projection_text(context, "sterilizer"));
	return r;
}

static int project_registered(ProjectionContext *context)
{
	int r = refuse_future(context, "installed");

	if (r == 0)
		r = projection_run(context,
			"INSERT INTO sterilizer(sterilizer, maker, model, serial, installed, retest_us, seq) VALUES"
			"(@sterilizer, @maker, @model, @serial, @installed, " MICROSECONDS(
				"@installed") ", @seq)");
	if (r == -EEXIST)
		return projection_refuse(context, r,
			"steriliser %s is registered already: choose another name, or record its service",
			projection_text(context, "sterilizer"));
	return r;
}

/**
 * The cycles that started since then count as of another series, also those that are on record already: by
 * way of negative numbers, as each series is unique at every step.
 */
static int begin_series(ProjectionContext *context)
{
	static const char *const steps[] = {
		"INSERT INTO counter_reset(seq, sterilizer, reset_us) VALUES(@seq, @sterilizer, " MICROSECONDS(
			"@done") ")",
		"UPDATE cycle SET series = -series - 1 WHERE sterilizer = @sterilizer AND started_us >= " MICROSECONDS(
			"@done"),
		"UPDATE cycle SET series = -series WHERE sterilizer = @sterilizer AND series < 0",
	};
	int r = 0;

	if (!json_is_true(json_object_get(context->body, "counter_reset")))
		return 0;
	if (!context->replay &&
		!text_list_has("repair major-repair returned", projection_text(context, "work")))
		return projection_refuse(context, -EINVAL,
			"a steriliser's counter begins anew after a repair: enter work=repair, major-repair or "
			"returned, or leave counter_reset out");
	for (size_t i = 0; i < ELEMENTS(steps) && r == 0; i++)
		r = projection_run(context, steps[i]);
	return r;
}

static int project_serviced(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r == 0)
		r = refuse_future(context, "done");
	if (r == 0)
		r = projection_run(context,
			"UPDATE sterilizer SET serviced_us = " MICROSECONDS(
				"@done") ","
					 " in_service = CASE @work WHEN 'retired' THEN 0 WHEN 'returned' THEN 1 ELSE in_service END"
					 " WHERE sterilizer = @sterilizer");
	if (r == 0)
		r = projection_run(context,
			"UPDATE sterilizer SET retest = 'repair', retest_us = " MICROSECONDS(
				"@done") " WHERE sterilizer = @sterilizer AND @work IN ('major-repair', 'relocation', 'returned')"
					 " AND retest_us < " MICROSECONDS("@done"));
	return r == 0 ? begin_series(context) : r;
}

/* ---- cycles ---- */

static json_int_t cycle_number(const ProjectionContext *context)
{
	return json_integer_value(json_object_get(context->body, "cycle"));
}

/* the cycle that a body means by steriliser and number: of the newest series, unless it says which */
#define THE_CYCLE                                                                             \
	"(SELECT numbered.seq FROM cycle AS numbered WHERE numbered.sterilizer = @sterilizer" \
	" AND numbered.cycle = @cycle AND (@series IS NULL OR numbered.series = @series)"     \
	" ORDER BY numbered.series DESC LIMIT 1)"

#define ADD_CONTENTS(cycle)                                                                       \
	"INSERT OR IGNORE INTO cycle_item(cycle_seq, item) SELECT " cycle ", CAST(value AS TEXT)" \
	" FROM json_each(coalesce(@contents, '[]'))"

static int project_cycle(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r == 0)
		r = refuse_future(context, "started");
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO cycle(seq, sterilizer, cycle, load, program, started_us, temperature_c, pressure_kpa,"
			" exposure_s, dry_s, mechanical, integrator, chemical, operator, series) VALUES(@seq, @sterilizer, @cycle,"
			" @load, @program, " MICROSECONDS(
				"@started") ", @temperature_c, @pressure_kpa, @exposure_s,"
					    " @dry_s, @mechanical, @integrator, @chemical, @actor,"
					    " 1 + (SELECT count(*) FROM counter_reset WHERE sterilizer = @sterilizer AND reset_us <= " MICROSECONDS(
						    "@started") "))");
	if (r == -EEXIST)
		return projection_refuse(context, r,
			"cycle %lld of steriliser %s is on record already: check its number; where its counter began "
			"anew after a repair, record that first (counter_reset=yes)",
			(long long)cycle_number(context), projection_text(context, "sterilizer"));
	/* what was in the load, where the body says so */
	return r == 0 ? projection_run(context, ADD_CONTENTS("@seq")) : r;
}

static int no_such_cycle(ProjectionContext *context)
{
	return projection_refuse(context, -ENOENT,
		"cycle %lld of steriliser %s is not on record: record it first",
		(long long)cycle_number(context), projection_text(context, "sterilizer"));
}

/* the columns of FIND_CYCLE */
enum {
	CYCLE_RELEASED,
	CYCLE_REJECTED,
	CYCLE_CONTENTS,
	CYCLE_ENDED,
	CYCLE_OUT_OF_SERVICE,
	CYCLE_PROGRAM,
	CYCLE_TEMPERATURE,
	CYCLE_EXPOSURE,
	CYCLE_PROOFS
};

/* a mistyped figure that was put right on record is right */
#define AS_CORRECTED(field, type)                                          \
	"coalesce((SELECT CAST(new AS " type                               \
	") FROM correction WHERE corrects = cycle.seq AND field = '" field \
	"' ORDER BY seq DESC LIMIT 1), " field ")"

#define FIND_CYCLE                                                                                   \
	"SELECT released_seq, rejected_seq, @contents IS NOT NULL OR"                                \
	" EXISTS(SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq),"                             \
	" started_us + CAST(exposure_s * 1e6 AS INTEGER), " OUT_OF_SERVICE("cycle.sterilizer",       \
		"cycle.started_us") ","                                                              \
				    " " AS_CORRECTED("program", "TEXT") ", " AS_CORRECTED(           \
					    "temperature_c", "REAL") ", " AS_CORRECTED("exposure_s", \
					    "REAL") ", mechanical, integrator, chemical FROM cycle WHERE cycle.seq = " THE_CYCLE

static const struct {
	const char *proof, *title;
} proofs[] = {
	{ "mechanical", "mechanical readings" },
	{ "integrator", "class V integrator" },
	{ "chemical", "chemical indicator" },
};

/** One result, which may have been recorded with the cycle or come with the release; a failure stays one. */
static int check_proof(ProjectionContext *context, sqlite3_stmt *row, size_t i)
{
	const char *recorded = column_text(row, CYCLE_PROOFS + (int)i);
	const char *given = projection_text(context, proofs[i].proof);
	const char *sterilizer = projection_text(context, "sterilizer");
	const char *wanted = projection_text(context, "proofs");

	if ((recorded && strcmp(recorded, "fail") == 0) || (given && strcmp(given, "fail") == 0))
		return projection_refuse(context, -EINVAL,
			"the %s of cycle %lld of steriliser %s failed: reject the load and sterilise it again",
			proofs[i].title, (long long)cycle_number(context), sterilizer);
	if (!recorded && !given && text_list_has(wanted, proofs[i].proof))
		return projection_refuse(context, -EINVAL,
			"the %s of cycle %lld of steriliser %s is not on record and the profile %s asks for it: "
			"enter %s=pass or fail",
			proofs[i].title, (long long)cycle_number(context), sterilizer,
			projection_text(context, "profile"), proofs[i].proof);
	return 0;
}

/**
 * A load is used only when the test passed that must pass before. The record bears the rules that were in
 * force; one from before that were kept bears none, and only a failed test counts for it.
 */
static int check_test(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *sterilizer = projection_text(context, "sterilizer"), *reason, *due;
	char today[CLOCK_UTC_TEXT_MAX];
	bool found, since;
	int r = projection_step(
		context, "SELECT reason, due FROM " DUE " WHERE sterilizer = @sterilizer", &row, &found);

	if (r < 0 || !found)
		return r;
	reason = column_string(row, 0);
	due = column_string(row, 1);
	since = text_list_has("installation repair", reason);
	projection_today(context, today);
	if (strcmp(reason, "failed") == 0)
		return projection_refuse(context, -EINVAL,
			"the last biological test of steriliser %s failed: no load is released before one that passed",
			sterilizer);
	if (!since && strcmp(due, today) >= 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"no biological test of steriliser %s passed %s %s: run one and record its result before a load is "
		"released",
		sterilizer, since ? "since its" : "though one was due on", since ? reason : due);
}

/*
 * The least exposure at a temperature. Steam: 30 minutes at 115 C, 15 at 121, 10 at 126, 3 at 134 (UK HTM
 * 2010; EN 285 for 121 and 134); 3 at 132 as well (JADA 122, December 1991, unwrapped). No steam steriliser
 * holds more than 145 C: from there it is dry heat, which takes 150 minutes at 150 C, 120 at 160, 60 at 170
 * (US CDC, Guideline for Disinfection and Sterilization, 2008), 30 at 180 (HTM 2010), 6 at 190 in moving air
 * (JADA, unwrapped), and seconds in beads of 200 C and more. Below steam these are only what no program goes
 * below: formaldehyde and hydrogen peroxide take minutes, ethylene oxide at a room's temperature half a day;
 * the maker's program, which the record names, says how many.
 */
static const struct {
	double temperature_c, exposure_s;
} least[] = { { 200, 10 }, { 190, 360 }, { 180, 1800 }, { 170, 3600 }, { 160, 7200 }, { 145, 9000 },
	{ 132, 180 }, { 126, 600 }, { 121, 900 }, { 115, 1800 }, { 78, 600 }, { 30, 300 },
	{ -300, 12 * 3600 } };

/** Temperatures that programs are called by, such as "B134" or "Universal/134C/3min". */
static bool is_program_temperature(long number)
{
	static const short known[] = { 115, 118, 121, 124, 126, 127, 132, 134, 135, 136, 137, 138, 160, 170,
		180, 190 };

	for (size_t i = 0; i < ELEMENTS(known); i++)
		if (known[i] == number)
			return true;
	return false;
}

/** What the program's own name says: degrees C, and seconds from "3min" or "3:30"; 0 where it does not say.
 */
static void read_program(const char *program, double *ret_temperature_c, double *ret_exposure_s)
{
	*ret_temperature_c = *ret_exposure_s = 0;
	while (*program) {
		size_t digits = strspn(program, "0123456789");
		long number = digits > 0 && digits < 5 ? strtol(program, NULL, 10) : 0;
		const char *unit = program + digits + strspn(program + digits, " ");

		if (digits == 0) {
			program++;
			continue;
		}
		if (number > 0 && number < 240 && strncasecmp(unit, "min", 3) == 0)
			*ret_exposure_s = (double)number * 60;
		else if (*ret_temperature_c == 0 && is_program_temperature(number))
			*ret_temperature_c = (double)number;
		program += digits;
	}
}

/** A load that cannot have become sterile is not released, whatever its indicators are said to show. */
static int check_figures(ProjectionContext *context, sqlite3_stmt *row)
{
	double temperature_c = column_real(row, CYCLE_TEMPERATURE);
	double exposure_s = column_real(row, CYCLE_EXPOSURE), wanted_c, wanted_s;
	const char *program = column_string(row, CYCLE_PROGRAM);
	size_t i = 0;

	read_program(program, &wanted_c, &wanted_s);
	while (i + 1 < ELEMENTS(least) && temperature_c < least[i].temperature_c)
		i++;
	if (wanted_s < least[i].exposure_s)
		wanted_s = least[i].exposure_s;
	if (temperature_c >= wanted_c && exposure_s >= wanted_s)
		return 0;
	if (temperature_c < wanted_c)
		return projection_refuse(context, -EINVAL,
			"cycle %lld of steriliser %s came to %g C, and its program %.40s takes %g: correct the record, or "
			"reject the load and sterilise it again",
			(long long)cycle_number(context), projection_text(context, "sterilizer"),
			temperature_c, program, wanted_c);
	return projection_refuse(context, -EINVAL,
		"cycle %lld of steriliser %s held %g C for %g s, and that takes at least %g: correct the record, or "
		"reject the load and sterilise it again",
		(long long)cycle_number(context), projection_text(context, "sterilizer"), temperature_c,
		exposure_s, wanted_s);
}

static int refuse_release(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *sterilizer = projection_text(context, "sterilizer");
	bool released = !column_is_null(row, CYCLE_RELEASED);
	int r = 0;

	if (released || !column_is_null(row, CYCLE_REJECTED))
		return projection_refuse(context, -EEXIST, "cycle %lld of steriliser %s was %s before",
			(long long)cycle_number(context), sterilizer, released ? "released" : "rejected");
	r = check_figures(context, row);
	for (size_t i = 0; i < ELEMENTS(proofs) && r == 0; i++)
		r = check_proof(context, row, i);
	if (r < 0)
		return r;
	if (!column_integer(row, CYCLE_CONTENTS) &&
		text_list_has(projection_text(context, "proofs"), "contents"))
		return projection_refuse(context, -EINVAL,
			"what was in cycle %lld of steriliser %s is not on record: enter contents=ITEM,ITEM...",
			(long long)cycle_number(context), sterilizer);
	if (column_integer(row, CYCLE_OUT_OF_SERVICE))
		return projection_refuse(context, -EINVAL,
			"cycle %lld ran after steriliser %s was retired: reject the load and sterilise it in another",
			(long long)cycle_number(context), sterilizer);
	if (column_integer(row, CYCLE_ENDED) > context->utc_us)
		return projection_refuse(context, -EINVAL,
			"cycle %lld of steriliser %s cannot have ended yet: release it when it has, or check its clock",
			(long long)cycle_number(context), sterilizer);
	return check_test(context);
}

static int check_release(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context, FIND_CYCLE, &row, &found);

	if (r < 0)
		return r;
	if (!found)
		return no_such_cycle(context);
	return context->replay ? 0 : refuse_release(context, row);
}

/** A load older than the one an item came from last, or than its last use, does not make it sterile. */
#define RELEASE_ITEMS                                                                                        \
	"INSERT INTO handpiece_sterile(handpiece, cycle_seq, sterile_until) SELECT item, cycle.seq,"         \
	" date(started_us / 1000000, 'unixepoch', '+' || @sterile_days || ' days') FROM cycle"               \
	" JOIN cycle_item ON cycle_seq = cycle.seq WHERE cycle.seq = " THE_CYCLE                             \
	" ON CONFLICT DO UPDATE SET cycle_seq = excluded.cycle_seq, sterile_until = excluded.sterile_until," \
	" blocked = NULL, used_seq = NULL, test_seq = NULL WHERE"                                            \
	" (SELECT started_us FROM cycle WHERE seq = excluded.cycle_seq) > max("                              \
	"  coalesce((SELECT started_us FROM cycle WHERE seq = handpiece_sterile.cycle_seq), 0),"             \
	"  coalesce((SELECT utc_us FROM record WHERE seq = handpiece_sterile.used_seq), 0))"

static int project_released(ProjectionContext *context)
{
	int r = check_release(context);

	if (r == 0)
		r = projection_run(context, ADD_CONTENTS(THE_CYCLE));
	if (r == 0)
		r = projection_run(context,
			"UPDATE cycle SET released_seq = @seq, released_us = @utc_us, released_by = @actor,"
			" mechanical = coalesce(mechanical, @mechanical), integrator = coalesce(integrator, @integrator),"
			" chemical = coalesce(chemical, @chemical) WHERE seq = " THE_CYCLE);
	return r == 0 ? projection_run(context, RELEASE_ITEMS) : r;
}

static int project_rejected(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(
		context, "SELECT rejected_seq FROM cycle WHERE seq = " THE_CYCLE, &row, &found);

	if (r < 0)
		return r;
	if (!found)
		return no_such_cycle(context);
	if (!column_is_null(row, 0))
		return projection_refuse(context, -EEXIST, "cycle %lld of steriliser %s was rejected before",
			(long long)cycle_number(context), projection_text(context, "sterilizer"));
	r = projection_run(context, "UPDATE cycle SET rejected_seq = @seq WHERE seq = " THE_CYCLE);
	if (r == 0)
		r = projection_run(context,
			"UPDATE handpiece_sterile SET blocked = 'its load was rejected: sterilise it again',"
			" test_seq = NULL WHERE cycle_seq = " THE_CYCLE);
	return r;
}

/* ---- biological indicators ---- */

static bool is_result(const ProjectionContext *context, const char *result)
{
	return strcmp(projection_text(context, "result"), result) == 0;
}

/** What a result must rest on: a control that grew, and an indicator that had not expired. */
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

/** After a test that passed, the day of the next: for those who only see the record. */
static int set_due(ProjectionContext *context, int64_t tested_us)
{
	json_int_t days = json_integer_value(json_object_get(context->body, "biological_days"));
	char due[CLOCK_UTC_TEXT_MAX];

	if (days == 0 || !is_result(context, "pass"))
		return 0;
	projection_date(tested_us + days * USEC_PER_DAY, due);
	context->body_changed = true;
	return json_object_set_new(context->body, "due", json_string(due)) < 0 ? -ENOMEM : 0;
}

/** When the steriliser ran with the indicator: the cycle's time, or the one given. */
static int check_tested(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool found;
	int r = projection_step(context,
		"SELECT coalesce((SELECT started_us FROM cycle WHERE seq = " THE_CYCLE "),"
		" CASE WHEN @cycle IS NULL THEN " MICROSECONDS("@tested") " END)",
		&row, &found);

	if (r < 0 || context->replay)
		return r;
	if (!column_is_null(row, 0)) {
		r = check_indicator(context, column_integer(row, 0));
		return r == 0 ? set_due(context, column_integer(row, 0)) : r;
	}
	if (json_object_get(context->body, "cycle"))
		return no_such_cycle(context);
	return projection_refuse(context, -EINVAL,
		"when steriliser %s was tested is not said: enter its cycle=N, or tested=TIME",
		projection_text(context, "sterilizer"));
}

/* loads since the last test that passed before this one; none when one passed after it already */
#define BLOCK_ITEMS                                                                                                 \
	"UPDATE handpiece_sterile SET test_seq = @seq, blocked ="                                                   \
	" 'the biological test of steriliser ' || @sterilizer || ' failed: its loads wait for one that passes'"     \
	" WHERE cycle_seq IN (SELECT cycle.seq FROM cycle, indicator_test AS failed WHERE failed.seq = @seq"        \
	" AND cycle.sterilizer = @sterilizer AND started_us > coalesce((SELECT max(tested_us) FROM"                 \
	"  indicator_test WHERE sterilizer = @sterilizer AND result = 'pass' AND tested_us < failed.tested_us), 0)" \
	" AND NOT EXISTS(SELECT 1 FROM indicator_test WHERE sterilizer = @sterilizer AND result = 'pass'"           \
	"  AND tested_us > failed.tested_us))"

/* a later test that passed ends the block, or has the items sterilised again; an earlier one shows that the
   loads before it were never in doubt */
#define UNBLOCK_ITEMS                                                                                         \
	"UPDATE handpiece_sterile SET blocked = CASE WHEN @reprocess AND failed.tested_us < passed.tested_us" \
	"  THEN 'its load was in doubt after a failed biological test: sterilise it again' END"               \
	" FROM indicator_test AS passed, indicator_test AS failed, cycle WHERE passed.seq = @seq"             \
	" AND failed.seq = test_seq AND failed.tested_us != passed.tested_us AND cycle.seq = cycle_seq"       \
	" AND cycle.sterilizer = passed.sterilizer AND cycle.started_us <= passed.tested_us"

static int project_tested(ProjectionContext *context)
{
	int r = need_sterilizer(context);

	if (r == 0)
		r = refuse_future(context, "tested");
	if (r == 0)
		r = check_tested(context);
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO indicator_test(seq, sterilizer, cycle, tested_us, lot, expiry, control, result,"
			" incubation_h, laboratory, operator, ran_seq) VALUES(@seq, @sterilizer, @cycle,"
			" coalesce((SELECT started_us FROM cycle WHERE seq = " THE_CYCLE "), " MICROSECONDS(
				"@tested") "),"
					   " @lot, @expiry, @control, @result, @incubation_h, @laboratory, @actor, " THE_CYCLE
					   ")");
	if (r == 0 && is_result(context, "fail"))
		r = projection_run(context, BLOCK_ITEMS);
	if (r == 0 && is_result(context, "pass"))
		r = projection_run(context, UNBLOCK_ITEMS);
	return r;
}

static int project_followed(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	long long test = json_integer_value(json_object_get(context->body, "test"));
	bool found;
	int r = projection_step(
		context, "SELECT 1 FROM indicator_test WHERE seq = @test AND result = 'fail'", &row, &found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT,
			"record %lld is no biological test that failed: see `stipplectl audit indicators result=fail`",
			test);
	if (r == 0 && !context->replay && projection_text(context, "notified")) {
		context->body_changed = true;
		r = json_object_set_new(context->body, "told", json_true()) < 0 ? -ENOMEM : 0;
	}
	return r == 0 ? projection_run(
				context, "UPDATE indicator_test SET followed_seq = @seq WHERE seq = @test")
		      : r;
}

static const Projection projections[] = {
	{ "sterilizer.registered", .project = project_registered },
	{ "sterilizer.serviced", .project = project_serviced },
	{ "cycle.recorded", .project = project_cycle },
	{ "cycle.released", .project = project_released },
	{ "cycle.rejected", .project = project_rejected },
	{ "indicator.tested", .project = project_tested },
	{ "indicator.followed-up", .project = project_followed },
	{ NULL },
};

/* the loads in doubt, their items, and on whom those were used */
/* clang-format off */
/* clang-format on */

const LedgerArea area_sterilization = { tables, projections };
