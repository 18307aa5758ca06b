/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The table of all keys of stippled.conf, with their ranges and defaults. It must not ignore an unknown key
 * or a value out of range. Only the plugin interprets its own settings.
 */

#include "config/config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "config/ini-file.h"
#include "util/text.h"

typedef enum FieldType {
	FIELD_IDENTIFIER, /* letters, digits, '-', '_', '.': part of a topic or a file name */
	FIELD_TEXT,       /* not empty */
	FIELD_OPTIONAL,   /* text or empty */
	FIELD_PATH,       /* absolute, or empty for the default */
	FIELD_BUS,        /* "system", "session" or a D-Bus address */
	FIELD_NUMBER,
	FIELD_REAL,
	FIELD_BOOLEAN,
} FieldType;

typedef struct Field {
	const char *section, *key;
	FieldType type;
	size_t offset;
	uint32_t min, max;
	const char *value; /* default, as it would be written in the file */
} Field;

enum { IDENTIFIER_MAX = 48 };

#define AT(member) offsetof(Config, member)

/* All keys; configs/stippled.conf documents them for people. */
static const Field fields[] = {
	{ "station", "clinic", FIELD_IDENTIFIER, AT(clinic), 0, 0, "clinic" },
	{ "station", "station", FIELD_IDENTIFIER, AT(station), 0, 0, "station" },
	{ "station", "clinic_name", FIELD_OPTIONAL, AT(clinic_name), 0, 0, "" },
	{ "station", "clinic_address", FIELD_OPTIONAL, AT(clinic_address), 0, 0, "" },
	{ "station", "clinic_telephone", FIELD_OPTIONAL, AT(clinic_telephone), 0, 0, "" },
	{ "station", "clinic_logo", FIELD_OPTIONAL, AT(clinic_logo), 0, 0, "" },
	{ "station", "profile", FIELD_IDENTIFIER, AT(profile), 0, 0, "us-ca" },

	{ "paths", "state_folder", FIELD_PATH, AT(state_folder), 0, 0, STIPPLE_STATE_FOLDER },
	{ "paths", "run_folder", FIELD_PATH, AT(run_folder), 0, 0, STIPPLE_RUN_FOLDER },
	{ "paths", "plugin_folder", FIELD_PATH, AT(plugin_folder), 0, 0, STIPPLE_PLUGIN_FOLDER },
	{ "paths", "protocol_folder", FIELD_PATH, AT(protocol_folder), 0, 0, STIPPLE_PROTOCOL_FOLDER },
	{ "paths", "consent_folder", FIELD_PATH, AT(consent_folder), 0, 0, STIPPLE_CONSENT_FOLDER },
	{ "paths", "profile_folder", FIELD_PATH, AT(profile_folder), 0, 0, STIPPLE_PROFILE_FOLDER },

	{ "board", "plugin", FIELD_IDENTIFIER, AT(board_plugin), 0, 0, "board-spi" },
	{ "board", "heartbeat_ms", FIELD_NUMBER, AT(heartbeat_ms), 5, 100, "20" },
	{ "board", "link_timeout_ms", FIELD_NUMBER, AT(link_timeout_ms), 50, 2000, "200" },
	{ "board", "bad_frames_max", FIELD_NUMBER, AT(bad_frames_max), 1, 100, "10" },
	{ "board", "realtime", FIELD_BOOLEAN, AT(realtime), 0, 0, "yes" },

	{ "camera", "plugin", FIELD_IDENTIFIER, AT(camera_plugin), 0, 0, "camera-libcamera" },
	{ "camera", "timeout_ms", FIELD_NUMBER, AT(camera_timeout_ms), 100, 60000, "5000" },
	{ "camera", "jpeg_quality", FIELD_NUMBER, AT(jpeg_quality), 50, 100, "90" },
	{ "camera", "focus_min", FIELD_REAL, AT(focus_min), 0, 100000, "100" },
	{ "camera", "exposure_min", FIELD_NUMBER, AT(exposure_min), 0, 255, "40" },
	{ "camera", "exposure_max", FIELD_NUMBER, AT(exposure_max), 0, 255, "220" },

	{ "scanner", "plugin", FIELD_IDENTIFIER, AT(scanner_plugin), 0, 0, "none" },
	{ "scanner", "fnc1", FIELD_OPTIONAL, AT(scanner_fnc1), 0, 0, "" },

	{ "label", "printer", FIELD_OPTIONAL, AT(label_printer), 0, 0, "" },
	{ "label", "width_mm", FIELD_NUMBER, AT(label_width_mm), 25, 210, "62" },
	{ "label", "height_mm", FIELD_NUMBER, AT(label_height_mm), 12, 297, "29" },

	{ "session", "disk_min_mb", FIELD_NUMBER, AT(disk_min_mb), 10, 1000000, "500" },
	{ "session", "before_photo_required", FIELD_BOOLEAN, AT(before_photo_required), 0, 0, "yes" },
	{ "session", "reseat_max_s", FIELD_NUMBER, AT(reseat_max_s), 0, 600, "60" },

	{ "session", "handpiece_required", FIELD_BOOLEAN, AT(handpiece_required), 0, 0, "no" },

	{ "needle", "life_strokes", FIELD_NUMBER, AT(life_strokes), 0, 100000000, "0" },
	{ "needle", "life_min", FIELD_NUMBER, AT(life_min), 0, 1440, "0" },
	{ "needle", "life_warn_percent", FIELD_NUMBER, AT(life_warn_percent), 1, 100, "80" },

	{ "sign-in", "pin_attempts", FIELD_NUMBER, AT(pin_attempts), 1, 20, "3" },
	{ "sign-in", "pin_delay_s", FIELD_NUMBER, AT(pin_delay_s), 1, 3600, "5" },

	{ "ledger", "checkpoint_records", FIELD_NUMBER, AT(checkpoint_records), 1, 1000000, "1000" },
	{ "ledger", "checkpoint_minutes", FIELD_NUMBER, AT(checkpoint_minutes), 1, 1440, "10" },
	{ "ledger", "log_origin", FIELD_OPTIONAL, AT(log_origin), 0, 0, "" },
	{ "ledger", "commit_limit_ms", FIELD_NUMBER, AT(commit_limit_ms), 500, 10000, "2000" },
	{ "ledger", "strokes_waiting", FIELD_NUMBER, AT(strokes_waiting), 100, 100000, "1000" },
	{ "ledger", "verify_hours", FIELD_NUMBER, AT(verify_hours), 0, 8760, "24" },

	{ "bus", "address", FIELD_BUS, AT(bus), 0, 0, "system" },

	{ "mqtt", "enabled", FIELD_BOOLEAN, AT(mqtt_enabled), 0, 0, "yes" },
	{ "mqtt", "host", FIELD_TEXT, AT(mqtt_host), 0, 0, "localhost" },
	{ "mqtt", "port", FIELD_NUMBER, AT(mqtt_port), 0, 65535, "0" },
	{ "mqtt", "user", FIELD_OPTIONAL, AT(mqtt_user), 0, 0, "" },
	{ "mqtt", "password_file", FIELD_PATH, AT(mqtt_password_file), 0, 0, "" },
	{ "mqtt", "tls", FIELD_BOOLEAN, AT(mqtt_tls), 0, 0, "yes" },
	{ "mqtt", "ca_file", FIELD_PATH, AT(mqtt_ca_file), 0, 0, "" },
	{ "mqtt", "cert_file", FIELD_PATH, AT(mqtt_cert_file), 0, 0, "" },
	{ "mqtt", "key_file", FIELD_PATH, AT(mqtt_key_file), 0, 0, "" },
	{ "mqtt", "in_flight", FIELD_NUMBER, AT(mqtt_in_flight), 1, 100, "20" },
	{ "mqtt", "telemetry_ms", FIELD_NUMBER, AT(telemetry_ms), 100, 60000, "500" },
	{ "mqtt", "telemetry_expiry_s", FIELD_NUMBER, AT(telemetry_expiry_s), 1, 3600, "5" },

	{ "registry", "server", FIELD_OPTIONAL, AT(registry_server), 0, 0, "" },
	{ "registry", "key", FIELD_OPTIONAL, AT(registry_key), 0, 0, "" },
	{ "registry", "mirror_key", FIELD_OPTIONAL, AT(registry_mirror_key), 0, 0, "" },
	{ "registry", "ca_file", FIELD_PATH, AT(registry_ca_file), 0, 0, STIPPLE_CLINIC_CA },
	{ "registry", "certificate", FIELD_PATH, AT(registry_certificate), 0, 0, STIPPLE_CLINIC_CERTIFICATE },
	{ "registry", "key_file", FIELD_PATH, AT(registry_key_file), 0, 0, STIPPLE_CLINIC_KEY },
	{ "registry", "escrow_days", FIELD_NUMBER, AT(registry_escrow_days), 1, 30, "2" },
	{ "registry", "witnesses", FIELD_PATH, AT(registry_witnesses), 0, 0, "" },
};

/* none of these occurs in a GS1 or HIBC code, or begins a symbology identifier */
#define FNC1_SUBSTITUTES "#@[\\^`{|}~"

#define PLUGIN_SECTION "plugin."

/** Points to a char *, uint32_t, double or bool, depending on the field's type. */
static void *field_at(const Config *config, const Field *field)
{
	return (char *)config + field->offset;
}

/* ---- values --------------------------------------------------------------------------------------- */

static int set_string(Config *config, const Field *field, const char *value, Error *error)
{
	char *copy = strdup(value);

	if (!copy)
		return error_set(error, -ENOMEM, "out of memory");
	free(*(char **)field_at(config, field));
	*(char **)field_at(config, field) = copy;
	return 0;
}

static int set_real(Config *config, const Field *field, const char *value, Error *error)
{
	char *end = NULL;
	double number;

	if (!*value || value[strspn(value, "0123456789.")])
		return error_set(error, -EINVAL, "\"%.40s\" is not a number: %u to %u is allowed", value,
			field->min, field->max);
	number = strtod(value, &end);
	if (*end || !isfinite(number) || number < field->min || number > field->max)
		return error_set(error, -EINVAL, "\"%.40s\" is out of range: %u to %u is allowed", value,
			field->min, field->max);
	*(double *)field_at(config, field) = number;
	return 0;
}

static int set_config_boolean(Config *config, const Field *field, const char *value, Error *error)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on" };

	for (size_t i = 0; i < ELEMENTS(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			*(bool *)field_at(config, field) = i % 2;
			return 0;
		}
	}
	return error_set(error, -EINVAL,
		"\"%.40s\" is neither yes nor no (true, false, on and off are also allowed)", value);
}

static int set_field(Config *config, const Field *field, const char *value, Error *error)
{
	switch (field->type) {
	case FIELD_IDENTIFIER:
		if (!text_is_identifier(value, IDENTIFIER_MAX))
			return error_set(error, -EINVAL,
				"\"%.60s\" is not 1 to %d letters, digits, '-', '_' or '.'", value,
				IDENTIFIER_MAX);
		return set_string(config, field, value, error);
	case FIELD_TEXT:
		if (!*value)
			return error_set(error, -EINVAL, "must not be empty");
		return set_string(config, field, value, error);
	case FIELD_OPTIONAL:
		return set_string(config, field, value, error);
	case FIELD_PATH:
		if (*value && *value != '/')
			return error_set(error, -EINVAL, "\"%.60s\" is not an absolute path", value);
		return set_string(config, field, *value ? value : field->value, error);
	case FIELD_BUS:
		if (strcmp(value, "system") != 0 && strcmp(value, "session") != 0 && !strchr(value, ':'))
			return error_set(
				error, -EINVAL, "\"%.60s\" is not system, session or a D-Bus address", value);
		return set_string(config, field, value, error);
	case FIELD_NUMBER:
		return ini_number(value, field->min, field->max, field_at(config, field), error);
	case FIELD_REAL:
		return set_real(config, field, value, error);
	case FIELD_BOOLEAN:
		return set_config_boolean(config, field, value, error);
	}
	return -EINVAL;
}

/* ---- [plugin.NAME] -------------------------------------------------------------------------------- */

static ConfigPlugin *find_plugin(const Config *config, const char *name)
{
	for (size_t i = 0; i < config->n_plugins; i++)
		if (strcmp(config->plugins[i].plugin, name) == 0)
			return &config->plugins[i];
	return NULL;
}

static int add_plugin(Config *config, const char *name, ConfigPlugin **ret)
{
	ConfigPlugin *plugins = reallocarray(config->plugins, config->n_plugins + 1, sizeof *plugins);

	if (!plugins)
		return -ENOMEM;
	config->plugins = plugins;
	plugins[config->n_plugins] = (ConfigPlugin){ .plugin = strdup(name) };
	if (!plugins[config->n_plugins].plugin)
		return -ENOMEM;
	*ret = &plugins[config->n_plugins++];
	return 0;
}

static void setting_clear(StippleSetting *setting)
{
	free((char *)setting->key);
	free((char *)setting->value);
	free((char *)setting->file);
}

static int add_setting(ConfigPlugin *plugin, const StippleSetting *setting)
{
	StippleSetting *settings;

	for (size_t i = 0; i < plugin->n; i++) {
		if (strcmp(plugin->settings[i].key, setting->key) == 0) {
			setting_clear(&plugin->settings[i]);
			plugin->settings[i] = *setting;
			return 0;
		}
	}
	settings = reallocarray(plugin->settings, plugin->n + 1, sizeof *settings);
	if (!settings)
		return -ENOMEM;
	plugin->settings = settings;
	settings[plugin->n++] = *setting;
	return 0;
}

static int set_plugin(Config *config, const char *name, const IniEntry *entry, Error *error)
{
	ConfigPlugin *plugin = find_plugin(config, name);
	StippleSetting setting;

	if (!text_is_identifier(name, IDENTIFIER_MAX))
		return error_set(error, -EINVAL, "unknown section [%.60s]: \"%.60s\" cannot name a plugin",
			entry->section, name);
	if (!plugin && add_plugin(config, name, &plugin) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	setting = (StippleSetting){ strdup(entry->key), strdup(entry->value), strdup(entry->file),
		entry->line };
	if (setting.key && setting.value && setting.file && add_setting(plugin, &setting) >= 0)
		return 0;
	setting_clear(&setting);
	return error_set(error, -ENOMEM, "out of memory");
}

char *config_ledger(const Config *config)
{
	char *path;

	return asprintf(&path, "%s/ledger.db", config->state_folder) < 0 ? NULL : path;
}

const StippleSetting *config_plugin(const Config *config, const char *plugin, size_t *ret_n)
{
	const ConfigPlugin *found = find_plugin(config, plugin);

	*ret_n = found ? found->n : 0;
	return found ? found->settings : NULL;
}

/* ---- files ---------------------------------------------------------------------------------------- */

static int take_config_entry(void *userdata, const IniEntry *entry, Error *error)
{
	Config *config = userdata;
	bool known = false;

	if (strncmp(entry->section, PLUGIN_SECTION, strlen(PLUGIN_SECTION)) == 0)
		return set_plugin(config, entry->section + strlen(PLUGIN_SECTION), entry, error);
	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		if (strcmp(fields[i].section, entry->section) != 0)
			continue;
		known = true;
		if (strcmp(fields[i].key, entry->key) == 0)
			return set_field(config, &fields[i], entry->value, error);
	}
	if (known)
		return error_set(
			error, -EINVAL, "unknown key in [%s]: remove it or correct its name", entry->section);
	return error_set(error, -EINVAL,
		"unknown section [%.60s]: station, paths, board, camera, scanner, label, session, needle, sign-in, ledger, bus, mqtt, "
		"registry and plugin.NAME are known",
		entry->section);
}

/** What is wrong with [registry]; NULL nothing. */
static const char *find_registry_flaw(const Config *config)
{
	static const char scheme[] = "https://";
	const char *server = config->registry_server, *host = server + sizeof scheme - 1;

	if (!*server)
		return NULL;
	if (strncmp(server, scheme, sizeof scheme - 1) != 0 || !*host || host[strcspn(host, "/?#@ ")])
		return "[registry] server must be https://HOST or https://HOST:PORT, or empty";
	if (!*config->registry_key || !*config->registry_mirror_key)
		return "[registry] server needs key and mirror_key: enrol the station at the clinic's server";
	return NULL;
}

/** Checks combinations of keys, once all files are read. */
static int check_config(Config *config, const char *name, Error *error)
{
	const char *flaw = NULL;

	if (config->exposure_min >= config->exposure_max)
		flaw = "[camera] exposure_min must be less than exposure_max";
	else if (config->link_timeout_ms < 2 * config->heartbeat_ms)
		flaw = "[board] link_timeout_ms must be at least twice heartbeat_ms";
	else if (!*config->mqtt_cert_file != !*config->mqtt_key_file)
		flaw = "[mqtt] cert_file and key_file go together: set both or neither";
	else if (*config->mqtt_password_file && !*config->mqtt_user)
		flaw = "[mqtt] password_file is set, but user is not: set both or neither";
	else if (*config->scanner_fnc1 &&
		 (config->scanner_fnc1[1] || !strchr(FNC1_SUBSTITUTES, *config->scanner_fnc1)))
		flaw = "[scanner] fnc1 must be one of " FNC1_SUBSTITUTES " or empty";
	else
		flaw = find_registry_flaw(config);
	if (flaw)
		return error_set(error, -EINVAL, "%.300s: %s", name, flaw);
	if (config->mqtt_port == 0)
		config->mqtt_port = config->mqtt_tls ? 8883 : 1883;
	return 0;
}

static int new_config(Config **ret, Error *error)
{
	_cleanup_(config_freep) Config *config = calloc(1, sizeof *config);

	if (!config)
		return error_set(error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		int r = set_field(config, &fields[i], fields[i].value, error);

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(config);
	return 0;
}

Config *config_free(Config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < ELEMENTS(fields); i++)
		if (fields[i].type < FIELD_NUMBER)
			free(*(char **)field_at(config, &fields[i]));
	for (size_t i = 0; i < config->n_plugins; i++) {
		for (size_t k = 0; k < config->plugins[i].n; k++)
			setting_clear(&config->plugins[i].settings[k]);
		free(config->plugins[i].settings);
		free(config->plugins[i].plugin);
	}
	free(config->plugins);
	free(config);
	return NULL;
}

int config_defaults(Config **ret)
{
	return config_parse("", 0, "", ret, NULL);
}

int config_parse(const char *text, size_t size, const char *name, Config **ret, Error *error)
{
	_cleanup_(config_freep) Config *config = NULL;
	int r = new_config(&config, error);

	if (r < 0)
		return r;
	r = ini_text_read(text, size, name, take_config_entry, config, error);
	if (r < 0)
		return r;
	r = check_config(config, name, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(config);
	return 0;
}

static int read_config_file(const char *path, void *userdata, Error *error)
{
	return ini_file_read(path, take_config_entry, userdata, error);
}

int config_load(const char *path, Config **ret, Error *error)
{
	_cleanup_(config_freep) Config *config = NULL;
	int r = new_config(&config, error);

	if (r < 0)
		return r;
	r = ini_files_each(path, read_config_file, config, error);
	if (r < 0)
		return r;
	r = check_config(config, path, error);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(config);
	return 0;
}

static void write_value(const Config *config, const Field *field, FILE *file)
{
	const void *at = field_at(config, field);

	if (field->type == FIELD_NUMBER)
		fprintf(file, "%" PRIu32, *(const uint32_t *)at);
	else if (field->type == FIELD_REAL)
		fprintf(file, "%.10g", *(const double *)at);
	else if (field->type == FIELD_BOOLEAN)
		fputs(*(const bool *)at ? "yes" : "no", file);
	else
		fputs(*(char *const *)at, file);
}

void config_write(const Config *config, FILE *file)
{
	const char *section = "";

	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		if (strcmp(fields[i].section, section) != 0)
			fprintf(file, "%s[%s]\n", *section ? "\n" : "", fields[i].section);
		section = fields[i].section;
		fprintf(file, "%s = ", fields[i].key);
		write_value(config, &fields[i], file);
		fputc('\n', file);
	}
	for (size_t i = 0; i < config->n_plugins; i++) {
		const ConfigPlugin *plugin = &config->plugins[i];

		fprintf(file, "\n[" PLUGIN_SECTION "%s]\n", plugin->plugin);
		for (size_t k = 0; k < plugin->n; k++)
			fprintf(file, "%s = %s\n", plugin->settings[k].key, plugin->settings[k].value);
	}
}
