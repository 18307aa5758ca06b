/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds lots, claims and shared records among what is mirrored, and brings them into the registry. It must
 * not share a record twice, and must not trust a record's fields: they are a station's.
 */

#include "mirror-effects.h"

#include <string.h>

#include "clinic-sql.h"
#include "database-array.h"
#include "record/record.h"
#include "registry-batch.h"
#include "unit-name.h"
#include "util/text.h"

enum { CLAIM_UNIT, CLAIM_LOT, CLAIM_SEQ, CLAIM_AT, CLAIM_BASE, CLAIM_NUMBER, CLAIM_COLUMNS };
enum { LOT_NAME, LOT_GTIN, LOT_QUANTITY, LOT_STATUS, LOT_COLUMNS };

typedef struct SharedRecord {
	uint64_t entry;
	json_t *record;
} SharedRecord;

struct MirrorEffects {
	DatabaseArray claims[CLAIM_COLUMNS], lots[LOT_COLUMNS], shared_entries;
	size_t n_claims;
	SharedRecord *shared;
	size_t n_shared, capacity;
};

int mirror_effects_new(MirrorEffects **ret)
{
	MirrorEffects *effects = calloc(1, sizeof *effects);
	int r = effects ? array_begin(&effects->shared_entries) : -ENOMEM;

	for (size_t i = 0; i < CLAIM_COLUMNS && r >= 0; i++)
		r = array_begin(&effects->claims[i]);
	for (size_t i = 0; i < LOT_COLUMNS && r >= 0; i++)
		r = array_begin(&effects->lots[i]);
	if (r < 0)
		mirror_effects_free(effects);
	else
		*ret = effects;
	return r;
}

MirrorEffects *mirror_effects_free(MirrorEffects *effects)
{
	if (!effects)
		return NULL;
	array_clear(&effects->shared_entries);
	for (size_t i = 0; i < CLAIM_COLUMNS; i++)
		array_clear(&effects->claims[i]);
	for (size_t i = 0; i < LOT_COLUMNS; i++)
		array_clear(&effects->lots[i]);
	for (size_t i = 0; i < effects->n_shared; i++)
		json_decref(effects->shared[i].record);
	free(effects->shared);
	free(effects);
	return NULL;
}

/* ---- noting ---- */

static const char *label_in(const json_t *body, const char *name)
{
	const char *text = json_string_value(json_object_get(body, name));

	return text && text_is_printable(text, UNIT_MAX) ? text : NULL;
}

static void note_claim(MirrorEffects *effects, uint64_t entry, const char *utc, const json_t *body)
{
	const char *unit = label_in(body, "unit"), *lot = label_in(body, "lot");
	char base[UNIT_MAX + 1];
	long long number = 0;
	bool numbered;

	if (!unit)
		return;
	numbered = unit_split(unit, base, &number);
	array_add_text(&effects->claims[CLAIM_UNIT], unit);
	array_add_text(&effects->claims[CLAIM_LOT], lot ? lot : "");
	array_add_number(&effects->claims[CLAIM_SEQ], (long long)entry);
	array_add_text(&effects->claims[CLAIM_AT], utc);
	array_add_text(&effects->claims[CLAIM_BASE], numbered ? base : NULL);
	array_add_number(&effects->claims[CLAIM_NUMBER], number);
	effects->n_claims++;
}

static void note_lot(MirrorEffects *effects, const json_t *body, bool received)
{
	const char *lot = label_in(body, "lot"), *gtin = label_in(body, "gtin"),
		   *status = label_in(body, "status");
	const RecordField *field = record_field_find("lot.received", "quantity");
	json_int_t quantity = json_integer_value(json_object_get(body, "quantity"));

	if (!lot || (received ? quantity < 1 || (double)quantity > field->max : !status))
		return;
	array_add_text(&effects->lots[LOT_NAME], lot);
	array_add_text(&effects->lots[LOT_GTIN], gtin);
	array_add_number(&effects->lots[LOT_QUANTITY], received ? quantity : 0);
	array_add_text(&effects->lots[LOT_STATUS], received ? NULL : status);
}

static int note_shared(MirrorEffects *effects, uint64_t entry, const json_t *record)
{
	if (effects->n_shared == effects->capacity) {
		size_t capacity = effects->capacity ? 2 * effects->capacity : 16;
		SharedRecord *shared = reallocarray(effects->shared, capacity, sizeof *shared);

		if (!shared)
			return -ENOMEM;
		effects->shared = shared;
		effects->capacity = capacity;
	}
	effects->shared[effects->n_shared++] = (SharedRecord){ entry, json_incref((json_t *)record) };
	array_add_number(&effects->shared_entries, (long long)entry);
	return 0;
}

/** A record that came from another station has `from`: it was looked at when that one's log was mirrored. */
int mirror_effects_note(MirrorEffects *effects, uint64_t entry, const json_t *record, Error *error)
{
	const json_t *body = json_object_get(record, "body");
	const char *kind = json_string_value(json_object_get(record, "kind")),
		   *utc = json_string_value(json_object_get(record, "utc"));

	if (strcmp(kind, "needle.claimed") == 0)
		note_claim(effects, entry, utc, body);
	if (!record_is_shared(kind) || json_object_get(body, "from") ||
		!json_is_integer(json_object_get(record, "seq")))
		return 0;
	if (strcmp(kind, "lot.received") == 0 || strcmp(kind, "lot.status") == 0)
		note_lot(effects, body, strcmp(kind, "lot.received") == 0);
	return note_shared(effects, entry, record) < 0 ? error_set(error, -EIO, "no memory for a record") : 0;
}

/* ---- doing ---- */

enum { EFFECT_PLAN, EFFECT_HEAD, EFFECT_SHARED, EFFECT_LOTS, EFFECT_CLAIMS, EFFECTS };

typedef struct Effecting {
	MirrorEffects *effects;
	PGconn *connection;
	const Station *station;
	const NoteSigner *signer;
	PGresult *rows[EFFECTS];
	RegistryHead head;
	RegistryBatch *batch;
	DatabaseArray shared_leaves, shared_entries, kinds, units, entries, leaves, says;
	Error *error;
} Effecting;

static int end_arrays(DatabaseArray *arrays, size_t n, DatabaseValue *ret)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = array_end(&arrays[i], &ret[i]);
	return r;
}

/** Takes the lock, and does what needs no leaf. */
static int read_effects(Effecting *effecting)
{
	MirrorEffects *effects = effecting->effects;
	DatabaseValue shared[2] = { { effecting->station->id, 0 } },
		      claims[CLAIM_COLUMNS + 1] = { { effecting->station->id, 0 } }, lots[LOT_COLUMNS];
	const DatabaseStep steps[EFFECTS] = {
		/* a plan that fits one upload's thousands of claims, and another's one */
		[EFFECT_PLAN] = { "SET LOCAL plan_cache_mode = force_custom_plan" },
		[EFFECT_HEAD] = { sql_lock_registry },
		[EFFECT_SHARED] = { sql_shared_entries, shared, 2 },
		[EFFECT_CLAIMS] = { sql_claim_mirrored, claims, CLAIM_COLUMNS + 1 },
		[EFFECT_LOTS] = { sql_lots_mirrored, lots, LOT_COLUMNS },
	};

	if (array_end(&effects->shared_entries, &shared[1]) < 0 ||
		end_arrays(effects->claims, CLAIM_COLUMNS, claims + 1) < 0 ||
		end_arrays(effects->lots, LOT_COLUMNS, lots) < 0)
		return error_set(effecting->error, -EIO, "no memory for records");
	return database_pipeline(effecting->connection, steps, EFFECTS, effecting->rows, effecting->error);
}

static bool was_shared(const Effecting *effecting, uint64_t entry)
{
	const PGresult *rows = effecting->rows[EFFECT_SHARED];

	for (int i = 0; i < PQntuples(rows); i++)
		if (strtoull(PQgetvalue(rows, i, 0), NULL, 10) == entry)
			return true;
	return false;
}

static int share_records(Effecting *effecting)
{
	char request[REGISTRY_REQUEST_MAX];
	int r = 0;

	for (size_t i = 0; i < effecting->effects->n_shared && r >= 0; i++) {
		const SharedRecord *shared = &effecting->effects->shared[i];

		if (was_shared(effecting, shared->entry))
			continue;
		array_add_number(&effecting->shared_entries, (long long)shared->entry);
		array_add_number(&effecting->shared_leaves, (long long)registry_batch_size(effecting->batch));
		registry_request(request);
		r = registry_batch_add(effecting->batch,
			registry_leaf("record.shared", effecting->station->origin, request,
				json_pack("{s:O, s:O}", "seq", json_object_get(shared->record, "seq"),
					"record", shared->record)),
			effecting->error);
	}
	return r;
}

static const char *say_finding(const char *kind, const char *unit, const char *holder, char ret[512])
{
	if (strcmp(kind, "held-by-another") == 0)
		snprintf(ret, 512,
			"cartridge %s was claimed, and %s holds it: ask both chairs which of them used it",
			unit, holder);
	else if (strcmp(kind, "claimed-by-another") == 0)
		snprintf(ret, 512,
			"cartridge %s was claimed, and was claimed at %s before: find out whether it was used on two people",
			unit, holder);
	else if (strcmp(kind, "claimed-written-off") == 0)
		snprintf(ret, 512, "cartridge %s was claimed, and was written off with a cloned card", unit);
	else
		snprintf(ret, 512, "cartridge %s was claimed by two records of the same station", unit);
	return ret;
}

static int tell_findings(Effecting *effecting)
{
	const PGresult *rows = effecting->rows[EFFECT_CLAIMS];
	char request[REGISTRY_REQUEST_MAX], says[512];
	int r = 0;

	for (int i = 0; i < PQntuples(rows) && r >= 0; i++) {
		const char *kind = PQgetvalue(rows, i, 0), *unit = PQgetvalue(rows, i, 1),
			   *entry = PQgetvalue(rows, i, 2);

		say_finding(kind, unit, PQgetvalue(rows, i, 3), says);
		array_add_text(&effecting->kinds, kind);
		array_add_text(&effecting->units, unit);
		array_add_text(&effecting->entries, entry);
		array_add_text(&effecting->says, says);
		array_add_number(&effecting->leaves, (long long)registry_batch_size(effecting->batch));
		registry_request(request);
		r = registry_batch_add(effecting->batch,
			registry_leaf("finding", effecting->station->origin, request,
				json_pack("{s:s, s:s, s:I, s:s}", "finding", kind, "unit", unit, "seq",
					(json_int_t)strtoll(entry, NULL, 10) + 1, "says", says)),
			effecting->error);
	}
	return r;
}

static int write_effects(Effecting *effecting)
{
	DatabaseValue shared[3] = { { effecting->station->id, 0 } },
		      findings[6] = { { effecting->station->id, 0 } };
	DatabaseStep steps[3] = {
		[1] = { sql_add_shared, shared, 3 },
		[2] = { sql_add_findings, findings, 6 },
	};
	PGresult *results[ELEMENTS(steps)];
	int r = registry_batch_sign(effecting->batch, effecting->signer, effecting->error);

	r = r < 0 ? r : registry_batch_step(effecting->batch, &steps[0], effecting->error);
	if (r < 0)
		return r;
	if (array_end(&effecting->shared_entries, &shared[1]) < 0 ||
		array_end(&effecting->shared_leaves, &shared[2]) < 0 ||
		array_end(&effecting->kinds, &findings[1]) < 0 ||
		array_end(&effecting->units, &findings[2]) < 0 ||
		array_end(&effecting->entries, &findings[3]) < 0 ||
		array_end(&effecting->leaves, &findings[4]) < 0 ||
		array_end(&effecting->says, &findings[5]) < 0)
		return error_set(effecting->error, -EIO, "no memory for records");
	r = database_pipeline(effecting->connection, steps, ELEMENTS(steps), results, effecting->error);
	for (size_t i = 0; i < ELEMENTS(steps); i++)
		PQclear(results[i]);
	return r;
}

static int do_effects(Effecting *effecting, unsigned long long seen)
{
	int r = read_effects(effecting);

	r = r < 0 ? r : registry_read_head(effecting->rows[EFFECT_HEAD], &effecting->head, effecting->error);
	if (r < 0)
		return r;
	if (seen > effecting->head.seen)
		effecting->head.seen = seen;
	if (registry_batch_new(&effecting->head, &effecting->batch) < 0 ||
		array_begin(&effecting->shared_entries) < 0 || array_begin(&effecting->shared_leaves) < 0 ||
		array_begin(&effecting->kinds) < 0 || array_begin(&effecting->units) < 0 ||
		array_begin(&effecting->entries) < 0 || array_begin(&effecting->leaves) < 0 ||
		array_begin(&effecting->says) < 0)
		return error_set(effecting->error, -EIO, "no memory for records");
	r = share_records(effecting);
	r = r < 0 ? r : tell_findings(effecting);
	return r < 0 || registry_batch_is_empty(effecting->batch) ? r : write_effects(effecting);
}

int mirror_effects_store(MirrorEffects *effects, PGconn *connection, const Station *station,
	const NoteSigner *signer, unsigned long long seen, Error *error)
{
	Effecting effecting = { .effects = effects,
		.connection = connection,
		.station = station,
		.signer = signer,
		.error = error };
	int r;

	if (effects->n_claims == 0 && effects->n_shared == 0)
		return 0;
	r = do_effects(&effecting, seen);
	for (size_t i = 0; i < EFFECTS; i++)
		PQclear(effecting.rows[i]);
	registry_batch_free(effecting.batch);
	array_clear(&effecting.shared_entries);
	array_clear(&effecting.shared_leaves);
	array_clear(&effecting.kinds);
	array_clear(&effecting.units);
	array_clear(&effecting.entries);
	array_clear(&effecting.leaves);
	array_clear(&effecting.says);
	return r;
}
