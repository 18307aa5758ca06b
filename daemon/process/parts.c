/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The parts of the process: the order in which they start and stop, and how they are connected. When a part
 * fails, the bus must still start and report it. The one exception is another daemon on the same ledger.
 */

#include "process/process.h"

#include <string.h>

#include <systemd/sd-daemon.h>

#include "imaging/images.h"
#include "process/machine.h"
#include "util/credential.h"
#include "util/enrolment-code.h"
#include "util/file.h"
#include "util/log.h"

enum { CAMERA_LOOK_MS = 5000 };

/* ---- what the station and the bus ask of other parts ---- */

/** On the station's worker thread; the configuration does not change while the daemon runs. */
static int erase_image(void *userdata, const char *file)
{
	return file_erase(((Process *)userdata)->images, file);
}

/** The same. */
static int open_image(void *userdata, const char *file, char ret_sha256[DIGEST_HEX_MAX])
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", ((Process *)userdata)->images, file) < 0)
		return -ENOMEM;
	return images_open(path, ret_sha256);
}

static int ask_clinic(void *userdata, const StationAsk *ask)
{
	Process *process = userdata;

	return process->registry ? registry_ask(process->registry, ask) : -ENOTCONN;
}

static int capture_image(void *userdata, const StationCapture *capture)
{
	Process *process = userdata;

	return process->imaging ? imaging_capture(process->imaging, capture) : -ENODEV;
}

/* ---- starting, part by part ---- */

static bool is_inert(const Process *process)
{
	return process->rejected.code < 0;
}

/** Makes the station inert; the first reason is kept. */
static void become_inert(Process *process, const Error *error)
{
	if (is_inert(process))
		return;
	process->rejected = *error;
	if (process->rejected.code >= 0)
		process->rejected.code = -EINVAL; /* whoever calls this has a reason */
	log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "the station stays inert: %s", error->text);
}

static int start_configuration(Process *process)
{
	Error error = { 0 };

	if (config_load(process->config_path, &process->config, &error) < 0) {
		int r = config_defaults(&process->config);

		if (r < 0)
			return r;
		become_inert(process, &error);
	}
	return asprintf(&process->images, "%s/images", process->config->state_folder) < 0 ? -ENOMEM : 0;
}

static int start_loop(Process *process)
{
	return sd_event_default(&process->event);
}

/** Bringing a large ledger to a new version takes minutes; nothing can move meanwhile. */
#define LEDGER_PATIENCE_US "1800000000"

static int open_station_ledger(Process *process, Error *error)
{
	const Config *config = process->config;
	_cleanup_(freep) char *path = config_ledger(config), *keys = NULL, *station = NULL;
	_cleanup_(credential_erasep) char *key = NULL;
	LedgerOptions options = {
		.path = path,
		.images = process->images,
		.clock = process->clock,
		.origin = config->log_origin,
		.shares = config->registry_server[0] != '\0',
		.checkpoint_records = config->checkpoint_records,
		.checkpoint_s = config->checkpoint_minutes * 60,
		.commit_limit_ms = config->commit_limit_ms,
	};
	int r = file_make_folders(config->state_folder);

	if (r < 0)
		return error_set(error, r, "%s cannot be made (%s): create it for the daemon's user",
			config->state_folder, strerror(-r));
	r = credential_read("stipple.key", &key);
	if (r < 0)
		return error_set(error, r, "the credential stipple.key cannot be read: %s", strerror(-r));
	if (!path || asprintf(&keys, "%s/keys", config->state_folder) < 0 ||
		asprintf(&station, "%s/%s", config->clinic, config->station) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	options.key = key;
	options.keys = keys;
	options.station = station;
	(void)sd_notify(false, "EXTEND_TIMEOUT_USEC=" LEDGER_PATIENCE_US "\nSTATUS=opening the ledger");
	r = ledger_open(&options, &process->ledger, &process->ledger_info, error);
	/*
	 * before anybody is enrolled, nobody can sign for a change of names, and nobody knows the station by
	 * its first ones
	 */
	if (r < 0 || process->ledger_info.administrators == 0)
		return r;
	return station_compare_names(process->ledger_info.names, config, error);
}

/** Only -EWOULDBLOCK (another daemon uses the same ledger) ends the start. */
static int start_ledger(Process *process)
{
	Error error = { 0 };
	int r;

	if (is_inert(process))
		return 0;
	r = open_station_ledger(process, &error);
	if (r == -EWOULDBLOCK) {
		log_error("%s", error.text);
		return r;
	}
	if (r < 0)
		become_inert(process, &error);
	return 0;
}

/** NULL, with the reason in `ret_reason`, when the plugin cannot be used. */
static Plugin *start_plugin(
	Process *process, const char *name, StipplePluginKind kind, char ret_reason[STIPPLE_ERROR_MAX])
{
	const StippleSetting *settings;
	Plugin *plugin = NULL;
	Error error = { 0 };
	size_t n;

	ret_reason[0] = '\0';
	if (plugin_load(process->config->plugin_folder, name, kind, &plugin, &error) < 0) {
		log_line(LOG_ERR, LOG_ID_PLUGIN_REJECTED, "%s", error.text);
		snprintf(ret_reason, STIPPLE_ERROR_MAX, "%.255s", error.text);
		return NULL;
	}
	settings = config_plugin(process->config, name, &n);
	plugin_set_settings(plugin, settings, n);
	return plugin;
}

static int start_board(Process *process)
{
	const Config *config = process->config;
	ControlOptions options = {
		.heartbeat_ms = config->heartbeat_ms,
		.link_timeout_ms = config->link_timeout_ms,
		.bad_frames_max = config->bad_frames_max,
		.reopen_ms = 1000,
		.main_silent_ms = WATCHDOG_MAIN_SILENT_MS,
		.realtime = config->realtime,
	};

	if (is_inert(process))
		return 0;
	process->board =
		start_plugin(process, config->board_plugin, STIPPLE_PLUGIN_BOARD, process->board_error);
	if (!process->board)
		return 0;
	if (config->realtime)
		process->memory_error = machine_hold_memory();
	options.board = plugin_vtable(process->board);
	options.host = plugin_host(process->board);
	return control_new(&options, &process->control);
}

static int start_camera(Process *process)
{
	const Config *config = process->config;
	ImagingOptions options = {
		.timeout_ms = config->camera_timeout_ms,
		.look_ms = CAMERA_LOOK_MS,
		.jpeg_quality = config->jpeg_quality,
		.focus_min = config->focus_min,
		.exposure_min = config->exposure_min,
		.exposure_max = config->exposure_max,
	};

	if (is_inert(process) || strcmp(config->camera_plugin, "none") == 0)
		return 0;
	process->camera =
		start_plugin(process, config->camera_plugin, STIPPLE_PLUGIN_CAMERA, process->camera_error);
	if (!process->camera)
		return 0;
	options.camera = plugin_vtable(process->camera);
	options.host = plugin_host(process->camera);
	options.folder = process->images;
	return imaging_new(&options, &process->imaging);
}

/** A station works without its scanner: codes are typed, or scanned into the panel. */
static int start_scanner(Process *process)
{
	const char *name = process->config->scanner_plugin;
	char *text = process->scanner_text;

	if (is_inert(process) || strcmp(name, "none") == 0)
		return 0;
	process->scanner_plugin = start_plugin(process, name, STIPPLE_PLUGIN_SCANNER, text);
	if (!process->scanner_plugin)
		return 0;
	if (scanner_new(plugin_vtable(process->scanner_plugin), plugin_host(process->scanner_plugin),
		    &process->scanner, text) < 0)
		log_line(LOG_ERR, LOG_ID_PLUGIN_REJECTED, "%s", text);
	else
		snprintf(text, sizeof process->scanner_text, "not seen yet");
	return 0;
}

/**
 * Only somebody who can read the journal or stands at the console may become the first administrator. systemd
 * sends standard output to both; the service's own user may not open a console.
 */
static int make_enrolment_code(const Process *process, char ret[ENROLMENT_CODE_MAX])
{
	int r;

	if (!process->ledger || is_inert(process) || process->ledger_info.administrators > 0)
		return 0;
	r = enrolment_code_make(ret);
	if (r < 0)
		return r;
	log_line(LOG_NOTICE, LOG_ID_ENROLMENT,
		"no administrator is enrolled yet: the code for the first one is printed to journal and console");
	printf("stipple: the enrolment code is %s: `stipplectl enrol --code %s BADGE NAME`\n", ret, ret);
	(void)fflush(stdout);
	return 0;
}

/**
 * Photographs that existed before anything could be captured. NULL when they cannot be listed: then all are
 * kept.
 */
static json_t *find_images(const Process *process)
{
	json_t *images = NULL;
	int r;

	if (!process->ledger || is_inert(process))
		return NULL;
	r = images_find(process->images, &images);
	if (r < 0)
		log_warning("the folder of photographs %s cannot be read: %s", process->images, strerror(-r));
	return images;
}

static int start_station(Process *process)
{
	json_auto_t *images = find_images(process);
	char code[ENROLMENT_CODE_MAX] = "";
	StationOptions options = {
		.config = process->config,
		.configuration_error = is_inert(process) ? process->rejected.text : NULL,
		.ledger = process->ledger,
		.ledger_info = process->ledger_info,
		.control = process->control,
		.board_error = process->board_error[0] ? process->board_error : NULL,
		.clock = process->clock,
		.capture = capture_image,
		.capture_userdata = process,
		.erase_image = erase_image,
		.erase_userdata = process,
		.open_image = open_image,
		.open_userdata = process,
		.images = images,
		.ask_registry = ask_clinic,
		.ask_userdata = process,
	};
	int r = make_enrolment_code(process, code);

	if (r < 0)
		return r;
	options.enrolment_code = code[0] ? code : NULL;
	r = station_new(&options, &process->station);
	explicit_bzero(code, sizeof code);
	if (r < 0)
		return r;
	station_recover_session(process->station);
	return 0;
}

/** Without it the clinic gets no data, but the session goes on. */
static int start_live(Process *process)
{
	int r;

	if (!process->ledger || is_inert(process))
		return 0;
	r = live_new(process->event, process->config, process->station, process->ledger, &process->live);
	if (r < 0)
		log_error("nothing is published, as %s cannot be used (%s): check [paths] run_folder",
			process->config->run_folder, strerror(-r));
	return 0;
}

/** Without it no cartridge of a clinic can be asked for, but what the station holds can be used. */
static int start_registry(Process *process)
{
	Error error = { 0 };

	if (!process->config->registry_server[0] || !process->ledger || is_inert(process))
		return 0;
	if (registry_new(process->event, process->config, process->station, process->ledger,
		    &process->registry, &error) < 0)
		log_error("the clinic's registry is not listened to: %s", error.text);
	return 0;
}

static int start_bus(Process *process)
{
	BusOptions options = {
		.config = process->config,
		.station = process->station,
		.ledger = process->ledger,
		.doctor = process_doctor,
		.broker_connected = process_broker_connected,
		.lost = process_lose_bus,
		.userdata = process,
	};
	Error error = { 0 };
	int r = bus_new(process->event, &options, &process->bus, &error);

	if (r < 0)
		log_error("%s", error.text);
	return r;
}

int process_start(Process *process)
{
	static int (*const parts[])(Process *) = { start_configuration, start_loop, start_ledger, start_board,
		start_camera, start_scanner, start_station, start_live, start_registry, start_bus,
		process_connect };

	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		int r = parts[i](process);

		if (r < 0) {
			log_error("stippled cannot start: %s", strerror(-r));
			return r;
		}
	}
	return 0;
}

void process_stop(Process *process)
{
	watchdog_free(process->watchdog);
	watchdog_stop_control(process->control);
	scanner_free(process->scanner);
	bus_free(process->bus);
	live_free(process->live);
	registry_free(process->registry);
	station_free(process->station);
	control_free(process->control);
	imaging_free(process->imaging);
	ledger_free(process->ledger);
	plugin_free(process->board);
	plugin_free(process->camera);
	plugin_free(process->scanner_plugin);
	sd_event_source_disable_unref(process->tick);
	sd_event_source_disable_unref(process->watch);
	sd_event_unref(process->event);
	config_free(process->config);
	free(process->images);
}
