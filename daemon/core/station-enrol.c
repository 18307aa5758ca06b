/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Enrolment of operators, and new PINs. The first administrator must show the code that was printed at the
 * start. After that, only an administrator may enrol a supervisor or an administrator. A PIN must not go on
 * record, only its hash.
 */

#include "core/station-private.h"

#include <string.h>
#include <strings.h>

#include "util/enrolment-code.h"
#include "util/log.h"

#define ADMINISTRATOR "administrator"
#define UNKNOWN_ROLES \
	"roles must be some of technician, supervisor, auditor, administrator, separated by commas"

static const char *const role_names[] = { "technician", "supervisor", "auditor", ADMINISTRATOR };

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

static bool role_known(const char *role, size_t length)
{
	for (size_t i = 0; i < ELEMENTS(role_names); i++)
		if (role_equals(role, length, role_names[i]))
			return true;
	return false;
}

/** The list as a JSON array; NULL when it is empty or names an unknown role. */
static json_t *roles_parse(const char *roles)
{
	json_auto_t *array = json_array();
	const char *role;
	size_t length;

	while ((length = next_role(&roles, &role)) > 0)
		if (!role_known(role, length) || json_array_append_new(array, json_stringn(role, length)) < 0)
			return NULL;
	return json_array_size(array) > 0 ? json_incref(array) : NULL;
}

bool operation_roles_ok(Operation *operation, const json_t *roles)
{
	bool known = json_array_size(roles) > 0;
	json_t *role;
	size_t i;

	json_array_foreach ((json_t *)roles, i, role) {
		const char *name = json_string_value(role);

		known = known && name && role_known(name, strlen(name));
	}
	if (!known)
		operation_fail(operation, STATION_ERROR_INVALID, UNKNOWN_ROLES);
	return known;
}

/* ---- the record ---- */

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
		operation->committed);
}

bool operation_new_pin_ok(Operation *operation, const char *pin)
{
	if (pin_is_valid(pin))
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, "the PIN must be %d to %d digits", PIN_DIGITS_MIN,
		PIN_DIGITS_MAX);
	return false;
}

static bool is_sound(
	Operation *operation, const char *badge, const char *name, const char *pin, const char *roles)
{
	json_auto_t *parsed = roles_parse(roles);

	if (!text_is_identifier(badge, 32)) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the badge must be 1 to 32 letters, digits, '-', '_' or '.'");
		return false;
	}
	if (!operation_text_ok(operation, "the name", name, STATION_NAME_MAX - 1) ||
		!operation_new_pin_ok(operation, pin))
		return false;
	if (parsed && strlen(roles) < sizeof operation->roles)
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, UNKNOWN_ROLES);
	return false;
}

/** `operation` was checked with is_sound(). */
static void enrol(Operation *operation, const char *badge, const char *name, const char *pin,
	const char *roles, void (*committed)(Operation *operation, const LedgerAnswer *answer))
{
	snprintf(operation->badge, sizeof operation->badge, "%s", badge);
	snprintf(operation->name, sizeof operation->name, "%s", name);
	snprintf(operation->pin, sizeof operation->pin, "%s", pin);
	snprintf(operation->roles, sizeof operation->roles, "%s", roles);
	operation->committed = committed;
	operation_work(operation, hash_work, enrol_hashed);
}

/* ---- by somebody who may ---- */

/** What gives power over others is an administrator's to give. */
static bool may_give(Operation *operation, const char *roles)
{
	if (!text_lists_meet(roles, "supervisor " ADMINISTRATOR) ||
		station_has_role(operation->station, ADMINISTRATOR))
		return true;
	operation_fail(operation, STATION_ERROR_ROLE,
		"%s is no administrator: only an administrator enrols a supervisor or an administrator",
		operation->station->view.operator_name);
	return false;
}

void station_enrol(Station *station, const char *badge, const char *name, const char *pin, const char *roles,
	StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (!operation || !operation_is_own(operation) || !is_sound(operation, badge, name, pin, roles))
		return;
	if (station->enrolment_code[0] && !station->view.badge[0]) {
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"no administrator is enrolled yet: enrol one with `stipplectl enrol --code` and the code in the "
			"journal");
		return;
	}
	if (operation_signed_in(operation, "supervisor " ADMINISTRATOR) && may_give(operation, roles))
		enrol(operation, badge, name, pin, roles, operation_committed);
}

/* ---- the first one ---- */

/** Ends the operation unless the code is the one that was printed. */
static bool code_ok(Operation *operation, const char *code)
{
	Station *station = operation->station;

	if (!station->enrolment_code[0]) {
		operation_fail(operation, STATION_ERROR_STATE,
			station->enrolment_refused > 0
				? "too many wrong codes: restart stippled, which prints a new one"
				: "an administrator is enrolled already: ask to be enrolled by one");
		return false;
	}
	if (enrolment_code_matches(station->enrolment_code, code))
		return true;
	if (++station->enrolment_refused >= STATION_CODE_ATTEMPTS)
		explicit_bzero(station->enrolment_code, sizeof station->enrolment_code);
	log_warning("a wrong enrolment code was given, %u of at most %d", station->enrolment_refused,
		STATION_CODE_ATTEMPTS);
	operation_fail(operation, STATION_ERROR_SIGN_IN,
		"this is not the enrolment code: it stands in the journal, see `journalctl -u stippled`");
	return false;
}

static void first_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	explicit_bzero(station->enrolment_code, sizeof station->enrolment_code);
	station->enrolment_refused = 0;
	operation_done(operation);
}

void station_enrol_first(Station *station, const char *code, const char *badge, const char *name,
	const char *pin, StationDone done, void *userdata)
{
	/* a step: two cannot both be the first */
	Operation *operation = operation_new(station, true, done, userdata);

	if (operation && is_sound(operation, badge, name, pin, ADMINISTRATOR) && code_ok(operation, code))
		enrol(operation, badge, name, pin, ADMINISTRATOR, first_committed);
}

/* ---- another PIN ---- */

static void pin_hashed(void *userdata)
{
	Operation *operation = userdata;
	json_auto_t *personal = json_pack("{s:s}", "pin", operation->hash);
	bool reset = strcasecmp(operation->query, operation->badge) != 0;

	if (!operation->hash[0]) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the PIN could not be hashed: try again");
		return;
	}
	operation_record(operation, "operator.pin-changed",
		json_pack("{s:s, s:b}", "badge", operation->query, "reset", reset), personal,
		operation_committed);
}

static void change_accepted(Operation *operation)
{
	memcpy(operation->pin, operation->new_pin, sizeof operation->pin);
	operation_work(operation, hash_work, pin_hashed);
}

void station_change_pin(Station *station, const char *badge, const char *pin, const char *new_pin,
	StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	const char *own = station->view.badge;

	if (!operation || !operation_is_own(operation) || !operation_new_pin_ok(operation, new_pin))
		return;
	if (badge[0] && !text_is_identifier(badge, 32)) {
		operation_fail(
			operation, STATION_ERROR_INVALID, "a badge has letters, digits, '-', '_' and '.'");
		return;
	}
	if (!operation_signed_in(operation, !badge[0] || strcasecmp(badge, own) == 0
						    ? "technician supervisor auditor " ADMINISTRATOR
						    : ADMINISTRATOR))
		return;
	snprintf(operation->query, sizeof operation->query, "%s", badge[0] ? badge : own);
	snprintf(operation->new_pin, sizeof operation->new_pin, "%s", new_pin);
	operation_sign(operation, pin, change_accepted);
}
