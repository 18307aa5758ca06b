/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps the station's own records in order until they are committed, and applies each committed record to the
 * state. It must not wait for the ledger.
 */

#include "station/parts.h"

#include <string.h>

#include "util/log.h"

struct KeptRecord {
	KeptRecord *next;
	Station *station;
	const char *kind; /* static */
	char actor[STATION_NAME_MAX];
	json_t *body;
	uint32_t strokes;
	int64_t since_us; /* machine's monotonic time when the oldest of them arrived */
	bool in_force;    /* already applied: its commit changes nothing more */
	bool failed;      /* waits to be passed to the ledger again; otherwise the ledger has it */
	size_t size;
	uint8_t attachment[];
};

static KeptRecord *kept_free(KeptRecord *kept)
{
	if (!kept)
		return NULL;
	json_decref(kept->body);
	free(kept);
	return NULL;
}

static void kept_forget(Journal *journal, KeptRecord *kept)
{
	KeptRecord **link = &journal->kept;

	while (*link != kept)
		link = &(*link)->next;
	*link = kept->next;
	journal->n_kept--;
	kept_free(kept);
}

void journal_forget(Journal *journal)
{
	size_t failed = 0;

	while (journal->kept) {
		failed += journal->kept->failed;
		kept_forget(journal, journal->kept);
	}
	if (failed > 0)
		log_error("%zu records could not be written before the end: the disk refused them", failed);
}

void station_commit(Station *station, AppliedRecord *record)
{
	SessionState phase = station->state.work.phase;
	AlarmPriority alarm = alarms_priority(&station->state.alarms);
	ClockReading now = clock_read(station->options.clock);
	bool changed;

	record->utc_us = now.utc_us;
	record->monotonic_us = now.monotonic_us;
	changed = record_apply(&station->state, record);

	if (station->state.work.phase != phase || alarms_priority(&station->state.alarms) != alarm)
		station_lamps(station);
	station_notify(station, STATION_CHANGED_RECORDS | (changed ? STATION_CHANGED_ALL : 0));
	station->follow(station, record);
}

static void kept_answered(void *userdata, const LedgerAnswer *answer)
{
	KeptRecord *kept = userdata;
	Station *station = kept->station;

	/* a refusal by the ledger itself would happen again; any other error comes from the disk */
	if (answer->error < 0 && !ledger_is_refusal(answer->error)) {
		kept->failed = true;
		return;
	}
	if (answer->error < 0)
		log_error("a record of kind %s was not kept: %s", kept->kind, answer->text);
	else
		station_commit(station, &(AppliedRecord){
						.seq = answer->seq,
						.kind = kept->in_force ? "" : kept->kind,
						.actor = kept->actor,
						.body = kept->body,
					});
	kept_forget(&station->journal, kept);
}

static int hand_over_kept(KeptRecord *kept)
{
	LedgerRecord record = {
		.kind = kept->kind,
		.actor = kept->actor,
		.body = kept->body,
		.attachment = kept->size ? kept->attachment : NULL,
		.attachment_size = kept->size,
	};
	int r = ledger_append(kept->station->options.ledger, &record, kept_answered, kept);

	kept->failed = r < 0;
	return r;
}

/** Whether a kept record has this state: failed and waiting, or passed to the ledger. */
static bool has_kept(const Journal *journal, bool failed)
{
	const KeptRecord *kept = journal->kept;

	while (kept && kept->failed != failed)
		kept = kept->next;
	return kept != NULL;
}

/** Who is signed in, or else the station. */
static const char *present_actor(const Station *station)
{
	const char *badge = station->state.people.signed_in.badge;

	return badge[0] ? badge : "station";
}

/** `like` has the properties of the record other than its body. Takes `body`. */
static int journal_keep(Station *station, const KeptRecord *like, json_t *body, const void *data)
{
	json_auto_t *taken = body;
	Journal *journal = &station->journal;
	KeptRecord *kept, **link = &journal->kept;
	bool waits = has_kept(journal, true);

	if (!station->options.ledger)
		return 0;
	if (!taken || journal->n_kept >= JOURNAL_KEPT_MAX)
		return taken ? -ENOBUFS : -ENOMEM;
	kept = calloc(1, sizeof *kept + like->size);
	if (!kept)
		return -ENOMEM;
	*kept = *like;
	kept->station = station;
	kept->body = json_incref(taken);
	kept->failed = waits;
	if (!kept->actor[0])
		snprintf(kept->actor, sizeof kept->actor, "%s", present_actor(station));
	if (like->size > 0)
		memcpy(kept->attachment, data, like->size);
	while (*link)
		link = &(*link)->next;
	*link = kept;
	journal->n_kept++;
	if (!waits)
		(void)!hand_over_kept(kept);
	return 0;
}

int station_record_strokes(Station *station, json_t *body, const StrokeChunk *chunk, int64_t since_us)
{
	KeptRecord like = {
		.kind = "strokes", .size = chunk->bytes, .strokes = chunk->samples, .since_us = since_us
	};

	/* the last strokes may arrive when whoever made them is signed out already */
	snprintf(like.actor, sizeof like.actor, "%s", station->state.session.practitioner);
	return journal_keep(station, &like, body, chunk->data);
}

uint64_t journal_strokes(const Journal *journal, int64_t *ret_since_us)
{
	uint64_t strokes = 0;

	for (const KeptRecord *kept = journal->kept; kept; kept = kept->next) {
		if (kept->strokes > 0 && strokes == 0)
			*ret_since_us = kept->since_us;
		strokes += kept->strokes;
	}
	return strokes;
}

bool journal_owes(const Journal *journal)
{
	return has_kept(journal, true);
}

/** Takes `body`. */
static void record_or_log(Station *station, const KeptRecord *like, json_t *body)
{
	int r = journal_keep(station, like, body, NULL);

	if (r < 0)
		log_error("a record of kind %s was not kept: %s", like->kind, strerror(-r));
}

void station_record(Station *station, const char *kind, json_t *body)
{
	record_or_log(station, &(KeptRecord){ .kind = kind }, body);
}

void station_record_in_force(Station *station, const char *kind, json_t *body)
{
	const AppliedRecord record = {
		.kind = kind,
		.actor = present_actor(station),
		.body = body,
		.monotonic_us = station_now_us(station),
	};

	if (body && record_apply(&station->state, &record))
		station_notify(station, STATION_CHANGED_ALL);
	station->follow(station, &record);
	record_or_log(station, &(KeptRecord){ .kind = kind, .in_force = true }, body);
}

void station_record_again(Station *station)
{
	/* records after a failed one fail too: once all are answered, all are kept here in order */
	if (has_kept(&station->journal, false))
		return;
	for (KeptRecord *kept = station->journal.kept; kept; kept = kept->next)
		if (hand_over_kept(kept) < 0)
			return;
}
