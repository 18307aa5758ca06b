/* SPDX-License-Identifier: Apache-2.0 */

/** Photographs that go: when a person's data is erased, and when no record names them. */

#include "lone-station.h"

#include <pthread.h>

#include "state/image-name.h"

enum { PICTURES = 150, BATCH = 100, BEGUN_S = 10 };

#define SUBJECT "P-0001"

/* ---- the folder of photographs ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *deleted; /* names, in their order */
static const char *stuck;

static int fake_erase(void *userdata, const char *file)
{
	int r = stuck && strcmp(file, stuck) == 0 ? -EACCES : 0;

	pthread_mutex_lock(&lock);
	json_array_append_new(deleted, json_string(file));
	pthread_mutex_unlock(&lock);
	return r;
}

static size_t n_deleted(void)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = json_array_size(deleted);
	pthread_mutex_unlock(&lock);
	return n;
}

static int set_up(void **state)
{
	Lone *lone;
	int r = set_up_lone(state);

	if (r < 0)
		return r;
	lone = *state;
	deleted = json_array();
	stuck = NULL;
	lone->options.erase_image = fake_erase;
	restart(lone);
	settle(lone);
	return 0;
}

static int tear_down(void **state)
{
	int r = tear_down_lone(state);

	json_decref(deleted);
	return r;
}

/* ---- records ---- */

static void expect_recorded(Lone *lone, const char *kind, json_t *body)
{
	assert_int_equal(append(lone->ledger->ledger, kind, body).error, 0);
}

static void begin_session(Lone *lone, int session)
{
	expect_recorded(lone, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", SUBJECT, "protocol", "p",
			"course_session", 1));
}

/** Of the session, `milliseconds` after now. */
static const char *file_of(int session, int milliseconds)
{
	static char file[IMAGE_NAME_MAX + 8];
	char name[IMAGE_NAME_MAX];

	image_name_make(&(ImageName){ (uint64_t)session, fake_utc_us + milliseconds * 1000LL }, "crown",
		"before", name);
	snprintf(file, sizeof file, "%s" IMAGE_SUFFIX, name);
	return file;
}

static void capture(Lone *lone, const char *file)
{
	expect_recorded(lone, "image.captured",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "zone", "crown", "phase", "before",
			"file", file, "sha256", "00"));
}

static void erase_person(Lone *lone)
{
	begin_session(lone, 1);
	for (int i = 0; i < PICTURES; i++)
		capture(lone, file_of(1, i));
	expect_recorded(
		lone, "personal.erased", json_pack("{s:s, s:s}", "subject", SUBJECT, "reason", "asked"));
}

/** Each photograph is on record as erased once, but `n_left` of them. */
static void expect_erased(Lone *lone, size_t n_left)
{
	json_auto_t *rows = records(lone, "image.erased"), *seen = json_object();
	json_auto_t *left = look_up(lone->ledger->ledger, "images-to-erase", NULL);
	const json_t *row;
	size_t i;

	assert_int_equal(json_array_size(left), n_left);
	assert_int_equal(json_array_size(rows), PICTURES - n_left);
	json_array_foreach (rows, i, row)
		json_object_set_new(seen,
			json_string_value(json_object_get(json_object_get(row, "body"), "file")),
			json_true());
	assert_int_equal(json_object_size(seen), PICTURES - n_left);
}

/* ---- of somebody whose data was erased ---- */

static void test_all_are_deleted_and_recorded_once(void **state)
{
	Lone *lone = *state;

	erase_person(lone);
	erase_images(lone->station);
	erase_images(lone->station);
	settle(lone);
	expect_erased(lone, 0);
	assert_int_equal(n_deleted(), PICTURES);
}

static void test_a_disk_that_takes_no_record(void **state)
{
	Lone *lone = *state;

	erase_person(lone);
	limit_files(1);
	erase_images(lone->station);
	UNTIL(lone, lone->station->eraser.wanted);
	assert_int_equal(n_deleted(), BATCH);
	/* the disk is ready for a probe and for nothing more: the most that may happen is one attempt a
	 * minute */
	limit_files(0);
	UNTIL(lone, ledger_healthy(lone->ledger->ledger));
	for (int i = 0; i < 50; i++)
		go_on(lone);
	assert_int_equal(n_deleted(), BATCH);
	assert_true(lone->station->journal.n_kept < 10);
	advance(lone, 61);
	settle(lone);
	expect_erased(lone, 0);
	assert_int_equal(n_deleted(), BATCH + PICTURES);
}

static void test_one_that_cannot_be_deleted(void **state)
{
	Lone *lone = *state;
	char file[IMAGE_NAME_MAX + 8];

	snprintf(file, sizeof file, "%s", file_of(1, 7));
	stuck = file;
	erase_person(lone);
	erase_images(lone->station);
	settle(lone);
	expect_erased(lone, 1);
	assert_int_equal(n_deleted(), PICTURES);
}

/* ---- that no record names ---- */

static uint64_t ticket;

static int fake_capture(void *userdata, const StationCapture *request)
{
	ticket = request->ticket;
	return 0;
}

static void keep_error(void *userdata, const StationReply *reply)
{
	snprintf(userdata, 64, "%s", reply->error ? reply->error : "done");
}

/** As if somebody had prepared a session: what was answered to the photograph of it. */
static void take_picture(Lone *lone, const char *file, char answer[64])
{
	StationPicture picture = { .file = file, .sha256 = "00", .bytes = 1, .width = 1, .height = 1 };
	State *now = &lone->station->state;

	lone->station->state.session.protocol = lone->station->state.protocols.list[0];
	lone->station->state.session.number = 1;
	now->work.phase = SESSION_PREPARING;
	lone->station->state.session.consent_photographs = true;
	snprintf(now->people.signed_in.badge, sizeof now->people.signed_in.badge, "b1");
	snprintf(now->people.signed_in.roles, sizeof now->people.signed_in.roles, "technician");
	lone->station->options.capture = fake_capture;
	answer[0] = '\0';
	station_take_picture(lone->station, "crown", "before", keep_error, answer);
	picture.ticket = ticket;
	station_picture(lone->station, &picture);
	UNTIL(lone, answer[0]);
}

static void test_a_photograph_whose_record_is_refused(void **state)
{
	Lone *lone = *state;
	char answer[64];

	begin_session(lone, 1);
	take_picture(lone, "kept.jpg", answer);
	assert_string_equal(answer, "done");
	limit_files(1);
	take_picture(lone, "refused.jpg", answer);
	assert_string_equal(answer, STATION_ERROR_LEDGER);
	UNTIL(lone, n_deleted() > 0);
	assert_int_equal(json_array_size(deleted), 1);
	assert_string_equal(json_string_value(json_array_get(deleted, 0)), "refused.jpg");
}

/** Starts over with photographs of two sessions and more in the folder; one of each second is on record. */
static void start_over(Lone *lone)
{
	json_auto_t *images = json_array();

	json_array_append_new(images, json_string("holiday.jpg"));
	json_array_append_new(images, json_string(file_of(2, 0)));
	json_array_append_new(images, json_string(file_of(1, -BEGUN_S * 1000 - 1)));
	for (int i = 0; i < 2 * PICTURES; i++) {
		json_array_append_new(images, json_string(file_of(1, i * 10)));
		if (i % 2 == 0)
			capture(lone, file_of(1, i * 10));
	}
	lone->options.images = images;
	restart(lone);
	settle(lone);
}

static void test_photographs_that_no_record_names(void **state)
{
	Lone *lone = *state;

	begin_session(lone, 1);
	fake_utc_us += BEGUN_S * USEC_PER_SEC;
	start_over(lone);
	assert_int_equal(n_deleted(), PICTURES);
	for (int i = 0; i < PICTURES; i++)
		assert_string_equal(
			json_string_value(json_array_get(deleted, i)), file_of(1, (2 * i + 1) * 10));
}

static void test_what_a_replaced_ledger_may_have_named(void **state)
{
	Lone *lone = *state;

	begin_session(lone, 1);
	fake_utc_us += BEGUN_S * USEC_PER_SEC;
	fake_utc_us += 3600 * USEC_PER_SEC;
	expect_recorded(lone, "ledger.restored", json_pack("{s:i, s:i}", "size", 1, "lacking", 1));
	fake_utc_us -= 3600 * USEC_PER_SEC;
	start_over(lone);
	assert_int_equal(n_deleted(), 0);
}

/** What a restoring leaves, with a checkpoint so long that a full disk has no room for its record. */
static void leave_word(const Lone *lone, char path[160])
{
	FILE *file;

	snprintf(path, 160, "%s.restored", lone->ledger->path);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "{\"size\":1,\"lacking\":1,\"checkpoint\":\"%040000d\"}", 0);
	assert_int_equal(fclose(file), 0);
}

/** As much as it takes to open the ledger, and no more. */
static void restart_with_little_room(Lone *lone)
{
	station_free(lone->station);
	lone->station = NULL;
	ledger_free(lone->ledger->ledger);
	limit_files(36000);
	assert_int_equal(open_fixture(lone->ledger), 0);
	start_station(lone);
}

static void test_a_restoring_that_a_full_disk_keeps_off_the_record(void **state)
{
	Lone *lone = *state;
	json_auto_t *images = json_array(), *rows = NULL;
	char path[160];

	begin_session(lone, 1);
	fake_utc_us += BEGUN_S * USEC_PER_SEC;
	json_array_append_new(images, json_string(file_of(1, 0)));
	fake_utc_us += BEGUN_S * USEC_PER_SEC;
	lone->options.images = images;
	leave_word(lone, path);
	restart_with_little_room(lone);
	UNTIL(lone, !ledger_healthy(lone->ledger->ledger));
	for (int i = 0; i < 50; i++)
		go_on(lone);
	assert_int_equal(n_deleted(), 0);
	assert_true(ledger_owes_restoration(lone->ledger->ledger));
	assert_int_equal(access(path, F_OK), 0);
	limit_files(0);
	UNTIL(lone, !ledger_owes_restoration(lone->ledger->ledger));
	settle(lone);
	rows = records(lone, "ledger.restored");
	assert_int_equal(json_array_size(rows), 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_null(lone->station->eraser.images);
	assert_int_equal(n_deleted(), 0);
}

static void test_photographs_beside_a_new_ledger(void **state)
{
	Lone *lone = *state;

	fake_utc_us -= 3600 * USEC_PER_SEC;
	begin_session(lone, 1);
	fake_utc_us += BEGUN_S * USEC_PER_SEC;
	start_over(lone);
	assert_int_equal(n_deleted(), 0);
	fake_utc_us += 3600 * USEC_PER_SEC;
}

#define IMAGES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMAGES_TEST(test_all_are_deleted_and_recorded_once),
		IMAGES_TEST(test_a_disk_that_takes_no_record),
		IMAGES_TEST(test_one_that_cannot_be_deleted),
		IMAGES_TEST(test_a_photograph_whose_record_is_refused),
		IMAGES_TEST(test_photographs_that_no_record_names),
		IMAGES_TEST(test_what_a_replaced_ledger_may_have_named),
		IMAGES_TEST(test_a_restoring_that_a_full_disk_keeps_off_the_record),
		IMAGES_TEST(test_photographs_beside_a_new_ledger),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
