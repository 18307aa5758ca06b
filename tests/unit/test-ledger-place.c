// SPDX-License-Identifier: Apache-2.0

/** The ledger when its files are taken away beneath it: nothing is acknowledged that would be gone
 * afterwards. */

#include "ledger-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

typedef struct Mischief {
	const char *name, *suffix;
	void (*make)(const char *path, const char *away);
	void (*undo)(const char *path, const char *away); /* NULL: cannot be undone */
} Mischief;

static void copy(const char *from, const char *to)
{
	_cleanup_(freep) char *data = NULL;
	size_t size;
	FILE *file;

	assert_int_equal(file_read(from, 100 << 20, &data, &size), 0);
	file = fopen(to, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void delete(const char *path, const char *away)
{
	assert_int_equal(unlink(path), 0);
}

static void move_away(const char *path, const char *away)
{
	assert_int_equal(rename(path, away), 0);
}

static void move_back(const char *path, const char *away)
{
	assert_int_equal(rename(away, path), 0);
}

static void add_name(const char *path, const char *away)
{
	assert_int_equal(link(path, away), 0);
}

static void remove_name(const char *path, const char *away)
{
	assert_int_equal(unlink(away), 0);
}

/** As `cp` of a backup does that first deletes what is there, or `mv`. */
static void replace(const char *path, const char *away)
{
	copy(path, away);
	assert_int_equal(rename(away, path), 0);
}

static const Mischief mischiefs[] = {
	{ "deleted", "", delete, NULL },
	{ "replaced", "", replace, NULL },
	{ "moved", "", move_away, move_back },
	{ "linked", "", add_name, remove_name },
	{ "-wal deleted", "-wal", delete, NULL },
	{ "-wal replaced", "-wal", replace, NULL },
	{ "-shm deleted", "-shm", delete, NULL },
	{ "lock deleted", ".lock", delete, NULL },
};

static int setup_row(void **state)
{
	const Mischief *row = *state;
	Fixture *fixture;
	int r = setup((void **)&fixture);

	if (r == 0) {
		fixture->row = row;
		*state = fixture;
	}
	return r;
}

static void test_a_file_that_is_not_there_any_more(void **state)
{
	Fixture *fixture = *state;
	const Mischief *mischief = fixture->row;
	Ledger *ledger = fixture->ledger;
	char path[160], away[176];
	LedgerAnswer answer;

	snprintf(path, sizeof path, "%s%s", fixture->path, mischief->suffix);
	snprintf(away, sizeof away, "%s.away", path);
	assert_int_equal(append(ledger, "station.stopped", json_object()).error, 0);
	ledger_look(ledger);
	assert_true(ledger_healthy(ledger));
	mischief->make(path, away);
	/* whoever asks first: nothing was committed since */
	answer = append(ledger, "needle.claimed", claim("(01)04012345678901(21)A", "L1", 1));
	assert_int_equal(answer.error, -EUCLEAN);
	assert_false(ledger_is_refusal(answer.error));
	assert_int_equal(answer.seq, 0);
	assert_non_null(strstr(answer.text, "replaced"));
	assert_int_equal(ledger_ailment(ledger), LEDGER_MOVED);
	ledger_look(ledger);
	assert_false(ledger_healthy(ledger));
	if (mischief->undo) {
		mischief->undo(path, away);
		ledger_look(ledger);
		wait_for_health(ledger, true);
		assert_int_equal(append(ledger, "station.stopped", json_object()).error, 0);
	}
	unlink(away);
}

/** Each second is enough: nobody need write. */
static void test_it_is_noticed_without_a_commit(void **state)
{
	Fixture *fixture = *state;

	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).error, 0);
	assert_int_equal(unlink(fixture->path), 0);
	/* a look does nothing while the writer is at work, as it may be for a moment after its answer */
	for (int i = 0; i < 4000 && ledger_ailment(fixture->ledger) != LEDGER_MOVED; i++) {
		ledger_look(fixture->ledger);
		(void)poll(NULL, 0, 5);
	}
	assert_int_equal(ledger_ailment(fixture->ledger), LEDGER_MOVED);
}

/** Another ledger that was put in its place keeps its own write-ahead log. */
static void test_what_took_its_place_is_left_alone(void **state)
{
	Fixture *fixture = *state;
	char wal[160], other[160];
	struct stat status;

	assert_int_equal(append(fixture->ledger, "station.stopped", json_object()).error, 0);
	snprintf(wal, sizeof wal, "%s-wal", fixture->path);
	snprintf(other, sizeof other, "%s.other", fixture->path);
	replace(fixture->path, other);
	replace(wal, other);
	assert_int_equal(stat(wal, &status), 0);
	assert_true(status.st_size > 0);
	ledger_look(fixture->ledger);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(stat(wal, &status), 0);
	assert_true(status.st_size > 0);
	/* what was acknowledged before is in it */
	assert_int_equal(open_fixture(fixture), 0);
	assert_int_equal(fixture->info.newest_seq, 1);
}

int main(void)
{
	struct CMUnitTest tests[ELEMENTS(mischiefs) + 2] = {
		LEDGER_TEST(test_it_is_noticed_without_a_commit),
		LEDGER_TEST(test_what_took_its_place_is_left_alone),
	};

	for (size_t i = 0; i < ELEMENTS(mischiefs); i++)
		tests[2 + i] = (struct CMUnitTest){ mischiefs[i].name, test_a_file_that_is_not_there_any_more,
			setup_row, teardown, (void *)&mischiefs[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
