/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The configuration of stippled: the shipped file holds the defaults and mentions every key, figures keep to
 * their range, and an error is told with its place.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "config/ini-file.h"
#include "util/file.h"

static char folder[] = "stipple-config-XXXXXX";
static char drop_ins[64], path[64];

static void put(const char *where, const char *name, const char *text)
{
	assert_int_equal(file_write_atomic(where, name, text, strlen(text)), 0);
}

static Config *parse(const char *text)
{
	Error error = { 0 };
	Config *config = NULL;

	if (config_parse(text, strlen(text), "x.conf", &config, &error) < 0)
		fail_msg("%s", error.text);
	return config;
}

static char *written(const Config *config)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	config_write(config, file);
	fclose(file);
	return text;
}

static void test_defaults(void **state)
{
	_cleanup_(config_freep) Config *config = NULL;
	size_t n = 1;

	assert_int_equal(config_defaults(&config), 0);
	assert_string_equal(config->clinic, "clinic");
	assert_string_equal(config->state_folder, "/var/lib/stipple");
	assert_string_equal(config->board_plugin, "board-spi");
	assert_int_equal(config->heartbeat_ms, 20);
	assert_true(config->realtime);
	assert_int_equal(config->disk_min_mb, 500);
	assert_true(config->before_photo_required);
	assert_string_equal(config->bus, "system");
	assert_int_equal(config->mqtt_port, 8883);
	assert_int_equal(config->mqtt_in_flight, 20);
	assert_string_equal(config->mqtt_user, "");
	assert_string_equal(config->registry_server, "");
	assert_int_equal(config->registry_escrow_days, 2);
	assert_null(config_plugin(config, "board-sim", &n));
	assert_int_equal(n, 0);
}

/** The shipped file with "#key = value" made "key = value". */
static char *shipped_in_force(void)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	char *out, *to;

	assert_int_equal(file_read(STIPPLE_SOURCE_FOLDER "/configs/stippled.conf", 65536, &text, &size), 0);
	out = to = calloc(1, size + 2);
	assert_non_null(out);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t key = line[0] == '#' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz_0123456789") : 0;
		const char *from = line + (key > 0 && strncmp(line + 1 + key, " =", 2) == 0);
		size_t length = strcspn(from, "\n") + 1;

		memcpy(to, from, length);
		to += length;
	}
	return out;
}

static void test_shipped_file_is_the_defaults(void **state)
{
	_cleanup_(config_freep) Config *defaults = NULL, *shipped = NULL, *in_force = NULL;
	_cleanup_(freep) char *a = NULL, *b = NULL, *c = NULL, *text = shipped_in_force();
	Error error = { 0 };

	assert_int_equal(config_defaults(&defaults), 0);
	if (config_load(STIPPLE_SOURCE_FOLDER "/configs/stippled.conf", &shipped, &error) < 0)
		fail_msg("%s", error.text);
	in_force = parse(text);
	a = written(defaults);
	b = written(shipped);
	c = written(in_force);
	assert_string_equal(a, b);
	assert_string_equal(a, c);
}

struct mentioned {
	const char *section, *key;
	bool found;
};

static int look_for(void *userdata, const IniEntry *entry, Error *reason)
{
	struct mentioned *wanted = userdata;

	if (strcmp(wanted->section, entry->section) == 0 && strcmp(wanted->key, entry->key) == 0)
		wanted->found = true;
	return 0;
}

static int must_be_shipped(void *userdata, const IniEntry *entry, Error *reason)
{
	struct mentioned wanted = { entry->section, entry->key, false };
	Error error = { 0 };
	const char *text = userdata;

	assert_int_equal(ini_text_read(text, strlen(text), "shipped", look_for, &wanted, &error), 0);
	if (!wanted.found)
		fail_msg("configs/stippled.conf does not mention [%s] %s", entry->section, entry->key);
	return 0;
}

static void test_shipped_file_mentions_every_key(void **state)
{
	_cleanup_(config_freep) Config *defaults = NULL;
	_cleanup_(freep) char *all = NULL, *text = shipped_in_force();
	Error error = { 0 };

	assert_int_equal(config_defaults(&defaults), 0);
	all = written(defaults);
	assert_int_equal(ini_text_read(all, strlen(all), "all", must_be_shipped, text, &error), 0);
}

static void test_values(void **state)
{
	_cleanup_(config_freep) Config *config = parse("[board]\nplugin = board-sim\nrealtime = off\n"
						       "[camera]\nfocus_min = 12.5\n"
						       "[bus]\naddress = unix:path=/run/bus;unix:path=/b\n"
						       "[mqtt]\ntls = false\nhost = /run/mosquitto.sock\n"
						       "[paths]\nstate_folder = /srv/s\nplugin_folder =\n");

	assert_string_equal(config->board_plugin, "board-sim");
	assert_false(config->realtime);
	assert_true(config->focus_min > 12.4 && config->focus_min < 12.6);
	assert_string_equal(config->bus, "unix:path=/run/bus;unix:path=/b");
	assert_int_equal(config->mqtt_port, 1883);
	assert_string_equal(config->state_folder, "/srv/s");
	assert_int_equal(config->plugin_folder[0], '/');
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "[station]\nclinic = a b\n", "x.conf:2: clinic: \"a b\" is not 1 to 48 letters" },
		{ "[station]\nclinic =\n", "x.conf:2: clinic: \"\" is not" },
		{ "[station]\n\nname = x\n", "x.conf:3: name: unknown key in [station]" },
		{ "[stations]\nclinic = x\n", "x.conf:2: clinic: unknown section [stations]" },
		{ "[board]\nheartbeat_ms = 4\n",
			"x.conf:2: heartbeat_ms: 4 is out of range: 5 to 100 is allowed" },
		{ "[board]\nheartbeat_ms = 101\n", "101 is out of range: 5 to 100" },
		{ "[board]\nheartbeat_ms = 5000000000\n", "is not a whole number: 5 to 100" },
		{ "[board]\nheartbeat_ms = 20ms\n", "\"20ms\" is not a whole number" },
		{ "[board]\nheartbeat_ms = -20\n", "\"-20\" is not a whole number" },
		{ "[board]\nrealtime = maybe\n", "x.conf:2: realtime: \"maybe\" is neither yes nor no" },
		{ "[board]\nrealtime =\n", "neither yes nor no" },
		{ "[board]\nrealtime = yes\n[camera]\nplugin = none\n[board]\nrealtime = yes\n",
			"x.conf:6: realtime: set twice in section [board]" },
		{ "[camera]\nfocus_min = nan\n", "\"nan\" is not a number: 0 to 100000" },
		{ "[camera]\nfocus_min = 1.2.3\n", "is out of range: 0 to 100000" },
		{ "[camera]\nfocus_min = 100001\n", "is out of range: 0 to 100000" },
		{ "[camera]\nexposure_min = 220\n", "x.conf: [camera] exposure_min must be less" },
		{ "[board]\nheartbeat_ms = 100\nlink_timeout_ms = 199\n", "at least twice heartbeat_ms" },
		{ "[paths]\nstate_folder = var\n", "\"var\" is not an absolute path" },
		{ "[bus]\naddress = home\n", "\"home\" is not system, session or a D-Bus address" },
		{ "[mqtt]\nhost =\n", "x.conf:2: host: must not be empty" },
		{ "[mqtt]\nport = 65536\n", "65536 is out of range: 0 to 65535" },
		{ "[mqtt]\ncert_file = /c\n", "cert_file and key_file go together" },
		{ "[mqtt]\npassword_file = /c\n", "password_file is set, but user is not" },
		{ "[registry]\nserver = http://clinic\nkey = k\nmirror_key = m\n", "must be https://HOST" },
		{ "[registry]\nserver = https://\nkey = k\nmirror_key = m\n", "must be https://HOST" },
		{ "[registry]\nserver = https://a@b\nkey = k\nmirror_key = m\n", "must be https://HOST" },
		{ "[registry]\nserver = https://a/b\nkey = k\nmirror_key = m\n", "must be https://HOST" },
		{ "[registry]\nserver = https://a\nkey = k\n", "server needs key and mirror_key" },
		{ "[plugin.]\na = b\n", "unknown section [plugin.]" },
		{ "[plugin.a/b]\na = b\n", "cannot name a plugin" },
		{ "[plugin.x]\na = b\na = c\n", "x.conf:3: a: set twice" },
		{ "clinic = x\n", "x.conf:1: clinic: stands before the first [section]" },
		{ "[station]\nclinic x\n", "x.conf:2: neither" },
		{ "[station]\nclinic = x\xc3\n", "x.conf:2: the line is not plain UTF-8" },
		{ "[station-with-a-name-far-longer-than-any-section-could-have]\nclinic = x\n",
			"the section's name is longer" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		Error error = { 0 };
		Config *config = NULL;

		assert_int_equal(
			config_parse(rows[i].text, strlen(rows[i].text), "x.conf", &config, &error), -EINVAL);
		assert_null(config);
		if (!strstr(error.text, rows[i].error))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].error, error.text);
	}
}

static void test_every_range_is_kept(void **state)
{
	static const struct {
		const char *section, *key;
		uint32_t min, max;
	} rows[] = {
		{ "board", "heartbeat_ms", 5, 100 },
		{ "board", "bad_frames_max", 1, 100 },
		{ "camera", "timeout_ms", 100, 60000 },
		{ "camera", "jpeg_quality", 50, 100 },
		{ "session", "disk_min_mb", 10, 1000000 },
		{ "sign-in", "pin_attempts", 1, 20 },
		{ "sign-in", "pin_delay_s", 1, 3600 },
		{ "mqtt", "in_flight", 1, 100 },
		{ "mqtt", "telemetry_ms", 100, 60000 },
		{ "mqtt", "telemetry_expiry_s", 1, 3600 },
		{ "registry", "escrow_days", 1, 30 },
	};

	for (size_t i = 0; i < ELEMENTS(rows) * 4; i++) {
		const uint32_t values[] = { rows[i / 4].min, rows[i / 4].max, rows[i / 4].min - 1,
			rows[i / 4].max + 1 };
		_cleanup_(config_freep) Config *config = NULL;
		char text[100];
		Error error = { 0 };

		snprintf(text, sizeof text, "[%s]\n%s = %u\n", rows[i / 4].section, rows[i / 4].key,
			values[i % 4]);
		assert_int_equal(
			config_parse(text, strlen(text), "x", &config, &error), i % 4 < 2 ? 0 : -EINVAL);
	}
}

static void test_drop_ins(void **state)
{
	_cleanup_(config_freep) Config *config = NULL;
	Error error = { 0 };
	const StippleSetting *settings;
	size_t n;

	put(folder, "stippled.conf", "[station]\nclinic = main\nstation = main\n[plugin.p]\na = 1\nb = 1\n");
	put(drop_ins, "10-a.conf", "[station]\nclinic = ten\n[plugin.p]\nb = 10\n");
	put(drop_ins, "20-b.conf", "[station]\nclinic = twenty\n\n[plugin.p]\nc = 20\n");
	put(drop_ins, "30-off.conf.bak", "nonsense");
	put(drop_ins, ".hidden.conf", "nonsense");
	if (config_load(path, &config, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(config->clinic, "twenty");
	assert_string_equal(config->station, "main");
	settings = config_plugin(config, "p", &n);
	assert_int_equal(n, 3);
	assert_string_equal(settings[1].key, "b");
	assert_string_equal(settings[1].value, "10");
	assert_non_null(strstr(settings[1].file, "conf.d/10-a.conf"));
	assert_int_equal(settings[1].line, 4);
}

static void test_an_error_in_any_file_is_an_error(void **state)
{
	static const char *const names[] = { "10-a.conf", "20-b.conf" };

	put(folder, "stippled.conf", "[station]\nclinic = main\n");
	for (size_t bad = 0; bad < ELEMENTS(names); bad++) {
		Error error = { 0 };
		Config *config = NULL;

		put(drop_ins, names[bad], "[station]\n\nclinick = x\n");
		put(drop_ins, names[!bad], "[station]\nclinic = fine\n");
		assert_int_equal(config_load(path, &config, &error), -EINVAL);
		assert_null(config);
		assert_non_null(strstr(error.text, names[bad]));
		assert_non_null(strstr(error.text, ":3: clinick: unknown key"));
	}
}

static void test_a_missing_file(void **state)
{
	Error error = { 0 };
	Config *config = NULL;

	assert_int_equal(config_load("/nowhere/stippled.conf", &config, &error), -ENOENT);
	assert_string_equal(error.text, "/nowhere/stippled.conf: cannot be read: No such file or directory");
}

static int make_folders(void **state)
{
	if (!mkdtemp(folder))
		return -1;
	snprintf(drop_ins, sizeof drop_ins, "%s/conf.d", folder);
	snprintf(path, sizeof path, "%s/stippled.conf", folder);
	return mkdir(drop_ins, 0755);
}

static int remove_folders(void **state)
{
	static const char *const names[] = { "10-a.conf", "20-b.conf", "30-off.conf.bak", ".hidden.conf" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		char name[128];

		snprintf(name, sizeof name, "%s/%s", drop_ins, names[i]);
		unlink(name);
	}
	unlink(path);
	return rmdir(drop_ins) < 0 || rmdir(folder) < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_shipped_file_is_the_defaults),
		cmocka_unit_test(test_shipped_file_mentions_every_key),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_every_range_is_kept),
		cmocka_unit_test(test_drop_ins),
		cmocka_unit_test(test_an_error_in_any_file_is_an_error),
		cmocka_unit_test(test_a_missing_file),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
