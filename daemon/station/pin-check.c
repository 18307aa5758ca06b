/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks PINs. It must not compare a PIN on the main thread, or two at a time. An answer must not reveal
 * whether the badge is unknown or the PIN is wrong.
 */

#include "station/parts.h"

#include <stdarg.h>
#include <string.h>

#include "util/log.h"

enum {
	URGENT_CHECKS = 10, /* wrong PINs beyond the limit after which an acknowledgement's PIN is no longer
			       compared */
	FAULT_DELAY_S = 60, /* longest delay for a sign-in while a latched fault waits for it */
	DELAY_DOUBLINGS = 10,
};

#define UNREADABLE "the operators could not be read (%s): try again"

static void check_over(PinCheck *check, const char *error, const char *text)
{
	Station *station = check->station;

	pins_forget(station, check);
	check->done(check, error, text); /* the check may be gone now */
	pins_next(station);
}

static _printf_(3, 4) void check_failed(PinCheck *check, const char *error, const char *format, ...)
{
	char text[STATION_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	check_over(check, error, text);
}

static void match_work(void *userdata)
{
	PinCheck *check = userdata;

	check->verdict = pin_matches(check->pin, check->hash) ? PIN_RIGHT : PIN_WRONG;
}

/**
 * Each attempt beyond the limit doubles the time for which no PIN of the badge is accepted. The time is
 * measured by a clock that nobody can set: from the attempt, or from the start if the attempt was earlier.
 */
static int64_t locked_us(const PinCheck *check)
{
	const Station *station = check->station;
	const Config *config = station->options.config;
	const json_t *refused = json_object_get(station->pins.refused_us, check->who.badge);
	int64_t since =
		station_now_us(station) - (refused ? json_integer_value(refused) : station->pins.started_us);
	int64_t delay_s;
	uint32_t over;

	if (check->attempts < config->pin_attempts)
		return 0;
	over = check->attempts - config->pin_attempts;
	delay_s = (int64_t)config->pin_delay_s << (over < DELAY_DOUBLINGS ? over : DELAY_DOUBLINGS);
	/*
	 * only a signed-in operator can acknowledge; at this rate a PIN of four digits holds for days, on
	 * record
	 */
	if (station->state.board.fault.fault != CONTROL_FAULT_NONE &&
		!station->state.people.signed_in.badge[0] && delay_s > FAULT_DELAY_S)
		delay_s = FAULT_DELAY_S;
	return delay_s * USEC_PER_SEC - since;
}

/**
 * Wrong PINs, from whomever, must never keep anybody from acknowledging a fault. The PIN for it is compared
 * without delay, and a wrong one counts for everything else. To keep this from being a way to guess PINs,
 * there is a limit: after URGENT_CHECKS more wrong ones, and until the delay is over, the PIN is not
 * compared, so the answer reveals nothing. The acknowledgement is then accepted from whoever holds the
 * sign-in, and its record is not signed. It clears a fault whose cause is gone and arms nothing.
 */
static bool is_compared(const PinCheck *check)
{
	return check->attempts < check->station->options.config->pin_attempts + URGENT_CHECKS;
}

static void note_refusal(const PinCheck *check)
{
	Station *station = check->station;
	json_t *body =
		json_pack("{s:s, s:i}", "badge", check->who.badge, "attempts", (int)check->attempts + 1);

	if (!station->pins.refused_us)
		station->pins.refused_us = json_object();
	(void)!json_object_set_new(
		station->pins.refused_us, check->who.badge, json_integer(station_now_us(station)));
	if (body && check->user[0])
		json_object_set_new(body, "user", json_string(check->user));
	station_record(station, "operator.refused", body);
}

static void match_done(void *userdata)
{
	PinCheck *check = userdata;

	if (check->verdict == PIN_WRONG) {
		check->revoked[0] = '\0'; /* the same answer as for a wrong PIN */
		note_refusal(check);
	} else if (check->attempts > 0) {
		station_record(
			check->station, "operator.verified", json_pack("{s:s}", "badge", check->who.badge));
	}
	check_over(check, NULL, "");
}

static void operator_read(PinCheck *check, const json_t *row)
{
	/* an unknown badge takes as long as a wrong PIN, so that badges cannot be probed */
	static const char nobody[] =
		"$y$j9T$3lDn7rq8bNZ7dJ1dJWBgB/$YzpkD8rBOQmXyT5nGZQbh0qTLeJZUPHgVLdh5d1pyPC";
	const char *hash = json_string_value(json_object_get(row, "pin"));
	Operator *who = &check->who;
	size_t used = 0, i;
	json_t *role;

	/* use the spelling on record */
	if (row_text(row, "badge")[0])
		snprintf(who->badge, sizeof who->badge, "%s", row_text(row, "badge"));
	snprintf(check->hash, sizeof check->hash, "%s", hash ? hash : nobody);
	snprintf(who->name, sizeof who->name, "%s", row_text(row, "name"));
	json_array_foreach (json_object_get(row, "roles"), i, role)
		if (used < sizeof who->roles)
			used += (size_t)snprintf(who->roles + used, sizeof who->roles - used, "%s%s",
				i ? "," : "", json_string_value(role));
	check->attempts = (uint32_t)json_integer_value(json_object_get(row, "attempts"));
	if (row_text(row, "revoked")[0])
		snprintf(check->revoked, sizeof check->revoked,
			"badge %.32s was revoked on %.10s: ask an administrator", who->badge,
			row_text(row, "revoked"));
}

static void operator_found(void *userdata, int error, json_t *rows)
{
	PinCheck *check = userdata;
	WorkerJob job = { match_work, match_done, check };
	int64_t wait;

	check->at_ledger = false;
	if (check->given_up) {
		check_over(check, STATION_ERROR_LEDGER, "the disk did not answer in time");
		return;
	}
	if (error < 0) {
		check_failed(check, STATION_ERROR_LEDGER, UNREADABLE, strerror(-error));
		return;
	}
	operator_read(check, json_array_get(rows, 0));
	wait = locked_us(check);
	if (wait > 0 && check->urgent && !is_compared(check)) {
		log_warning(
			"after %u wrong PINs a fault is acknowledged without looking at the PIN of badge %s",
			check->attempts, check->who.badge);
		check->verdict = PIN_UNSEEN;
		check_over(check, NULL, "");
		return;
	}
	if (wait > 0 && !check->urgent) {
		check_failed(check, STATION_ERROR_SIGN_IN,
			"too many wrong PINs for badge %s: wait %lld seconds, then try again",
			check->who.badge, (long long)(wait / USEC_PER_SEC + 1));
		return;
	}
	if (worker_run(check->station->worker, &job) < 0)
		check_over(check, STATION_ERROR_BUSY, "too many PINs are being checked: try again");
}

/**
 * One check at a time, so that each attempt is counted before the next, and only while attempts can be
 * recorded.
 */
static void check_start(PinCheck *check)
{
	Station *station = check->station;
	Ledger *ledger = station->options.ledger;
	json_auto_t *arguments = json_pack("{s:s}", "badge", check->who.badge);
	int r;

	if (station->pins.current) {
		check_over(check, STATION_ERROR_BUSY, "another PIN is being checked: try again in a moment");
		return;
	}
	if (!ledger_healthy(ledger)) {
		check_over(check, STATION_ERROR_LEDGER, ledger_ailment_text(ledger_ailment(ledger)));
		return;
	}
	station->pins.current = check;
	check->at_ledger = true;
	r = ledger_lookup(ledger, "operator", arguments, operator_found, check);
	if (r < 0) {
		check->at_ledger = false;
		check_failed(check, STATION_ERROR_LEDGER, UNREADABLE, strerror(-r));
	}
}

void pins_next(Station *station)
{
	PinCheck *next = station->pins.next;

	if (!next || station->pins.current)
		return;
	station->pins.next = NULL;
	check_start(next);
}

void pins_forget(Station *station, const PinCheck *check)
{
	if (station->pins.current == check)
		station->pins.current = NULL;
	if (station->pins.next == check)
		station->pins.next = NULL;
}

void pins_check(Station *station, PinCheck *check)
{
	check->station = station;
	if (!text_is_identifier(check->who.badge, 32) || !pin_is_valid(check->pin)) {
		check_failed(check, STATION_ERROR_INVALID,
			"a badge of letters and digits and a PIN of %d to %d digits are needed",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return;
	}
	if (check->urgent && station->pins.current && !station->pins.next)
		station->pins.next = check;
	else
		check_start(check);
}
