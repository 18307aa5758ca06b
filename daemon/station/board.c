/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Handles what the board reports: faults, lines, strokes, connection and loss. The control thread has already
 * stopped the needle when a fault arrives here, and must not depend on this file for that.
 */

#include "station/parts.h"

#include <string.h>

#include "apply/alarms.h"
#include "decide/decision.h"
#include "util/log.h"

static void record_fault(Station *station, const ControlFact *fact)
{
	const AlarmCause *alarm = alarm_of_fault(fact->fault.fault, fact->fault.board_fault);
	json_t *body = body_with_session(&station->state,
		json_pack("{s:s, s:i, s:s*}", "cause", control_fault_to_string(fact->fault.fault), "detail",
			(int)fact->fault.detail, "priority",
			alarm ? alarm_priority_to_string(alarm->priority) : NULL));

	if (fact->fault.board_fault != BOARD_FAULT_NONE)
		body_set_optional(body, "board_fault", board_fault_to_string(fact->fault.board_fault));
	if (body && fact->fault.stop_latency_ns > 0)
		json_object_set_new(
			body, "stop_latency_us", json_integer(fact->fault.stop_latency_ns / 1000));
	station_record(station, "fault.latched", body);
}

/** Reports and records a fault; the needle stands still already. */
static void take_fault(Station *station, const ControlFact *fact)
{
	fault_latched_apply(&station->state, fact, station_now_us(station));
	log_line(LOG_ERR,
		fact->fault.fault == CONTROL_FAULT_EMERGENCY_STOP ? LOG_ID_EMERGENCY_STOP
								  : LOG_ID_FAULT_LATCHED,
		"the needle was stopped: %s", station->state.board.fault.text);
	record_fault(station, fact);
	station_flush_strokes(station);
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE | STATION_CHANGED_COUNTS | STATION_CHANGED_ALARMS);
}

static void take_line(Station *station, StippleLine line, bool active)
{
	bool changed = line_apply(&station->state, line, active, station_now_us(station));

	if (changed)
		station_lamps(station);
	station_notify(station, STATION_CHANGED_LINES | (changed ? STATION_CHANGED_STATE : 0));
}

static void take_board_up(Station *station, const BoardIdentity *identity)
{
	board_up_apply(&station->state, identity);
	alert_tick(station);
	log_info("needle-driver board %s, hardware %u.%u, firmware %u.%u", identity->serial,
		identity->hardware_major, identity->hardware_minor, identity->firmware_major,
		identity->firmware_minor);
	station_notify(station, STATION_CHANGED_LINES);
	station_lamps(station);
	runtime_begin(station, &command_self_test);
}

static void take_board_down(Station *station, const char *why)
{
	const Board *board = &station->state.board;

	if (board->connected || strcmp(board->error, why) != 0)
		log_error("needle-driver board: %s", why);
	board_down_apply(&station->state, why);
	alert_tick(station);
	station_notify(station, STATION_CHANGED_LINES);
}

static void take_fact(Station *station, const ControlFact *fact)
{
	switch (fact->kind) {
	case CONTROL_FACT_BOARD_UP:
		take_board_up(station, &fact->identity);
		break;
	case CONTROL_FACT_BOARD_DOWN:
		take_board_down(station, fact->down.text);
		break;
	case CONTROL_FACT_ANSWER:
		runtime_board_answered(station, fact);
		break;
	case CONTROL_FACT_SAMPLES:
		station_take_strokes(station, fact->strokes.samples, fact->strokes.n);
		watch_wear(station);
		break;
	case CONTROL_FACT_LINE:
		take_line(station, fact->line.line, fact->line.active);
		break;
	case CONTROL_FACT_FAULT:
		take_fault(station, fact);
		break;
	case CONTROL_FACT_CHIP:
		chip_apply(&station->state, &fact->chip);
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
