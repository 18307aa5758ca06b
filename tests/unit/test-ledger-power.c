/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger on a disk that loses power or fails, again and again, at every kind of write: no acknowledged
 * record is missing, no needle is claimed twice, every checkpoint that was seen continues, and all of the
 * file is sound.
 */

#include "ledger-fixture.h"

#include "crash-vfs.h"
#include "ledger/verify.h"

enum {
	CRASHES = 1000,
	LIVES = 25,   /* of one ledger, before it grows long */
	THOROUGH = 8, /* each so many of them all of the file is verified */
	RECORDS = 16,
	UNITS = 60,
	OPERATIONS = 70,
	SEEN_MAX = 4096,
};

/** What the child says of what it was told. */
typedef struct Seen {
	uint64_t seq;
	int unit;       /* -1: another record */
	int checkpoint; /* bytes of a note that follow; then nothing else counts */
} Seen;

typedef struct Life {
	Fixture *fixture;
	bool claimed[UNITS];
	uint64_t newest; /* acknowledged */
	char *notes[SEEN_MAX];
	size_t n_notes;
	unsigned lived;
} Life;

/* ---- the child: works until the power goes ---- */

static int told;

static void tell(const void *data, size_t size)
{
	if (write(told, data, size) != (ssize_t)size)
		_exit(EXIT_FAILURE);
}

static void on_answer(void *userdata, const LedgerAnswer *answer)
{
	Seen seen = { .seq = answer->seq, .unit = (int)(intptr_t)userdata };

	if (answer->error == 0)
		tell(&seen, sizeof seen);
}

static void on_checkpoint(void *userdata, int error, json_t *message)
{
	const char *note = json_string_value(json_object_get(message, "checkpoint"));
	Seen seen = { .checkpoint = note ? (int)strlen(note) : 0 };

	if (error < 0 || !note)
		return;
	tell(&seen, sizeof seen);
	tell(note, strlen(note));
}

static void send_record(Ledger *ledger, unsigned *seed)
{
	int unit = rand_r(seed) % 2 ? rand_r(seed) % UNITS : -1;
	char name[64];
	json_auto_t *body = NULL;
	LedgerRecord record = { .kind = unit < 0 ? "session.abandoned" : "needle.claimed", .actor = "b1" };

	snprintf(name, sizeof name, "(01)04012345678901(21)S%d", unit);
	body = unit < 0 ? json_pack("{s:i, s:s}", "session", 1, "reason", "x") : claim(name, "L1", 1);
	record.body = body;
	if (ledger_append(ledger, &record, on_answer, (void *)(intptr_t)unit) < 0)
		_exit(EXIT_FAILURE);
}

static void work(Life *life, unsigned seed)
{
	Fixture *fixture = life->fixture;

	if (rand_r(&seed) % 4)
		crash_vfs_cut(1 + rand_r(&seed) % OPERATIONS, seed);
	else
		crash_vfs_fail(1 + rand_r(&seed) % OPERATIONS, 1 + rand_r(&seed) % 6);
	crash_vfs_install();
	if (open_fixture(fixture) < 0) {
		fprintf(stderr, "%s\n", fixture->error.text);
		_exit(strstr(fixture->error.text, "damaged") ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	for (int i = 0; i < RECORDS; i++) {
		send_record(fixture->ledger, &seed);
		if (rand_r(&seed) % 3 == 0)
			serve(fixture->ledger);
		if (i % 8 == 7 && ledger_checkpoint(fixture->ledger, 0, on_checkpoint, NULL) < 0)
			_exit(EXIT_FAILURE);
	}
	serve(fixture->ledger);
	ledger_free(fixture->ledger);
	_exit(EXIT_SUCCESS);
}

/* ---- the parent: looks at what is left ---- */

static void remember(Life *life, int fd)
{
	Seen seen;

	while (read(fd, &seen, sizeof seen) == sizeof seen) {
		if (seen.checkpoint > 0) {
			char *note = calloc(1, (size_t)seen.checkpoint + 1);

			assert_non_null(note);
			if (read(fd, note, (size_t)seen.checkpoint) != seen.checkpoint) {
				free(note); /* the power went between the two writes */
				break;
			}
			assert_true(life->n_notes < SEEN_MAX);
			life->notes[life->n_notes++] = note;
			continue;
		}
		if (seen.seq > life->newest)
			life->newest = seen.seq;
		if (seen.unit < 0)
			continue;
		if (life->claimed[seen.unit])
			fail_msg("unit %d was claimed twice (record %d)", seen.unit, (int)seen.seq);
		life->claimed[seen.unit] = true;
	}
}

static void on_finding(void *userdata, const char *text)
{
	print_error("%s\n", text);
}

static void check(Life *life)
{
	Fixture *fixture = life->fixture;
	Verification found;
	Error error = { 0 };
	VerifyOptions options = {
		.path = fixture->path,
		.parts = life->lived++ % THOROUGH ? VERIFY_RECORDS | VERIFY_SIGNATURES : VERIFY_ALL,
		.threads = 1,
		.witnessed = (const char *const *)life->notes,
		.n_witnessed = life->n_notes,
		.finding = on_finding,
	};

	if (open_fixture(fixture) < 0)
		fail_msg("%s", fixture->error.text);
	serve(fixture->ledger);
	if (fixture->info.newest_seq < life->newest)
		fail_msg("record %d was acknowledged and is gone: %d are left", (int)life->newest,
			(int)fixture->info.newest_seq);
	for (int unit = 0; unit < UNITS; unit++) {
		char name[64];
		json_auto_t *rows = NULL;

		snprintf(name, sizeof name, "(01)04012345678901(21)S%d", unit);
		if (!life->claimed[unit])
			continue;
		rows = look_up(fixture->ledger, "unit", json_pack("{s:s}", "unit", name));
		assert_int_equal(json_array_size(rows), 1);
	}
	fixture->ledger = ledger_free(fixture->ledger);
	if (ledger_verify(&options, &found, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(found.findings, 0);
	assert_int_equal(found.witnessed, life->n_notes);
}

/** True when the power went. */
static bool live(Life *life, unsigned seed)
{
	int pipes[2], status;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(pipes[0]);
		told = pipes[1];
		work(life, seed);
	}
	close(pipes[1]);
	remember(life, pipes[0]);
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != EXIT_SUCCESS && WEXITSTATUS(status) != CRASH_VFS_STATUS)
		fail_msg("seed %u: the child ended with %d", seed, WEXITSTATUS(status));
	check(life);
	return WEXITSTATUS(status) == CRASH_VFS_STATUS;
}

static int begin(void **state)
{
	Fixture *fixture;

	if (setup_signed(state, 10) < 0)
		return -1;
	fixture = *state;
	append(fixture->ledger, "lot.received", lot("L1", 1000, "2099-01-01"));
	fixture->ledger = ledger_free(fixture->ledger);
	return 0;
}

static void test_power_cuts_and_failures(void **state)
{
	unsigned seed = 1;

	for (int crashes = 0; crashes < CRASHES;) {
		void *own = NULL;
		Life life = { 0 };

		assert_int_equal(begin(&own), 0);
		life.fixture = own;
		for (int i = 0; i < LIVES && crashes < CRASHES; i++)
			crashes += live(&life, seed++);
		while (life.n_notes > 0)
			free(life.notes[--life.n_notes]);
		life.fixture->ledger = NULL;
		assert_int_equal(teardown(&own), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_power_cuts_and_failures) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
