/* SPDX-License-Identifier: Apache-2.0 */

/** Every cause that the station can tell of has a row in the table of alarms, and every row has its cause. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "alarm/alarm.h"
#include "apply/alarms.h"
#include "state/alarms.h"
#include "state/interlock-names.h"
#include "station/parts.h"

static void expect_row(const char *group, const char *name)
{
	if (!alarm_cause(group, name))
		fail_msg(
			"the cause \"%s\" has no alarm: add a row [%s.%s] with its priority and words to "
			"alarms/alarms.toml, translate its words in panel/po/, and run `ninja -C build alarms`",
			name, group, name);
}

static void test_every_fault_has_a_row(void **state)
{
	for (int i = CONTROL_FAULT_NONE + 1; i < CONTROL_FAULT_MAX; i++)
		expect_row("fault", control_fault_to_string((ControlFault)i));
	for (int i = BOARD_FAULT_NONE + 1; i < BOARD_FAULT_MAX; i++)
		expect_row("board-fault", board_fault_to_string((BoardFault)i));
}

static void test_every_alert_has_a_row(void **state)
{
	for (int i = 0; i < ALERT_MAX; i++) {
		expect_row("alert", station_alert_to_string((StationAlert)i));
		assert_true(alarm_cause("alert", station_alert_to_string((StationAlert)i))->priority >
			    ALARM_INFORMATION);
	}
}

static void test_every_interlock_has_a_row(void **state)
{
	for (int i = 0; i < INTERLOCK_MAX; i++)
		expect_row("interlock", interlock_to_string((Interlock)i));
}

/** What is shown of the station itself: the daemon raises these, and the panel the two of a silent station.
 */
static void test_every_condition_has_a_row(void **state)
{
	static const char *const conditions[] = { "inert", "board-away", "broker-away", "sound-away",
		"silent", "silent-armed" };

	for (size_t i = 0; i < ELEMENTS(conditions); i++)
		expect_row("station", conditions[i]);
}

static bool is_known(const char *id)
{
	const char *name = strchr(id, '.') + 1;

	if (strncmp(id, "fault.", 6) == 0)
		return control_fault_from_string(name) > CONTROL_FAULT_NONE;
	if (strncmp(id, "board-fault.", 12) == 0)
		return board_fault_from_string(name) > BOARD_FAULT_NONE;
	if (strncmp(id, "alert.", 6) == 0)
		return (int)station_alert_from_string(name) >= 0;
	if (strncmp(id, "interlock.", 10) == 0)
		return (int)interlock_from_string(name) >= 0;
	return strncmp(id, "station.", 8) == 0;
}

static void test_every_row_has_its_cause(void **state)
{
	size_t shown = 0;

	for (const AlarmCause *cause = alarm_causes; cause->id; cause++) {
		if (!is_known(cause->id))
			fail_msg("alarms/alarms.toml has a row [%s], which nothing raises: remove it",
				cause->id);
		assert_ptr_equal(alarm_cause_of_id(cause->id), cause);
		shown += strncmp(cause->id, "interlock.", 10) != 0;
	}
	assert_true(shown < ALARMS_MAX); /* all of them together have room */
}

/** IEC 60601-1-8: what distinguishes the priorities, as the programs get it. */
static void test_priorities(void **state)
{
	const AlarmSignal *high = &alarm_signals[ALARM_HIGH], *medium = &alarm_signals[ALARM_MEDIUM],
			  *low = &alarm_signals[ALARM_LOW];

	assert_string_equal(high->colour, "red");
	assert_in_range(high->period_ms, 1000 / 2.8, 1000 / 1.4);
	assert_string_equal(medium->colour, "yellow");
	assert_in_range(medium->period_ms, 1000 / 0.8, 1000 / 0.4);
	assert_string_equal(low->colour, "cyan");
	assert_int_equal(low->period_ms, 0);
	assert_string_equal(high->sound, "alarm-high.wav");
	assert_null(alarm_signals[ALARM_INFORMATION].sound);
	assert_true(high->repeat_ms > high->burst_ms && high->repeat_ms < medium->repeat_ms);
	assert_int_equal(low->repeat_ms, 0);
	for (int i = 0; i < ALARM_PRIORITY_MAX; i++)
		assert_int_equal(alarm_priority_from_string(alarm_priority_to_string((AlarmPriority)i)), i);
}

static void test_flashing(void **state)
{
	const AlarmSignal *high = &alarm_signals[ALARM_HIGH];

	assert_true(alarm_is_lit(ALARM_HIGH, 0));
	assert_true(alarm_is_lit(ALARM_HIGH, high->lit_ms - 1));
	assert_false(alarm_is_lit(ALARM_HIGH, high->lit_ms));
	assert_false(alarm_is_lit(ALARM_HIGH, high->period_ms - 1));
	assert_true(alarm_is_lit(ALARM_HIGH, high->period_ms));
	assert_true(alarm_is_lit(ALARM_LOW, 123456789));
}

static void test_alarm_of_a_fault(void **state)
{
	assert_string_equal(alarm_of_fault(CONTROL_FAULT_LINK_LOST, BOARD_FAULT_NONE)->id, "fault.link-lost");
	assert_string_equal(
		alarm_of_fault(CONTROL_FAULT_BOARD, BOARD_FAULT_SELF_TEST)->id, "board-fault.self-test");
	/* of a newer board */
	assert_string_equal(alarm_of_fault(CONTROL_FAULT_BOARD, (BoardFault)200)->id, "fault.board");
	assert_null(alarm_of_fault(CONTROL_FAULT_NONE, BOARD_FAULT_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_fault_has_a_row),
		cmocka_unit_test(test_every_alert_has_a_row),
		cmocka_unit_test(test_every_interlock_has_a_row),
		cmocka_unit_test(test_every_condition_has_a_row),
		cmocka_unit_test(test_every_row_has_its_cause),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_flashing),
		cmocka_unit_test(test_alarm_of_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
