/* SPDX-License-Identifier: Apache-2.0 */
#include "core/form.h"
#include "core/station-private.h"

static bool role_ok(Operation *operation, const Form *form)
{
	Station *station = operation->station;

	if (!station->view.badge[0]) {
		operation_fail(operation, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
		return false;
	}
	if (text_lists_meet(form->roles, station->view.roles))
		return true;
	operation_fail(operation, STATION_ERROR_ROLE, "%s is not enrolled as %s: sign in with another badge",
		station->view.operator_name, form->roles);
	return false;
}

static bool session_ok(Operation *operation, const Form *form)
{
	if (form->session != FORM_SESSION_ONLY || operation->station->view.session)
		return true;
	operation_fail(operation, STATION_ERROR_STATE, "no session is open: begin one first");
	return false;
}

static void form_recorded(Operation *operation, const LedgerAnswer *answer)
{
	station_facts_then_done(operation);
}

static void enter(Operation *operation)
{
	const Form *form = operation->form;

	operation_record(
		operation, form->kind, TAKE_PTR(operation->body), operation->personal, form_recorded);
}

static void enter_signed(Operation *operation)
{
	if (!operation->pin_right) {
		operation_fail(operation, STATION_ERROR_SIGN_IN,
			"this is not the PIN of %s: nothing was signed, try again",
			operation->station->view.operator_name);
		return;
	}
	if (json_object_set_new(operation->body, "signed", json_string(operation->form->signs)) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	enter(operation);
}

void station_enter(Station *station, FormPlace place, const char *kind, json_t *fields, const char *pin,
	StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	const Form *form = form_find(place, kind);
	json_auto_t *entered = NULL;
	char error[FORM_ERROR_MAX] = "the station is out of memory: restart it";
	int r;

	if (!operation)
		return;
	if (!form) {
		operation_fail(operation, STATION_ERROR_UNKNOWN,
			"no record of kind %.64s is entered here: see the property Forms", kind);
		return;
	}
	if (!role_ok(operation, form) || !session_ok(operation, form))
		return;
	operation->form = form;
	entered = json_copy(fields);
	if (entered && !station_identify_needle(operation, entered))
		return;
	r = form_read(form, entered ? entered : fields, &operation->body, &operation->personal, error);
	if (r < 0) {
		operation_fail(
			operation, r == -ENOMEM ? STATION_ERROR_LEDGER : STATION_ERROR_INVALID, "%s", error);
		return;
	}
	if (form->session != FORM_ANYTIME)
		station_with_session(station, operation->body);
	if (station_with_profile(station, form, operation->body) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	if (form->signs)
		operation_check_pin(operation, station->view.badge, pin, enter_signed);
	else
		enter(operation);
}
