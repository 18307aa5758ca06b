/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sign-in, sign-out, and every check of a PIN. It must not compare a PIN on the main thread, nor two at a
 * time, nor let an answer tell an unknown badge from a wrong PIN.
 */

#include "core/station-private.h"

#include <string.h>
#include <strings.h>

#include "util/log.h"

#define HOLDER_GONE "the program that held the sign-in went away"

enum {
	URGENT_CHECKS = 10, /* wrong PINs beyond the bound that an acknowledgement is still compared with */
	FAULT_DELAY_S = 60, /* at most, for a sign-in that a latched fault waits for */
	DELAY_DOUBLINGS = 10,
};

static void roles_join(const json_t *roles, char *ret, size_t size)
{
	size_t used = 0, i;
	json_t *role;

	ret[0] = '\0';
	json_array_foreach ((json_t *)roles, i, role)
		if (used < size)
			used += snprintf(
				ret + used, size - used, "%s%s", i ? "," : "", json_string_value(role));
}

/* ---- checking a PIN ---- */

void operation_work(Operation *operation, void (*work)(void *), void (*done)(void *))
{
	WorkerJob job = { work, done, operation };
	int r = worker_run(operation->station->worker, &job);

	if (r < 0)
		operation_fail(operation, STATION_ERROR_BUSY, "too many PINs are being checked: try again");
}

static void match_work(void *userdata)
{
	Operation *operation = userdata;

	operation->pin_right = pin_matches(operation->pin, operation->hash);
}

/**
 * Attempts beyond the bound each double the time in which no PIN of the badge is taken. It is measured with
 * what nobody can set: since the attempt, or since the start where that was before.
 */
static int64_t locked_us(const Operation *operation)
{
	const Station *station = operation->station;
	const Config *config = station->options.config;
	json_t *refused = json_object_get(station->refused_us, operation->badge);
	int64_t since =
		station_now_us(station) - (refused ? json_integer_value(refused) : station->started_us);
	int64_t delay_s;
	uint32_t over;

	if (operation->attempts < config->pin_attempts)
		return 0;
	over = operation->attempts - config->pin_attempts;
	delay_s = (int64_t)config->pin_delay_s << (over < DELAY_DOUBLINGS ? over : DELAY_DOUBLINGS);
	/* only who signs in can acknowledge; a PIN of four digits holds for days at this rate, on record */
	if (station->view.fault != CONTROL_FAULT_NONE && !station->view.badge[0] && delay_s > FAULT_DELAY_S)
		delay_s = FAULT_DELAY_S;
	return delay_s * USEC_PER_SEC - since;
}

/**
 * No wrong PINs, whoever gave them, keep anybody from acknowledging a fault. A PIN for that is compared at
 * once, and counts for everything else. That this is no way to guess PINs has a bound: after URGENT_CHECKS
 * more wrong ones, until the delay is over, the PIN is not looked at, so nothing can be learnt from the
 * answer; the acknowledgement is taken from whoever holds the sign-in, and its record is not signed. It
 * clears a fault whose cause is gone and arms nothing.
 */
static bool is_compared(const Operation *operation)
{
	return operation->attempts < operation->station->options.config->pin_attempts + URGENT_CHECKS;
}

static void accept_unseen(Operation *operation)
{
	Station *station = operation->station;

	log_warning("after %u wrong PINs a fault is acknowledged without looking at the PIN of badge %s",
		operation->attempts, operation->badge);
	operation->pin_unseen = true;
	if (station->pin_check == operation)
		station->pin_check = NULL;
	if (operation->revoked[0])
		operation_fail(operation, STATION_ERROR_SIGN_IN, "%s", operation->revoked);
	else
		operation->pin_checked(operation);
	station_check_next_pin(station);
}

static void note_refusal(const Operation *operation)
{
	Station *station = operation->station;

	if (!station->refused_us)
		station->refused_us = json_object();
	(void)!json_object_set_new(
		station->refused_us, operation->badge, json_integer(station_now_us(station)));
}

static void check_over(Operation *operation)
{
	if (operation->station->pin_check == operation)
		operation->station->pin_check = NULL;
}

static json_t *refusal_body(const Operation *operation)
{
	json_t *body =
		json_pack("{s:s, s:i}", "badge", operation->badge, "attempts", (int)operation->attempts + 1);

	if (body && operation_add_user(operation, body) < 0)
		log_error("who gave a wrong PIN is not on record: out of memory");
	return body;
}

static void match_done(void *userdata)
{
	Operation *operation = userdata;
	Station *station = operation->station;

	check_over(operation);
	if (!operation->pin_right)
		note_refusal(operation);
	if (!operation->pin_right)
		station_record(station, "operator.refused", refusal_body(operation));
	else if (operation->attempts > 0)
		station_record(station, "operator.verified", json_pack("{s:s}", "badge", operation->badge));
	if (operation->pin_right && operation->revoked[0])
		operation_fail(operation, STATION_ERROR_SIGN_IN, "%s", operation->revoked);
	else
		operation->pin_checked(operation);
	station_check_next_pin(station);
}

static void take_operator(Operation *operation, const json_t *row)
{
	/* an unknown badge costs as much time as a wrong PIN, so that badges cannot be tried out */
	static const char nobody[] =
		"$y$j9T$3lDn7rq8bNZ7dJ1dJWBgB/$YzpkD8rBOQmXyT5nGZQbh0qTLeJZUPHgVLdh5d1pyPC";
	const char *hash = json_string_value(json_object_get(row, "pin"));
	const char *name = json_string_value(json_object_get(row, "name"));
	const char *revoked = json_string_value(json_object_get(row, "revoked"));
	const char *badge = json_string_value(json_object_get(row, "badge"));

	/* in the spelling on record */
	if (badge)
		snprintf(operation->badge, sizeof operation->badge, "%s", badge);
	snprintf(operation->hash, sizeof operation->hash, "%s", hash ? hash : nobody);
	snprintf(operation->name, sizeof operation->name, "%s", name ? name : "");
	roles_join(json_object_get(row, "roles"), operation->roles, sizeof operation->roles);
	operation->attempts = (uint32_t)json_integer_value(json_object_get(row, "attempts"));
	if (revoked)
		snprintf(operation->revoked, sizeof operation->revoked,
			"badge %.32s was revoked on %.10s: ask an administrator", operation->badge, revoked);
}

static void operator_found(void *userdata, int error, json_t *rows)
{
	Operation *operation = userdata;
	const json_t *row = json_array_get(rows, 0);
	int64_t wait;

	if (operation_given_up(operation))
		return;
	if (error < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the operators could not be read (%s): try again", strerror(-error));
		return;
	}
	take_operator(operation, row);
	wait = locked_us(operation);
	if (wait > 0 && operation->urgent && !is_compared(operation))
		accept_unseen(operation);
	else if (wait > 0 && !operation->urgent)
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"too many wrong PINs for badge %s: wait %lld seconds, then try again",
			operation->badge, (long long)(wait / USEC_PER_SEC + 1));
	else
		operation_work(operation, match_work, match_done);
}

/** One at a time, so that each attempt is counted before the next; and only while it can be counted. */
static bool may_check(Operation *operation)
{
	Station *station = operation->station;

	if (station->pin_check)
		operation_fail(
			operation, STATION_ERROR_BUSY, "another PIN is being checked: try again in a moment");
	else if (!ledger_healthy(station->options.ledger))
		operation_fail(operation, STATION_ERROR_LEDGER, "%s",
			ledger_ailment_text(ledger_ailment(station->options.ledger)));
	else
		return true;
	return false;
}

static void start_check(Operation *operation)
{
	Station *station = operation->station;
	json_auto_t *arguments = json_pack("{s:s}", "badge", operation->badge);
	int r;

	station->pin_check = operation;
	r = ledger_lookup(station->options.ledger, "operator", arguments, operator_found, operation);
	operation->at_ledger = r >= 0;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the operators could not be read (%s): try again", strerror(-r));
}

void station_check_next_pin(Station *station)
{
	Operation *next = station->pin_next;

	if (!next || station->pin_check)
		return;
	station->pin_next = NULL;
	if (may_check(next))
		start_check(next);
}

void operation_check_pin(
	Operation *operation, const char *badge, const char *pin, void (*checked)(Operation *operation))
{
	Station *station = operation->station;

	if (!text_is_identifier(badge, 32) || !pin_is_valid(pin)) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"a badge of letters and digits and a PIN of %d to %d "
			"digits are needed",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return;
	}
	snprintf(operation->badge, sizeof operation->badge, "%s", badge);
	snprintf(operation->pin, sizeof operation->pin, "%s", pin);
	operation->pin_checked = checked;
	if (operation->pin_waits && station->pin_check && !station->pin_next)
		station->pin_next = operation;
	else if (may_check(operation))
		start_check(operation);
}

static void sign_out_committed(Operation *operation, const LedgerAnswer *answer);

/** Whether a sign-out is with the ledger: what comes after it on record is nobody's of that name. */
static bool is_leaving(const Station *station)
{
	return station->step && station->step->committed == sign_out_committed;
}

static void signed_checked(Operation *operation)
{
	if (!operation->pin_right && !operation->pin_unseen)
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"this is not the PIN of %s: nothing was signed, try again", operation->name);
	else if (strcasecmp(operation->station->view.badge, operation->badge) != 0 ||
		 is_leaving(operation->station))
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"%s is not signed in any more: nothing was signed", operation->name);
	else
		operation->accepted(operation);
}

void operation_sign(Operation *operation, const char *pin, void (*accepted)(Operation *operation))
{
	operation->accepted = accepted;
	operation_check_pin(operation, operation->station->view.badge, pin, signed_checked);
}

void operation_sign_urgently(Operation *operation, const char *pin, void (*accepted)(Operation *operation))
{
	operation->urgent = true;
	operation_sign(operation, pin, accepted);
}

/* ---- sign-in and sign-out ---- */

static void sign_in_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;
	StationView *view = &station->view;

	if (!operation->holder[0]) {
		station_record(station, "operator.signed-out",
			json_pack("{s:s, s:s}", "badge", operation->badge, "reason", HOLDER_GONE));
		operation_fail(operation, STATION_ERROR_SIGN_IN, HOLDER_GONE);
		return;
	}
	memcpy(view->badge, operation->badge, sizeof view->badge);
	memcpy(view->operator_name, operation->name, sizeof view->operator_name);
	memcpy(view->roles, operation->roles, sizeof view->roles);
	memcpy(view->holder, operation->holder, sizeof view->holder);
	view->sign_in = ++station->sign_ins;
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s", operation->name);
	station_notify(station, STATION_CHANGED_OPERATOR);
	operation_done(operation);
}

static void sign_in_checked(Operation *operation)
{
	if (!operation->pin_right) {
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"badge %s and this PIN do not belong together: try again", operation->badge);
		return;
	}
	operation_record(operation, "operator.signed-in", json_pack("{s:s}", "badge", operation->badge), NULL,
		sign_in_committed);
}

void station_sign_in(Station *station, const char *badge, const char *pin, const char *holder,
	StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation)
		return;
	if (station->view.badge[0]) {
		operation_fail(operation, STATION_ERROR_STATE, "%s is signed in: sign out first",
			station->view.operator_name);
		return;
	}
	snprintf(operation->holder, sizeof operation->holder, "%s", holder);
	operation_check_pin(operation, badge, pin, sign_in_checked);
}

static void operator_clear(Station *station)
{
	StationView *view = &station->view;

	view->badge[0] = view->operator_name[0] = view->roles[0] = view->holder[0] = '\0';
	view->sign_in = 0;
	station_notify(station, STATION_CHANGED_OPERATOR);
}

static void sign_out_committed(Operation *operation, const LedgerAnswer *answer)
{
	operator_clear(operation->station);
	operation_done(operation);
}

static void sign_out_disarmed(Operation *operation)
{
	/* sent away in the meantime, which is on record */
	if (!operation->station->view.badge[0])
		operation_done(operation);
	else
		operation_record(operation, "operator.signed-out",
			json_pack("{s:s}", "badge", operation->actor), NULL, sign_out_committed);
}

void station_sign_out(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new_stop(station, done, userdata);

	if (!operation)
		return;
	if (!station->view.badge[0]) {
		operation_fail(operation, STATION_ERROR_STATE, "nobody is signed in");
		return;
	}
	if (!operation_is_own(operation))
		return;
	operation_disarm_then(operation, sign_out_disarmed);
}

/** Signs out without being asked to: recorded, and the needle disarmed. */
static void send_away(Station *station, const char *reason)
{
	bool moves = station_may_move(station);

	station_stop_now(station);
	if (moves && station->stop)
		station->stop->actor[0] = '\0'; /* nobody's doing */
	log_notice("%s is signed out: %s", station->view.badge, reason);
	if (!is_leaving(station))
		station_record(station, "operator.signed-out",
			json_pack("{s:s, s:s}", "badge", station->view.badge, "reason", reason));
	operator_clear(station);
}

void station_holder_vanished(Station *station, const char *holder)
{
	/* a sign-in that is still being recorded for it ends as soon as it is */
	for (Operation *operation = station->operations; operation; operation = operation->next)
		if (strcmp(operation->holder, holder) == 0)
			operation->holder[0] = '\0';
	if (station->view.holder[0] && strcmp(station->view.holder, holder) == 0)
		send_away(station, HOLDER_GONE);
}

/* ---- what others change about whoever is signed in ---- */

void station_badge_revoked(Station *station, const char *badge)
{
	if (strcasecmp(station->view.badge, badge) == 0)
		send_away(station, "the badge was revoked");
}

void station_roles_changed(Station *station, const char *badge, const json_t *roles)
{
	if (strcasecmp(station->view.badge, badge) != 0)
		return;
	roles_join(roles, station->view.roles, sizeof station->view.roles);
	station_notify(station, STATION_CHANGED_OPERATOR);
}

/* ---- people who are treated ---- */

bool operation_person_ok(
	Operation *operation, const char *subject, const json_t *rows, const char *say, const char *leave)
{
	const char *known = json_string_value(json_object_get(json_array_get(rows, 0), "subject"));

	if (!known && !operation->is_new_person)
		operation_fail(operation, STATION_ERROR_NEW_PERSON,
			"nobody is on record as %s: a new person? Then say so (`%s`), or correct the pseudonym",
			subject, say);
	else if (known && operation->is_new_person)
		operation_fail(operation, STATION_ERROR_EXISTS,
			"%s is on record: a new person needs another pseudonym, %s for this one", known,
			leave);
	else
		return true;
	return false;
}
