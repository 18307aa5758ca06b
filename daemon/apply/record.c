/* SPDX-License-Identifier: Apache-2.0 */

/** Selects the function that applies each kind of record. A record of another session must change nothing. */

#include "apply/apply.h"

#include <string.h>

#include "apply/alarms.h"
#include "apply/cartridge.h"
#include "apply/clinic.h"
#include "apply/people.h"
#include "apply/screening.h"
#include "apply/session.h"
#include "state/stroke-chunk.h"
#include "util/clock.h"
#include "util/text.h"

/** Applies strokes that were read from the record again; a chunk that cannot be read is not counted. */
static void strokes_apply(State *state, const AppliedRecord *record)
{
	static StrokeSample samples[STROKE_CHUNK_SAMPLES];
	Session *session = &state->session;
	Dot dot;
	int n;

	if (record->utc_us - session->rest_utc_us >= WORK_BREAK_S * USEC_PER_SEC)
		session->stretch_utc_us = record->utc_us;
	session->rest_utc_us = record->utc_us;
	n = stroke_chunk_decode(record->attachment, record->attachment_size, samples, STROKE_CHUNK_SAMPLES);
	for (int i = 0; i < n; i++)
		(void)stroke_apply(state, &samples[i], &dot);
}

static const struct {
	const char *kind;
	void (*apply)(State *state, const AppliedRecord *record);
} kinds[] = {
	{ "session.handed-over", session_handed_over_apply },
	{ "session.screening", session_screening_apply },
	{ "screening.changed", screening_changed_apply },
	{ "physician.cleared", physician_cleared_apply },
	{ "session.consent", session_consent_apply },
	{ "session.statement", session_statement_apply },
	{ "session.zone", session_zone_apply },
	{ "zone.area", zone_area_apply },
	{ "session.state", session_step_apply },
	{ "session.finished", session_finished_apply },
	{ "session.signed", session_ended_apply },
	{ "session.abandoned", session_ended_apply },
	{ "session.interrupted", session_ended_apply },
	{ "session.recovered", session_recovered_apply },
	{ "image.captured", photograph_apply },
	{ "pigment.loaded", pigment_apply },
	{ "anaesthetic.applied", anaesthetic_apply },
	{ "interlock.overridden", override_apply },
	{ "needle.claimed", needle_claimed_apply },
	{ "needle.reseated", needle_reseated_apply },
	{ "needle.removed", needle_removed_apply },
	{ "strokes", strokes_apply },
};

/** Kinds that concern no session, or concern one only if it is open. */
static const struct {
	const char *kind;
	void (*apply)(State *state, const AppliedRecord *record);
} others[] = {
	{ "session.begun", session_begun_apply },
	{ "alert.acknowledged", alarm_acknowledged_apply },
	{ "fault.acknowledged", fault_acknowledged_apply },
	{ "clinic.leaf", clinic_leaf_apply },
	{ "operator.signed-in", signed_in_record_apply },
	{ "operator.signed-out", signed_out_record_apply },
	{ "operator.roles", roles_apply },
	{ "station.renamed", renamed_apply },
};

bool record_apply(State *state, const AppliedRecord *record)
{
	uint64_t session = (uint64_t)json_integer_value(json_object_get(record->body, "session"));

	if (strcmp(record->kind, "operator.enrolled") == 0) {
		enrolled_apply(state, record);
		return false; /* nothing visible changes */
	}
	for (size_t i = 0; i < ELEMENTS(others); i++)
		if (strcmp(record->kind, others[i].kind) == 0) {
			others[i].apply(state, record);
			return true;
		}
	if (state->session.number == 0 || session != state->session.number)
		return false;
	if (strcmp(record->kind, "strokes") == 0 && !record->attachment)
		return false; /* the strokes were counted when they arrived */
	for (size_t i = 0; i < ELEMENTS(kinds); i++)
		if (strcmp(record->kind, kinds[i].kind) == 0) {
			kinds[i].apply(state, record);
			return true;
		}
	return false;
}
