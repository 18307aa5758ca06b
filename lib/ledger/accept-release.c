/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Accepts the release and the rejection of a load: whether its cycle can have made it sterile, whether its
 * results are there, and whether its steriliser was tested. A replay must not judge that again.
 */

#include "ledger/accept.h"
#include "ledger/sql.h"
#include "ledger/statements.h"

#include <string.h>

int cycle_refuse_unknown(ProjectionContext *context)
{
	return projection_refuse(context, -ENOENT,
		"cycle %lld of steriliser %s is not on record: record it first",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"));
}

/** Columns of sql_cycle_meant. */
enum {
	CYCLE_RELEASED,
	CYCLE_REJECTED,
	CYCLE_CONTENTS,
	CYCLE_ENDED,
	CYCLE_OUT_OF_SERVICE,
	CYCLE_PROGRAM,
	CYCLE_TEMPERATURE,
	CYCLE_EXPOSURE,
	CYCLE_PROOFS, /* three: mechanical, integrator, chemical */
	CYCLE_PRESSURE = CYCLE_PROOFS + 3,
	PROGRAM_TEMPERATURE, /* NULL: the program is not on record */
	PROGRAM_EXPOSURE,
	PROGRAM_PRESSURE,
	PROGRAMS_KNOWN, /* NULL: none is */
};

/** Columns of the question `due`. */
enum {
	DUE_STERILIZER,
	DUE_REASON,
	DUE_DAY,
	DUE_PASSED,
	DUE_NEEDED,
	DUE_SO_FAR,
};

static const struct {
	const char *proof, *title;
} proofs[] = {
	{ "mechanical", "mechanical readings" },
	{ "integrator", "class V integrator" },
	{ "chemical", "chemical indicator" },
};

/**
 * Checks one result, which was recorded with the cycle or comes with the release; a failure remains a
 * failure.
 */
static int check_proof(ProjectionContext *context, sqlite3_stmt *row, size_t i)
{
	const char *recorded = column_text(row, CYCLE_PROOFS + (int)i);
	const char *given = projection_text(context, proofs[i].proof);
	const char *sterilizer = projection_text(context, "sterilizer");
	const char *wanted = projection_text(context, "proofs");

	if ((recorded && strcmp(recorded, "fail") == 0) || (given && strcmp(given, "fail") == 0))
		return projection_refuse(context, -EINVAL,
			"the %s of cycle %lld of steriliser %s failed: reject the load and sterilise it again",
			proofs[i].title, projection_number(context, "cycle"), sterilizer);
	if (!recorded && !given && text_list_has(wanted, proofs[i].proof))
		return projection_refuse(context, -EINVAL,
			"the %s of cycle %lld of steriliser %s is not on record and the profile %s asks for it: "
			"enter %s=pass or fail",
			proofs[i].title, projection_number(context, "cycle"), sterilizer,
			projection_text(context, "profile"), proofs[i].proof);
	return 0;
}

/**
 * Finds the due biological test of the body's steriliser, as the question `due` does; *ret is left on its
 * row. The record contains the rules that were in force. A record from before rules were kept has none; then
 * only a failed test counts.
 */
static int find_due_test(ProjectionContext *context, sqlite3_stmt **ret, bool *ret_found)
{
	const char *sterilizer = projection_text(context, "sterilizer");
	int result, r = projection_step(context, query_find("due")->select, ret, ret_found);

	if (r < 0 || !*ret_found)
		return r;
	for (result = SQLITE_ROW; result == SQLITE_ROW; result = sqlite3_step(*ret))
		if (strcmp(column_string(*ret, DUE_STERILIZER), sterilizer) == 0)
			return 0;
	*ret_found = false;
	return ledger_errno(result);
}

/** What a test has to follow; "" for one that is due by itself. */
static const char *event_in_words(const char *reason)
{
	static const char *const events[][2] = {
		{ "installation", "its installation" },
		{ "repair", "its repair" },
		{ "relocation", "its relocation" },
		{ "returned", "its return to service" },
		{ "power-cut", "the power cut" },
		{ "failure", "the test that failed" },
		{ "unused", "the time in which it did not run" },
	};

	for (size_t i = 0; i < ELEMENTS(events); i++)
		if (strcmp(events[i][0], reason) == 0)
			return events[i][1];
	return "";
}

/** A load is used only after the required tests have passed. */
static int check_test(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	const char *sterilizer = projection_text(context, "sterilizer"), *reason, *due, *event;
	char today[CLOCK_UTC_TEXT_MAX];
	bool found;
	int r = find_due_test(context, &row, &found);

	if (r < 0 || !found)
		return r;
	reason = column_string(row, DUE_REASON);
	due = column_string(row, DUE_DAY);
	event = event_in_words(reason);
	projection_today(context, today);
	if (strcmp(reason, "failed") == 0)
		return projection_refuse(context, -EINVAL,
			"the last biological test of steriliser %s failed: no load is released before one that passed",
			sterilizer);
	if (!column_is_null(row, DUE_NEEDED))
		return projection_refuse(context, -EINVAL,
			"steriliser %s needs %lld biological tests in a row that pass after %s, and has %lld: run the "
			"others and record their results before a load is released",
			sterilizer, (long long)column_integer(row, DUE_NEEDED), event,
			(long long)column_integer(row, DUE_SO_FAR));
	if (!*event && strcmp(due, today) >= 0)
		return 0;
	return projection_refuse(context, -EINVAL,
		"no biological test of steriliser %s passed %s %s: run one and record its result before a load is "
		"released",
		sterilizer, *event ? "since" : "though one was due on", *event ? event : due);
}

/*
 * The least exposure at a temperature. Steam: 30 minutes at 115 C, 15 at 121, 10 at 126, 3 at 134 (UK HTM
 * 2010; EN 285 for 121 and 134); 3 at 132 as well (JADA 122, December 1991, unwrapped). No steam steriliser
 * reaches more than 145 C, so above that it is dry heat, which takes 150 minutes at 150 C, 120 at 160, 60 at
 * 170 (US CDC, Guideline for Disinfection and Sterilization, 2008), 30 at 180 (HTM 2010), 6 at 190 in moving
 * air (JADA, unwrapped), and seconds in beads of 200 C and more. Below steam temperatures the figures are
 * only lower limits for any program: formaldehyde and hydrogen peroxide take minutes, ethylene oxide at room
 * temperature half a day. The maker's program, which the record names, gives the real figure.
 */
static const struct {
	double temperature_c, exposure_s;
} least[] = { { 200, 10 }, { 190, 360 }, { 180, 1800 }, { 170, 3600 }, { 160, 7200 }, { 145, 9000 },
	{ 132, 180 }, { 126, 600 }, { 121, 900 }, { 115, 1800 }, { 78, 600 }, { 30, 300 },
	{ -300, 12 * 3600 } };

/** Temperatures used in names of programs, such as "B134" or "Universal/134C/3min". */
static bool is_program_temperature(long number)
{
	static const short known[] = { 115, 118, 121, 124, 126, 127, 132, 134, 135, 136, 137, 138, 160, 170,
		180, 190 };

	for (size_t i = 0; i < ELEMENTS(known); i++)
		if (known[i] == number)
			return true;
	return false;
}

/** Reads degrees C, and seconds from "3min" or "3:30", from the program's name; 0 when it does not say. */
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

/** Refuses to release a load that cannot have become sterile, whatever its indicators are said to show. */
static int check_cycle_figures(ProjectionContext *context, sqlite3_stmt *row)
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
			projection_number(context, "cycle"), projection_text(context, "sterilizer"),
			temperature_c, program, wanted_c);
	return projection_refuse(context, -EINVAL,
		"cycle %lld of steriliser %s held %g C for %g s, and that takes at least %g: correct the record, or "
		"reject the load and sterilise it again",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"), temperature_c,
		exposure_s, wanted_s);
}

/** Refuses a program that is none of the steriliser's: a typing error must not escape its figures. */
static int refuse_program(ProjectionContext *context, sqlite3_stmt *row)
{
	if (column_is_null(row, PROGRAMS_KNOWN))
		return 0;
	return projection_refuse(context, -EINVAL,
		"the program \"%.40s\" of cycle %lld of steriliser %s is not on record, but these are: %.120s; correct "
		"the cycle's program, or put that program on record",
		column_string(row, CYCLE_PROGRAM), projection_number(context, "cycle"),
		projection_text(context, "sterilizer"), column_string(row, PROGRAMS_KNOWN));
}

/** Refuses a load whose cycle fell short of what its program takes by the record. */
static int check_program(ProjectionContext *context, sqlite3_stmt *row)
{
	bool asks_pressure = !column_is_null(row, PROGRAM_PRESSURE);
	const char *sterilizer = projection_text(context, "sterilizer");
	char pressure[48] = "", wanted[48] = "";

	if (column_is_null(row, PROGRAM_TEMPERATURE))
		return refuse_program(context, row);
	if (asks_pressure && column_is_null(row, CYCLE_PRESSURE))
		return projection_refuse(context, -EINVAL,
			"the pressure of cycle %lld of steriliser %s is not on record, and its program %.40s takes "
			"%g kPa: add it with a correction, or reject the load",
			projection_number(context, "cycle"), sterilizer, column_string(row, CYCLE_PROGRAM),
			column_real(row, PROGRAM_PRESSURE));
	if (column_real(row, CYCLE_TEMPERATURE) >= column_real(row, PROGRAM_TEMPERATURE) &&
		column_real(row, CYCLE_EXPOSURE) >= column_real(row, PROGRAM_EXPOSURE) &&
		(!asks_pressure || column_real(row, CYCLE_PRESSURE) >= column_real(row, PROGRAM_PRESSURE)))
		return 0;
	if (asks_pressure) {
		snprintf(pressure, sizeof pressure, " at %g kPa", column_real(row, CYCLE_PRESSURE));
		snprintf(wanted, sizeof wanted, " at %g kPa", column_real(row, PROGRAM_PRESSURE));
	}
	return projection_refuse(context, -EINVAL,
		"cycle %lld of steriliser %s held %g C for %g s%s, and its program %.40s takes %g C for %g s%s: "
		"correct the record, or reject the load and sterilise it again",
		projection_number(context, "cycle"), sterilizer, column_real(row, CYCLE_TEMPERATURE),
		column_real(row, CYCLE_EXPOSURE), pressure, column_string(row, CYCLE_PROGRAM),
		column_real(row, PROGRAM_TEMPERATURE), column_real(row, PROGRAM_EXPOSURE), wanted);
}

/** Who packed the load must stand on its packs where the profile says so. */
static int check_initials(ProjectionContext *context)
{
	bool known;
	int r;

	if (projection_text(context, "initials") ||
		!text_list_has(projection_text(context, "proofs"), "initials"))
		return 0;
	r = projection_has(context, sql_initials_known, &known);
	if (r < 0 || known)
		return r;
	return projection_refuse(context, -EINVAL,
		"whose initials stand on the packs of cycle %lld of steriliser %s is not on record and the profile "
		"%s asks for it: enter initials=XX",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"),
		projection_text(context, "profile"));
}

/** Columns of sql_equipment_tested. */
enum {
	EQUIPMENT_CLASS,
	EQUIPMENT_PENETRATION,
	EQUIPMENT_LEAK,
	EQUIPMENT_LEAK_DAY,
	EQUIPMENT_LEAK_OLD,
};

static int refuse_penetration(ProjectionContext *context, bool failed)
{
	return projection_refuse(context, -EINVAL,
		"%s before cycle %lld of steriliser %s: %s, and sterilise the load again",
		failed ? "the steam penetration test failed"
		       : "no steam penetration test (Bowie-Dick, Helix) passed",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"),
		failed ? "have the steriliser repaired"
		       : "if one ran in the 16 hours before, record it; else reject, run one");
}

static int refuse_leak(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *result = column_text(row, EQUIPMENT_LEAK);

	if (!result)
		return projection_refuse(context, -EINVAL,
			"no vacuum leak test of steriliser %s is on record from before cycle %lld: run one and record it, "
			"then sterilise the load again",
			projection_text(context, "sterilizer"), projection_number(context, "cycle"));
	return projection_refuse(context, -EINVAL,
		"the last vacuum leak test of steriliser %s before cycle %lld, of %s, %s: run one and record it, then "
		"sterilise the load again",
		projection_text(context, "sterilizer"), projection_number(context, "cycle"),
		column_string(row, EQUIPMENT_LEAK_DAY),
		strcmp(result, "pass") == 0 ? "is too old" : "failed");
}

/** The tests of a class-B steriliser that the rules in the record ask for before a load. */
static int check_equipment(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	bool penetration = json_is_true(json_object_get(context->body, "penetration_test")), found;
	const char *result;
	int r;

	if (!penetration && projection_number(context, "leak_test_days") == 0)
		return 0;
	r = projection_step(context, sql_equipment_tested, &row, &found);
	if (r < 0 || !found || strcmp(column_string(row, EQUIPMENT_CLASS), "B") != 0)
		return r;
	result = column_string(row, EQUIPMENT_PENETRATION);
	if (penetration && strcmp(result, "pass") != 0)
		return refuse_penetration(context, *result != '\0');
	if (projection_number(context, "leak_test_days") > 0 &&
		(strcmp(column_string(row, EQUIPMENT_LEAK), "pass") != 0 ||
			column_integer(row, EQUIPMENT_LEAK_OLD)))
		return refuse_leak(context, row);
	return 0;
}

static int refuse_release(ProjectionContext *context, sqlite3_stmt *row)
{
	const char *sterilizer = projection_text(context, "sterilizer");
	bool released = !column_is_null(row, CYCLE_RELEASED);
	int r;

	if (released || !column_is_null(row, CYCLE_REJECTED))
		return projection_refuse(context, -EEXIST, "cycle %lld of steriliser %s was %s before",
			projection_number(context, "cycle"), sterilizer, released ? "released" : "rejected");
	r = check_cycle_figures(context, row);
	if (r < 0)
		return r;
	r = check_program(context, row);
	for (size_t i = 0; i < ELEMENTS(proofs) && r == 0; i++)
		r = check_proof(context, row, i);
	if (r < 0)
		return r;
	if (!column_integer(row, CYCLE_CONTENTS) &&
		text_list_has(projection_text(context, "proofs"), "contents"))
		return projection_refuse(context, -EINVAL,
			"what was in cycle %lld of steriliser %s is not on record: enter contents=ITEM,ITEM...",
			projection_number(context, "cycle"), sterilizer);
	if (column_integer(row, CYCLE_OUT_OF_SERVICE))
		return projection_refuse(context, -EINVAL,
			"cycle %lld ran after steriliser %s was retired: reject the load and sterilise it in another",
			projection_number(context, "cycle"), sterilizer);
	if (column_integer(row, CYCLE_ENDED) > context->utc_us)
		return projection_refuse(context, -EINVAL,
			"cycle %lld of steriliser %s cannot have ended yet: release it when it has, or check its clock",
			projection_number(context, "cycle"), sterilizer);
	r = check_initials(context);
	if (r < 0)
		return r;
	r = check_equipment(context);
	return r < 0 ? r : check_test(context);
}

/** The row of sql_cycle_meant for the cycle that the body names; refused when it is not on record. */
static int find_cycle_meant(ProjectionContext *context, sqlite3_stmt **ret_row)
{
	bool found;
	int r = projection_step(context, sql_cycle_meant, ret_row, &found);

	if (r < 0)
		return r;
	return found ? 0 : cycle_refuse_unknown(context);
}

static int accept_loaded_release(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_cycle_meant(context, &row);

	if (r < 0)
		return r;
	return context->replay ? 0 : refuse_release(context, row);
}

static int accept_rejection(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	int r = find_cycle_meant(context, &row);

	if (r < 0)
		return r;
	if (column_is_null(row, CYCLE_REJECTED))
		return 0;
	return projection_refuse(context, -EEXIST, "cycle %lld of steriliser %s was rejected before",
		projection_number(context, "cycle"), projection_text(context, "sterilizer"));
}

const Acceptance accept_release[] = {
	{ "cycle.released", accept_loaded_release },
	{ "cycle.rejected", accept_rejection },
	{ NULL },
};
