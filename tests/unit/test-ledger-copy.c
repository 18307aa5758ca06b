/* SPDX-License-Identifier: Apache-2.0 */

/** Copies of a ledger that are wanted, refused, interrupted or cut at a day. */

#include "ledger-fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#include "ledger/copy.h"
#include "ledger/reader.h"
#include "ledger/verify.h"
#include "util/file.h"

/** A copy in the fixture's folder, and what was seen of its making. */
typedef struct Making {
	LedgerCopy copy;
	char name[128];
	uint64_t done, total, looks;
	int verdict;      /* of the look */
	bool whole;       /* what was looked at could be opened */
	atomic_bool left; /* as by a signal */
	bool leaves;      /* at the first sign of progress */
} Making;

static void on_progress(void *userdata, const char *doing, uint64_t done, uint64_t total)
{
	Making *making = userdata;

	assert_non_null(doing);
	assert_true(done <= total);
	if (total > 0) {
		making->done = done;
		making->total = total;
	}
	if (making->leaves)
		atomic_store(&making->left, true);
}

static int on_look(void *userdata, const char *part)
{
	_cleanup_(reader_freep) Reader *reader = NULL;
	Making *making = userdata;
	Error error;

	making->looks++;
	making->whole = reader_open(part, &(ReaderOptions){ 0 }, &reader, &error) == 0;
	return making->verdict;
}

static void begin(Making *making, const Fixture *fixture, const char *name)
{
	*making = (Making){ .verdict = 0 };
	snprintf(making->name, sizeof making->name, "%s/%s", fixture->folder, name);
	making->copy = (LedgerCopy){
		.path = fixture->path,
		.name = making->name,
		.leave = &making->left,
		.progress = on_progress,
		.look = on_look,
		.userdata = making,
	};
}

/** Files of the folder whose name begins with `prefix`. */
static int files(const Fixture *fixture, const char *prefix)
{
	_cleanup_(closedirp) DIR *folder = opendir(fixture->folder);
	struct dirent *entry;
	int n = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	return n;
}

static uint64_t records_of(const char *path)
{
	LedgerOptions options = { .path = path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	Error error;
	LedgerInfo info;

	assert_int_equal(ledger_open(&options, &ledger, &info, &error), 0);
	return info.newest_seq;
}

static int setup_lots(void **state)
{
	Fixture *fixture;
	int r = setup_signed(state, 1);

	if (r < 0)
		return r;
	fixture = *state;
	for (int day = 0; day < 5; day++) {
		char name[8];

		snprintf(name, sizeof name, "L%d", day);
		append(fixture->ledger, "lot.received", lot(name, 5, "2030-01-01"));
		fake_utc_us += USEC_PER_DAY;
	}
	return 0;
}

static int end_lots(void **state)
{
	fake_utc_us -= 5 * USEC_PER_DAY;
	return teardown(state);
}

static void test_a_copy_is_looked_at_before_it_has_its_name(void **state)
{
	Fixture *fixture = *state;
	Error error = { 0 };
	Making making;

	begin(&making, fixture, "copy.db");
	assert_int_equal(ledger_backup(&making.copy, &error), 0);
	assert_true(making.whole && making.looks == 1);
	assert_true(making.total > 0 && making.done == making.total);
	assert_int_equal(files(fixture, "copy.db"), 1);
	assert_int_equal(records_of(making.name), records_of(fixture->path));
	assert_int_equal(ledger_backup(&making.copy, &error), -EEXIST);
	assert_non_null(strstr(error.text, "is there already, give another name"));
	assert_int_equal(making.looks, 1);
	unlink(making.name);
}

static void test_a_copy_that_is_refused_leaves_nothing(void **state)
{
	Fixture *fixture = *state;
	Error error = { .text = "not yet" };
	LedgerArchive archive;
	Making making;

	begin(&making, fixture, "copy.db");
	making.verdict = -EPERM;
	assert_int_equal(ledger_backup(&making.copy, &error), -EPERM);
	assert_string_equal(error.text, "");
	assert_int_equal(ledger_archive(&making.copy, INT64_MAX, &archive, &error), -EPERM);
	assert_string_equal(error.text, "");
	assert_int_equal(making.looks, 2);
	assert_int_equal(files(fixture, "copy.db"), 0);
}

static void test_an_interrupted_copy_leaves_nothing(void **state)
{
	Fixture *fixture = *state;
	Error error = { 0 };
	LedgerArchive archive;
	Making making;

	begin(&making, fixture, "copy.db");
	making.leaves = true;
	assert_int_equal(ledger_backup(&making.copy, &error), -ECANCELED);
	assert_non_null(strstr(error.text, "it was interrupted"));
	atomic_store(&making.left, false);
	assert_int_equal(ledger_archive(&making.copy, INT64_MAX, &archive, &error), -ECANCELED);
	assert_int_equal(making.looks, 0);
	assert_int_equal(files(fixture, "copy.db"), 0);
}

static void test_an_archive_ends_before_its_day(void **state)
{
	Fixture *fixture = *state;
	Error error = { 0 };
	LedgerArchive archive = { .size = 99 };
	struct stat status;
	Making making;

	begin(&making, fixture, "archive.db");
	/* the key's record came first, on the first day */
	assert_int_equal(
		ledger_archive(&making.copy, fake_utc_us - 5 * USEC_PER_DAY, &archive, &error), -ENODATA);
	assert_non_null(strstr(error.text, "there is nothing to archive"));
	assert_int_equal(archive.size, 99);
	assert_int_equal(files(fixture, "archive.db"), 0);
	assert_int_equal(ledger_archive(&making.copy, fake_utc_us - 2 * USEC_PER_DAY, &archive, &error), 0);
	assert_int_equal(archive.size, 4);
	assert_int_equal(records_of(making.name), 4);
	assert_int_equal(strlen(archive.sha256), 64);
	assert_int_equal(stat(making.name, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0400);
	assert_int_equal(files(fixture, "archive.db"), 1);
	unlink(making.name);
}

/** A file that may not grow past `bytes`: -errno of the backup. */
static int back_up_within(const Fixture *fixture, rlim_t bytes, Error *error)
{
	struct rlimit whole, limit;
	Making making;
	int r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
	limit = whole;
	limit.rlim_cur = bytes;
	begin(&making, fixture, "copy.db");
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = ledger_backup(&making.copy, error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
	return r;
}

static void test_a_file_that_may_not_grow_is_named(void **state)
{
	Fixture *fixture = *state;
	Error error = { 0 };

	fixture->ledger = ledger_free(fixture->ledger);
	for (rlim_t bytes = 4096; bytes < 100000; bytes += 30000) {
		assert_int_equal(back_up_within(fixture, bytes, &error), -EFBIG);
		assert_non_null(strstr(error.text, "copy.db was not written, no file may be as large"));
		assert_int_equal(files(fixture, "copy.db"), 0);
	}
}

static void test_what_is_no_ledger_is_named(void **state)
{
	static const char *const contents[] = { "", "SQLite format 3", "no database" };
	static const char *const said[] = { "is empty", "is too short for a database", "is too short" };
	Fixture *fixture = *state;
	Error error;
	char path[128];
	Making making;

	begin(&making, fixture, "copy.db");
	snprintf(path, sizeof path, "%s/other", fixture->folder);
	making.copy.path = path;
	assert_int_equal(ledger_backup(&making.copy, &error), -ENOENT);
	assert_non_null(strstr(error.text, "is not there"));
	for (size_t i = 0; i < ELEMENTS(contents); i++) {
		FILE *file = fopen(path, "we");

		assert_non_null(file);
		fputs(contents[i], file);
		fclose(file);
		assert_int_equal(ledger_backup(&making.copy, &error), -EUCLEAN);
		assert_non_null(strstr(error.text, said[i]));
	}
	unlink(path);
	making.copy.path = fixture->folder;
	assert_int_equal(ledger_backup(&making.copy, &error), -EISDIR);
	assert_int_equal(files(fixture, "copy.db"), 0);
}

static void remove_files(const Fixture *fixture, const char *prefix)
{
	_cleanup_(closedirp) DIR *folder = opendir(fixture->folder);
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
}

static void test_what_was_moved_aside_is_never_replaced(void **state)
{
	enum { TIMES = 20 }; /* more than there are seconds that it takes */
	Fixture *fixture = *state;
	Error error = { 0 };
	uint64_t backed_up, whole;
	LedgerRestored first, restored;
	Making making;

	begin(&making, fixture, "backup");
	backed_up = records_of(fixture->path);
	assert_int_equal(ledger_backup(&making.copy, &error), 0);
	append(fixture->ledger, "lot.received", lot("L9", 5, "2030-01-01"));
	fixture->ledger = ledger_free(fixture->ledger);
	whole = records_of(fixture->path);
	assert_true(whole > backed_up);
	for (int i = 0; i < TIMES; i++) {
		assert_int_equal(ledger_restore(&(LedgerCopy){ .path = making.name, .name = fixture->path },
					 &restored, &error),
			0);
		if (i == 0)
			first = restored;
		else
			assert_string_not_equal(first.aside, restored.aside);
		assert_int_equal(records_of(restored.aside), i == 0 ? whole : backed_up);
	}
	assert_int_equal(records_of(first.aside), whole);
	remove_files(fixture, "ledger.db.");
	remove_files(fixture, "backup");
}

static void test_what_a_restoring_makes_is_the_folders_owners(void **state)
{
	static const char *const names[] = { "ledger.db", "ledger.db.lock", "ledger.db.restored" };
	enum { SOMEBODY = 12345 };
	Fixture *fixture = *state;
	Error error = { 0 };
	LedgerRestored restored;
	struct stat folder, made;
	Making making;

	begin(&making, fixture, "backup");
	assert_int_equal(ledger_backup(&making.copy, &error), 0);
	fixture->ledger = ledger_free(fixture->ledger);
	remove_files(fixture, "ledger.db");
	/* only root can: whoever else runs this is the owner already */
	assert_int_equal(geteuid() == 0 ? chown(fixture->folder, SOMEBODY, SOMEBODY) : 0, 0);
	assert_int_equal(stat(fixture->folder, &folder), 0);
	assert_int_equal(ledger_restore(&(LedgerCopy){ .path = making.name, .name = fixture->path },
				 &restored, &error),
		0);
	for (size_t i = 0; i < ELEMENTS(names); i++) {
		_cleanup_(freep) char *path = NULL;

		assert_true(asprintf(&path, "%s/%s", fixture->folder, names[i]) > 0);
		assert_int_equal(stat(path, &made), 0);
		assert_int_equal(made.st_uid, folder.st_uid);
		assert_int_equal(made.st_mode & 0777, 0640);
	}
	remove_files(fixture, "ledger.db");
	remove_files(fixture, "backup");
}

#define COPY_TEST(name) cmocka_unit_test_setup_teardown(name, setup_lots, end_lots)

static void print_finding(void *userdata, const char *text)
{
	(void)fprintf(stderr, "finding: %s\n", text);
}

/** As somebody who is not root, who may write where nobody else may. */
static int verify_as_anybody(const char *path)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		VerifyOptions options = {
			.path = path, .parts = VERIFY_ALL, .threads = 2, .finding = print_finding
		};
		Error error = { 0 };
		Verification found = { 0 };
		int r;

		if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
			_exit(99);
		r = ledger_verify(&options, &found, &error);
		if (r < 0)
			(void)fprintf(stderr, "%s\n", error.text);
		_exit(r < 0 || found.findings > 0 ? 98 : found.records > 90 ? 90 : (int)found.records);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static void copy_to(const char *from, const char *to)
{
	_cleanup_(freep) char *bytes = NULL;
	_cleanup_(fclosep) FILE *file = fopen(to, "we");
	size_t size = 0;

	assert_int_equal(file_read(from, 64 << 20, &bytes, &size), 0);
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(chmod(to, 0444), 0);
}

/** A copy that was taken with its log, and lies where nothing can be written: the log counts. */
static void test_a_log_is_read_where_nothing_can_be_written(void **state)
{
	Fixture *fixture = *state;
	char folder[] = "/var/tmp/ledger-medium-XXXXXX", names[2][96], own[128];
	uint64_t records;

	assert_non_null(mkdtemp(folder));
	(void)append(
		fixture->ledger, "session.abandoned", json_pack("{s:i, s:s}", "session", 1, "reason", "x"));
	records = fixture->ledger->seq;
	assert_true(records > 0 && records < 90);
	/* while it is open its log is beside it */
	snprintf(own, sizeof own, "%s-wal", fixture->path);
	snprintf(names[0], sizeof names[0], "%s/ledger.db", folder);
	snprintf(names[1], sizeof names[1], "%s/ledger.db-wal", folder);
	copy_to(fixture->path, names[0]);
	copy_to(own, names[1]);
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(verify_as_anybody(names[0]), (int)records);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(unlink(names[0]), 0);
	assert_int_equal(unlink(names[1]), 0);
	/* nothing was made beside it */
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		COPY_TEST(test_a_copy_is_looked_at_before_it_has_its_name),
		COPY_TEST(test_a_copy_that_is_refused_leaves_nothing),
		COPY_TEST(test_an_interrupted_copy_leaves_nothing),
		COPY_TEST(test_an_archive_ends_before_its_day),
		COPY_TEST(test_a_file_that_may_not_grow_is_named),
		COPY_TEST(test_what_is_no_ledger_is_named),
		COPY_TEST(test_what_was_moved_aside_is_never_replaced),
		COPY_TEST(test_what_a_restoring_makes_is_the_folders_owners),
		COPY_TEST(test_a_log_is_read_where_nothing_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
