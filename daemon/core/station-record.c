/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Records of the station's own that nobody waits for: strokes, faults, alerts. While the ledger cannot write,
 * they are kept in memory, and handed over again as soon as it can. None may overtake another.
 */

#include "core/station-private.h"

#include "util/log.h"

struct KeptRecord {
	KeptRecord *next;
	Station *station;
	const char *kind; /* static */
	char actor[STATION_NAME_MAX];
	json_t *body;
	uint32_t strokes;
	int64_t since_us; /* machine's monotonic time of the oldest of them */
	bool failed;      /* waits to be handed over again; else the ledger has it */
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

static void forget(KeptRecord *kept)
{
	Station *station = kept->station;
	KeptRecord **link = &station->kept;

	while (*link != kept)
		link = &(*link)->next;
	*link = kept->next;
	station->n_kept--;
	kept_free(kept);
}

void station_forget_records(Station *station)
{
	size_t failed = 0;

	while (station->kept) {
		failed += station->kept->failed;
		forget(station->kept);
	}
	if (failed > 0)
		log_error("%zu records could not be written before the end: the disk refused them", failed);
}

void station_apply(Station *station, const char *kind, const json_t *body, const LedgerAnswer *answer)
{
	const AppliedRecord record = {
		.seq = answer->seq,
		.utc_us = clock_read(station->options.clock).utc_us,
		.kind = kind,
		.body = body,
		.unit = answer->detail[0] ? answer->detail : NULL,
	};
	bool changed = record_apply(&station->state, &record);

	station_notify(station, STATION_CHANGED_RECORDS | (changed ? STATION_CHANGED_ZONE : 0));
}

static void committed(void *userdata, const LedgerAnswer *answer)
{
	KeptRecord *kept = userdata;
	Station *station = kept->station;

	/* what the ledger itself refuses would be refused again; everything else is the disk's doing */
	if (answer->error < 0 && !ledger_is_refusal(answer->error)) {
		kept->failed = true;
		return;
	}
	if (answer->error < 0)
		log_error("a record of kind %s was not kept: %s", kept->kind, answer->text);
	else
		station_apply(station, kept->kind, kept->body, answer);
	forget(kept);
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
	int r = ledger_append(kept->station->options.ledger, &record, committed, kept);

	kept->failed = r < 0;
	return r;
}

/** Whether there is one that the ledger has, or one that waits to be handed over again. */
static bool any(const Station *station, bool failed)
{
	const KeptRecord *kept = station->kept;

	while (kept && kept->failed != failed)
		kept = kept->next;
	return kept != NULL;
}

/** Takes `body`. */
static int keep(Station *station, const char *kind, json_t *body, const void *data, size_t size,
	uint32_t strokes, int64_t since_us)
{
	json_auto_t *taken = body;
	KeptRecord *kept, **link = &station->kept;
	bool waits;

	if (!station->options.ledger)
		return 0;
	if (!taken || station->n_kept >= STATION_KEPT_MAX)
		return taken ? -ENOBUFS : -ENOMEM;
	kept = calloc(1, sizeof *kept + size);
	if (!kept)
		return -ENOMEM;
	waits = any(station, true);
	*kept = (KeptRecord){
		.station = station,
		.kind = kind,
		.body = json_incref(taken),
		.failed = waits,
		.size = size,
		.strokes = strokes,
		.since_us = since_us,
	};
	snprintf(kept->actor, sizeof kept->actor, "%s",
		station->view.badge[0] ? station->view.badge : "station");
	if (size > 0)
		memcpy(kept->attachment, data, size);
	while (*link)
		link = &(*link)->next;
	*link = kept;
	station->n_kept++;
	if (!waits)
		(void)!hand_over_kept(kept);
	return 0;
}

int station_record_attached(Station *station, const char *kind, json_t *body, const void *data, size_t size)
{
	return keep(station, kind, body, data, size, 0, 0);
}

int station_record_strokes(Station *station, json_t *body, const StrokeChunk *chunk, int64_t since_us)
{
	return keep(station, "strokes", body, chunk->data, chunk->bytes, chunk->samples, since_us);
}

uint64_t station_strokes_kept(const Station *station, int64_t *ret_since_us)
{
	uint64_t strokes = 0;

	for (const KeptRecord *kept = station->kept; kept; kept = kept->next) {
		if (kept->strokes > 0 && strokes == 0)
			*ret_since_us = kept->since_us;
		strokes += kept->strokes;
	}
	return strokes;
}

bool station_owes_records(const Station *station)
{
	return any(station, true);
}

void station_record(Station *station, const char *kind, json_t *body)
{
	int r = station_record_attached(station, kind, body, NULL, 0);

	if (r < 0)
		log_error("a record of kind %s was not kept: %s", kind, strerror(-r));
}

void station_record_in_force(Station *station, const char *kind, json_t *body)
{
	const AppliedRecord record = { .kind = kind, .body = body };

	if (record_apply(&station->state, &record))
		station_notify(station, STATION_CHANGED_ZONE);
	station_record(station, kind, body);
}

void station_record_again(Station *station)
{
	/* what follows a failed one fails as well: once all have been answered, all are there in their order
	 */
	if (any(station, false))
		return;
	for (KeptRecord *kept = station->kept; kept; kept = kept->next)
		if (hand_over_kept(kept) < 0)
			return;
}
