/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Continues a session that was open when the station stopped: at the start its records are applied again. The
 * session is then paused, whatever its state was, and nothing is armed. A session that cannot continue is
 * ended on record.
 */

#include "station/parts.h"

#include <string.h>

#include "decide/recovery.h"
#include "ledger/history.h"
#include "station/rules.h"
#include "util/log.h"

/** The session while its records are being read. */
typedef struct Past {
	State *state;
	bool known; /* its first record has everything that the interlocks need; those of earlier versions did
		       not */
} Past;

static int past_taken(void *userdata, const LedgerPast *past)
{
	Past *session = userdata;
	uint64_t strokes = session->state->session.strokes;
	const AppliedRecord record = {
		.seq = past->seq,
		.utc_us = past->utc_us,
		.kind = past->kind,
		.actor = past->actor,
		.body = past->body,
		.attachment = past->attachment,
		.attachment_size = (uint32_t)past->attachment_size,
	};

	if (strcmp(past->kind, "session.begun") == 0)
		session->known = json_object_get(past->body, "interval_days") != NULL;
	(void)record_apply(session->state, &record);
	strokes = session->state->session.strokes - strokes;
	if (strcmp(past->kind, "strokes") == 0 &&
		strokes != (uint64_t)json_integer_value(json_object_get(past->body, "strokes")))
		return -EUCLEAN;
	return 0;
}

/** NULL, or why the session cannot go on although its records are readable. */
static const char *why_not(
	const Station *station, uint64_t number, const Past *past, const LedgerHistory *history)
{
	const Session *session = &station->state.session;
	json_auto_t *rules = rules_in_force(&station->state);

	if (session->number != number)
		return "its records do not begin it";
	if (!session->protocol)
		return "its protocol is not installed any more";
	if (!past->known)
		return "it was begun with an earlier version";
	if (history->restored || ledger_owes_restoration(station->options.ledger))
		return "the ledger was brought back from a backup";
	if (!recovery_rules_same(history->rules, rules, session->protocol_name))
		return "its protocol or the profile were changed";
	return NULL;
}

/** 0, or a negative errno with the reason why the session cannot go on. */
static int read_session(Station *station, uint64_t number, LedgerHistory *history, Error *error)
{
	_cleanup_(freep) char *path = config_ledger(station->options.config);
	Past past = { .state = &station->state };
	const char *reason;
	int r;

	if (!path)
		return error_set(error, -ENOMEM, "out of memory");
	r = ledger_history(path, number, past_taken, &past, history, error);
	if (r < 0)
		return r;
	reason = why_not(station, number, &past, history);
	return reason ? error_set(error, -ENOTRECOVERABLE, "%s", reason) : 0;
}

static void end_session(Station *station, uint64_t number, const char *cause)
{
	log_error("session %llu cannot go on, and is ended: %s", (unsigned long long)number, cause);
	station_record_in_force(station, "session.interrupted",
		json_pack("{s:I, s:s}", "session", (json_int_t)number, "cause", cause));
}

void station_recover_session(Station *station)
{
	uint64_t number = station->options.ledger_info.open_session;
	Error error = { .text = "out of memory" };
	LedgerHistory history = { 0 };
	json_t *body = NULL;

	if (!station->options.ledger || rules_inert(&station->state.rules) || number == 0)
		return;
	if (read_session(station, number, &history, &error) == 0)
		body = recovery_body(
			&station->state, history.newest_utc_us, station->options.config->commit_limit_ms);
	json_decref(history.rules);
	if (!body) {
		end_session(station, number, error.text);
		return;
	}
	station_record_in_force(station, "session.recovered", body);
	facts_refresh_one(station, FACT_CLIENT);
	station_look(station);
	recovered_times_apply(&station->state);
	/* recorded chunks may be newer than the recorded figures of their zone */
	station->strokes.statistics_stale = session_zone(&station->state.session)->statistics.strokes > 0;
	log_notice("session %llu goes on where its %llu records end, %s", (unsigned long long)number,
		(unsigned long long)history.records, session_state_to_string(station->state.work.phase));
}
