/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A call under way, from the request to the reply. Its caller must be answered exactly once, and no step may
 * begin while another one is under way. A PIN must not outlive its operation.
 */

#include "core/station-private.h"

#include <stdarg.h>
#include <string.h>

#include "util/log.h"

static Operation *operation_alloc(Station *station)
{
	Operation *operation = calloc(1, sizeof *operation);

	if (!operation)
		return NULL;
	operation->station = station;
	operation->fd = -1;
	memcpy(operation->caller, station->caller.name, sizeof operation->caller);
	memcpy(operation->user, station->caller.user, sizeof operation->user);
	operation->is_stranger = station->caller.is_stranger;
	if (!operation->is_stranger)
		memcpy(operation->actor, station->view.badge, sizeof operation->actor);
	operation->next = station->operations;
	station->operations = operation;
	return operation;
}

static void reply_refusal(StationDone done, void *userdata, const char *error, const char *text)
{
	StationReply reply = { .error = error };

	snprintf(reply.text, sizeof reply.text, "%s", text);
	done(userdata, &reply);
}

Operation *operation_new(Station *station, bool is_step, StationDone done, void *userdata)
{
	Operation *operation;

	if (station->view.inert) {
		reply_refusal(done, userdata, STATION_ERROR_INERT, station->view.inert);
		return NULL;
	}
	if (is_step && station->step) {
		reply_refusal(done, userdata, STATION_ERROR_BUSY,
			"another step of the session is being recorded: try again when it is done");
		return NULL;
	}
	operation = operation_alloc(station);
	if (!operation) {
		reply_refusal(
			done, userdata, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return NULL;
	}
	operation->done = done;
	operation->userdata = userdata;
	operation->is_step = is_step;
	if (is_step)
		station->step = operation;
	return operation;
}

Operation *operation_new_stop(Station *station, StationDone done, void *userdata)
{
	station_stop_now(station);
	return operation_new(station, true, done, userdata);
}

Operation *operation_new_internal(Station *station)
{
	Operation *operation = operation_alloc(station);

	if (operation)
		operation->internal = true;
	return operation;
}

static void operation_free(Operation *operation)
{
	Operation **link = &operation->station->operations;

	while (*link && *link != operation)
		link = &(*link)->next;
	if (*link)
		*link = operation->next;
	if (operation->station->step == operation)
		operation->station->step = NULL;
	if (operation->station->arming == operation)
		operation->station->arming = NULL;
	if (operation->station->pin_check == operation)
		operation->station->pin_check = NULL;
	if (operation->station->pin_next == operation)
		operation->station->pin_next = NULL;
	if (operation->station->stop == operation)
		operation->station->stop = NULL;
	closep(&operation->fd);
	json_decref(operation->body);
	json_decref(operation->personal);
	json_decref(operation->reply.figures);
	explicit_bzero(operation->pin, sizeof operation->pin);
	explicit_bzero(operation->new_pin, sizeof operation->new_pin);
	explicit_bzero(operation->hash, sizeof operation->hash);
	free(operation);
}

void operations_free(Station *station)
{
	while (station->operations)
		operation_free(station->operations);
}

Operation *operation_by_ticket(Station *station, uint32_t ticket)
{
	for (Operation *operation = station->operations; operation; operation = operation->next)
		if (ticket && operation->ticket == ticket)
			return operation;
	return NULL;
}

/** Back to how it was before arming, of which nothing is on record. */
static void stop_again(Station *station)
{
	Operation *operation = operation_new_internal(station);

	if (operation)
		operation_disarm_then(operation, operation_done);
	else
		control_stop(station->options.control);
}

/** Ends those that wait for `stop` to be on record, as it did itself. */
static void end_waiting(const Operation *stop)
{
	Operation *waiting = stop->station->operations;

	while (waiting) {
		if (waiting->stop != stop) {
			waiting = waiting->next;
			continue;
		}
		waiting->stop = NULL;
		if (stop->reply.error)
			operation_fail(waiting, stop->reply.error, "%s", stop->reply.text);
		else
			operation_done(waiting);
		waiting = stop->station->operations; /* the list is another one now */
	}
}

/** The step ends before the caller hears of it, so that it may take the next one from its callback. */
static void operation_end(Operation *operation)
{
	Station *station = operation->station;

	/* whatever kept it from being recorded: what is not on record does not move */
	if (operation->station->arming == operation && operation->reply.error)
		stop_again(operation->station);
	if (operation->station->step == operation)
		operation->station->step = NULL;
	if (operation->internal && operation->reply.error)
		log_error("%s", operation->reply.text);
	if (operation->station->stop == operation)
		operation->station->stop = NULL;
	end_waiting(operation);
	if (operation->done)
		operation->done(operation->userdata, &operation->reply);
	operation_free(operation);
	station_check_next_pin(station);
}

void operation_fail(Operation *operation, const char *error, const char *format, ...)
{
	va_list arguments;

	operation->reply.error = error;
	va_start(arguments, format);
	vsnprintf(operation->reply.text, sizeof operation->reply.text, format, arguments);
	va_end(arguments);
	operation_end(operation);
}

void operation_done(Operation *operation)
{
	operation_end(operation);
}

void operation_committed(Operation *operation, const LedgerAnswer *answer)
{
	operation_done(operation);
}

static void record_answered(void *userdata, const LedgerAnswer *answer)
{
	Operation *operation = userdata;

	if (answer->error == 0) {
		operation->reply.number = answer->seq;
		station_apply(operation->station, operation->kind, operation->body, answer);
		operation->committed(operation, answer);
		return;
	}
	if (answer->error == -EEXIST)
		operation_fail(operation, STATION_ERROR_EXISTS, "%s", answer->text);
	else if (answer->error == -ENOENT)
		operation_fail(operation, STATION_ERROR_UNKNOWN, "%s", answer->text);
	else if (answer->error == -EINVAL)
		operation_fail(operation, STATION_ERROR_INVALID, "%s", answer->text);
	else if (answer->error == -EPERM)
		operation_fail(operation, STATION_ERROR_ROLE, "%s", answer->text);
	else if (answer->error == -ENOTUNIQ)
		operation_fail(operation, STATION_ERROR_AMBIGUOUS, "%s", answer->text);
	else if (answer->error == -ESTALE || answer->error == -EKEYREVOKED)
		operation_fail(operation, STATION_ERROR_BARRED, "%s", answer->text);
	else
		operation_fail(operation, STATION_ERROR_LEDGER, "nothing was recorded: %s", answer->text);
}

static void append_answered(void *userdata, const LedgerAnswer *answer)
{
	Operation *operation = userdata;

	operation->at_ledger = false;
	operation->recorded(operation, answer);
}

int operation_append(Operation *operation, const LedgerRecord *record, LedgerDone answered)
{
	int r;

	/* what happened before is recorded before */
	station_record_again(operation->station);
	if (station_owes_records(operation->station))
		return ledger_ailment(operation->station->options.ledger) == LEDGER_SILENT ? -ETIMEDOUT
											   : -EAGAIN;
	operation->recorded = answered;
	r = ledger_append(operation->station->options.ledger, record, append_answered, operation);
	operation->at_ledger = r >= 0;
	return r;
}

/** For those whose caller has its answer already. */
static void answer_nobody(void *userdata, const StationReply *reply)
{
}

static void give_up(Operation *operation)
{
	StationReply reply = { .error = STATION_ERROR_LEDGER };
	StationDone *done = operation->capture_done ? &operation->capture_done : &operation->done,
		    told = *done;
	void *userdata = operation->capture_done ? operation->capture_userdata : operation->userdata;

	snprintf(reply.text, sizeof reply.text,
		"the disk does not answer: what was asked for may still be recorded once it does; look before you try again");
	operation->given_up = true;
	*done = answer_nobody;
	told(userdata, &reply);
}

void operations_give_up(Station *station)
{
	bool found = true;

	/* whoever is told may end others */
	while (found) {
		found = false;
		for (Operation *operation = station->operations; operation && !found;
			operation = operation->next) {
			found = (operation->at_ledger || operation->stop) && operation->done &&
				!operation->given_up;
			if (found)
				give_up(operation);
		}
	}
}

bool operation_given_up(Operation *operation)
{
	operation->at_ledger = false;
	if (!operation->given_up)
		return false;
	operation_fail(operation, STATION_ERROR_LEDGER, "the disk did not answer in time");
	return true;
}

int operation_add_user(const Operation *operation, json_t *body)
{
	if (!operation->user[0] || json_object_get(body, "user"))
		return 0;
	return json_object_set_new(body, "user", json_string(operation->user)) < 0 ? -ENOMEM : 0;
}

void operation_record(Operation *operation, const char *kind, json_t *body, json_t *personal,
	void (*committed)(Operation *operation, const LedgerAnswer *answer))
{
	LedgerRecord record = {
		.kind = kind,
		.actor = operation->actor[0] ? operation->actor : "station",
		.body = body,
		.personal = personal,
		.attachment = operation->attachment,
		.attachment_size = operation->attachment_size,
	};
	int r;

	json_decref(operation->body);
	operation->body = body;
	operation->kind = kind;
	operation->committed = committed;
	if (!body || operation_add_user(operation, body) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	r = operation_append(operation, &record, record_answered);
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the ledger takes no more records now (%s): try again", strerror(-r));
}

void operation_record_prepared(Operation *operation, const char *kind,
	void (*committed)(Operation *operation, const LedgerAnswer *answer))
{
	operation_record(operation, kind, TAKE_PTR(operation->body), NULL, committed);
}

static void transition_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_arrive(station, operation->to);
	if (operation->event == SESSION_EVENT_RESUME)
		station->last_break_us = station_now_us(station);
	operation_done(operation);
}

void operation_record_state(
	Operation *operation, void (*committed)(Operation *operation, const LedgerAnswer *answer))
{
	operation_record(operation, "session.state",
		station_with_session(operation->station,
			json_pack("{s:s, s:s, s:s}", "from", session_state_to_string(operation->from), "to",
				session_state_to_string(operation->to), "event",
				session_event_to_string(operation->event))),
		NULL, committed);
}

void operation_transition(Operation *operation, SessionEvent event)
{
	Station *station = operation->station;

	if (!operation_allowed(operation, event))
		return;
	operation->event = event;
	operation->from = station->view.state;
	operation->to = session_next(operation->from, event, station->resume_to);
	operation_record_state(operation, transition_committed);
}

static void disarm_answered(Operation *operation, const ControlFact *fact)
{
	/* whatever the board answered, the control thread dropped ENABLE before it asked */
	station_end_contact(operation->station);
	station_flush_strokes(operation->station);
	operation->disarmed(operation);
}

/** Whether the board has not yet answered an order to stop: strokes may be on their way until then. */
static bool is_stopping(const Station *station)
{
	const Operation *operation = station->operations;

	while (operation && !(operation->ticket && operation->answered == disarm_answered))
		operation = operation->next;
	return operation != NULL;
}

void operation_disarm_then(Operation *operation, void (*next)(Operation *operation))
{
	Station *station = operation->station;

	if (!station_may_move(station) && !is_stopping(station)) {
		next(operation);
		return;
	}
	operation->from = station->view.state;
	operation->disarmed = next;
	operation_board_failed(
		operation, station_stop_needle(station, operation_await(operation, disarm_answered)));
}

uint32_t operation_await(
	Operation *operation, void (*answered)(Operation *operation, const ControlFact *fact))
{
	Station *station = operation->station;

	operation->answered = answered;
	operation->ticket = ++station->next_ticket ? station->next_ticket : ++station->next_ticket;
	return operation->ticket;
}

bool operation_board_failed(Operation *operation, int error)
{
	if (error >= 0)
		return false;
	operation_fail(operation, STATION_ERROR_BOARD,
		"the needle-driver board does not answer (%s): check its cable, "
		"then run `stipplectl doctor`",
		strerror(-error));
	return true;
}

static const char *what_went_wrong(const ControlFact *fact)
{
	return fact->answer.error < 0 ? strerror(-fact->answer.error)
				      : board_result_to_string(fact->answer.result);
}

bool operation_board_refused(Operation *operation, const char *verb, const ControlFact *fact)
{
	if (fact->answer.error == 0 && fact->answer.result == BOARD_RESULT_OK)
		return false;
	if (fact->answer.error == 0 && fact->answer.result == BOARD_RESULT_CHIP)
		operation_fail(operation, STATION_ERROR_NEEDLE,
			"the cartridge in the handpiece is not the claimed one: "
			"seat %s, or remove it and mount another",
			operation->station->state.needle.mounted.unit);
	else
		operation_fail(operation, STATION_ERROR_BOARD,
			"the needle-driver board refused to %s (%s): run "
			"`stipplectl doctor`",
			verb, what_went_wrong(fact));
	return true;
}

bool operation_allowed(Operation *operation, SessionEvent event)
{
	Station *station = operation->station;

	if ((int)session_next(station->view.state, event, station->resume_to) >= 0)
		return true;
	operation_fail(operation, STATION_ERROR_STATE, "cannot %s now: the station is %s",
		session_event_to_string(event), session_state_to_string(station->view.state));
	return false;
}

bool operation_in_states(Operation *operation, unsigned states)
{
	Station *station = operation->station;

	if (states & STATE_BIT(station->view.state))
		return true;
	if (station->state.session.number == 0)
		operation_fail(operation, STATION_ERROR_STATE, "no session is open: begin one first");
	else if (station->view.state == SESSION_FAULT)
		operation_fail(operation, STATION_ERROR_STATE,
			"a fault is latched (%s): acknowledge it first", station->view.fault_text);
	else
		operation_fail(operation, STATION_ERROR_STATE, "not possible while the session is %s",
			session_state_to_string(station->view.state));
	return false;
}

bool operation_text_ok(Operation *operation, const char *what, const char *text, size_t limit)
{
	if (text_is_printable(text, limit))
		return true;
	operation_fail(operation, STATION_ERROR_INVALID,
		"%s must be 1 to %zu bytes of UTF-8 text without control characters", what, limit);
	return false;
}

bool station_has_role(const Station *station, const char *roles)
{
	return station->view.badge[0] && text_lists_meet(roles, station->view.roles);
}

/** "supervisor administrator" reads as "supervisor or administrator". */
static void refuse_role(Operation *operation, const char *roles)
{
	char text[STATION_NAME_MAX] = "";
	size_t used = 0;

	for (size_t length; *roles && used < sizeof text; roles += length + strspn(roles + length, " ")) {
		length = strcspn(roles, " ");
		used += snprintf(
			text + used, sizeof text - used, "%s%.*s", used ? " or " : "", (int)length, roles);
	}
	operation_fail(operation, STATION_ERROR_ROLE, "%s is not enrolled as %s: sign in with another badge",
		operation->station->view.operator_name, text);
}

bool operation_is_own(Operation *operation)
{
	const StationView *view = &operation->station->view;

	if (!view->badge[0] || !operation->is_stranger)
		return true;
	operation_fail(operation, STATION_ERROR_NOT_YOURS, STATION_NOT_YOURS);
	return false;
}

bool operation_signed_in(Operation *operation, const char *roles)
{
	Station *station = operation->station;

	if (!station->view.badge[0]) {
		operation_fail(operation, interlock_error_name(INTERLOCK_OPERATOR),
			"nobody is signed in: sign in with badge and PIN first");
		return false;
	}
	if (!operation_is_own(operation))
		return false;
	if (!station_has_role(station, roles)) {
		refuse_role(operation, roles);
		return false;
	}
	return true;
}
