/* SPDX-License-Identifier: Apache-2.0 */
#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

/** Of the operator signed in; never judged by a time before the newest record. */
static const char *lapsed_certificate(const Station *station)
{
	json_t *row;
	size_t i;

	json_array_foreach (station_fact(station, STATION_FACT_CERTIFICATIONS), i, row) {
		const char *badge = json_string_value(json_object_get(row, "badge"));
		const char *expiry = json_string_value(json_object_get(row, "expiry"));

		if (strcmp(badge, station->view.badge) == 0 && station_is_past(station, expiry))
			return json_string_value(json_object_get(row, "certificate"));
	}
	return NULL;
}

/** The protocol's, or a longer one that was planned for this subject. */
static uint32_t interval_days(const Station *station, uint32_t course_session)
{
	uint32_t days = 0;

	if (station->protocol && course_session)
		days = station->protocol->interval_min_days[course_session - 1];
	return course_session > 1 && station->course_interval_days > days ? station->course_interval_days
									  : days;
}

size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX])
{
	const StationView *view = &station->view;
	const Protocol *protocol = station->protocol;
	Ledger *ledger = station->options.ledger;
	uint32_t session = view->course_session;
	InterlockFacts facts = {
		.operator_signed_in = view->badge[0] != '\0',
		.lapsed_certificate = lapsed_certificate(station),
		.session_open = view->session != 0,
		.consent_treatment = view->consent_treatment,
		.screening_done = view->screening_done,
		.zone = (int)view->zone >= 0 ? zone_to_string(view->zone) : NULL,
		.needle_mounted = station->claim != 0,
		.needle_claimed = station->claim != 0,
		.pigment_loaded = view->pigment[0] != '\0',
		.pigment_expiry_utc_us = station->pigment_expiry_utc_us,
		.last_session_utc_us = station->last_session_utc_us,
		.interval_min_days = interval_days(station, session),
		.session_elapsed_s =
			view->session ? (station_now_us(station) - station->begun_us) / USEC_PER_SEC : 0,
		.session_max_s = protocol ? (int64_t)protocol->session_max_min * 60 : INT64_MAX,
		.board_connected = view->board_connected,
		.self_test_done = view->self_test_done,
		.self_test_failed = view->self_test_failed,
		.emergency_stop = view->emergency_stop,
		.pedal_down = view->pedal,
		.fault_latched = view->fault != CONTROL_FAULT_NONE,
		.ledger_healthy = ledger && ledger_healthy(ledger) && station_facts_known(station),
		.disk_free_bytes = station->disk_free,
		.disk_min_bytes = (uint64_t)station->options.config->disk_min_mb << 20,
		.now_utc_us = clock_read(station->options.clock).utc_us + STATION_CLOCK_SLACK_US,
		.newest_utc_us = ledger ? ledger_newest_utc(ledger) : 0,
		.configuration_error = view->inert,
		.overridden = station->overridden,
	};

	station_wear_facts(station, &facts);
	station_stock_facts(station, &facts);
	(void)station_test_overdue(station, &facts.untested_sterilizer, &facts.test_due);
	memcpy(facts.screening_refused, station->screening_refused, sizeof facts.screening_refused);
	facts.before_photo = !station->options.config->before_photo_required ||
			     ((int)view->zone >= 0 && station->before_photo[view->zone][0]);
	return interlocks_check(&facts, ret);
}

static bool refused_by_interlocks(Operation *operation)
{
	Refusal refusals[INTERLOCK_MAX];
	size_t n = station_refusals(operation->station, refusals), used = 0;
	char text[STATION_TEXT_MAX];

	if (n == 0)
		return false;
	for (size_t i = 0; i < n && used < sizeof text; i++)
		used += snprintf(text + used, sizeof text - used, "%s%s", i ? "; " : "", refusals[i].text);
	operation_fail(operation,
		n == 1 ? interlock_error_name(refusals[0].interlock) : STATION_ERROR_REFUSED, "%s", text);
	return true;
}

static const char *what_went_wrong(const ControlFact *fact)
{
	return fact->answer.error < 0 ? strerror(-fact->answer.error)
				      : board_result_to_string(fact->answer.result);
}

/** Ends the operation unless the board said yes. */
static bool board_refused(Operation *operation, const char *verb, const ControlFact *fact)
{
	if (fact->answer.error == 0 && fact->answer.result == BOARD_RESULT_OK)
		return false;
	if (fact->answer.error == 0 && fact->answer.result == BOARD_RESULT_CHIP)
		operation_fail(operation, STATION_ERROR_NEEDLE,
			"the cartridge in the handpiece is not the claimed one: "
			"seat %s, or remove it and mount another",
			operation->station->view.unit);
	else
		operation_fail(operation, STATION_ERROR_BOARD,
			"the needle-driver board refused to %s (%s): run "
			"`stipplectl doctor`",
			verb, what_went_wrong(fact));
	return true;
}

/* ---- arm: configure, arm, record, answer ---- */

static void arm_answered(Operation *operation, const ControlFact *fact)
{
	if (!board_refused(operation, "arm", fact))
		operation_transition(operation, SESSION_EVENT_ARM);
}

static void configure_answered(Operation *operation, const ControlFact *fact)
{
	Station *station = operation->station;
	ArmPayload arm = { .claim = station->claim, .chip = station->claim_chip };

	if (board_refused(operation, "take the settings", fact))
		return;
	/* the world may have moved while the board was being configured */
	if (refused_by_interlocks(operation))
		return;
	operation_board_failed(operation,
		control_arm(station->options.control, operation_await(operation, arm_answered), &arm));
}

void station_arm(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	const ZonePlan *plan = station->view.plan;
	BoardSettings settings;

	if (!operation || !operation_signed_in(operation, "technician"))
		return;
	if (refused_by_interlocks(operation) || !operation_allowed(operation, SESSION_EVENT_ARM))
		return;
	settings = (BoardSettings){
		.depth_um = (plan->depth_min_um + plan->depth_max_um) / 2,
		.depth_limit_um = plan->depth_limit_um,
		.rate_hz = plan->rate_hz,
		.dwell_ms = plan->dwell_ms,
		.force_limit_mn = plan->force_limit_mn,
	};
	operation_board_failed(operation, control_configure(station->options.control,
						  operation_await(operation, configure_answered), &settings));
}

static void disarm_done(Operation *operation)
{
	operation_record(operation, "session.state",
		station_with_session(operation->station,
			json_pack("{s:s, s:s, s:s}", "from", session_state_to_string(SESSION_READY), "to",
				session_state_to_string(SESSION_PREPARING), "event",
				session_event_to_string(SESSION_EVENT_DISARM))),
		NULL, operation_committed);
}

void station_disarm_by_itself(Station *station)
{
	Operation *operation = operation_new_internal(station);

	if (operation)
		operation_disarm_then(operation, disarm_done);
	else
		control_stop(station->options.control);
}

void station_disarm(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (operation && operation_allowed(operation, SESSION_EVENT_DISARM))
		operation_disarm_then(operation, disarm_done);
}

/* ---- fault ---- */

static void acknowledge_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;
	StationView *view = &station->view;

	view->state = session_next(view->state, SESSION_EVENT_ACKNOWLEDGE, station->resume_to);
	if ((int)view->state < 0)
		view->state = station->resume_to;
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
	if (board_refused(operation, "clear the fault", fact))
		return;
	operation_record(operation, "fault.acknowledged",
		station_with_session(station,
			json_pack("{s:s, s:s, s:s}", "cause", control_fault_to_string(station->view.fault),
				"note", operation->query, "signed", "the cause is gone")),
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
	operation_sign(operation, pin, acknowledge_accepted);
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

	if (board_refused(operation, "test itself", fact))
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
	if (station->view.state == SESSION_READY || station->view.state == SESSION_WORKING) {
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
		snprintf(text, size, "the record could not be kept: %s; then acknowledge",
			ledger_healthy(station->options.ledger) ? "restart the step" : "free disk space");
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

/** The needle stands still already: what is left is to say so, to people and to the record. */
static void take_fault(Station *station, const ControlFact *fact)
{
	StationView *view = &station->view;

	if (view->fault != CONTROL_FAULT_NONE)
		return;
	if (view->state == SESSION_WORKING)
		station->worked_us += station_now_us(station) - station->working_since_us;
	station->resume_to = session_after_fault(view->state);
	view->state = session_next(view->state, SESSION_EVENT_FAULT, station->resume_to);
	view->fault = fact->fault.fault;
	view->board_fault = fact->fault.board_fault;
	describe_fault(station, fact);
	log_line(LOG_ERR,
		fact->fault.fault == CONTROL_FAULT_EMERGENCY_STOP ? LOG_ID_EMERGENCY_STOP
								  : LOG_ID_FAULT_LATCHED,
		"the needle was stopped: %s", view->fault_text);
	record_fault(station, fact);
	station_end_contact(station);
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
	if (!down)
		station_end_contact(station);
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

void station_control_ready(Station *station)
{
	ControlFact fact;

	if (!station->options.control)
		return;
	control_clear(station->options.control);
	while (control_take(station->options.control, &fact))
		take_fact(station, &fact);
}
