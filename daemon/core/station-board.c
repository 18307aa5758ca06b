/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What comes up from the board: faults and their acknowledgement, the self-test, lines, its coming and going.
 * The control thread has stopped the needle before a fault comes here, and must not depend on this file for
 * that.
 */

#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

/* ---- fault ---- */

static void acknowledge_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;
	StationView *view = &station->view;

	if (operation->fault_number != station->fault_number) {
		operation_fail(operation, STATION_ERROR_STATE,
			"another fault was latched in the meantime: %s", view->fault_text);
		return;
	}
	view->state = session_next(view->state, SESSION_EVENT_ACKNOWLEDGE, station->resume_to);
	/* to acknowledge a fault is not to say that the session goes on */
	if (view->state == SESSION_PREPARING && station->state.session.recovery.waits)
		view->state = SESSION_PAUSED;
	view->fault = CONTROL_FAULT_NONE;
	view->board_fault = BOARD_FAULT_NONE;
	view->fault_text[0] = '\0';
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE);
	operation_done(operation);
}

static void acknowledge_answered(Operation *operation, const ControlFact *fact)
{
	Station *station = operation->station;

	if (fact->answer.error == -EBUSY) {
		operation_fail(operation, STATION_ERROR_STATE,
			"the cause still holds (%s): release the emergency stop, cool or change what is named, then "
			"acknowledge again",
			station->view.fault_text);
		return;
	}
	if (operation_board_refused(operation, "clear the fault", fact))
		return;
	operation->fault_number = station->fault_number;
	operation_record(operation, "fault.acknowledged",
		station_with_session(station,
			json_pack("{s:s, s:s, s:s*}", "cause", control_fault_to_string(station->view.fault),
				"note", operation->query, "signed",
				operation->pin_unseen ? NULL : "the cause is gone")),
		NULL, acknowledge_committed);
}

static void acknowledge_accepted(Operation *operation)
{
	operation_board_failed(operation, control_acknowledge(operation->station->options.control,
						  operation_await(operation, acknowledge_answered)));
}

void station_acknowledge(
	Station *station, const char *note, const char *pin, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_text_ok(operation, "the note", note, STATION_NAME_MAX - 1))
		return;
	if (station->view.fault == CONTROL_FAULT_NONE) {
		operation_fail(operation, STATION_ERROR_STATE, "no fault is latched");
		return;
	}
	snprintf(operation->query, sizeof operation->query, "%s", note);
	operation->pin_waits = true; /* no attempts keep a fault from being acknowledged */
	operation_sign_urgently(operation, pin, acknowledge_accepted);
}

/* ---- self-test ---- */

static void name_failed_parts(uint32_t failed, char *ret, size_t size)
{
	static const struct {
		SelfTestBit bit;
		const char *name;
	} parts[] = {
		{ SELF_TEST_MOTOR, "motor" },
		{ SELF_TEST_DEPTH_SENSOR, "depth sensor" },
		{ SELF_TEST_FORCE_SENSOR, "force sensor" },
		{ SELF_TEST_TEMPERATURE, "temperature sensor" },
		{ SELF_TEST_MEMORY, "memory" },
	};
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ELEMENTS(parts); i++)
		if ((failed & parts[i].bit) && used < size)
			used += snprintf(ret + used, size - used, "%s%s", used ? ", " : "", parts[i].name);
}

static void self_test_answered(Operation *operation, const ControlFact *fact)
{
	StationView *view = &operation->station->view;

	if (operation_board_refused(operation, "test itself", fact))
		return;
	view->self_test_done = true;
	view->self_test_failed = fact->answer.self_test;
	name_failed_parts(fact->answer.self_test, operation->reply.detail, sizeof operation->reply.detail);
	station_notify(operation->station, STATION_CHANGED_LINES);
	operation_done(operation);
}

static void self_test_start(Operation *operation)
{
	Station *station = operation->station;

	operation_board_failed(
		operation, station->options.control
				   ? control_query(station->options.control,
					     operation_await(operation, self_test_answered), FRAME_SELF_TEST)
				   : -ENODEV);
}

void station_self_test(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation)
		return;
	if (station_may_move(station)) {
		operation_fail(operation, STATION_ERROR_STATE,
			"the needle is armed: disarm it before the self-test");
		return;
	}
	self_test_start(operation);
}

/* ---- facts from the board ---- */

static void describe_fault(Station *station, const ControlFact *fact)
{
	char *text = station->view.fault_text;
	size_t size = sizeof station->view.fault_text;
	int detail = fact->fault.detail;

	switch (fact->fault.fault) {
	case CONTROL_FAULT_EMERGENCY_STOP:
		snprintf(text, size, "emergency stop pressed: release it, then acknowledge");
		break;
	case CONTROL_FAULT_BOARD:
		snprintf(text, size, "the board stopped by itself: %s (%d); put it right, then acknowledge",
			board_fault_to_string(fact->fault.board_fault), detail);
		break;
	case CONTROL_FAULT_LINK_LOST:
		snprintf(text, size, "the board did not answer in time: check its cable, then acknowledge");
		break;
	case CONTROL_FAULT_LINK_ERRORS:
		snprintf(text, size,
			"%d bad frames in a row from the board: check cable and shielding, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_DEPTH_LIMIT:
		snprintf(text, size,
			"a stroke went %d um deep, past the limit: check the cartridge, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_FORCE_LIMIT:
		snprintf(text, size,
			"a stroke met %d mN, past the limit: check needle and angle, then acknowledge",
			detail);
		break;
	case CONTROL_FAULT_BOARD_GONE:
		snprintf(text, size, "the board is gone (%s): reconnect it, then acknowledge",
			strerror(abs(detail)));
		break;
	case CONTROL_FAULT_CHIP_CHANGED:
		snprintf(text, size,
			"the cartridge was changed while armed: remove it, mount the next, acknowledge");
		break;
	case CONTROL_FAULT_FACTS_OVERRUN:
		snprintf(text, size,
			"the station could not keep up with the board: acknowledge, report if it recurs");
		break;
	case CONTROL_FAULT_HOST:
		snprintf(text, size, "the record could not be kept: %.900s; then acknowledge",
			station->stop_reason[0] ? station->stop_reason : "restart the step");
		break;
	case CONTROL_FAULT_MAIN_SILENT:
		snprintf(text, size,
			"the station's main thread hung for %d ms: acknowledge, report if it recurs", detail);
		break;
	case CONTROL_FAULT_CONTROL_SILENT:
		snprintf(text, size,
			"the thread that guides the needle hung: the station starts anew, report if it recurs");
		break;
	case CONTROL_FAULT_NONE:
	case CONTROL_FAULT_MAX:
	case CONTROL_FAULT_INVALID:
		snprintf(text, size, "unknown fault: acknowledge, report if it recurs");
		break;
	}
}

static void record_fault(Station *station, const ControlFact *fact)
{
	json_t *body = json_pack("{s:s, s:i}", "cause", control_fault_to_string(fact->fault.fault), "detail",
		(int)fact->fault.detail);

	if (body && fact->fault.board_fault != BOARD_FAULT_NONE)
		json_object_set_new(
			body, "board_fault", json_string(board_fault_to_string(fact->fault.board_fault)));
	if (body && fact->fault.stop_latency_ns > 0)
		json_object_set_new(
			body, "stop_latency_us", json_integer(fact->fault.stop_latency_ns / 1000));
	station_record(station, "fault.latched", station_with_session(station, body));
}

/**
 * The needle stands still already: what is left is to say so, to people and to the record. One that is
 * latched while another is shown came after the board was told to forget that one.
 */
static void take_fault(Station *station, const ControlFact *fact)
{
	StationView *view = &station->view;

	if (view->state == SESSION_WORKING)
		station->worked_us += station_now_us(station) - station->working_since_us;
	if (view->state != SESSION_FAULT)
		station->resume_to = session_after_fault(view->state);
	view->state = SESSION_FAULT;
	station->arming = NULL;
	station->fault_number++;
	view->fault = fact->fault.fault;
	view->board_fault = fact->fault.board_fault;
	describe_fault(station, fact);
	station->stop_reason[0] = '\0';
	log_line(LOG_ERR,
		fact->fault.fault == CONTROL_FAULT_EMERGENCY_STOP ? LOG_ID_EMERGENCY_STOP
								  : LOG_ID_FAULT_LATCHED,
		"the needle was stopped: %s", view->fault_text);
	record_fault(station, fact);
	station_flush_strokes(station);
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE | STATION_CHANGED_COUNTS);
}

static void take_pedal(Station *station, bool down)
{
	StationView *view = &station->view;
	SessionEvent event = down ? SESSION_EVENT_PEDAL_PRESS : SESSION_EVENT_PEDAL_RELEASE;
	SessionState to = session_next(view->state, event, station->resume_to);

	view->pedal = down;
	if ((int)to >= 0 && to != view->state) {
		view->state = to;
		if (down)
			station->working_since_us = station_now_us(station);
		else
			station->worked_us += station_now_us(station) - station->working_since_us;
		station_lamps(station);
		station_notify(station, STATION_CHANGED_STATE);
	}
	/* the needle runs out: what touches the skin meanwhile belongs to the same contact */
}

static void take_line(Station *station, StippleLine line, bool active)
{
	if (line == STIPPLE_LINE_PEDAL)
		take_pedal(station, active);
	else if (line == STIPPLE_LINE_EMERGENCY_STOP)
		station->view.emergency_stop = active;
	station_notify(station, STATION_CHANGED_LINES);
}

static void take_board_up(Station *station, const BoardIdentity *identity)
{
	Operation *operation = operation_new_internal(station);

	station->view.board_connected = true;
	station->view.board = *identity;
	station->view.board_error[0] = '\0';
	station->view.self_test_done = false;
	log_info("needle-driver board %s, hardware %u.%u, firmware %u.%u", identity->serial,
		identity->hardware_major, identity->hardware_minor, identity->firmware_major,
		identity->firmware_minor);
	station_notify(station, STATION_CHANGED_LINES);
	station_lamps(station);
	if (operation)
		self_test_start(operation);
}

static void take_board_down(Station *station, const ControlFact *fact)
{
	StationView *view = &station->view;

	if (view->board_connected || strcmp(view->board_error, fact->down.text) != 0)
		log_error("needle-driver board: %s", fact->down.text);
	view->board_connected = view->self_test_done = false;
	snprintf(view->board_error, sizeof view->board_error, "%s", fact->down.text);
	station_notify(station, STATION_CHANGED_LINES);
}

static void take_answer(Station *station, const ControlFact *fact)
{
	Operation *operation = operation_by_ticket(station, fact->answer.ticket);

	if (!operation)
		return;
	operation->ticket = 0;
	operation->answered(operation, fact);
}

static void take_fact(Station *station, const ControlFact *fact)
{
	switch (fact->kind) {
	case CONTROL_FACT_BOARD_UP:
		take_board_up(station, &fact->identity);
		break;
	case CONTROL_FACT_BOARD_DOWN:
		take_board_down(station, fact);
		break;
	case CONTROL_FACT_ANSWER:
		take_answer(station, fact);
		break;
	case CONTROL_FACT_SAMPLES:
		station_take_samples(station, fact->strokes.samples, fact->strokes.n);
		break;
	case CONTROL_FACT_LINE:
		take_line(station, fact->line.line, fact->line.active);
		break;
	case CONTROL_FACT_FAULT:
		take_fault(station, fact);
		break;
	case CONTROL_FACT_CHIP:
		station->view.chip = fact->chip;
		station_notify(station, STATION_CHANGED_LINES);
		break;
	case CONTROL_FACT_MAX:
		break;
	}
}

void station_control_silent(Station *station)
{
	ControlFact fact = { .kind = CONTROL_FACT_FAULT };

	fact.fault.fault = CONTROL_FAULT_CONTROL_SILENT;
	take_fault(station, &fact);
}

void station_control_ready(Station *station)
{
	ControlFact fact;

	if (!station->options.control)
		return;
	control_clear(station->options.control);
	while (control_take(station->options.control, &fact))
		take_fact(station, &fact);
}
