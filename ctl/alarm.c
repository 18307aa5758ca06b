/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The alarms: the list of those that are active, acknowledging one, and the test of their sound, which the
 * panel makes. It must not sound anything itself: what is tested is what people at the chair hear.
 */

#include "commands.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { TEST_SOUNDS = 3, TEST_PATIENCE_S = 15, TIME_BYTES = 32 };

#define USEC_PER_S 1000000ULL

/* ---- the list ---- */

static void format_since(uint64_t since_us, char ret[TIME_BYTES])
{
	time_t since = (time_t)(since_us / USEC_PER_S);
	struct tm parts;

	ret[0] = '\0';
	if (gmtime_r(&since, &parts))
		(void)!strftime(ret, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static int print_alarm(const Ctl *ctl, sd_bus_message *reply)
{
	const char *id, *priority, *words, *text;
	char since[TIME_BYTES];
	uint64_t since_us;
	int acknowledged, r = sd_bus_message_read(
				  reply, "(sssstb)", &id, &priority, &words, &text, &since_us, &acknowledged);

	if (r <= 0)
		return r;
	format_since(since_us, since);
	if (ctl->json) {
		json_auto_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "alarm", id, "priority",
			priority, "words", words, "text", text, "since", since, "acknowledged", acknowledged);

		ctl_print_fields(ctl, line);
	} else
		printf("%-6s  %s%s: %s (%s, since %s)\n", priority, acknowledged ? "seen: " : "", words, text,
			id, since);
	return r;
}

/** Asks for the alarms; *ret stands before the first. */
static int ask_alarms(Ctl *ctl, sd_bus_message **ret)
{
	int r, status = ctl_call(ctl, CTL_PATH, "org.freedesktop.DBus.Properties", "Get", ret, "ss",
		       "org.stipple.Station1", "Alarms");

	if (status != CTL_DONE)
		return status;
	if ((r = sd_bus_message_enter_container(*ret, 'v', "a(sssstb)")) < 0 ||
		(r = sd_bus_message_enter_container(*ret, 'a', "(sssstb)")) < 0)
		return ctl_fail("the alarms cannot be read: %s", strerror(-r));
	return CTL_DONE;
}

static int list_alarms(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r, status = ask_alarms(ctl, &reply);

	if (status != CTL_DONE)
		return status;
	while ((r = print_alarm(ctl, reply)) > 0)
		;
	return r < 0 ? ctl_fail("the alarms cannot be read: %s", strerror(-r)) : CTL_DONE;
}

/** The one that is active now is meant; the station says when there is none. */
static int acknowledge_active(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *id, *priority, *words, *text;
	uint64_t since_us, found_us = 0;
	int acknowledged, r, status = ask_alarms(ctl, &reply);

	if (status != CTL_DONE)
		return status;
	while ((r = sd_bus_message_read(
			reply, "(sssstb)", &id, &priority, &words, &text, &since_us, &acknowledged)) > 0)
		if (strcmp(id, arguments[0]) == 0)
			found_us = since_us;
	if (r < 0)
		return ctl_fail("the alarms cannot be read: %s", strerror(-r));
	return ctl_call(ctl, CTL_STATION, "AcknowledgeAlarm", NULL, "st", arguments[0], found_us);
}

/* ---- the test of the sound ---- */

typedef struct SoundTest {
	const Ctl *ctl;
	unsigned reported, heard;
	char error[256];
} SoundTest;

static int take_report(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	SoundTest *test = userdata;
	const char *cause, *error;

	if (sd_bus_message_read(message, "ss", &cause, &error) < 0 || strcmp(cause, "test") != 0)
		return 0;
	test->reported++;
	if (error[0])
		snprintf(test->error, sizeof test->error, "%s", error);
	else
		test->heard++;
	return 0;
}

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * USEC_PER_S + (uint64_t)now.tv_nsec / 1000;
}

static int await_reports(Ctl *ctl, const SoundTest *test)
{
	uint64_t until = monotonic_us() + TEST_PATIENCE_S * USEC_PER_S, now;
	int r = 0;

	while (r >= 0 && test->reported < TEST_SOUNDS && (now = monotonic_us()) < until) {
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, until - now);
	}
	return r;
}

int ctl_test_sound(Ctl *ctl)
{
	SoundTest test = { .ctl = ctl };
	int status, r = sd_bus_match_signal(ctl->bus, NULL, "org.stipple.Station1", CTL_STATION,
			    "SoundReported", take_report, &test);

	if (r < 0)
		return ctl_fail("the bus does not let us listen: %s", strerror(-r));
	status = ctl_call(ctl, CTL_STATION, "TestSound", NULL, NULL);
	if (status != CTL_DONE)
		return status;
	if ((r = await_reports(ctl, &test)) < 0)
		return ctl_fail("the bus is gone (%s): start again when it is back", strerror(-r));
	if (test.error[0])
		return ctl_fail(
			"the panel cannot sound the alarms: %s; check loudspeaker and sound of its user",
			test.error);
	if (test.heard < TEST_SOUNDS)
		return ctl_fail(
			"the panel has sounded %u of %d alarms: see `stipplectl alarms`, and try again",
			test.heard, TEST_SOUNDS);
	if (!ctl->json)
		puts("the panel has sounded a high, a medium and a low alarm: were they heard at the chair?");
	return CTL_DONE;
}

const Command alarm_commands[] = {
	{ "alarms", "", 0, 0, list_alarms, "the alarms that are active, the highest priority first" },
	{ "alarms acknowledge", "ALARM", 1, 1, acknowledge_active,
		"an alarm neither sounds nor lights a lamp any more; of a fault: acknowledge" },
	{ 0 },
};
