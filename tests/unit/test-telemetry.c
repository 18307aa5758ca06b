/* SPDX-License-Identifier: Apache-2.0 */

/** Topics, messages, and the window over the outbox. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "telemetry/outbox.h"
#include "telemetry/topics.h"

static char clinic[] = "c1", chair[] = "s1";
static const Config config = { .clinic = clinic, .station = chair };

static void check_topic(const char *kind, const char *body, const char *expected)
{
	json_auto_t *row = json_pack("{s:i, s:s, s:s, s:o}", "seq", 7, "kind", kind, "utc", "t", "body",
		json_loads(body, 0, NULL));
	char topic[TOPIC_MAX];

	assert_int_equal(topic_of_record(&config, row, topic), expected != NULL);
	if (expected)
		assert_string_equal(topic, expected);
}

static void test_every_published_kind_has_its_topic(void **state)
{
	check_topic("needle.claimed", "{}", "stipple/v1/c1/s1/needle");
	check_topic("lot.received", "{}", "stipple/v1/c1/s1/needle");
	check_topic("session.begun", "{}", "stipple/v1/c1/s1/session");
	check_topic("operator.signed-in", "{}", "stipple/v1/c1/s1/session");
	check_topic("operator.refused", "{}", "stipple/v1/c1/s1/alert");
	check_topic("fault.latched", "{}", "stipple/v1/c1/s1/alert");
	check_topic("image.captured", "{}", "stipple/v1/c1/s1/image");
	check_topic("zone.statistics", "{\"zone\":\"crown\"}", "stipple/v1/c1/s1/zone/crown");
	check_topic("station.started", "{}", NULL);
}

static void test_a_message_carries_its_id(void **state)
{
	json_auto_t *row = json_pack(
		"{s:i, s:s, s:s, s:{s:f}}", "seq", 41, "kind", "k", "utc", "t", "body", "density", 2.8);
	_cleanup_(freep) char *message = message_of_record(&config, row);

	assert_string_equal(message,
		"{\"body\":{\"density\":2.8},\"id\":\"c1/s1/41\",\"kind\":\"k\",\"seq\":41,\"utc\":\"t\"}");
}

static void test_the_cursor_waits_for_the_oldest(void **state)
{
	Outbox outbox;

	outbox_init(&outbox, 3, 10);
	outbox_sent(&outbox, 11, 101);
	outbox_sent(&outbox, 14, 102);
	outbox_sent(&outbox, 15, 103);
	assert_false(outbox_has_room(&outbox));
	assert_false(outbox_acknowledged(&outbox, 102));
	assert_int_equal(outbox.cursor, 10);
	assert_true(outbox_acknowledged(&outbox, 101));
	assert_int_equal(outbox.cursor, 14);
	assert_true(outbox_has_room(&outbox));
	assert_false(outbox_acknowledged(&outbox, 102)); /* again, and one never sent */
	assert_false(outbox_acknowledged(&outbox, 999));
	outbox_restart(&outbox);
	assert_int_equal(outbox.newest, 14);
	assert_int_equal(outbox.n, 0);
}

/** Whatever happens, every record reaches the broker at least once and the cursor never runs ahead. */
static void test_random_outages_lose_nothing(void **state)
{
	enum { RECORDS = 500 };
	bool delivered[RECORDS + 1] = { false };
	uint64_t random = 12345;
	Outbox outbox;
	int id = 0;

	outbox_init(&outbox, 20, 0);
	while (outbox.cursor < RECORDS) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		if (outbox_has_room(&outbox) && outbox.newest < RECORDS && (random >> 33) % 3) {
			outbox_sent(&outbox, outbox.newest + 1, ++id);
		} else if (outbox.n > 0 && (random >> 40) % 50) {
			uint32_t i = (uint32_t)((random >> 35) % outbox.n);

			delivered[outbox.under_way[i].seq] = true;
			outbox_acknowledged(&outbox, outbox.under_way[i].message);
		} else {
			outbox_restart(&outbox);
		}
		for (uint64_t seq = 1; seq <= outbox.cursor; seq++)
			assert_true(delivered[seq]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_published_kind_has_its_topic),
		cmocka_unit_test(test_a_message_carries_its_id),
		cmocka_unit_test(test_the_cursor_waits_for_the_oldest),
		cmocka_unit_test(test_random_outages_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
