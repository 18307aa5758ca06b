/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A session that was open when the station stopped goes on: its records are applied again at the start. It is
 * paused then, whatever it was, and nothing is armed. One that cannot be taken up again is ended on record.
 */

#include "core/station-private.h"

#include "decide/recovery.h"
#include "ledger/history.h"
#include "util/log.h"

static int take_past(void *userdata, const LedgerPast *past)
{
	const AppliedRecord record = {
		.seq = past->seq,
		.utc_us = past->utc_us,
		.kind = past->kind,
		.body = past->body,
		.attachment = past->attachment,
		.attachment_size = (uint32_t)past->attachment_size,
	};

	(void)record_apply(userdata, &record);
	return 0;
}

/** 0, or a negative errno with the reason why the session cannot go on. */
static int read_session(Station *station, uint64_t number, LedgerHistory *ret, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(freep) char *path = config_ledger(station->options.config);
	const Session *session = &station->state.session;
	int r = -ENOMEM;

	snprintf(error, LEDGER_TEXT_MAX, "out of memory");
	if (path)
		r = ledger_history(path, number, take_past, &station->state, ret, error);
	if (r < 0)
		return r;
	if (session->number == number && session->protocol &&
		session->course_session <= session->protocol->sessions)
		return 0;
	snprintf(error, LEDGER_TEXT_MAX, "its protocol \"%.47s\" is not installed any more",
		session->protocol_name);
	return -ENOENT;
}

/** What no record says: the times of the machine's own clock. */
static void set_times(Station *station)
{
	const Session *session = &station->state.session;
	int64_t now = station_now_us(station), away = station_today_us(station) - session->begun_utc_us;

	station->begun_us = now - (away > 0 ? away : 0);
	station->last_break_us = now;
	station->worked_us = session->stroke_us;
	if (station->state.needle.mounted.claim)
		station_wear_begins(station, station->state.needle.mounted.stroke_us);
}

/** In force from now on: its commit changes nothing any more. Takes `body`. */
static void record_and_apply(Station *station, const char *kind, json_t *body)
{
	const AppliedRecord record = { .kind = kind, .body = body };

	(void)record_apply(&station->state, &record);
	station_record(station, kind, body);
}

static void end_session(Station *station, uint64_t number, const char *cause)
{
	log_error("session %llu cannot go on, and is ended: %s", (unsigned long long)number, cause);
	record_and_apply(station, "session.interrupted",
		json_pack("{s:I, s:s}", "session", (json_int_t)number, "cause", cause));
}

void station_recover_session(Station *station)
{
	uint64_t number = station->options.ledger_info.open_session;
	char text[LEDGER_TEXT_MAX] = "out of memory";
	LedgerHistory history = { 0 };
	json_t *body = NULL;

	if (!station->options.ledger || station->view.inert || number == 0)
		return;
	if (read_session(station, number, &history, text) == 0)
		body = recovery_body(&station->state, history.newest_utc_us, history.stopped,
			station->options.config->commit_limit_ms);
	if (!body) {
		end_session(station, number, text);
		return;
	}
	record_and_apply(station, "session.recovered", body);
	station->view.state = station->state.session.step;
	set_times(station);
	log_notice("session %llu goes on where its %llu records end, %s", (unsigned long long)number,
		(unsigned long long)history.records, session_state_to_string(station->view.state));
}

bool operation_goes_on(Operation *operation)
{
	const StationView *view = &operation->station->view;
	const RecoveryBoard board = {
		.self_test_passed = view->board_connected && view->self_test_done && !view->self_test_failed,
		.chip = &view->chip,
	};
	char text[RECOVERY_TEXT_MAX];

	switch (recovery_check(&operation->station->state, &board, text)) {
	case RECOVERY_GOES_ON:
		return true;
	case RECOVERY_SELF_TEST:
		operation_fail(operation, interlock_error_name(INTERLOCK_BOARD), "%s", text);
		break;
	case RECOVERY_CARTRIDGE:
		operation_fail(operation, STATION_ERROR_NEEDLE, "%s", text);
		break;
	}
	return false;
}
