/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Whether the needle may move: the facts for the interlocks, arming, disarming and stopping. Nothing may be
 * armed while an interlock refuses. A stop must not wait for anything: neither the ledger nor a PIN nor
 * another step.
 */

#include "core/station-private.h"

#include <string.h>

#include "util/log.h"

/** The protocol's, or a longer one that was planned for this subject. */
static uint32_t interval_days(const Station *station, uint32_t course_session)
{
	uint32_t days = 0;

	if (station->state.session.protocol && course_session)
		days = station->state.session.protocol->interval_min_days[course_session - 1];
	return course_session > 1 && station->state.session.interval_days > days
		       ? station->state.session.interval_days
		       : days;
}

size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX])
{
	const StationView *view = &station->view;
	const Protocol *protocol = station->state.session.protocol;
	Ledger *ledger = station->options.ledger;
	uint32_t session = station->state.session.course_session;
	InterlockFacts facts = {
		.operator_signed_in = view->badge[0] != '\0',
		.session_open = station->state.session.number != 0,
		.recovery = &station->state.session.recovery,
		.consent_treatment = station->state.session.consent_treatment,
		.screening_done = station->state.session.screening_done,
		.zone = (int)station->state.session.zone >= 0 ? zone_to_string(station->state.session.zone)
							      : NULL,
		.needle_mounted = station->state.needle.mounted.claim != 0,
		.needle_claimed = station->state.needle.mounted.claim != 0,
		.pigment_loaded = station->state.session.pigment[0] != '\0',
		.pigment_expiry_utc_us = station->state.session.pigment_expiry_utc_us,
		.last_session_utc_us = station->state.session.last_session_utc_us,
		.interval_min_days = interval_days(station, session),
		.session_elapsed_s = station->state.session.number
					     ? (station_now_us(station) - station->begun_us) / USEC_PER_SEC
					     : 0,
		.session_max_s = protocol ? (int64_t)protocol->session_max_min * 60 : INT64_MAX,
		.board_connected = view->board_connected,
		.self_test_done = view->self_test_done,
		.self_test_failed = view->self_test_failed,
		.emergency_stop = view->emergency_stop,
		.pedal_down = view->pedal,
		.fault_latched = view->fault != CONTROL_FAULT_NONE,
		.ledger_healthy = ledger && ledger_healthy(ledger) && station_facts_known(station),
		.ledger_ailment = ledger && !ledger_healthy(ledger)
					  ? ledger_ailment_text(ledger_ailment(ledger))
					  : NULL,
		.disk_free_bytes = station->disk_free,
		.disk_min_bytes = (uint64_t)station->options.config->disk_min_mb << 20,
		.now_utc_us = clock_read(station->options.clock).utc_us + STATION_CLOCK_SLACK_US,
		.newest_utc_us = ledger ? ledger_newest_utc(ledger) : 0,
		.configuration_error = view->inert,
		.overridden = station->state.session.overridden,
	};

	station_certificate_facts(station, &facts);
	station_wear_facts(station, &facts);
	station_stock_facts(station, &facts);
	(void)station_test_overdue(station, &facts.untested_sterilizer, &facts.test_due);
	memcpy(facts.screening_refused, station->state.session.screening_refused,
		sizeof facts.screening_refused);
	facts.before_photo =
		!station->options.config->before_photo_required ||
		((int)station->state.session.zone >= 0 &&
			station->state.session.zones[station->state.session.zone].before_photo[0]);
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

/* ---- whether the needle may move ---- */

bool station_may_move(const Station *station)
{
	SessionState state = station->view.state;

	return station->arming || state == SESSION_READY || state == SESSION_WORKING;
}

void station_stop_by_host(Station *station, const char *reason)
{
	snprintf(station->stop_reason, sizeof station->stop_reason, "%s", reason);
	if (station->options.control)
		control_stop(station->options.control);
}

int station_stop_needle(Station *station, uint32_t ticket)
{
	StationView *view = &station->view;
	int r = control_disarm(station->options.control, ticket);

	station->arming = NULL;
	if (view->state == SESSION_WORKING)
		station->worked_us += station_now_us(station) - station->working_since_us;
	if (view->state == SESSION_READY || view->state == SESSION_WORKING)
		station_arrive(station, SESSION_PREPARING);
	return r;
}

void station_arrive(Station *station, SessionState to)
{
	if (station->view.state == SESSION_FAULT)
		station->resume_to = session_after_fault(to);
	else
		station->view.state = to;
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE);
}

/* ---- who calls ---- */

bool station_caller_signed_in(const Station *station, const StationCaller *caller)
{
	const StationView *view = &station->view;

	return view->badge[0] && ((view->holder[0] && strcmp(caller->name, view->holder) == 0) ||
					 (caller->sign_in && caller->sign_in == view->sign_in));
}

/** What records say of the account. */
static void describe_user(const StationCaller *caller, char ret[STATION_NAME_MAX])
{
	ret[0] = '\0';
	if (caller->is_known && caller->user[0])
		snprintf(ret, STATION_NAME_MAX, "%s", caller->user);
	else if (caller->is_known)
		snprintf(ret, STATION_NAME_MAX, "uid %u", caller->uid);
}

void station_set_caller(Station *station, const StationCaller *caller)
{
	CurrentCaller *current = &station->caller;

	memset(current, 0, sizeof *current);
	if (!caller)
		return;
	snprintf(current->name, sizeof current->name, "%s", caller->name);
	describe_user(caller, current->user);
	current->is_stranger = !station_caller_signed_in(station, caller);
}

void station_caller_known(Station *station, const StationCaller *caller)
{
	Operation *operation = station->operations;

	while (operation) {
		if (operation->user[0] || strcmp(operation->caller, caller->name) != 0) {
			operation = operation->next;
			continue;
		}
		describe_user(caller, operation->user);
		if (!operation->awaits_user)
			continue;
		operation->awaits_user = false;
		operation->disarmed(operation);
		operation = station->operations; /* the list may be another one now */
	}
}

/* ---- arm: configure, arm, record, answer ---- */

/** True, and the operation failed, when the needle was stopped since the order to arm. */
static bool was_stopped(Operation *operation)
{
	Station *station = operation->station;

	if (station->arming == operation)
		return false;
	operation_fail(operation, STATION_ERROR_STATE, "the needle was stopped while it was being armed%s%s",
		station->view.fault_text[0] ? ": " : "", station->view.fault_text);
	return true;
}

static void arm_recorded(Operation *operation, const LedgerAnswer *answer)
{
	if (was_stopped(operation))
		return;
	operation->station->arming = NULL;
	operation_done(operation);
}

/** The board may run from now on, so the session is ready from now on: an end of its own undoes that. */
static void arm_answered(Operation *operation, const ControlFact *fact)
{
	Station *station = operation->station;

	if (was_stopped(operation) || operation_board_refused(operation, "arm", fact))
		return;
	/* the world may have moved while the board was being asked */
	if (refused_by_interlocks(operation))
		return;
	operation->event = SESSION_EVENT_ARM;
	operation->from = station->view.state;
	operation->to = SESSION_READY;
	station_arrive(station, SESSION_READY);
	operation_record_state(operation, arm_recorded);
}

static void configure_answered(Operation *operation, const ControlFact *fact)
{
	Station *station = operation->station;
	ArmPayload arm = { .claim = station->state.needle.mounted.claim,
		.chip = station->state.needle.mounted.chip };

	if (was_stopped(operation) || operation_board_refused(operation, "take the settings", fact) ||
		refused_by_interlocks(operation))
		return;
	operation_board_failed(operation,
		control_arm(station->options.control, operation_await(operation, arm_answered), &arm));
}

void station_arm(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	const ZonePlan *plan = station->state.session.plan;
	BoardSettings settings;

	if (!operation || !operation_signed_in(operation, "technician"))
		return;
	if (station->stop) {
		operation_fail(operation, STATION_ERROR_BUSY,
			"that the needle was stopped is being recorded: try again when it is done");
		return;
	}
	if (refused_by_interlocks(operation) || !operation_allowed(operation, SESSION_EVENT_ARM))
		return;
	settings = (BoardSettings){
		.depth_um = (plan->depth_min_um + plan->depth_max_um) / 2,
		.depth_limit_um = plan->depth_limit_um,
		.rate_hz = plan->rate_hz,
		.dwell_ms = plan->dwell_ms,
		.force_limit_mn = plan->force_limit_mn,
	};
	station->stop_reason[0] = '\0';
	station->arming = operation;
	operation_board_failed(operation, control_configure(station->options.control,
						  operation_await(operation, configure_answered), &settings));
}

/* ---- disarm ---- */

/** On record it says who asked for it: that may take longer than the board does. */
static void disarm_done(Operation *operation)
{
	if (operation->caller[0] && !operation->user[0]) {
		operation->awaits_user = true;
		return;
	}
	if (operation->from == SESSION_PREPARING) {
		operation_done(operation); /* it had not become ready */
		return;
	}
	operation->event = SESSION_EVENT_DISARM;
	operation->to = SESSION_PREPARING;
	operation_record_state(operation, operation_committed);
}

void station_disarm_by_itself(Station *station)
{
	Operation *operation = operation_new_internal(station);

	if (!operation) {
		control_stop(station->options.control);
		return;
	}
	station->stop = operation;
	operation_disarm_then(operation, disarm_done);
}

void station_stop_now(Station *station)
{
	if (station_may_move(station))
		station_disarm_by_itself(station);
}

/** No step: whatever else is being recorded, this goes first. */
void station_disarm(Station *station, StationDone done, void *userdata)
{
	Operation *operation;

	station_stop_now(station);
	operation = operation_new(station, false, done, userdata);
	if (!operation)
		return;
	operation->stop = station->stop;
	if (operation->stop)
		return; /* it ends with that one */
	if (station->state.session.number)
		operation_done(operation);
	else
		(void)!operation_allowed(operation, SESSION_EVENT_DISARM);
}
