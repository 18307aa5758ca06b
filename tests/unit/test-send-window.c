/* SPDX-License-Identifier: Apache-2.0 */

/** The window over the outbox. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "send-window.h"

enum { RECORDS = 500 };

static void test_the_cursor_waits_for_the_oldest(void **state)
{
	SendWindow outbox;

	send_window_init(&outbox, 3, 10);
	send_window_sent(&outbox, 11, 101);
	send_window_sent(&outbox, 14, 102);
	send_window_sent(&outbox, 15, 103);
	assert_false(send_window_has_room(&outbox));
	assert_false(send_window_acknowledged(&outbox, 102));
	assert_int_equal(outbox.cursor, 10);
	assert_true(send_window_acknowledged(&outbox, 101));
	assert_int_equal(outbox.cursor, 14);
	assert_true(send_window_has_room(&outbox));
	assert_false(send_window_acknowledged(&outbox, 102)); /* again, and one never sent */
	assert_false(send_window_acknowledged(&outbox, 999));
	send_window_restart(&outbox);
	assert_int_equal(outbox.newest, 14);
	assert_int_equal(outbox.n, 0);
}

static void test_the_window_is_bounded(void **state)
{
	SendWindow outbox;

	send_window_init(&outbox, 100000, 0);
	assert_int_equal(outbox.limit, SEND_WINDOW_MAX);
	for (uint32_t i = 1; i <= SEND_WINDOW_MAX; i++) {
		assert_true(send_window_has_room(&outbox));
		send_window_sent(&outbox, i, (int)i);
	}
	assert_false(send_window_has_room(&outbox));
	for (uint32_t i = SEND_WINDOW_MAX; i > 1; i--)
		assert_false(send_window_acknowledged(&outbox, (int)i));
	assert_int_equal(outbox.cursor, 0);
	assert_true(send_window_acknowledged(&outbox, 1));
	assert_int_equal(outbox.cursor, SEND_WINDOW_MAX);
	assert_int_equal(outbox.n, 0);
}

static void test_what_is_not_sent_holds_nothing_up(void **state)
{
	SendWindow outbox;

	send_window_init(&outbox, 3, 10);
	send_window_skipped(&outbox, 11);
	assert_int_equal(outbox.cursor, 11);
	assert_int_equal(outbox.n, 0);
	send_window_sent(&outbox, 12, 1);
	send_window_skipped(&outbox, 13);
	assert_int_equal(outbox.cursor, 11);
	assert_int_equal(outbox.newest, 13);
	assert_true(send_window_acknowledged(&outbox, 1));
	assert_int_equal(outbox.cursor, 13);
}

/** What was under way is sent again with new ids; the old ones, should they come back, mean nothing. */
static void test_ids_of_a_lost_connection_are_forgotten(void **state)
{
	SendWindow outbox;

	send_window_init(&outbox, 3, 0);
	send_window_sent(&outbox, 1, 7);
	send_window_sent(&outbox, 2, 8);
	assert_false(send_window_acknowledged(&outbox, 8));
	send_window_restart(&outbox);
	assert_int_equal(outbox.newest, 0);
	assert_false(send_window_acknowledged(&outbox, 7));
	send_window_sent(&outbox, 1, 1);
	send_window_sent(&outbox, 2, 2);
	assert_true(send_window_acknowledged(&outbox, 1));
	assert_int_equal(outbox.cursor, 1);
	assert_true(send_window_acknowledged(&outbox, 2));
	assert_int_equal(outbox.cursor, 2);
}

/** Whatever happens, every record reaches the broker at least once and the cursor never runs ahead. */
static void test_random_outages_lose_nothing(void **state)
{
	bool delivered[RECORDS + 1] = { false };
	uint64_t random = 12345;
	SendWindow outbox;
	int id = 0;

	send_window_init(&outbox, 20, 0);
	while (outbox.cursor < RECORDS) {
		assert_in_range(outbox.n, 0, 20);
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		if (send_window_has_room(&outbox) && outbox.newest < RECORDS && (random >> 33) % 3) {
			send_window_sent(&outbox, outbox.newest + 1, ++id);
		} else if (outbox.n > 0 && (random >> 40) % 50) {
			uint32_t i = (uint32_t)((random >> 35) % outbox.n);

			delivered[outbox.under_way[i].seq] = true;
			send_window_acknowledged(&outbox, outbox.under_way[i].message);
		} else {
			send_window_restart(&outbox);
		}
		for (uint64_t seq = 1; seq <= outbox.cursor; seq++)
			assert_true(delivered[seq]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_cursor_waits_for_the_oldest),
		cmocka_unit_test(test_the_window_is_bounded),
		cmocka_unit_test(test_what_is_not_sent_holds_nothing_up),
		cmocka_unit_test(test_ids_of_a_lost_connection_are_forgotten),
		cmocka_unit_test(test_random_outages_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
