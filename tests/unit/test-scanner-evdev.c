/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The scanner that is a keyboard: its keys become the code that was scanned, only whole codes are taken, and
 * the device may come and go.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include <linux/input.h>

#include "fake-evdev.h"
#include "key-translator.h"
#include "scanner/scanner.h"

#define GS "\x1d"

extern const StipplePlugin stipple_plugin;

/* ---- the translation of keys ---- */

/* what is printed on the keys of a US keyboard */
static const struct {
	uint16_t key;
	char alone, shifted;
} keyboard[] = {
	{ KEY_GRAVE, '`', '~' },
	{ KEY_1, '1', '!' },
	{ KEY_2, '2', '@' },
	{ KEY_3, '3', '#' },
	{ KEY_4, '4', '$' },
	{ KEY_5, '5', '%' },
	{ KEY_6, '6', '^' },
	{ KEY_7, '7', '&' },
	{ KEY_8, '8', '*' },
	{ KEY_9, '9', '(' },
	{ KEY_0, '0', ')' },
	{ KEY_MINUS, '-', '_' },
	{ KEY_EQUAL, '=', '+' },
	{ KEY_Q, 'q', 'Q' },
	{ KEY_W, 'w', 'W' },
	{ KEY_E, 'e', 'E' },
	{ KEY_R, 'r', 'R' },
	{ KEY_T, 't', 'T' },
	{ KEY_Y, 'y', 'Y' },
	{ KEY_U, 'u', 'U' },
	{ KEY_I, 'i', 'I' },
	{ KEY_O, 'o', 'O' },
	{ KEY_P, 'p', 'P' },
	{ KEY_LEFTBRACE, '[', '{' },
	{ KEY_RIGHTBRACE, ']', '}' },
	{ KEY_BACKSLASH, '\\', '|' },
	{ KEY_A, 'a', 'A' },
	{ KEY_S, 's', 'S' },
	{ KEY_D, 'd', 'D' },
	{ KEY_F, 'f', 'F' },
	{ KEY_G, 'g', 'G' },
	{ KEY_H, 'h', 'H' },
	{ KEY_J, 'j', 'J' },
	{ KEY_K, 'k', 'K' },
	{ KEY_L, 'l', 'L' },
	{ KEY_SEMICOLON, ';', ':' },
	{ KEY_APOSTROPHE, '\'', '"' },
	{ KEY_Z, 'z', 'Z' },
	{ KEY_X, 'x', 'X' },
	{ KEY_C, 'c', 'C' },
	{ KEY_V, 'v', 'V' },
	{ KEY_B, 'b', 'B' },
	{ KEY_N, 'n', 'N' },
	{ KEY_M, 'm', 'M' },
	{ KEY_COMMA, ',', '<' },
	{ KEY_DOT, '.', '>' },
	{ KEY_SLASH, '/', '?' },
	{ KEY_SPACE, ' ', ' ' },
};

/** Where events go: to a translator, or as a device's to a descriptor. */
typedef struct Typist {
	KeyTranslator *translator;
	KeyResult result; /* of the last event that gave one */
	int fd;
} Typist;

static void event(Typist *typist, uint16_t key, int32_t value)
{
	struct input_event record = { .type = EV_KEY, .code = key, .value = value };
	KeyResult result;

	if (!typist->translator) {
		assert_int_equal(write(typist->fd, &record, sizeof record), sizeof record);
		return;
	}
	result = key_translator_feed(typist->translator, key, value);
	if (result != KEY_RESULT_MORE)
		typist->result = result;
}

static void press(Typist *typist, uint16_t key)
{
	event(typist, key, 1);
	event(typist, key, 0);
}

static void press_with(Typist *typist, uint16_t modifier, uint16_t key)
{
	event(typist, modifier, 1);
	press(typist, key);
	event(typist, modifier, 0);
}

/** As a scanner types it; 0x1D is Ctrl-]. */
static void type(Typist *typist, const char *text)
{
	for (; *text; text++) {
		if (*text == GS[0])
			press_with(typist, KEY_LEFTCTRL, KEY_RIGHTBRACE);
		for (size_t i = 0; i < ELEMENTS(keyboard); i++) {
			if (keyboard[i].alone == *text)
				press(typist, keyboard[i].key);
			else if (keyboard[i].shifted == *text)
				press_with(typist, KEY_RIGHTSHIFT, keyboard[i].key);
		}
	}
}

static void expect(Typist *typist, const char *text)
{
	assert_int_equal(typist->result, KEY_RESULT_CODE);
	assert_string_equal(typist->translator->text, text);
	assert_int_equal(typist->translator->length, strlen(text));
	typist->result = KEY_RESULT_MORE;
}

static void test_every_character(void **state)
{
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };
	char all[96] = "";

	for (int c = ' '; c < 0x7f; c++)
		all[c - ' '] = (char)c;
	for (int times = 0; times < 2; times++) {
		type(&typist, all);
		press(&typist, KEY_ENTER);
		expect(&typist, all);
	}
}

static void test_a_whole_code(void **state)
{
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };

	type(&typist, "]d2010950600013435210AB-1" GS "21s/7");
	press(&typist, KEY_ENTER);
	expect(&typist, "]d2010950600013435210AB-1" GS "21s/7");
	press(&typist, KEY_KPENTER);
	assert_int_equal(typist.result, KEY_RESULT_MORE);
}

static void test_control_characters(void **state)
{
	static const struct {
		uint16_t modifier, key;
		const char *text;
	} rows[] = {
		{ KEY_LEFTCTRL, KEY_RIGHTBRACE, GS },
		{ KEY_RIGHTCTRL, KEY_RIGHTBRACE, GS },
		{ KEY_LEFTCTRL, KEY_A, "\x01" },
		{ KEY_LEFTCTRL, KEY_BACKSLASH, "\x1c" },
		{ KEY_LEFTCTRL, KEY_5, "" },
	};
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char text[8];

		press(&typist, KEY_X);
		press_with(&typist, rows[i].modifier, rows[i].key);
		press(&typist, KEY_ENTER);
		snprintf(text, sizeof text, "x%s", rows[i].text);
		expect(&typist, text);
	}
	event(&typist, KEY_LEFTCTRL, 1);
	press_with(&typist, KEY_LEFTSHIFT, KEY_6);
	event(&typist, KEY_LEFTCTRL, 0);
	press(&typist, KEY_ENTER);
	expect(&typist, "\x1e");
}

static void test_numbers_with_alt(void **state)
{
	static const struct {
		uint16_t keys[6];
		const char *text;
	} rows[] = {
		{ { KEY_KP0, KEY_KP2, KEY_KP9 }, "a" GS "b" },
		{ { KEY_KP6, KEY_KP5 }, "aAb" },
		{ { KEY_KP2, KEY_KP5, KEY_KP5 }, "ab" },
		{ { KEY_KP0, KEY_KP0, KEY_KP0, KEY_KP6, KEY_KP5 }, "ab" },
		{ { 0 }, "ab" },
	};
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		press(&typist, KEY_A);
		event(&typist, KEY_LEFTALT, 1);
		for (size_t k = 0; rows[i].keys[k]; k++)
			press(&typist, rows[i].keys[k]);
		event(&typist, KEY_LEFTALT, 0);
		press(&typist, KEY_B);
		press(&typist, KEY_ENTER);
		expect(&typist, rows[i].text);
	}
}

static void test_keypad_caps_lock_and_others(void **state)
{
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };
	static const uint16_t keypad[] = { KEY_KP0, KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5, KEY_KP6,
		KEY_KP7, KEY_KP8, KEY_KP9, KEY_KPMINUS, KEY_KPPLUS, KEY_KPDOT, KEY_KPASTERISK, KEY_KPSLASH,
		KEY_F1, KEY_LEFT, KEY_MICMUTE };

	for (size_t i = 0; i < ELEMENTS(keypad); i++)
		press(&typist, keypad[i]);
	press(&typist, KEY_KPENTER);
	expect(&typist, "0123456789-+.*/");
	press(&typist, KEY_CAPSLOCK);
	type(&typist, "aB1!");
	press(&typist, KEY_CAPSLOCK);
	type(&typist, "aB");
	press(&typist, KEY_ENTER);
	expect(&typist, "Ab1!aB");
	event(&typist, KEY_A, 1);
	event(&typist, KEY_A, 2);
	event(&typist, KEY_A, 0);
	press(&typist, KEY_ENTER);
	expect(&typist, "a");
	event(&typist, KEY_LEFTSHIFT, 1);
	event(&typist, KEY_RIGHTSHIFT, 1);
	event(&typist, KEY_LEFTSHIFT, 0);
	press(&typist, KEY_A);
	event(&typist, KEY_RIGHTSHIFT, 0);
	press(&typist, KEY_ENTER);
	expect(&typist, "A");
}

static void test_terminators(void **state)
{
	KeyTranslator translator = { .terminator = KEY_TERMINATOR_TAB };
	Typist typist = { .translator = &translator };

	type(&typist, "ab");
	press(&typist, KEY_ENTER);
	press(&typist, KEY_TAB);
	expect(&typist, "ab");
	key_translator_reset(&translator);
	translator.terminator = KEY_TERMINATOR_ENTER;
	press(&typist, KEY_A);
	press(&typist, KEY_TAB);
	press(&typist, KEY_ENTER);
	expect(&typist, "a\t");
}

static void test_codes_that_are_not_whole(void **state)
{
	KeyTranslator translator = { 0 };
	Typist typist = { .translator = &translator };

	for (int i = 0; i < KEY_TRANSLATOR_MAX; i++)
		press(&typist, KEY_1);
	press(&typist, KEY_ENTER);
	assert_int_equal(typist.result, KEY_RESULT_CODE);
	assert_int_equal(strlen(translator.text), KEY_TRANSLATOR_MAX);
	for (int i = 0; i < 2 * KEY_TRANSLATOR_MAX; i++)
		press(&typist, KEY_1);
	press(&typist, KEY_ENTER);
	assert_int_equal(typist.result, KEY_RESULT_DROPPED);
	type(&typist, "ab");
	key_translator_lost(&translator);
	type(&typist, "cd");
	press(&typist, KEY_ENTER);
	assert_int_equal(typist.result, KEY_RESULT_DROPPED);
	type(&typist, "ef");
	press(&typist, KEY_ENTER);
	expect(&typist, "ef");
	event(&typist, KEY_LEFTSHIFT, 1);
	type(&typist, "gh");
	key_translator_reset(&translator);
	type(&typist, "ij");
	press(&typist, KEY_ENTER);
	expect(&typist, "ij");
}

/* ---- the plugin on a device that comes and goes ---- */

static char folder[] = "stipple-scanner-XXXXXX";
static char path[PATH_MAX];
static atomic_int warnings;

static void on_log(void *context, int level, const char *message)
{
	if (level == LOG_WARNING && strstr(message, "not whole"))
		atomic_fetch_add(&warnings, 1);
}

static StippleHost host_with(const StippleSetting *settings, size_t n)
{
	return (StippleHost){ .size = sizeof(StippleHost),
		.abi = STIPPLE_PLUGIN_ABI,
		.log = on_log,
		.settings = settings,
		.n_settings = n };
}

static ScannerEvent next(Scanner *scanner)
{
	struct pollfd wait = { .fd = scanner_fd(scanner), .events = POLLIN };
	ScannerEvent event;

	while (!scanner_take(scanner, &event)) {
		assert_int_equal(poll(&wait, 1, 60000), 1);
	}
	return event;
}

static void expect_present(Scanner *scanner, bool present, const char *text)
{
	ScannerEvent event = next(scanner);

	assert_false(event.is_code);
	assert_int_equal(event.present, present);
	if (!strstr(event.text, text))
		fail_msg("expected \"%s\", not \"%s\"", text, event.text);
}

static void expect_code(Scanner *scanner, const char *code)
{
	ScannerEvent event = next(scanner);

	assert_true(event.is_code);
	assert_string_equal(event.text, code);
}

static Typist plug_in(Scanner *scanner)
{
	Typist typist = { 0 };

	assert_int_equal(mkfifo(path, 0600), 0);
	expect_present(scanner, true, "connected");
	typist.fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(typist.fd >= 0);
	assert_int_equal(fake_evdev.grabbed, 1);
	return typist;
}

static void pull_out(Typist *typist)
{
	unlink(path);
	close(typist->fd);
}

static void test_device_comes_and_goes(void **state)
{
	const StippleSetting settings[] = { { "device", path, "x.conf", 1 },
		{ "terminator", "enter", "x.conf", 2 } };
	StippleHost host = host_with(settings, ELEMENTS(settings));
	struct input_event lost = { .type = EV_SYN, .code = SYN_DROPPED };
	_cleanup_(scanner_freep) Scanner *scanner = NULL;
	char error[STIPPLE_ERROR_MAX] = "";
	Typist typist;

	assert_int_equal(scanner_new(stipple_plugin.vtable, &host, &scanner, error), 0);
	expect_present(scanner, false, "cannot be opened (No such file");
	typist = plug_in(scanner);
	type(&typist, "(01)09506000134352" GS "x");
	press(&typist, KEY_ENTER);
	expect_code(scanner, "(01)09506000134352" GS "x");
	type(&typist, "half");
	assert_int_equal(write(typist.fd, &lost, sizeof lost), sizeof lost);
	type(&typist, "half");
	press(&typist, KEY_ENTER);
	type(&typist, "whole");
	press(&typist, KEY_ENTER);
	expect_code(scanner, "whole");
	assert_int_equal(warnings, 1);
	type(&typist, "torn");
	pull_out(&typist);
	expect_present(scanner, false, "has gone (No such device)");
	expect_present(scanner, false, "cannot be opened (No such file");
	assert_int_equal(fake_evdev.grabbed, 0);
	typist = plug_in(scanner);
	type(&typist, "L7");
	press(&typist, KEY_ENTER);
	expect_code(scanner, "L7");
	scanner = scanner_free(scanner);
	assert_int_equal(fake_evdev.grabbed, 0);
	pull_out(&typist);
}

static void test_device_that_cannot_be_had(void **state)
{
	const StippleSetting settings[] = { { "device", path, "x.conf", 1 } };
	StippleHost host = host_with(settings, ELEMENTS(settings));
	char error[STIPPLE_ERROR_MAX] = "";
	Scanner *scanner = NULL;

	assert_int_equal(mkfifo(path, 0600), 0);
	fake_evdev.grab_error = -EBUSY;
	assert_int_equal(scanner_new(stipple_plugin.vtable, &host, &scanner, error), 0);
	expect_present(scanner, false, "another program has taken it");
	scanner_free(scanner);
	fake_evdev.grab_error = 0;
	fake_evdev.is_mouse = 1;
	assert_int_equal(scanner_new(stipple_plugin.vtable, &host, &scanner, error), 0);
	expect_present(scanner, false, "is no keyboard");
	scanner_free(scanner);
	fake_evdev.is_mouse = 0;
	unlink(path);
}

static void test_codes_nobody_takes(void **state)
{
	const StippleSetting settings[] = { { "device", path, "x.conf", 1 },
		{ "terminator", "tab", "x.conf", 2 } };
	StippleHost host = host_with(settings, ELEMENTS(settings));
	_cleanup_(scanner_freep) Scanner *scanner = NULL;
	char error[STIPPLE_ERROR_MAX] = "";
	Typist typist;

	assert_int_equal(scanner_new(stipple_plugin.vtable, &host, &scanner, error), 0);
	expect_present(scanner, false, "cannot be opened");
	typist = plug_in(scanner);
	for (int i = 0; i < SCANNER_CODES_MAX + 3; i++) {
		press(&typist, KEY_A);
		press(&typist, KEY_TAB);
	}
	while (scanner_dropped(scanner) < 3)
		poll(NULL, 0, 1);
	for (int i = 0; i < SCANNER_CODES_MAX; i++)
		expect_code(scanner, "a");
	pull_out(&typist);
	expect_present(scanner, false, "has gone");
}

static void test_settings(void **state)
{
	static const struct {
		StippleSetting setting;
		const char *error;
	} rows[] = {
		{ { "device", "input0", "x.conf", 4 },
			"x.conf:4: device = input0 of scanner-evdev: an absolute path" },
		{ { "device", "", "x.conf", 4 }, "an absolute path" },
		{ { "terminator", "space", "x.conf", 5 }, "enter or tab" },
		{ { "speed", "1", "x.conf", 6 }, "x.conf:6: speed = 1 of scanner-evdev: unknown" },
		{ { "terminator", "tab", "x.conf", 5 }, "has no device: set device" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		StippleHost host = host_with(&rows[i].setting, 1);
		char error[STIPPLE_ERROR_MAX] = "";
		Scanner *scanner = NULL;

		assert_int_equal(scanner_new(stipple_plugin.vtable, &host, &scanner, error), -EINVAL);
		assert_null(scanner);
		if (!strstr(error, rows[i].error))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].error, error);
	}
}

static int make_folder(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/%s/event0", getcwd((char[PATH_MAX / 2]){ 0 }, PATH_MAX / 2), folder);
	return 0;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_a_whole_code),
		cmocka_unit_test(test_control_characters),
		cmocka_unit_test(test_numbers_with_alt),
		cmocka_unit_test(test_keypad_caps_lock_and_others),
		cmocka_unit_test(test_terminators),
		cmocka_unit_test(test_codes_that_are_not_whole),
		cmocka_unit_test(test_device_comes_and_goes),
		cmocka_unit_test(test_device_that_cannot_be_had),
		cmocka_unit_test(test_codes_nobody_takes),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
