/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Whatever reads a ledger while it is written sees one moment of it: a verification, an export, a backup, a
 * stream, beside claims, a rotation of the key and an erasure. None of them may call a sound ledger damaged.
 */

#include "ledger-fixture.h"

#include "ledger/copy.h"
#include "ledger/reader.h"
#include "ledger/verify.h"

enum { ROUNDS = 6, BUSY_RECORDS = 40 };

static void write_one_of_each(Ledger *ledger)
{
	static unsigned n;
	char name[32], subject[32];
	json_auto_t *body = NULL, *personal = json_pack("{s:s}", "name", "Ada");
	LedgerRecord registered = { .kind = "subject.registered", .actor = "b1", .personal = personal };
	LedgerAnswer answer = { .error = 1 };

	snprintf(name, sizeof name, "LOT%u", ++n);
	snprintf(subject, sizeof subject, "P-%u", n);
	body = json_pack("{s:s}", "subject", subject);
	registered.body = body;
	assert_int_equal(append(ledger, "lot.received", lot(name, 40, "2099-01-01")).error, 0);
	assert_int_equal(ledger_append(ledger, &registered, keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
	assert_int_equal(ledger_rotate_key(ledger, "b1", keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
	answer = append(ledger, "personal.erased",
		json_pack("{s:s, s:s, s:s, s:s}", "subject", subject, "reason", "asked", "signed", "b1",
			"profile", "p"));
	if (answer.error < 0)
		fail_msg("%s", answer.text);
}

/* ---- at the worst moment ---- */

typedef struct Meanwhile {
	Ledger *ledger;
	unsigned looked, findings;
	char text[VERIFY_TEXT_MAX];
} Meanwhile;

static void on_finding(void *userdata, const char *text)
{
	Meanwhile *meanwhile = userdata;

	meanwhile->findings++;
	snprintf(meanwhile->text, sizeof meanwhile->text, "%s", text);
}

/** The records have been counted and looked at, the tables not yet. */
static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	Meanwhile *meanwhile = userdata;

	if (done == total && meanwhile->ledger && meanwhile->looked++ == 0)
		write_one_of_each(meanwhile->ledger);
}

static Verification verify(const char *path, Meanwhile *meanwhile, unsigned threads)
{
	Error error = { 0 };
	Verification found = { 0 };
	VerifyOptions options = { .path = path,
		.parts = VERIFY_ALL,
		.threads = threads,
		.progress = on_progress,
		.finding = on_finding,
		.userdata = meanwhile };

	if (ledger_verify(&options, &found, &error) < 0)
		fail_msg("%s", error.text);
	if (meanwhile->findings > 0)
		fail_msg("%s", meanwhile->text);
	assert_int_equal(found.findings, 0);
	return found;
}

static void test_a_record_committed_during_a_verification_is_no_damage(void **state)
{
	Fixture *fixture = *state;
	Meanwhile meanwhile = { .ledger = fixture->ledger };
	uint64_t before;

	write_one_of_each(fixture->ledger);
	before = fixture->ledger->seq;
	assert_int_equal(verify(fixture->path, &meanwhile, 1).records, before);
	assert_true(meanwhile.looked > 0);
	assert_true(fixture->ledger->seq > before);
	assert_int_equal(verify(fixture->path, &meanwhile, 2).records, fixture->ledger->seq);
}

static int count_record(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size)
{
	Meanwhile *meanwhile = userdata;

	if (meanwhile->looked++ == 0)
		write_one_of_each(meanwhile->ledger);
	return 0;
}

static void test_an_export_is_of_one_moment(void **state)
{
	Fixture *fixture = *state;
	LedgerOptions options = { .path = fixture->path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *copy = NULL;
	Meanwhile meanwhile = { .ledger = fixture->ledger };
	json_auto_t *none = json_object();
	Error error;
	json_t *rows = NULL;
	uint64_t records = 0;
	LedgerInfo info;

	write_one_of_each(fixture->ledger);
	if (ledger_open(&options, &copy, &info, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(ledger_hold(copy, &records), 0);
	assert_int_equal(records, fixture->ledger->seq);
	assert_int_equal(ledger_each_record(copy, UINT32_MAX, count_record, &meanwhile), 0);
	assert_int_equal(meanwhile.looked, records);
	assert_int_equal(ledger_lookup_now(copy, "lots", none, &rows, &error), 0);
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
}

/** A program that reads again and again, such as telemetry, sees what came since. */
static void test_a_reader_that_holds_nothing_sees_what_came_since(void **state)
{
	Fixture *fixture = *state;
	LedgerOptions options = { .path = fixture->path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *copy = NULL;
	json_auto_t *none = json_object();
	Error error;
	LedgerInfo info;

	write_one_of_each(fixture->ledger);
	if (ledger_open(&options, &copy, &info, &error) < 0)
		fail_msg("%s", error.text);
	for (size_t lots = 1; lots <= 3; lots++) {
		json_t *rows = NULL;

		assert_int_equal(ledger_lookup_now(copy, "lots", none, &rows, &error), 0);
		assert_int_equal(json_array_size(rows), lots);
		json_decref(rows);
		/* what it looked at keeps no write-ahead log from being cut */
		assert_true(sqlite3_get_autocommit(copy->db));
		write_one_of_each(fixture->ledger);
	}
}

/* ---- with threads ---- */

typedef struct Reading {
	const Fixture *fixture;
	pthread_t thread;
	atomic_bool ended;
	unsigned rounds;
	char failed[ERROR_TEXT_MAX];
} Reading;

static void keep_failure(void *userdata, const char *text)
{
	Reading *reading = userdata;

	snprintf(reading->failed, sizeof reading->failed, "%s", text);
}

static void verify_in_thread(Reading *reading, const char *path, unsigned threads)
{
	Error error = { 0 };
	Verification found;
	VerifyOptions options = { .path = path,
		.parts = VERIFY_ALL,
		.threads = threads,
		.finding = keep_failure,
		.userdata = reading };

	if (ledger_verify(&options, &found, &error) < 0)
		keep_failure(reading, error.text);
}

static void *verify_again_and_again(void *userdata)
{
	Reading *reading = userdata;

	for (unsigned i = 0; i < ROUNDS && !reading->failed[0]; i++)
		verify_in_thread(reading, reading->fixture->path, 1 + i % 2);
	atomic_store(&reading->ended, true);
	return NULL;
}

static void *copy_again_and_again(void *userdata)
{
	Reading *reading = userdata;
	char name[128];
	Error error = { 0 };
	LedgerCopy copy = { .path = reading->fixture->path, .name = name };

	for (unsigned i = 0; i < ROUNDS && !reading->failed[0]; i++) {
		snprintf(name, sizeof name, "%s/backup", reading->fixture->folder);
		if (ledger_backup(&copy, &error) < 0)
			keep_failure(reading, error.text);
		else
			verify_in_thread(reading, name, 1);
		(void)unlink(name);
	}
	atomic_store(&reading->ended, true);
	return NULL;
}

typedef struct Streamed {
	bool ended;
	int error;
	int pipes[2];
} Streamed;

static void on_streamed(void *userdata, const LedgerAnswer *answer)
{
	Streamed *streamed = userdata;

	streamed->ended = true;
	streamed->error = answer->error;
}

/** All rows of the records, of which none may be missing and none be half there. */
static void stream_beside(Ledger *ledger)
{
	json_auto_t *arguments = json_object();
	Streamed streamed = { .pipes = { -1, -1 } };
	_cleanup_(fclosep) FILE *lines = NULL;
	json_int_t last = 0;
	json_t *row;

	assert_int_equal(pipe(streamed.pipes), 0);
	assert_int_equal(
		ledger_stream(ledger, "records", arguments, streamed.pipes[1], on_streamed, &streamed), 0);
	write_one_of_each(ledger);
	lines = fdopen(streamed.pipes[0], "r");
	while ((row = json_loadf(lines, JSON_DISABLE_EOF_CHECK, NULL))) {
		assert_int_equal(json_integer_value(json_object_get(row, "seq")), ++last);
		json_decref(row);
	}
	assert_true(last > 0);
	while (!streamed.ended) {
		struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };

		(void)poll(&ready, 1, 1000);
		ledger_dispatch(ledger);
	}
	assert_int_equal(streamed.error, 0);
}

static void test_all_readers_beside_a_writer(void **state)
{
	Fixture *fixture = *state;
	Reading verifying = { .fixture = fixture }, copying = { .fixture = fixture };

	write_one_of_each(fixture->ledger);
	assert_int_equal(pthread_create(&verifying.thread, NULL, verify_again_and_again, &verifying), 0);
	assert_int_equal(pthread_create(&copying.thread, NULL, copy_again_and_again, &copying), 0);
	while (!atomic_load(&verifying.ended) || !atomic_load(&copying.ended))
		if (fixture->ledger->seq < 200 * BUSY_RECORDS)
			stream_beside(fixture->ledger);
	assert_int_equal(pthread_join(verifying.thread, NULL), 0);
	assert_int_equal(pthread_join(copying.thread, NULL), 0);
	if (verifying.failed[0])
		fail_msg("%s", verifying.failed);
	if (copying.failed[0])
		fail_msg("%s", copying.failed);
}

/* ---- what bounds a reader ---- */

static void test_a_snapshot_has_its_deadline(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(reader_freep) Reader *reader = NULL;
	Error error;

	if (reader_open(fixture->path, &(ReaderOptions){ .deadline_s = 60 }, &reader, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(reader_check(reader), 0);
	reader->deadline_us = 0;
	assert_int_equal(reader_check(reader), -ETIME);
	/* a new one begins anew */
	reader_end(reader);
	assert_int_equal(reader_begin(reader), 0);
	assert_int_equal(reader_check(reader), 0);
}

static void test_a_question_is_bounded(void **state)
{
	/* as many rows as could be counted in some thousand years */
	static const char endless[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
				      " SELECT count(*) FROM n";
	Fixture *fixture = *state;
	_cleanup_(reader_freep) Reader *reader = NULL;
	Error error;
	atomic_bool leave = true;

	if (reader_open(fixture->path, &(ReaderOptions){ 0 }, &reader, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(reader->looks_most < UINT64_MAX);
	reader->looks_most = 100;
	assert_int_equal(sqlite3_exec(reader->db, endless, NULL, NULL, NULL), SQLITE_INTERRUPT);
	assert_int_equal(reader->given_up, -ETIME);
	reader_end(reader);
	assert_int_equal(reader_begin(reader), 0);
	reader->options.leave = &leave;
	assert_int_equal(sqlite3_exec(reader->db, endless, NULL, NULL, NULL), SQLITE_INTERRUPT);
	assert_int_equal(reader->given_up, -ECANCELED);
}

static int setup_with_key(void **state)
{
	return setup_signed(state, 100);
}

int main(void)
{
#define SIGNED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_key, teardown)
	const struct CMUnitTest tests[] = {
		SIGNED_TEST(test_a_record_committed_during_a_verification_is_no_damage),
		SIGNED_TEST(test_an_export_is_of_one_moment),
		SIGNED_TEST(test_a_reader_that_holds_nothing_sees_what_came_since),
		SIGNED_TEST(test_all_readers_beside_a_writer),
		SIGNED_TEST(test_a_snapshot_has_its_deadline),
		SIGNED_TEST(test_a_question_is_bounded),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
