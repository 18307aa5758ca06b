/* SPDX-License-Identifier: Apache-2.0 */
#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

static const char *const role_names[] = { "technician", "supervisor", "auditor", "administrator" };

#define HOLDER_GONE "the program that held the sign-in went away"

/** Walks a comma-separated list; returns the length of the item at *list and moves past it, 0 at the end. */
static size_t next_role(const char **list, const char **ret_role)
{
	size_t length;

	*list += strspn(*list, ", ");
	length = strcspn(*list, ", ");
	*ret_role = *list;
	*list += length;
	return length;
}

static bool role_equals(const char *role, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(role, name, length) == 0;
}

bool station_has_role(const Station *station, const char *role)
{
	return station->view.badge[0] && text_list_has(station->view.roles, role);
}

/** The list as a JSON array; NULL when it is empty or names an unknown role. */
static json_t *roles_parse(const char *roles)
{
	json_auto_t *array = json_array();
	const char *role;
	size_t length;

	while ((length = next_role(&roles, &role)) > 0) {
		bool known = false;

		for (size_t i = 0; i < ELEMENTS(role_names); i++)
			known = known || role_equals(role, length, role_names[i]);
		if (!known || json_array_append_new(array, json_stringn(role, length)) < 0)
			return NULL;
	}
	return json_array_size(array) > 0 ? json_incref(array) : NULL;
}

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

/* ---- enrolment ---- */

static void hash_work(void *userdata)
{
	Operation *operation = userdata;

	if (pin_hash(operation->pin, operation->hash) < 0)
		operation->hash[0] = '\0';
}

static void enrol_hashed(void *userdata)
{
	Operation *operation = userdata;
	json_auto_t *roles = roles_parse(operation->roles);
	json_auto_t *personal = json_pack("{s:s, s:s}", "name", operation->name, "pin", operation->hash);

	if (!operation->hash[0]) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the PIN could not be hashed: try again");
		return;
	}
	operation_record(operation, "operator.enrolled",
		json_pack("{s:s, s:O}", "badge", operation->badge, "roles", roles), personal,
		operation_committed);
}

static void operation_work(Operation *operation, void (*work)(void *), void (*done)(void *))
{
	WorkerJob job = { work, done, operation };
	int r = worker_run(operation->station->worker, &job);

	if (r < 0)
		operation_fail(operation, STATION_ERROR_BUSY, "too many PINs are being checked: try again");
}

void station_enrol(Station *station, const char *badge, const char *name, const char *pin, const char *roles,
	StationDone done, void *userdata)
{
	json_auto_t *parsed = roles_parse(roles);
	Operation *operation = operation_new(station, false, done, userdata);

	if (!operation)
		return;
	if (!text_is_identifier(badge, 32)) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the badge must be 1 to 32 letters, digits, '-', '_' or '.'");
		return;
	}
	if (!operation_text_ok(operation, "the name", name, STATION_NAME_MAX - 1))
		return;
	if (!pin_is_valid(pin)) {
		operation_fail(operation, STATION_ERROR_INVALID, "the PIN must be %d to %d digits",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return;
	}
	if (!parsed || strlen(roles) >= sizeof operation->roles) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"roles must be some of technician, supervisor, auditor, administrator, separated by commas");
		return;
	}
	snprintf(operation->badge, sizeof operation->badge, "%s", badge);
	snprintf(operation->name, sizeof operation->name, "%s", name);
	snprintf(operation->pin, sizeof operation->pin, "%s", pin);
	snprintf(operation->roles, sizeof operation->roles, "%s", roles);
	operation_work(operation, hash_work, enrol_hashed);
}

/* ---- checking a PIN ---- */

static void match_work(void *userdata)
{
	Operation *operation = userdata;

	operation->pin_right = pin_matches(operation->pin, operation->hash);
}

/** Attempts beyond the bound each double the time in which no PIN is taken. */
static void pin_failed(Station *station, const char *badge)
{
	uint32_t over;

	station->pin_failures++;
	if (station->pin_failures >= station->options.config->pin_attempts) {
		over = station->pin_failures - station->options.config->pin_attempts;
		station->pin_locked_until_us =
			station_now_us(station) +
			((int64_t)station->options.config->pin_delay_s << (over < 10 ? over : 10)) *
				USEC_PER_SEC;
	}
	station_record(station, "operator.refused",
		json_pack("{s:s, s:i}", "badge", badge, "attempts", (int)station->pin_failures));
}

static void match_done(void *userdata)
{
	Operation *operation = userdata;

	if (operation->pin_right)
		operation->station->pin_failures = 0;
	else
		pin_failed(operation->station, operation->badge);
	operation->pin_checked(operation);
}

static void operator_found(void *userdata, int error, json_t *rows)
{
	/* an unknown badge costs as much time as a wrong PIN, so that badges cannot be tried out */
	static const char nobody[] =
		"$y$j9T$3lDn7rq8bNZ7dJ1dJWBgB/$YzpkD8rBOQmXyT5nGZQbh0qTLeJZUPHgVLdh5d1pyPC";
	Operation *operation = userdata;
	json_t *row = json_array_get(rows, 0);
	const char *hash = json_string_value(json_object_get(row, "pin"));
	const char *name = json_string_value(json_object_get(row, "name"));

	if (error < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the operators could not be read (%s): try again", strerror(-error));
		return;
	}
	snprintf(operation->hash, sizeof operation->hash, "%s", hash ? hash : nobody);
	snprintf(operation->name, sizeof operation->name, "%s", name ? name : "");
	roles_join(json_object_get(row, "roles"), operation->roles, sizeof operation->roles);
	operation_work(operation, match_work, match_done);
}

void operation_check_pin(
	Operation *operation, const char *badge, const char *pin, void (*checked)(Operation *operation))
{
	Station *station = operation->station;
	int64_t wait = station->pin_locked_until_us - station_now_us(station);
	json_auto_t *arguments = NULL;
	int r;

	if (wait > 0) {
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"too many wrong PINs: wait %lld seconds, then try again",
			(long long)(wait / USEC_PER_SEC + 1));
		return;
	}
	if (!text_is_identifier(badge, 32) || !pin_is_valid(pin)) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"a badge of letters and digits and a PIN of %d to %d "
			"digits are needed",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return;
	}
	arguments = json_pack("{s:s}", "badge", badge);
	snprintf(operation->badge, sizeof operation->badge, "%s", badge);
	snprintf(operation->pin, sizeof operation->pin, "%s", pin);
	operation->pin_checked = checked;
	r = ledger_lookup(station->options.ledger, "operator", arguments, operator_found, operation);
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the operators could not be read (%s): try again", strerror(-r));
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
	station_notify(station, STATION_CHANGED_OPERATOR);
}

static void sign_out_committed(Operation *operation, const LedgerAnswer *answer)
{
	operator_clear(operation->station);
	operation_done(operation);
}

static void sign_out_disarmed(Operation *operation)
{
	operation_record(operation, "operator.signed-out",
		json_pack("{s:s}", "badge", operation->station->view.badge), NULL, sign_out_committed);
}

void station_sign_out(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation)
		return;
	if (!station->view.badge[0]) {
		operation_fail(operation, STATION_ERROR_STATE, "nobody is signed in");
		return;
	}
	operation_disarm_then(operation, sign_out_disarmed);
}

static void vanished_disarmed(Operation *operation)
{
	operation_done(operation);
}

void station_holder_vanished(Station *station, const char *holder)
{
	Operation *operation;

	/* a sign-in that is still being recorded for it ends as soon as it is */
	for (operation = station->operations; operation; operation = operation->next)
		if (strcmp(operation->holder, holder) == 0)
			operation->holder[0] = '\0';
	if (!station->view.holder[0] || strcmp(station->view.holder, holder) != 0)
		return;
	log_notice("the program that held the sign-in of %s is gone: signed out", station->view.badge);
	station_record(station, "operator.signed-out",
		json_pack("{s:s, s:s}", "badge", station->view.badge, "reason", HOLDER_GONE));
	operator_clear(station);
	operation = operation_new_internal(station);
	if (operation)
		operation_disarm_then(operation, vanished_disarmed);
	else if (station->options.control)
		control_stop(station->options.control);
}
