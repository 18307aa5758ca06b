/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The helpers of lib/util: a ring keeps its order, a file is written whole, text and PINs from outside are
 * checked, a worker runs its jobs, and a scan with Caps Lock is put right.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <pthread.h>

#include "util/clock.h"
#include "util/digest-file.h"
#include "util/enrolment-code.h"
#include "util/error.h"
#include "util/file.h"
#include "util/pin.h"
#include "util/pinctrl.h"
#include "util/ring.h"
#include "util/scan.h"
#include "util/text.h"
#include "util/worker.h"

enum { PUSHED = 200000 };

static void *push_many(void *userdata)
{
	Ring *ring = userdata;

	for (uint32_t i = 0; i < PUSHED;)
		if (ring_push(ring, &i))
			i++;
	return NULL;
}

static void test_ring_keeps_order_between_threads(void **state)
{
	_cleanup_(ring_freep) Ring *ring = NULL;
	pthread_t thread;
	uint32_t got, expected = 0;

	assert_int_equal(ring_new(64, sizeof got, &ring), 0);
	assert_int_equal(pthread_create(&thread, NULL, push_many, ring), 0);
	while (expected < PUSHED)
		if (ring_pop(ring, &got))
			assert_int_equal(got, expected++);
	pthread_join(thread, NULL);
	assert_false(ring_pop(ring, &got));
}

static void test_ring_refuses_when_full(void **state)
{
	_cleanup_(ring_freep) Ring *ring = NULL;
	int value = 7;

	assert_int_equal(ring_new(3, sizeof value, &ring), 0);
	for (int i = 0; i < 4; i++)
		assert_true(ring_push(ring, &value));
	assert_false(ring_push(ring, &value));
	assert_int_equal(ring_count(ring), 4);
	assert_true(ring_pop(ring, &value));
	assert_true(ring_push(ring, &value));
}

static void test_digest_vector(void **state)
{
	char hex[DIGEST_HEX_MAX];
	uint8_t bytes[DIGEST_BYTES];

	/* FIPS 180-4, "abc" */
	digest_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(hex_decode(hex, bytes, sizeof bytes), 0);
	assert_int_equal(bytes[0], 0xba);
	assert_int_equal(hex_decode("0g", bytes, 1), -EINVAL);
	assert_int_equal(hex_decode("000", bytes, 1), -EINVAL);
}

static void test_enrolment_codes(void **state)
{
	char code[ENROLMENT_CODE_MAX], other[ENROLMENT_CODE_MAX];

	assert_int_equal(enrolment_code_make(code), 0);
	assert_int_equal(enrolment_code_make(other), 0);
	assert_int_equal(strlen(code), ENROLMENT_CODE_MAX - 1);
	assert_int_equal(strspn(code, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ-"), ENROLMENT_CODE_MAX - 1);
	assert_string_not_equal(code, other);
	assert_true(enrolment_code_matches(code, code));
	assert_false(enrolment_code_matches(code, other));
	assert_true(enrolment_code_matches("ABCD-EFGH-2345", " abcd efgh2345"));
	assert_false(enrolment_code_matches("ABCD-EFGH-2345", "ABCD-EFGH-2346"));
	assert_false(enrolment_code_matches("ABCD-EFGH-2345", "ABCD-EFGH-234"));
	assert_false(enrolment_code_matches("ABCD-EFGH-2345", "ABCD-EFGH-23455"));
	assert_false(enrolment_code_matches("ABCD-EFGH-2345", ""));
}

static void test_utc_text(void **state)
{
	char text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(951782400000001, text);
	assert_string_equal(text, "2000-02-29T00:00:00.000001Z");
	clock_format_utc(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
}

static void test_text_from_outside(void **state)
{
	assert_true(text_is_printable("Ångström", 64));
	assert_false(text_is_printable("", 64));
	assert_false(text_is_printable("a\nb", 64));
	assert_false(text_is_printable("\xc0\xaf", 64));     /* overlong */
	assert_false(text_is_printable("\xed\xa0\x80", 64)); /* surrogate */
	assert_false(text_is_printable("\xe2\x82", 64));     /* cut short */
	assert_false(text_is_printable("abcd", 3));
	assert_true(text_is_identifier("left-temple", 32));
	assert_false(text_is_identifier("../etc", 32));
	assert_false(text_is_identifier("a/b", 32));
	assert_false(text_is_identifier(".hidden", 32));
}

static void test_a_figure_is_decimal(void **state)
{
	static const char *const figures[] = { "0", "12", "-3", "+3", "1.5", "-0.25", "007" };
	static const char *const others[] = { "", "-", "+-3", ".", "5.", ".5", "1.2.3", "1e3", "0x86", "inf",
		"nan", " 5", "5 ", "1,5", "\xd9\xa5" };

	for (size_t i = 0; i < ELEMENTS(figures); i++)
		assert_true(text_is_decimal(figures[i]));
	for (size_t i = 0; i < ELEMENTS(others); i++)
		assert_false(text_is_decimal(others[i]));
}

static void test_texts_are_joined(void **state)
{
	_cleanup_(freep) char *text = NULL, *many = calloc(1, 3001);
	size_t capacity = 0, size;

	memset(many, 'x', 3000);
	assert_int_equal(text_join((const char *[]){ "a", "", "bc" }, 3, &text, &capacity, &size), 0);
	assert_string_equal(text, "abc");
	assert_int_equal(size, 3);
	assert_int_equal(text_join((const char *[]){ many, "d" }, 2, &text, &capacity, &size), 0);
	assert_int_equal(size, 3001);
	assert_int_equal(strlen(text), size);
	assert_int_equal(text[3000], 'd');
	assert_int_equal(text_join(NULL, 0, &text, &capacity, &size), 0);
	assert_string_equal(text, "");
	memcpy(text, "....", 5);
	text_write_digits(text + 1, 2, 107);
	assert_string_equal(text, ".07.");
}

static void test_text_is_repaired(void **state)
{
	char good[] = "Ångström", cut[] = "na\xc3", mixed[] = "\xff a \xe2\x82 b\xed\xa0\x80", empty[] = "";

	assert_string_equal(text_repair(good), "Ångström");
	assert_string_equal(text_repair(cut), "na?");
	assert_string_equal(text_repair(mixed), "? a ?? b???");
	assert_string_equal(text_repair(empty), "");
}

static void test_file_is_whole(void **state)
{
	char folder[] = "stipple-file-XXXXXX";
	_cleanup_(freep) char *path = NULL, *data = NULL;
	size_t size;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(file_write_atomic(folder, "a", "one", 3), 0);
	assert_int_equal(file_write_atomic(folder, "a", "three", 5), 0);
	assert_true(asprintf(&path, "%s/a", folder) > 0);
	assert_int_equal(file_read(path, 100, &data, &size), 0);
	assert_string_equal(data, "three");
	assert_int_equal(file_read(path, 2, &data, &size), -EFBIG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read(path, 100, &data, &size), -ESPIPE);
	assert_int_equal(file_write_atomic("/nowhere/at/all", "a", "x", 1), -ENOENT);
	unlink(path);
	rmdir(folder);
}

static void test_digest_of_a_file(void **state)
{
	_cleanup_(fclosep) FILE *file = tmpfile();
	_cleanup_(freep) char *data = calloc(1, 200000);
	char hex[DIGEST_HEX_MAX], expected[DIGEST_HEX_MAX];

	assert_non_null(file);
	assert_non_null(data);
	/* the published digest of nothing */
	assert_int_equal(digest_file(fileno(file), hex), 0);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	/* longer than what is read at once, and no multiple of it */
	data[199999] = 'x';
	assert_int_equal(fwrite(data, 1, 200000, file), 200000);
	rewind(file);
	assert_int_equal(digest_file(fileno(file), hex), 0);
	digest_hex(data, 200000, expected);
	assert_string_equal(hex, expected);
	assert_int_equal(digest_file(-1, hex), -EBADF);
}

static void test_file_folder(void **state)
{
	static const char *const cases[][2] = {
		{ "ledger.db", "." },
		{ "/ledger.db", "/" },
		{ "/var/lib/stipple/ledger.db", "/var/lib/stipple" },
		{ "copies/ledger.db", "copies" },
	};

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(freep) char *folder = file_folder(cases[i][0]);

		assert_string_equal(folder, cases[i][1]);
	}
}

static void test_file_beside(void **state)
{
	char folder[] = "stipple-file-XXXXXX";
	_cleanup_(freep) char *path = NULL, *beside = NULL, *data = NULL;
	size_t size;

	assert_non_null(mkdtemp(folder));
	assert_true(asprintf(&path, "%s/a", folder) > 0);
	assert_true(asprintf(&beside, "%s/a.word", folder) > 0);
	assert_int_equal(file_write_beside(path, ".word", "one", 3), 0);
	assert_int_equal(file_read(beside, 100, &data, &size), 0);
	assert_string_equal(data, "one");
	assert_int_equal(access(path, F_OK), -1);
	unlink(beside);
	rmdir(folder);
}

static void test_pin_hash(void **state)
{
	char hash[PIN_HASH_MAX], again[PIN_HASH_MAX];

	assert_int_equal(pin_hash("123", hash), -EINVAL);
	assert_int_equal(pin_hash("12345678901234", hash), -EINVAL);
	assert_int_equal(pin_hash("12a4", hash), -EINVAL);
	assert_int_equal(pin_hash("4711", hash), 0);
	assert_memory_equal(hash, "$y$", 3);
	assert_int_equal(pin_hash("4711", again), 0);
	assert_string_not_equal(hash, again);
	assert_true(pin_matches("4711", hash));
	assert_false(pin_matches("4712", hash));
	assert_false(pin_matches("4711", "*"));
}

static void count_work(void *userdata)
{
	((int *)userdata)[0]++;
}

static void count_done(void *userdata)
{
	((int *)userdata)[1]++;
}

static void test_worker_runs_jobs_in_the_background(void **state)
{
	_cleanup_(worker_freep) Worker *worker = NULL;
	int counts[2] = { 0 };
	WorkerJob job = { count_work, count_done, counts };

	assert_int_equal(worker_new(&worker), 0);
	for (int i = 0; i < 16; i++)
		assert_int_equal(worker_run(worker, &job), 0);
	assert_int_equal(worker_run(worker, &job), -EAGAIN);
	while (counts[1] < 16)
		worker_dispatch(worker);
	assert_int_equal(counts[0], 16);
	assert_int_equal(worker_run(worker, &job), 0);
}

/** A folder like /sys/module with one parameter. */
static int keeps(const char *driver, const char *parameter, const char *value, char *ret_name)
{
	char folder[] = "stipple-modules-XXXXXX", path[128], parameters[160], file[256];
	int r;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/%s", folder, driver);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(parameters, sizeof parameters, "%s/parameters", path);
	assert_int_equal(mkdir(parameters, 0700), 0);
	assert_int_equal(file_write_atomic(parameters, parameter, value, strlen(value)), 0);
	r = pinctrl_keeps_outputs(folder, ret_name);
	snprintf(file, sizeof file, "%s/%s", parameters, parameter);
	unlink(file);
	rmdir(parameters);
	rmdir(path);
	rmdir(folder);
	return r;
}

static void test_outputs_that_a_kernel_keeps(void **state)
{
	char name[PINCTRL_NAME_MAX] = "";

	assert_int_equal(keeps("pinctrl_rp1", "persist_gpio_outputs", "Y\n", name), 1);
	assert_string_equal(name, "pinctrl_rp1.persist_gpio_outputs");
	assert_int_equal(keeps("pinctrl_bcm2835", "persist_gpio_outputs", "Y\n", name), 1);
	assert_string_equal(name, "pinctrl_bcm2835.persist_gpio_outputs");
	assert_int_equal(keeps("pinctrl_bcm2835", "strict_gpiod", "N\n", name), 1);
	assert_string_equal(name, "pinctrl_bcm2835.strict_gpiod");
	assert_int_equal(keeps("pinctrl_bcm2835", "strict_gpiod", "Y\n", name), 0);
	assert_int_equal(keeps("pinctrl_rp1", "persist_gpio_outputs", "N\n", name), 0);
	assert_int_equal(keeps("pinctrl_rp1", "something_else", "Y\n", name), 0);
	assert_int_equal(pinctrl_keeps_outputs("/nowhere", name), 0);
}

static void test_an_error_is_a_code_and_a_sentence(void **state)
{
	char long_name[ERROR_TEXT_MAX];
	Error error;

	assert_int_equal(error_set(&error, -ENOENT, "%s is not there", "it"), -ENOENT);
	assert_int_equal(error.code, -ENOENT);
	assert_string_equal(error.text, "it is not there");
	assert_int_equal(error_set(NULL, -EIO, "nobody asks"), -EIO);
	/* cut off within a character, which a message bus would not carry */
	memset(long_name, 'x', sizeof long_name);
	memcpy(long_name + sizeof long_name - 2, "\xc3", 2);
	assert_int_equal(error_set(&error, -EINVAL, "%s\xa4", long_name), -EINVAL);
	assert_int_equal(error.text[ERROR_TEXT_MAX - 2], '?');
}

static void test_a_scan_with_caps_lock(void **state)
{
	static const struct {
		const char *typed;
		bool caps_lock;
		const char *code;
	} rows[] = {
		{ "]D20104012345678901\x1d"
		  "21a17B",
			true,
			"]d20104012345678901\x1d"
			"21A17b" },
		{ "]D20104012345678901\x1d"
		  "21a17",
			false,
			"]d20104012345678901\x1d"
			"21A17" },
		{ "]c10104012345678901", false, "]C10104012345678901" },
		{ "]q3x", false, "]Q3X" },
		{ "]E001040123456789012110l", false, "]e001040123456789012110L" },
		{ "]E04012345678901", false, "]E04012345678901" },
		{ "+a123bjc5d6e71g", false, "+A123BJC5D6E71G" },
		{ "]a0+a123bjc5d6e71g", false, "]A0+A123BJC5D6E71G" },
		{ "https://id.gs1.org/01/04012345678901/21/A17", false,
			"https://id.gs1.org/01/04012345678901/21/A17" },
		{ "HTTPS://ID.GS1.ORG/01/04012345678901/21/a17", true,
			"https://id.gs1.org/01/04012345678901/21/A17" },
		{ "]d20104012345678901\x1d"
		  "21a17",
			false,
			"]d20104012345678901\x1d"
			"21a17" },
		{ "0104012345678901", true, "0104012345678901" },
		{ "l2031", false, "l2031" },
		{ "", true, "" },
		{ "]", false, "]" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char code[64];

		snprintf(code, sizeof code, "%s", rows[i].typed);
		assert_int_equal(code_undo_caps_lock(code, rows[i].caps_lock),
			strcmp(rows[i].typed, rows[i].code) != 0);
		assert_string_equal(code, rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring_keeps_order_between_threads),
		cmocka_unit_test(test_ring_refuses_when_full),
		cmocka_unit_test(test_digest_vector),
		cmocka_unit_test(test_enrolment_codes),
		cmocka_unit_test(test_utc_text),
		cmocka_unit_test(test_text_from_outside),
		cmocka_unit_test(test_a_figure_is_decimal),
		cmocka_unit_test(test_texts_are_joined),
		cmocka_unit_test(test_text_is_repaired),
		cmocka_unit_test(test_file_is_whole),
		cmocka_unit_test(test_digest_of_a_file),
		cmocka_unit_test(test_file_folder),
		cmocka_unit_test(test_file_beside),
		cmocka_unit_test(test_pin_hash),
		cmocka_unit_test(test_outputs_that_a_kernel_keeps),
		cmocka_unit_test(test_a_scan_with_caps_lock),
		cmocka_unit_test(test_an_error_is_a_code_and_a_sentence),
		cmocka_unit_test(test_worker_runs_jobs_in_the_background),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
