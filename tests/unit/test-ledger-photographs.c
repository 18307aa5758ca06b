/* SPDX-License-Identifier: Apache-2.0 */

/** Photographs against their digests, while the station goes on: nothing of what it does is taken for damage.
 */

#include "ledger-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "ledger/verify.h"

enum { PICTURES = 6, LONG_AGO = 1000000000 };

typedef struct Album {
	Fixture *fixture;
	char folder[128];
	Verification found;
	char finding[VERIFY_TEXT_MAX], remark[VERIFY_TEXT_MAX];
	uint64_t done, total;
	/* in the middle of the photographs, once */
	void (*meanwhile)(struct Album *album);
	atomic_bool leave;
} Album;

/* ---- photographs ---- */

static void name_picture(const Album *album, int number, char ret[192])
{
	snprintf(ret, 192, "%s/session-1-crown-before-%d.jpg", album->folder, number);
}

static void write_picture(const Album *album, int number, const char *text)
{
	static const struct timespec times[2] = { { LONG_AGO, 0 }, { LONG_AGO, 0 } };
	char path[192];
	int fd;

	name_picture(album, number, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	/* so old that it does not count as one that is being recorded */
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void remove_picture(const Album *album, int number)
{
	char path[192];

	name_picture(album, number, path);
	(void)unlink(path);
}

static LedgerAnswer record_picture(const Album *album, int number, const char *text, json_int_t bytes)
{
	char path[192], sha256[DIGEST_HEX_MAX];
	json_t *body;

	name_picture(album, number, path);
	digest_hex(text, strlen(text), sha256);
	body = json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "zone", "crown", "phase", "before",
		"file", strrchr(path, '/') + 1, "sha256", sha256);
	if (bytes > 0)
		json_object_set_new(body, "bytes", json_integer(bytes));
	return append(album->fixture->ledger, "image.captured", body);
}

static void take_picture(const Album *album, int number)
{
	char text[32];

	snprintf(text, sizeof text, "picture %d", number);
	write_picture(album, number, text);
	assert_int_equal(record_picture(album, number, text, (json_int_t)strlen(text)).error, 0);
}

/** A session with PICTURES photographs. */
static Album *album_new(Fixture *fixture)
{
	Album *album = calloc(1, sizeof *album);

	assert_non_null(album);
	album->fixture = fixture;
	snprintf(album->folder, sizeof album->folder, "%s/images", fixture->folder);
	assert_int_equal(mkdir(album->folder, 0700), 0);
	append(fixture->ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-1", "protocol", "p",
			"course_session", 1));
	for (int i = 0; i < PICTURES; i++)
		take_picture(album, i);
	return album;
}

static void album_free(Album *album)
{
	for (int i = 0; i < 2 * PICTURES; i++)
		remove_picture(album, i);
	assert_int_equal(rmdir(album->folder), 0);
	free(album);
}

/* ---- verification ---- */

static void on_finding(void *userdata, const char *text)
{
	snprintf(((Album *)userdata)->finding, VERIFY_TEXT_MAX, "%s", text);
}

static void on_remark(void *userdata, const char *text)
{
	snprintf(((Album *)userdata)->remark, VERIFY_TEXT_MAX, "%s", text);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	Album *album = userdata;
	void (*meanwhile)(Album *album) = album->meanwhile;

	album->done = done;
	album->total = total;
	if (done <= total - PICTURES || !meanwhile)
		return;
	album->meanwhile = NULL;
	meanwhile(album);
}

static int verify(Album *album)
{
	Error error = { 0 };
	const VerifyOptions options = {
		.path = album->fixture->path,
		.parts = VERIFY_ALL,
		.threads = 1,
		.images = album->folder,
		.leave = &album->leave,
		.progress = on_progress,
		.finding = on_finding,
		.remark = on_remark,
		.userdata = album,
	};

	return ledger_verify(&options, &album->found, &error);
}

static void assert_sound(const Album *album)
{
	assert_string_equal(album->finding, "");
	assert_string_equal(album->remark, "");
	assert_int_equal(album->found.findings, 0);
	assert_int_equal(album->done, album->total);
}

static void test_all_are_counted(void **state)
{
	Album *album = album_new(*state);

	assert_int_equal(verify(album), 0);
	assert_sound(album);
	assert_int_equal(album->found.photographs, PICTURES);
	assert_int_equal(album->total, album->found.records + PICTURES);
	album_free(album);
}

static void test_a_length_that_is_not_on_record_is_no_excuse(void **state)
{
	Album *album = album_new(*state);

	write_picture(album, PICTURES, "another");
	assert_int_equal(record_picture(album, PICTURES, "one", 0).error, 0);
	assert_int_equal(verify(album), 0);
	assert_non_null(strstr(album->finding, "its SHA-256 is not the recorded one"));
	assert_int_equal(album->found.findings, 1);
	assert_int_equal(album->found.photograph_findings, 1);
	album_free(album);
}

/* ---- meanwhile ---- */

/** The files first: all that are not yet read are gone by then. */
static void erase(Album *album)
{
	LedgerAnswer answer = append(album->fixture->ledger, "personal.erased",
		json_pack("{s:s, s:s, s:s}", "subject", "P-1", "reason", "asked for it", "despite",
			"it is theirs"));

	assert_int_equal(answer.error, 0);
	/* whoever reads photographs keeps nothing of the ledger in its log */
	assert_false(answer.lingers);
	for (int i = 0; i < PICTURES; i++)
		remove_picture(album, i);
}

static void test_one_that_is_erased_meanwhile_is_not_missing(void **state)
{
	Album *album = album_new(*state);

	album->meanwhile = erase;
	assert_int_equal(verify(album), 0);
	assert_null(album->meanwhile);
	assert_sound(album);
	assert_int_equal(verify(album), 0);
	assert_sound(album);
	assert_int_equal(album->found.photographs, 0);
	album_free(album);
}

static void take_another(Album *album)
{
	take_picture(album, PICTURES);
}

static void test_one_that_is_taken_meanwhile_is_no_stranger(void **state)
{
	Album *album = album_new(*state);

	album->meanwhile = take_another;
	assert_int_equal(verify(album), 0);
	assert_sound(album);
	assert_int_equal(album->found.photographs, PICTURES);
	write_picture(album, PICTURES + 1, "nobody's");
	assert_int_equal(verify(album), 0);
	assert_string_equal(
		album->remark, "no record names the file session-1-crown-before-7.jpg among the photographs");
	assert_int_equal(album->found.strangers, 1);
	assert_int_equal(album->found.findings, 0);
	album_free(album);
}

static void leave(Album *album)
{
	atomic_store(&album->leave, true);
}

static void test_it_is_left_between_two(void **state)
{
	Album *album = album_new(*state);

	album->meanwhile = leave;
	assert_int_equal(verify(album), -ECANCELED);
	assert_true(album->done < album->total);
	album_free(album);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_all_are_counted),
		LEDGER_TEST(test_a_length_that_is_not_on_record_is_no_excuse),
		LEDGER_TEST(test_one_that_is_erased_meanwhile_is_not_missing),
		LEDGER_TEST(test_one_that_is_taken_meanwhile_is_no_stranger),
		LEDGER_TEST(test_it_is_left_between_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
