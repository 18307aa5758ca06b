/* SPDX-License-Identifier: Apache-2.0 */

/** Checkpoints, proofs and keys of a ledger that is being written. */

#include "ledger-fixture.h"

#include <sys/stat.h>

#include "ledger/tree.h"
#include "tlog/proof.h"
#include "util/file.h"

enum { EVERY = 100 };

static int setup_every_100(void **state)
{
	return setup_signed(state, EVERY);
}

static json_t *state_body(int i)
{
	return json_pack("{s:i, s:s, s:s, s:s}", "session", 1 + i % 3, "from", "ready", "to", "working",
		"event", "pedal-down");
}

static void append_many(Ledger *ledger, int n)
{
	for (int i = 0; i < n; i++) {
		json_auto_t *body = state_body(i);
		LedgerRecord record = { .kind = "session.state", .actor = "b1", .body = body };

		assert_int_equal(ledger_append(ledger, &record, NULL, NULL), 0);
		if (i % 50 == 49)
			serve(ledger);
	}
	serve(ledger);
}

static int reopen(Fixture *fixture)
{
	fixture->ledger = ledger_free(fixture->ledger);
	return open_fixture(fixture);
}

static NoteVerifier verifier_of(Ledger *ledger)
{
	char key[NOTE_KEY_MAX];
	Error why;
	NoteVerifier verifier;

	ledger_key(ledger, key);
	assert_int_equal(note_verifier_parse(key, &verifier, &why), 0);
	return verifier;
}

static json_t *next_checkpoint(Ledger *ledger, uint64_t since)
{
	json_t *rows = NULL;

	assert_int_equal(ledger_checkpoint(ledger, since, keep_rows, &rows), 0);
	serve(ledger);
	assert_non_null(rows);
	return rows;
}

static Checkpoint opened(json_t *message, const NoteVerifier *verifier)
{
	const char *note = json_string_value(json_object_get(message, "checkpoint"));
	Error why;
	Checkpoint checkpoint;

	assert_int_equal(checkpoint_open(note, strlen(note), verifier, 1, "stipple/clinic/one", &checkpoint,
				 NULL, &why),
		0);
	assert_int_equal(json_integer_value(json_object_get(message, "size")), checkpoint.size);
	return checkpoint;
}

static void test_checkpoints_come_in_time(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	/* the key's own record makes the first */
	serve(ledger);
	assert_int_equal(ledger_checkpoint_size(ledger), 1);
	append_many(ledger, EVERY - 1);
	assert_int_equal(ledger_checkpoint_size(ledger), 1);
	append_many(ledger, 1);
	assert_int_equal(ledger_checkpoint_size(ledger), EVERY + 1);
	append_many(ledger, 5);
	assert_int_equal(
		append(ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", 1, "reason", "x"))
			.error,
		0);
	assert_int_equal(ledger_checkpoint_size(ledger), EVERY + 7);
	append_many(ledger, 1);
	fake_monotonic_us += 600 * USEC_PER_SEC;
	append_many(ledger, 1);
	assert_int_equal(ledger_checkpoint_size(ledger), EVERY + 9);
}

/**
 * What is published forms a chain without a gap from wherever the cursor stands: a kill may have kept it from
 * following the last publications, and those who saw them need each step from there.
 */
static void test_no_step_of_the_chain_is_left_out(void **state)
{
	Fixture *fixture = *state;
	NoteVerifier key = verifier_of(fixture->ledger);
	uint64_t published, steps = 0;

	serve(fixture->ledger);
	published = ledger_checkpoint_size(fixture->ledger);
	for (int i = 0; i < 4; i++)
		append_many(fixture->ledger, EVERY);
	assert_int_equal(reopen(fixture), 0);
	while (published < ledger_checkpoint_size(fixture->ledger)) {
		json_auto_t *message = next_checkpoint(fixture->ledger, published);
		const json_t *previous = json_object_get(message, "previous");

		assert_int_equal(json_integer_value(json_object_get(previous, "size")), published);
		assert_int_equal(opened(message, &key).size, published + EVERY);
		published += EVERY;
		steps++;
	}
	assert_int_equal(steps, 4);
}

/** The message as a proof, as docs/transparency-log.md describes it. */
static char *growth_proof(json_t *message, uint64_t old_size)
{
	json_t *hash, *hashes = json_object_get(message, "consistency");
	char *text = NULL;
	size_t i, size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	fprintf(file, "old %llu\n", (unsigned long long)old_size);
	json_array_foreach (hashes, i, hash)
		fprintf(file, "%s\n", json_string_value(hash));
	fprintf(file, "\n%s", json_string_value(json_object_get(message, "checkpoint")));
	assert_int_equal(fclose(file), 0);
	return text;
}

static void test_checkpoints_prove_growth(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *first = NULL;
	NoteVerifier verifier;
	Checkpoint old;

	serve(fixture->ledger);
	verifier = verifier_of(fixture->ledger);
	first = next_checkpoint(fixture->ledger, 0);
	old = opened(first, &verifier);
	assert_true(json_is_null(json_object_get(first, "previous")));
	for (int i = 0; i < 8; i++) {
		json_auto_t *message = NULL;
		_cleanup_(freep) char *text = NULL;
		Error why = { 0 };
		ConsistencyProof proof;

		append_many(fixture->ledger, 137);
		message = next_checkpoint(fixture->ledger, old.size);
		text = growth_proof(message, old.size);
		assert_int_equal(
			json_integer_value(json_object_get(json_object_get(message, "previous"), "size")),
			old.size);
		assert_int_equal(consistency_proof_parse(text, strlen(text), &proof, &why), 0);
		if (consistency_proof_verify(&proof, &old, &verifier, 1, NULL, &why) < 0)
			fail_msg("from %d: %s", (int)old.size, why.text);
		old = opened(message, &verifier);
	}
}

static void test_every_record_is_proved(void **state)
{
	static const uint64_t picked[] = { 1, 2, 100, 255, 256, 257, 512, 600, 601 };
	Fixture *fixture = *state;
	NoteVerifier verifier;

	append_many(fixture->ledger, 600);
	verifier = verifier_of(fixture->ledger);
	for (size_t i = 0; i < ELEMENTS(picked); i++) {
		json_t *rows = NULL;
		InclusionProof proof;
		Checkpoint checkpoint;
		Error why = { 0 };
		const char *text;

		assert_int_equal(ledger_prove(fixture->ledger, picked[i], keep_rows, &rows), 0);
		serve(fixture->ledger);
		text = json_string_value(json_object_get(rows, "proof"));
		assert_int_equal(inclusion_proof_parse(text, strlen(text), &proof, &why), 0);
		assert_int_equal(proof.index, picked[i] - 1);
		if (inclusion_proof_verify(
			    &proof, proof.extra, proof.extra_size, &verifier, 1, NULL, &checkpoint, &why) < 0)
			fail_msg("record %d: %s", (int)picked[i], why.text);
		assert_true(checkpoint.size >= picked[i]);
		inclusion_proof_done(&proof);
		json_decref(rows);
	}
	/* the last was beyond the newest checkpoint: the question made one */
	assert_int_equal(ledger_checkpoint_size(fixture->ledger), 601);
}

static void keep_error(void *userdata, int error, json_t *rows)
{
	*(int *)userdata = error;
}

static void test_no_proof_of_nothing(void **state)
{
	Fixture *fixture = *state;
	int error = 0;

	append_many(fixture->ledger, 3);
	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).error, 0);
	assert_int_equal(ledger_checkpoint_size(fixture->ledger), 0);
	assert_int_equal(ledger_prove(fixture->ledger, 4, keep_error, &error), 0);
	serve(fixture->ledger);
	assert_int_equal(error, -ENODATA);
	assert_int_equal(ledger_prove(fixture->ledger, 0, keep_error, &error), 0);
	serve(fixture->ledger);
	assert_int_equal(error, -ENOENT);
}

static void test_key_is_private_and_lasts(void **state)
{
	Fixture *fixture = *state;
	NoteVerifier before = verifier_of(fixture->ledger), after;
	char path[128];
	struct stat status;

	snprintf(path, sizeof path, "%s/station.key", fixture->keys);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(stat(fixture->keys, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_string_equal(before.name, "stipple/clinic/one");
	append_many(fixture->ledger, 10);
	assert_int_equal(reopen(fixture), 0);
	after = verifier_of(fixture->ledger);
	assert_memory_equal(before.key, after.key, sizeof before.key);
	/* one record tells of it, not one for each start */
	append_many(fixture->ledger, 1);
	assert_int_equal(fixture->ledger->seq, 12);
}

static void test_rotation_is_signed_by_both(void **state)
{
	Fixture *fixture = *state;
	NoteVerifier before, after;
	LedgerAnswer answer = { .error = 1 };
	json_auto_t *message = NULL, *keys = NULL;
	const char *statement;
	Error why;
	NoteOpened opening;

	append_many(fixture->ledger, 3);
	before = verifier_of(fixture->ledger);
	assert_int_equal(ledger_rotate_key(fixture->ledger, "b1", keep_answer, &answer), 0);
	serve(fixture->ledger);
	assert_int_equal(answer.error, 0);
	after = verifier_of(fixture->ledger);
	assert_memory_not_equal(before.key, after.key, sizeof before.key);
	message = next_checkpoint(fixture->ledger, 0);
	assert_int_equal(opened(message, &before).size, answer.seq);
	assert_int_equal(opened(message, &after).size, answer.seq);
	keys = look_up(fixture->ledger, "keys", NULL);
	assert_int_equal(json_array_size(keys), 2);
	statement = json_string_value(json_object_get(json_array_get(keys, 1), "statement"));
	assert_int_equal(note_open(statement, strlen(statement), &before, 1, &opening, &why), 0);
	assert_int_equal(reopen(fixture), 0);
	assert_memory_equal(verifier_of(fixture->ledger).key, after.key, sizeof after.key);
	append_many(fixture->ledger, EVERY);
	json_decref(message);
	message = next_checkpoint(fixture->ledger, 0);
	assert_int_equal(opened(message, &after).size, 5 + EVERY);
}

static void test_lost_key_is_recorded(void **state)
{
	Fixture *fixture = *state;
	NoteVerifier before = verifier_of(fixture->ledger);
	json_auto_t *keys = NULL;
	char path[128];

	append_many(fixture->ledger, 3);
	fixture->ledger = ledger_free(fixture->ledger);
	snprintf(path, sizeof path, "%s/station.key", fixture->keys);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_fixture(fixture), 0);
	assert_memory_not_equal(verifier_of(fixture->ledger).key, before.key, sizeof before.key);
	keys = look_up(fixture->ledger, "keys", NULL);
	assert_int_equal(json_array_size(keys), 2);
	assert_non_null(json_string_value(json_object_get(json_array_get(keys, 1), "previous")));
}

/* ---- at the start ---- */

static void tamper(Fixture *fixture, const char *sql)
{
	sqlite3 *db = NULL;
	char *error = NULL;

	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	/* whoever can write the file need not heed its triggers */
	assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static void test_damage_is_noticed_at_the_start(void **state)
{
	static const struct {
		const char *sql, *said;
	} table[] = {
		{ "DELETE FROM record WHERE seq > 590", "records, but its newest checkpoint" },
		{ "UPDATE record SET leaf = leaf || ' ' WHERE seq = 600", "does not match its hash" },
		{ "DELETE FROM tree_node WHERE level = 9 AND number = 0", "lacks node 0 of level 9" },
		{ "UPDATE tree_node SET hash = zeroblob(32) WHERE level = 9 AND number = 0",
			"is not what its newest checkpoint says" },
		{ "UPDATE checkpoint SET note = replace(note, char(10) || '601' || char(10), char(10) || '602' ||"
		  " char(10))",
			"is broken" },
	};

	for (size_t i = 0; i < ELEMENTS(table); i++) {
		Fixture *fixture;
		void *own = NULL;

		assert_int_equal(setup_every_100(&own), 0);
		fixture = own;
		append_many(fixture->ledger, 600);
		assert_int_equal(fixture->ledger->seq, 601);
		tamper(fixture, table[i].sql);
		if (open_fixture(fixture) != -EUCLEAN || !strstr(fixture->error.text, table[i].said))
			fail_msg("%s: said \"%s\"", table[i].sql, fixture->error.text);
		fixture->ledger = NULL;
		assert_int_equal(teardown(&own), 0);
	}
}

static void test_older_copy_is_noticed(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *copy = NULL;
	size_t size;

	append_many(fixture->ledger, 200);
	assert_int_equal(reopen(fixture), 0);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(file_read(fixture->path, 1 << 24, &copy, &size), 0);
	assert_int_equal(open_fixture(fixture), 0);
	append_many(fixture->ledger, 200);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(file_write_atomic(fixture->folder, "ledger.db", copy, size), 0);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "the checkpoint kept beside it"));
	fixture->ledger = NULL;
}

/* ---- a used cartridge is never claimed again ---- */

typedef struct Copy {
	char *data[2]; /* of the file and its write-ahead log */
	size_t size[2];
} Copy;

static const char *const parts[] = { "ledger.db", "ledger.db-wal" };

/** As a copying program takes them while the station runs. */
static Copy take_copy(const Fixture *fixture)
{
	Copy copy = { 0 };

	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		char path[128];

		snprintf(path, sizeof path, "%s/%s", fixture->folder, parts[i]);
		assert_int_equal(file_read(path, 1 << 24, &copy.data[i], &copy.size[i]), 0);
	}
	return copy;
}

static void put_back(const Fixture *fixture, Copy *copy, bool with_log)
{
	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		if (i == 0 || with_log)
			assert_int_equal(
				file_write_atomic(fixture->folder, parts[i], copy->data[i], copy->size[i]),
				0);
		free(copy->data[i]);
	}
}

static LedgerAnswer claim_a17(Fixture *fixture)
{
	return append(fixture->ledger, "needle.claimed", claim("(01)04012345678901(21)A17", "L1", 1));
}

static void receive(Fixture *fixture)
{
	assert_int_equal(append(fixture->ledger, "lot.received", lot("L1", 20, "2031-12-31")).error, 0);
}

/** A copy that is younger than the newest checkpoint that came in its time. */
static void test_a_claim_cannot_be_undone_by_a_copy(void **state)
{
	Fixture *fixture = *state;
	Copy copy;

	receive(fixture);
	copy = take_copy(fixture);
	assert_int_equal(claim_a17(fixture).error, 0);
	fixture->ledger = ledger_free(fixture->ledger);
	put_back(fixture, &copy, true);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "the checkpoint kept beside it"));
	fixture->ledger = NULL;
}

/** The file alone, as it is after a crash, knows less than file and log together. */
static void test_a_claim_cannot_be_undone_by_losing_the_log(void **state)
{
	Fixture *fixture = *state;
	Copy copy;

	receive(fixture);
	assert_int_equal(reopen(fixture), 0); /* what was there is in the file itself */
	assert_int_equal(claim_a17(fixture).error, 0);
	copy = take_copy(fixture);
	fixture->ledger = ledger_free(fixture->ledger);
	put_back(fixture, &copy, false);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "the checkpoint kept beside it"));
	fixture->ledger = NULL;
}

/** The mark is durable when the claim is acknowledged, whatever happens next. */
static void test_a_claim_is_marked_before_it_is_acknowledged(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *note = NULL;
	char path[128], size[32];
	LedgerAnswer answer;
	size_t length;

	receive(fixture);
	answer = claim_a17(fixture);
	assert_int_equal(answer.error, 0);
	assert_int_equal(ledger_checkpoint_size(fixture->ledger), answer.seq);
	snprintf(path, sizeof path, "%s.checkpoint", fixture->path);
	assert_int_equal(file_read(path, 1 << 16, &note, &length), 0);
	snprintf(size, sizeof size, "\n%llu\n", (unsigned long long)answer.seq);
	assert_non_null(strstr(note, size));
}

/** Nothing is armed while the mark cannot be made; what was committed was told so. */
static void test_a_mark_that_cannot_be_made(void **state)
{
	Fixture *fixture = *state;
	char path[128];

	receive(fixture);
	for (int i = 0; i < 400 && seal_unsaved(fixture->ledger); i++)
		(void)poll(NULL, 0, 5);
	snprintf(path, sizeof path, "%s.checkpoint", fixture->path);
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(claim_a17(fixture).error, 0);
	wait_for_health(fixture->ledger, false);
	assert_int_equal(rmdir(path), 0);
	wait_for_health(fixture->ledger, true);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(claim_a17(fixture).error, -EEXIST);
}

/** One of another key says as much of the tree. */
static void test_a_mark_of_another_key_still_counts(void **state)
{
	Fixture *fixture = *state;
	char key[128];
	Copy copy;

	receive(fixture);
	copy = take_copy(fixture);
	assert_int_equal(claim_a17(fixture).error, 0);
	fixture->ledger = ledger_free(fixture->ledger);
	put_back(fixture, &copy, true);
	snprintf(key, sizeof key, "%s/station.key", fixture->keys);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	fixture->ledger = NULL;
}

static void test_a_lost_ledger_is_not_begun_anew(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *aside = NULL;

	append_many(fixture->ledger, 10);
	assert_true(asprintf(&aside, "%s.aside", fixture->path) > 0);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(rename(fixture->path, aside), 0);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "bring back a backup"));
	assert_int_equal(access(fixture->path, F_OK), -1);
	assert_int_equal(rename(aside, fixture->path), 0);
	assert_int_equal(open_fixture(fixture), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SIGNED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_every_100, teardown)
		SIGNED_TEST(test_checkpoints_come_in_time),
		SIGNED_TEST(test_checkpoints_prove_growth),
		SIGNED_TEST(test_every_record_is_proved),
		LEDGER_TEST(test_no_proof_of_nothing),
		SIGNED_TEST(test_no_step_of_the_chain_is_left_out),
		SIGNED_TEST(test_key_is_private_and_lasts),
		SIGNED_TEST(test_rotation_is_signed_by_both),
		SIGNED_TEST(test_lost_key_is_recorded),
		SIGNED_TEST(test_a_lost_ledger_is_not_begun_anew),
		cmocka_unit_test(test_damage_is_noticed_at_the_start),
		SIGNED_TEST(test_older_copy_is_noticed),
		SIGNED_TEST(test_a_claim_cannot_be_undone_by_a_copy),
		SIGNED_TEST(test_a_claim_cannot_be_undone_by_losing_the_log),
		SIGNED_TEST(test_a_claim_is_marked_before_it_is_acknowledged),
		SIGNED_TEST(test_a_mark_that_cannot_be_made),
		SIGNED_TEST(test_a_mark_of_another_key_still_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
