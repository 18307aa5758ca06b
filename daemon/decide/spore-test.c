/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges which biological test of a steriliser is due. No figure of a law or a standard may be hard-coded
 * here.
 */

#include "decide/spore-test.h"

#include <stdio.h>
#include <string.h>

#include "decide/operator-certificates.h"
#include "decide/stock.h"

/** The words for a reason; the last row, without a reason, is for any other. */
typedef struct ReasonWords {
	const char *reason, *text;
} ReasonWords;

static const char *explain(const ReasonWords *words, const char *reason)
{
	while (words->reason && strcmp(words->reason, reason) != 0)
		words++;
	return words->text;
}

/* why a test is due */
static const ReasonWords why_due[] = {
	{ "failed", "the last one failed" },
	{ "installation", "none has passed since it was installed" },
	{ "repair", "none has passed since its repair" },
	{ "cycles", "too many cycles since the last one" },
	{ NULL, "they are due at intervals" },
};

/* what asks for several tests in a row */
static const ReasonWords why_in_a_row[] = {
	{ "installation", "since it was installed" },
	{ "repair", "since its repair" },
	{ "relocation", "since it was moved" },
	{ "returned", "since it came back into service" },
	{ "power-cut", "since the power cut" },
	{ "unused", "since it stood unused" },
	{ NULL, "since one failed" },
};

static void write_reason(const SporeTest *test, char ret[SPORE_TEST_REASON_MAX])
{
	if (test->needed > 0)
		snprintf(ret, SPORE_TEST_REASON_MAX, "%lld of %lld in a row have passed %s", test->so_far,
			test->needed, explain(why_in_a_row, test->reason));
	else
		snprintf(ret, SPORE_TEST_REASON_MAX, "%s", explain(why_due, test->reason));
}

bool spore_test_next(const State *state, SporeTest *ret)
{
	/* rows are sorted by due date */
	const json_t *row = json_array_get(state->facts.rows[FACT_DUE], 0);
	SporeTest test = {
		.sterilizer = json_string_value(json_object_get(row, "sterilizer")),
		.due = json_string_value(json_object_get(row, "due")),
		.reason = json_string_value(json_object_get(row, "reason")),
		.needed = json_integer_value(json_object_get(row, "needed")),
		.so_far = json_integer_value(json_object_get(row, "so_far")),
	};
	int64_t day;

	if (!test.sterilizer || !test.due || !test.reason || clock_parse_utc(test.due, &day) < 0)
		return false;
	test.overdue = day_is_past(&state->host, test.due);
	test.soon = day <= state->host.now.utc_us + (int64_t)state->rules.profile.remind_days * USEC_PER_DAY;
	*ret = test;
	return true;
}

void spore_test_reminder(const SporeTest *test, char ret[SPORE_TEST_TEXT_MAX])
{
	char reason[SPORE_TEST_REASON_MAX];

	write_reason(test, reason);
	ret[0] = '\0';
	if (test->soon || test->overdue)
		snprintf(ret, SPORE_TEST_TEXT_MAX,
			"the biological test of steriliser %.96s %s due on %s (%s): run it%s",
			test->sterilizer, test->overdue ? "was" : "is", test->due, reason,
			test->overdue ? "; until then no handpiece from it is used" : "");
}

/** The overdue biological test of that steriliser; NULL none. */
static const char *overdue_since(const State *state, const char *sterilizer)
{
	json_t *row;
	size_t i;

	json_array_foreach (state->facts.rows[FACT_DUE], i, row)
		if (strcmp(row_text(row, "sterilizer"), sterilizer) == 0 &&
			day_is_past(&state->host, row_text(row, "due")))
			return row_text(row, "due");
	return NULL;
}

/** The test of the machine that the handpiece's steriliser lacks; NULL none. */
static const json_t *find_untested(const State *state, const char *handpiece)
{
	json_t *row;
	size_t i;

	json_array_foreach (state->facts.rows[FACT_UNTESTED], i, row)
		if (strcmp(row_text(row, "handpiece"), handpiece) == 0)
			return row;
	return NULL;
}

/** A word of the question "untested". */
static UntestedKind untested_kind(const char *test)
{
	if (strcmp(test, "leak-failed") == 0)
		return UNTESTED_LEAK_FAILED;
	return strcmp(test, "leak") == 0 ? UNTESTED_LEAK : UNTESTED_PENETRATION;
}

void spore_test_facts(const State *state, InterlockFacts *facts)
{
	const json_t *handpiece = stock_mounted_handpiece(state), *row;
	const char *sterilizer = row_text(handpiece, "sterilizer");

	if (!handpiece || !*sterilizer)
		return;
	facts->test_due = overdue_since(state, sterilizer);
	row = find_untested(state, row_text(handpiece, "handpiece"));
	if (!facts->test_due && row) {
		facts->test_due = row_text(row, "due");
		facts->untested = untested_kind(row_text(row, "test"));
	}
	if (facts->test_due)
		facts->untested_sterilizer = sterilizer;
}

void spore_test_check(const State *state, StationCheck *check)
{
	const char *profile = state->rules.profile.name;
	char reason[SPORE_TEST_REASON_MAX];
	SporeTest test;

	if (!spore_test_next(state, &test)) {
		snprintf(check->text, sizeof check->text, "profile %s, no biological test is due", profile);
		return;
	}
	write_reason(&test, reason);
	check->level = test.overdue ? 2 : test.soon;
	snprintf(check->text, sizeof check->text,
		"profile %s, biological test of steriliser %.72s %s due on %s (%s)", profile, test.sterilizer,
		test.overdue ? "was" : "is", test.due, reason);
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"run it, then `stipplectl sterilizer indicator` with its result");
}
