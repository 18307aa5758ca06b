/* SPDX-License-Identifier: Apache-2.0 */

/** Topics and messages. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "topics.h"

static char clinic[] = "c1", chair[] = "s1";
static const Config config = { .clinic = clinic, .station = chair };

static void check_topic(const char *kind, const char *body, const char *expected)
{
	json_auto_t *fields = json_loads(body, JSON_DECODE_ANY, NULL);
	LedgerMessage record = { .seq = 7,
		.kind = kind,
		.body = body,
		.zone = json_string_value(json_object_get(fields, "zone")) };
	char topic[TOPIC_MAX] = "untouched";

	assert_int_equal(topic_of_record(&config, &record, topic), expected != NULL);
	assert_string_equal(topic, expected ? expected : "untouched");
}

/** Takes what stands between the first two backticks at or after *text. False at the end of the line. */
static bool next_name(char **text, char *ret, size_t size)
{
	char *from = strchr(*text, '`'), *to = from ? strchr(from + 1, '`') : NULL;

	if (!to || (size_t)(to - from) > size)
		return false;
	memcpy(ret, from + 1, (size_t)(to - from - 1));
	ret[to - from - 1] = '\0';
	*text = to + 1;
	return true;
}

/** A row `| kinds | body | topic |` of the table: each kind has the topic that the document says, or none. */
static int check_documented(char *line)
{
	char *kinds = line, *cell = strrchr(line, '|'), kind[64], suffix[64] = "", expected[TOPIC_MAX];
	int n = 0;

	if (!cell)
		return 0;
	*cell = '\0';
	cell = strrchr(line, '|');
	if (!cell)
		return 0;
	*cell++ = '\0';
	(void)next_name(&cell, suffix, sizeof suffix);
	topic_make(&config, strcmp(suffix, "zone/<zone>") == 0 ? "zone/crown" : suffix, expected);
	*strchr(line + 1, '|') = '\0';
	for (; next_name(&kinds, kind, sizeof kind); n++)
		check_topic(kind, "{\"zone\":\"crown\"}", suffix[0] ? expected : NULL);
	return n;
}

static void test_topics_are_those_of_the_document(void **state)
{
	FILE *file = fopen(STIPPLE_SOURCE_FOLDER "/docs/ledger.md", "re");
	bool inside = false;
	char line[4096];
	int n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (line[0] != '|')
			inside = false;
		else if (strncmp(line, "| kind |", 8) == 0)
			inside = true;
		else if (inside && strncmp(line, "| `", 3) == 0)
			n += check_documented(line);
	}
	fclose(file);
	assert_in_range(n, 30, 200);
}

static void test_what_has_no_topic_stays(void **state)
{
	check_topic("needle.claimed", "{}", "stipple/v1/c1/s1/needle");
	check_topic("session.consent", "{}", NULL);
	check_topic("session.begun-again", "{}", NULL);
	check_topic("no-such-kind", "{}", NULL);
	check_topic("needle.claimed", "[]", NULL);
	check_topic("zone.statistics", "{}", NULL);
	check_topic("zone.statistics", "{\"zone\":\"\"}", NULL);
	check_topic("zone.statistics", "{\"zone\":\"a/b\"}", NULL);
	check_topic("zone.statistics", "{\"zone\":\"#\"}", NULL);
	check_topic("zone.statistics",
		"{\"zone\":\"a-name-that-is-much-longer-than-that-of-any-zone-of-a-scalp-can-ever-be\"}",
		NULL);
}

static void test_a_message_carries_its_id(void **state)
{
	LedgerMessage record = { .seq = 41, .utc_us = 0, .kind = "k", .body = "{\"density\":2.8}" };
	_cleanup_(freep) char *message = message_of_record(&config, &record, false);
	_cleanup_(freep) char *late = message_of_record(&config, &record, true);

	assert_string_equal(message,
		"{\"body\":{\"density\":2.8},\"id\":\"c1/s1/41\",\"kind\":\"k\",\"seq\":41,"
		"\"utc\":\"1970-01-01T00:00:00.000000Z\"}");
	assert_string_equal(late,
		"{\"body\":{\"density\":2.8},\"id\":\"c1/s1/41\",\"kind\":\"k\",\"late\":true,\"seq\":41,"
		"\"utc\":\"1970-01-01T00:00:00.000000Z\"}");
}

static void test_state_names_what_is_in_use(void **state)
{
	LiveState station = { .state = "ready",
		.badge = "b1",
		.session = 3,
		.subject = "P-1",
		.unit = "(01)04012345678901(21)A17",
		.lot = "L1",
		.pigment = "Brand black",
		.board = 1 };
	json_auto_t *stock = json_pack("[{s:s, s:i}]", "lot", "L1", "left", 4);
	_cleanup_(freep) char *online = message_of_state(&config, &station, stock);
	_cleanup_(freep) char *offline = message_of_state(&config, NULL, stock);
	json_auto_t *message = json_loads(online, 0, NULL);

	assert_string_equal(json_string_value(json_object_get(message, "state")), "ready");
	assert_string_equal(json_string_value(json_object_get(message, "zone")), "");
	assert_string_equal(json_string_value(json_object_get(message, "unit")), "(01)04012345678901(21)A17");
	assert_string_equal(json_string_value(json_object_get(message, "lot")), "L1");
	assert_string_equal(json_string_value(json_object_get(message, "pigment")), "Brand black");
	assert_true(json_is_true(json_object_get(message, "board")));
	assert_true(json_equal(json_object_get(message, "stock"), stock));
	assert_string_equal(offline, "{\"clinic\":\"c1\",\"online\":false,\"station\":\"s1\"}");
}

static void test_live_figures_have_units(void **state)
{
	LiveFigures figures = { .state = "working",
		.session = 3,
		.elapsed_s = 61,
		.break_in_s = -5,
		.pedal = 1,
		.depth_um = 950,
		.resistance_mn = 400,
		.dwell_ms = 62.5 };
	_cleanup_(freep) char *text = message_of_figures(&figures);
	json_auto_t *message = json_loads(text, 0, NULL);

	assert_int_equal(json_integer_value(json_object_get(message, "depth_um")), 950);
	assert_int_equal(json_integer_value(json_object_get(message, "resistance_mn")), 400);
	assert_int_equal(json_integer_value(json_object_get(message, "elapsed_s")), 61);
	assert_int_equal(json_integer_value(json_object_get(message, "break_in_s")), -5);
	assert_true(json_is_true(json_object_get(message, "pedal")));
	assert_true(json_real_value(json_object_get(message, "dwell_ms")) == 62.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topics_are_those_of_the_document),
		cmocka_unit_test(test_what_has_no_topic_stays),
		cmocka_unit_test(test_a_message_carries_its_id),
		cmocka_unit_test(test_state_names_what_is_in_use),
		cmocka_unit_test(test_live_figures_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
