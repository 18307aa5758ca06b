/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A whole verification: runs its parts in order, in one snapshot, and checks the checkpoints and the chain of
 * keys. It must not repair anything, or end at the first finding.
 */

#include "ledger/verify-private.h"
#include "ledger/statements.h"

#include <string.h>

#include "tlog/checkpoint.h"

/* ---- checkpoints of the file ---- */

static int keep_checkpoint(Verifier *verifier, uint64_t size, const char *note, bool witnessed)
{
	size_t n = verifier->n_checkpoints;
	KeptCheckpoint *grown = verifier->checkpoints;

	if ((n & (n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(verifier->checkpoints, n ? 2 * n : 1, sizeof *grown);
	if (!grown || !note)
		return -ENOMEM;
	verifier->checkpoints = grown;
	grown[n] = (KeptCheckpoint){ .size = size, .note = strdup(note), .witnessed = witnessed };
	if (!grown[n].note)
		return -ENOMEM;
	verifier->n_checkpoints++;
	return 0;
}

static int compare_sizes(const void *a, const void *b)
{
	const KeptCheckpoint *first = a, *second = b;

	return (first->size > second->size) - (first->size < second->size);
}

static int keep_witnessed(Verifier *verifier, const char *note)
{
	Error why;
	Checkpoint checkpoint;
	size_t text;
	int r = note_read(note, strlen(note), &text, &why);

	if (r == 0 && checkpoint_parse(note, text, &checkpoint, &why) == 0)
		return keep_checkpoint(verifier, checkpoint.size, note, true);
	verify_finding(verifier, "what was saved is no checkpoint: %.200s", why.text);
	return 0;
}

static int read_checkpoint(void *userdata, sqlite3_stmt *row)
{
	Verifier *verifier = userdata;
	int64_t size = column_integer(row, 0);
	const char *note = column_text(row, 1);

	if (size > 0 && note)
		return keep_checkpoint(verifier, (uint64_t)size, note, false);
	verify_finding(verifier, "the checkpoint at %lld records is broken: %s", (long long)size,
		note ? "there is none of that size" : "it has no text");
	return 0;
}

static int read_checkpoints(Verifier *verifier)
{
	int r = verify_each_row(
		verifier, "SELECT size, note FROM checkpoint ORDER BY size", read_checkpoint, verifier);

	if (r < 0)
		return r;
	verifier->found->checkpoints = verifier->n_checkpoints;
	if (verifier->n_checkpoints > 0)
		verifier->found->sealed = verifier->checkpoints[verifier->n_checkpoints - 1].size;
	for (size_t i = 0; i < verifier->options->n_witnessed; i++) {
		r = keep_witnessed(verifier, verifier->options->witnessed[i]);
		if (r < 0)
			return r;
	}
	if (verifier->n_checkpoints > 0)
		qsort(verifier->checkpoints, verifier->n_checkpoints, sizeof *verifier->checkpoints,
			compare_sizes);
	return 0;
}

/* ---- keys ---- */

/** The keys of the log in order, as found in the records. */
typedef struct KeyChain {
	Verifier *verifier;
	NoteVerifier keys[2]; /* the newest one and the one before it */
	uint64_t since;       /* the record that introduced the newest key; 0 none yet */
	uint64_t renamed;     /* ... under another name than before, until ledger.restored gives the reason; 0
				 none */
	bool known_met;       /* the key that the caller knows was among them */
	size_t next;          /* the next checkpoint whose signature is to be checked */
	bool known_vouches;   /* ... and signed for the newest, directly or through the keys between them */
} KeyChain;

static bool check_statement(const NoteVerifier *previous, const char *key, const char *statement)
{
	NoteOpened opened;

	return statement && note_open(statement, strlen(statement), previous, 1, &opened, NULL) == 0 &&
	       memmem(statement, opened.text_size, key, strlen(key)) != NULL;
}

/** Whether the previous key signed for this one; a lost key could not. */
static bool is_signed_for(KeyChain *chain, uint64_t seq, const char *key, const char *statement)
{
	Verifier *verifier = chain->verifier;

	if (!statement && chain->since)
		verifier->found->replaced_keys++;
	if (!statement || check_statement(&chain->keys[0], key, statement))
		return statement != NULL;
	verify_finding(verifier, "record %llu: the new signing key is not signed for by the one before",
		(unsigned long long)seq);
	return false;
}

static void chain_take_key(KeyChain *chain, uint64_t seq, const json_t *body)
{
	Verifier *verifier = chain->verifier;
	const char *key = json_string_value(json_object_get(body, "key")), *known = verifier->options->key;
	const char *statement = json_string_value(json_object_get(body, "statement"));
	NoteVerifier parsed;

	if (!key || note_verifier_parse(key, &parsed, NULL) < 0) {
		verify_finding(
			verifier, "record %llu tells of a signing key that is none", (unsigned long long)seq);
		return;
	}
	verifier->found->keys++;
	chain->known_vouches = is_signed_for(chain, seq, key, statement) && chain->known_vouches;
	if (known && strcmp(known, key) == 0)
		chain->known_met = chain->known_vouches = true;
	chain->renamed = chain->since && strcmp(chain->keys[0].name, parsed.name) != 0 ? seq : 0;
	chain->keys[1] = chain->keys[0];
	chain->keys[0] = parsed;
	chain->since = seq;
	snprintf(verifier->found->key, NOTE_KEY_MAX, "%s", key);
}

/** A log gets another origin when a backup takes its place, and a record must say so. */
static void take_restoration(KeyChain *chain, const json_t *body)
{
	const char *origin = json_string_value(json_object_get(body, "origin"));

	if (chain->since && origin && strcmp(origin, chain->keys[0].name) == 0)
		chain->renamed = 0;
}

static void check_renamed(const KeyChain *chain)
{
	/*
	 * the newest record: the station was interrupted before it recorded the reason, and does so at its
	 * next start
	 */
	if (chain->renamed && chain->renamed < chain->verifier->total)
		verify_finding(chain->verifier,
			"record %llu gives the log another name, %.160s, and no ledger.restored says why",
			(unsigned long long)chain->renamed, chain->keys[0].name);
}

/** A key's record is committed together with a checkpoint: if none covers the record, one is missing. */
static void check_newest_key(const KeyChain *chain)
{
	Verifier *verifier = chain->verifier;
	const char *known = verifier->options->key;

	if (chain->since > verifier->found->sealed)
		verify_finding(verifier,
			"checkpoints are missing: there must be one that covers record %llu, where the key begins",
			(unsigned long long)chain->since);
	if (known && !chain->known_met)
		verify_finding(verifier, "the key that you know, %.160s, is not among the log's", known);
	else if (known && !chain->known_vouches)
		verify_finding(verifier,
			"the key that you know did not sign for the one that signs since record %llu: if the station"
			" lost its key, give the new one",
			(unsigned long long)chain->since);
}

/** Reports a saved checkpoint of a log that a restored backup has cut off before it. */
static bool tell_ended(const KeyChain *chain, const KeptCheckpoint *kept)
{
	Checkpoint checkpoint;
	size_t text;

	if (note_read(kept->note, strlen(kept->note), &text, NULL) < 0 ||
		checkpoint_parse(kept->note, text, &checkpoint, NULL) < 0 || !chain->since ||
		strcmp(checkpoint.origin, chain->keys[0].name) == 0 ||
		!checkpoint_same_log(checkpoint.origin, chain->keys[0].name))
		return false;
	verify_finding(chain->verifier,
		"the saved checkpoint at %llu records is of %.100s, which a restored backup ended: from record %llu on"
		" the log is %.100s, and what was between is lost",
		(unsigned long long)kept->size, checkpoint.origin, (unsigned long long)chain->since,
		chain->keys[0].name);
	return true;
}

/** Checkpoints before the next key's record belong to the older key. */
static int check_signatures(KeyChain *chain, uint64_t until)
{
	Verifier *verifier = chain->verifier;
	Checkpoint checkpoint;

	for (; chain->next < verifier->n_checkpoints && verifier->checkpoints[chain->next].size < until;
		chain->next++) {
		const KeptCheckpoint *kept = &verifier->checkpoints[chain->next];

		if (verify_left(verifier))
			return -ECANCELED;
		if (!chain->since || checkpoint_open(kept->note, strlen(kept->note), chain->keys, 1, NULL,
					     &checkpoint, NULL, NULL) < 0) {
			if (kept->witnessed && tell_ended(chain, kept))
				continue;
			verify_finding(verifier,
				"the checkpoint at %llu records is not signed by the station's key",
				(unsigned long long)kept->size);
		}
	}
	return 0;
}

/** Checks a record about a key, or about a restored backup. */
static int check_key_record(void *userdata, sqlite3_stmt *row)
{
	KeyChain *chain = userdata;
	uint64_t seq = (uint64_t)column_integer(row, 0);
	json_auto_t *leaf = leaf_parse(row, 1);
	const json_t *body = json_object_get(leaf, "body");
	int r;

	if (column_integer(row, 2)) {
		take_restoration(chain, body);
		return 0;
	}
	r = check_signatures(chain, seq);
	if (r < 0)
		return r;
	chain_take_key(chain, seq, body);
	return 0;
}

int verify_keys(Verifier *verifier)
{
	KeyChain chain = { .verifier = verifier };
	int r = verify_each_row(verifier, sql_key_records, check_key_record, &chain);

	if (r < 0)
		return r;
	r = check_signatures(&chain, UINT64_MAX);
	if (r < 0)
		return r;
	check_newest_key(&chain);
	check_renamed(&chain);
	return 0;
}

/* ---- all ---- */

/** Refuses to read what SQLite would run, or would read differently from us. */
static int check_file_schema(Verifier *verifier)
{
	const SchemaDifference *difference = &verifier->reader->difference;

	if (difference->names[0])
		verify_finding(verifier,
			"tables, views or triggers of the file were added, changed or removed: %.160s%s",
			difference->names,
			difference->ours_changed ? "; what they hold was not verified" : "");
	return difference->ours_changed ? -EUCLEAN : 0;
}

/** An estimate of the number of photographs, without reading the records. */
static uint64_t expect_photographs(const Verifier *verifier)
{
	if (!verifier->options->images)
		return 0;
	return (uint64_t)statement_number(
		verifier->db, "SELECT count(*) FROM kept.image WHERE erase_seq IS NULL", 0);
}

static int verifier_begin(Verifier *verifier, Error *error)
{
	const ReaderOptions options = {
		.older = true, .scratch = true, .differing = true, .leave = verifier->options->leave
	};
	_cleanup_(statement_donep) sqlite3_stmt *newest = NULL;
	int r = reader_open(verifier->options->path, &options, &verifier->reader, error);

	if (r < 0)
		return r;
	verifier->db = verifier->reader->db;
	verifier->statements.db = verifier->db;
	verifier->found->older = verifier->reader->version < LEDGER_SCHEMA_VERSION;
	r = check_file_schema(verifier);
	if (r < 0)
		return r;
	r = read_checkpoints(verifier);
	if (r < 0)
		return r;
	r = statement_row(&verifier->statements, sql_newest_record, 0, &newest);
	if (r < 0)
		return r;
	verifier->found->newest_utc_us = column_integer(newest, 1);
	verifier->total = (uint64_t)column_integer(newest, 0);
	verifier->expected = expect_photographs(verifier);
	return 0;
}

static void verifier_end(Verifier *verifier)
{
	for (size_t i = 0; i < verifier->n_checkpoints; i++)
		free(verifier->checkpoints[i].note);
	free(verifier->checkpoints);
	free(verifier->committed);
	statements_clear(&verifier->statements);
	reader_free(verifier->reader);
	pthread_mutex_destroy(&verifier->lock);
}

static int verify_parts(Verifier *verifier)
{
	static const struct {
		unsigned parts;
		int (*verify)(Verifier *verifier);
	} steps[] = {
		{ VERIFY_RECORDS | VERIFY_BESIDE | VERIFY_STATE, verify_records },
		{ VERIFY_SIGNATURES, verify_keys },
		{ VERIFY_SIGNATURES, verify_clinic },
		{ VERIFY_STATE, verify_state },
		{ VERIFY_BESIDE, verify_beside },
		{ VERIFY_PROJECTIONS, verify_projections },
	};

	for (size_t i = 0; i < ELEMENTS(steps); i++) {
		int r = verifier->options->parts & steps[i].parts ? steps[i].verify(verifier) : 0;

		if (r < 0)
			return r;
	}
	return verifier->options->images ? verify_photographs(verifier) : 0;
}

/** An early end that is the file's fault becomes a finding like the others. */
static int settle_verification(Verifier *verifier, int r)
{
	if (r == -ETIME && verify_left(verifier))
		return -ECANCELED;
	if (r == -ETIME)
		verify_finding(verifier,
			"the file asks for more work than a ledger of its size can: it was given up");
	else if (r == -EUCLEAN && !verifier->reader->difference.ours_changed)
		/* so damaged that SQLite itself cannot continue */
		verify_finding(
			verifier, "the file cannot be read to its end: %s", sqlite3_errmsg(verifier->db));
	return r == -ETIME || r == -EUCLEAN ? 0 : r;
}

int ledger_verify(const VerifyOptions *options, Verification *ret, Error *error)
{
	Verification found = { 0 };
	Verifier verifier = { .options = options, .found = &found };
	int r;

	if (options->threads < 1 || options->threads > VERIFY_THREADS_MAX)
		return -EINVAL;
	pthread_mutex_init(&verifier.lock, NULL);
	*error = (Error){ 0 };
	r = verifier_begin(&verifier, error);
	r = r < 0 ? r : verify_parts(&verifier);
	if (r < 0 && verifier.db)
		r = settle_verification(&verifier, r);
	else if (r == -EUCLEAN)
		verify_finding(&verifier, "the file cannot be read: %s", error->text);
	verifier_end(&verifier);
	if (r < 0 && !error->text[0])
		r = error_set(error, r, "%.150s could not be verified: %s", options->path, strerror(-r));
	if (r < 0)
		return r;
	*ret = found;
	return 0;
}
