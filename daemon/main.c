/* SPDX-License-Identifier: Apache-2.0 */

/** stippled: puts the parts together, then serves the event loop until it is told to leave. It must not take
 * a new configuration while a session is open. What a session may do is left to core/station.h. */

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "bus/bus.h"
#include "config/config.h"
#include "control/control.h"
#include "core/station.h"
#include "imaging/images.h"
#include "imaging/imaging.h"
#include "ledger/ledger.h"
#include "live/live.h"
#include "plugin/plugin-loader.h"
#include "scanner/scanner.h"
#include "util/credential.h"
#include "util/enrolment-code.h"
#include "util/file.h"
#include "util/log.h"
#include "watch/machine.h"
#include "watch/watch.h"

#ifndef STIPPLE_CONFIG_FILE
#define STIPPLE_CONFIG_FILE "/etc/stipple/stippled.conf"
#endif

enum { TICK_US = USEC_PER_SEC, WATCH_US = USEC_PER_SEC / 10, CAMERA_LOOK_MS = 5000 };

typedef struct Daemon {
	const char *config_path;
	Config *config;
	char configuration_error[ERROR_TEXT_MAX]; /* "": accepted */
	char board_error[STIPPLE_ERROR_MAX], camera_error[STIPPLE_ERROR_MAX];
	char scanner_text[STIPPLE_ERROR_MAX]; /* how the scanner is */
	bool scanner_present;
	sd_event *event;
	sd_event_source *tick, *watch;
	Ledger *ledger;
	LedgerInfo ledger_info;
	Plugin *board, *camera, *scanner_plugin;
	Control *control;
	Imaging *imaging;
	Scanner *scanner;
	Station *station;
	Live *live; /* NULL: nothing is published */
	Bus *bus;
	Watch *threads;
	bool leaving, reload; /* reload: to start over */
	int status;           /* what to leave with */
	int memory_error;     /* why the memory could not be locked; 0: it was, or was not asked to */
} Daemon;

/* ---- what drives the parts from the loop ---- */

static int on_ledger(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_ledger_ready(((Daemon *)userdata)->station);
	return 0;
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_control_ready(((Daemon *)userdata)->station);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_worker_ready(((Daemon *)userdata)->station);
	return 0;
}

static int on_imaging(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Daemon *daemon = userdata;
	ImagingResult result;

	imaging_clear(daemon->imaging);
	while (imaging_take(daemon->imaging, &result)) {
		StationPicture picture = {
			.ticket = result.ticket,
			.error = result.error,
			.text = result.text,
			.verdict = result.verdict == IMAGING_GOOD ? NULL
								  : imaging_verdict_to_string(result.verdict),
			.file = result.path,
			.sha256 = result.sha256,
			.bytes = result.bytes,
			.width = result.width,
			.height = result.height,
			.focus = result.focus,
			.exposure = result.exposure,
			.camera = result.camera,
			.exposure_us = result.exposure_us,
			.gain_milli = result.gain_milli,
			.preview = result.preview,
		};

		station_picture(daemon->station, &picture);
		closep(&result.preview);
	}
	return 0;
}

static int on_scanner(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Daemon *daemon = userdata;
	ScannerEvent event;

	scanner_clear(daemon->scanner);
	while (scanner_take(daemon->scanner, &event)) {
		if (event.is_code) {
			station_scanned(daemon->station, event.text);
			bus_scanned(daemon->bus, event.text);
			continue;
		}
		daemon->scanner_present = event.present;
		snprintf(daemon->scanner_text, sizeof daemon->scanner_text, "%.250s", event.text);
		log_line(event.present ? LOG_INFO : LOG_WARNING, NULL, "scanner: %s", event.text);
	}
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t now, void *userdata)
{
	Daemon *daemon = userdata;

	station_tick(daemon->station);
	bus_tick(daemon->bus);
	return sd_event_source_set_time_relative(source, TICK_US);
}

static int on_watch(sd_event_source *source, uint64_t now, void *userdata)
{
	station_watch(((Daemon *)userdata)->station);
	return sd_event_source_set_time_relative(source, WATCH_US);
}

static void on_stopped(void *userdata, const StationReply *reply)
{
	Daemon *daemon = userdata;

	(void)sd_event_exit(daemon->event, daemon->status);
}

static int leave(Daemon *daemon)
{
	if (daemon->leaving)
		return 0;
	daemon->leaving = true;
	(void)sd_notify(false, daemon->reload ? "RELOADING=1" : "STOPPING=1");
	station_shutdown(daemon->station, on_stopped, daemon);
	return 0;
}

/** A failure, so that systemd starts the daemon again. */
static void on_bus_lost(void *userdata)
{
	Daemon *daemon = userdata;

	daemon->status = EXIT_FAILURE;
	daemon->reload = false;
	(void)leave(daemon);
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	((Daemon *)userdata)->reload = false;
	return leave(userdata);
}

/** `station`: NULL, or the one whose record it has to fit. Reads everything that starting over would read:
 * what is accepted here does not leave the station inert. */
static int read_configuration(const char *path, const Station *station, Error *error)
{
	_cleanup_(config_freep) Config *config = NULL;
	int r = config_load(path, &config, error);

	if (r < 0)
		return r;
	r = station_check_protocols(config->protocol_folder, error);
	if (r < 0)
		return r;
	r = station_check_profile(config, error);
	return r < 0 || !station ? r : station_check_record(station, config, error);
}

/** A new configuration takes effect by starting over in the same process, and only while no session is open.
 */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	Daemon *daemon = userdata;
	Error error;

	if (daemon->leaving)
		return 0;
	if (read_configuration(daemon->config_path, daemon->station, &error) < 0) {
		log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "the old configuration stays in force: %s",
			error.text);
		station_reload_refused(
			daemon->station, error.text, "put it right, then `systemctl reload stippled`");
		return 0;
	}
	if (station_state(daemon->station)->session.number) {
		log_warning(
			"a session is open: the new configuration is not taken; reload when it has been signed");
		station_reload_refused(daemon->station, "a session is open",
			"`systemctl reload stippled` when it has been signed");
		return 0;
	}
	log_info("starting over with the new configuration");
	daemon->reload = true;
	return leave(daemon);
}

/* ---- what the bus asks of the parts that the core does not know ---- */

static StationCheck *add_check(StationCheck *check, const char *name, int level)
{
	memset(check, 0, sizeof *check);
	check->check = name;
	check->level = level;
	return check;
}

static void check_camera(const Daemon *daemon, StationCheck *check)
{
	ImagingStatus status;

	if (!daemon->imaging) {
		snprintf(check->text, sizeof check->text, "%s",
			daemon->camera_error[0] ? daemon->camera_error : "none configured");
		return;
	}
	imaging_status(daemon->imaging, &status);
	check->level = status.error < 0 ? 2 : 0;
	snprintf(check->text, sizeof check->text, "%s", status.text);
}

static void check_scanner(const Daemon *daemon, StationCheck *check)
{
	unsigned dropped = daemon->scanner ? scanner_dropped(daemon->scanner) : 0;

	check->level = daemon->scanner_present ? dropped > 0 : 2;
	snprintf(check->text, sizeof check->text, "%s", daemon->scanner_text);
	if (!daemon->scanner_present)
		snprintf(check->advice, sizeof check->advice,
			"check its cable and [plugin.%.40s] in stippled.conf",
			daemon->config->scanner_plugin);
	else if (dropped > 0)
		snprintf(
			check->advice, sizeof check->advice, "%u codes were lost: scan more slowly", dropped);
}

static size_t doctor(void *userdata, StationCheck *ret, size_t max)
{
	Daemon *daemon = userdata;
	struct stat state;
	StationCheck *check;

	if (max < 6)
		return 0;
	check = add_check(&ret[0], "camera", daemon->camera_error[0] ? 2 : 0);
	check_camera(daemon, check);
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"check its cable and [camera] plugin in stippled.conf");
	live_check(daemon->live, daemon->config, add_check(&ret[1], "broker", 0));
	check = add_check(&ret[2], "permissions", 0);
	if (stat(daemon->config->state_folder, &state) < 0 || access(daemon->config->state_folder, W_OK) < 0)
		check->level = 2;
	else if (state.st_mode & S_IWOTH)
		check->level = 1;
	snprintf(check->text, sizeof check->text, "%.200s is %s", daemon->config->state_folder,
		check->level == 2   ? "not writable"
		: check->level == 1 ? "writable by everybody"
				    : "the station's own");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "chown stipple: %.100s && chmod 0750 %.100s",
			daemon->config->state_folder, daemon->config->state_folder);
	machine_check_memory(daemon->config, daemon->memory_error, add_check(&ret[3], "memory", 0));
	machine_check_outputs(daemon->config, add_check(&ret[4], "outputs", 0));
	if (strcmp(daemon->config->scanner_plugin, "none") == 0)
		return 5;
	check_scanner(daemon, add_check(&ret[5], "scanner", 0));
	return 6;
}

static bool broker_connected(void *userdata)
{
	const Daemon *daemon = userdata;
	const LiveReport *report = daemon->live ? live_report(daemon->live) : NULL;

	return report && report->connected;
}

/** On the station's worker thread; the configuration does not change while the daemon runs. */
static int erase_image(void *userdata, const char *file)
{
	const Daemon *daemon = userdata;
	_cleanup_(freep) char *folder = NULL;

	if (asprintf(&folder, "%s/images", daemon->config->state_folder) < 0)
		return -ENOMEM;
	return file_erase(folder, file);
}

/** The same. */
static int open_image(void *userdata, const char *file, char ret_sha256[DIGEST_HEX_MAX])
{
	const Daemon *daemon = userdata;
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/images/%s", daemon->config->state_folder, file) < 0)
		return -ENOMEM;
	return images_open(path, ret_sha256);
}

static int capture(void *userdata, const StationCapture *capture)
{
	Daemon *daemon = userdata;
	ImagingRequest request = {
		.ticket = capture->ticket, .scene = capture->scene, .preview = capture->preview
	};

	if (!daemon->imaging)
		return -ENODEV;
	memcpy(request.name, capture->name, sizeof request.name);
	return imaging_capture(daemon->imaging, &request);
}

/* ---- starting, part by part ---- */

static void reject_configuration(Daemon *daemon, const char *reason)
{
	if (daemon->configuration_error[0])
		return;
	snprintf(daemon->configuration_error, sizeof daemon->configuration_error, "%s", reason);
	log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "the station stays inert: %s", reason);
}

static int start_configuration(Daemon *daemon)
{
	Error error;

	if (config_load(daemon->config_path, &daemon->config, &error) >= 0)
		return 0;
	reject_configuration(daemon, error.text);
	return config_defaults(&daemon->config);
}

/** -EWOULDBLOCK, another daemon on the same ledger, is the one error that ends the start. */
static int start_ledger(Daemon *daemon)
{
	_cleanup_(freep) char *path = NULL, *station = NULL;
	_cleanup_(freep) char *keys = NULL, *images = NULL;
	_cleanup_(credential_erasep) char *key = NULL;
	LedgerOptions options = { .clock = &clock_system };
	Error why;
	int r;

	if (daemon->configuration_error[0])
		return 0;
	r = file_make_folders(daemon->config->state_folder);
	if (r < 0) {
		error_set(&why, r, "%s cannot be made (%s): create it for the daemon's user",
			daemon->config->state_folder, strerror(-r));
		reject_configuration(daemon, why.text);
		return 0;
	}
	r = credential_read("stipple.key", &key);
	if (r < 0) {
		error_set(&why, r, "the credential stipple.key cannot be read: %s", strerror(-r));
		reject_configuration(daemon, why.text);
		return 0;
	}
	path = config_ledger(daemon->config);
	if (!path || asprintf(&keys, "%s/keys", daemon->config->state_folder) < 0 ||
		asprintf(&images, "%s/images", daemon->config->state_folder) < 0 ||
		asprintf(&station, "%s/%s", daemon->config->clinic, daemon->config->station) < 0)
		return -ENOMEM;
	options.path = path;
	options.keys = keys;
	options.images = images;
	options.key = key;
	options.origin = daemon->config->log_origin;
	options.checkpoint_records = daemon->config->checkpoint_records;
	options.checkpoint_s = daemon->config->checkpoint_minutes * 60;
	options.commit_limit_ms = daemon->config->commit_limit_ms;
	options.station = station;
	r = ledger_open(&options, &daemon->ledger, &daemon->ledger_info, &why);
	if (r == -EWOULDBLOCK) {
		log_error("%s", why.text);
		return r;
	}
	if (r < 0)
		reject_configuration(daemon, why.text);
	/* before anybody is enrolled there is nobody to sign for it, and nobody who knows it by its first
	 * names */
	if (r >= 0 && daemon->ledger_info.administrators > 0 &&
		station_compare_names(daemon->ledger_info.names, daemon->config, &why) < 0)
		reject_configuration(daemon, why.text);
	return 0;
}

static Plugin *start_plugin(
	Daemon *daemon, const char *name, StipplePluginKind kind, char error[STIPPLE_ERROR_MAX])
{
	Plugin *plugin = NULL;

	error[0] = '\0';
	if (plugin_load(daemon->config->plugin_folder, name, kind, &plugin, error) >= 0) {
		size_t n;
		const StippleSetting *settings = config_plugin(daemon->config, name, &n);

		plugin_set_settings(plugin, settings, n);
		return plugin;
	}
	log_line(LOG_ERR, LOG_ID_PLUGIN_REJECTED, "%s", error);
	return NULL;
}

static int start_board(Daemon *daemon)
{
	const Config *config = daemon->config;
	ControlOptions options = {
		.heartbeat_ms = config->heartbeat_ms,
		.link_timeout_ms = config->link_timeout_ms,
		.bad_frames_max = config->bad_frames_max,
		.reopen_ms = 1000,
		.main_silent_ms = WATCH_MAIN_SILENT_MS,
		.realtime = config->realtime,
	};

	daemon->board = start_plugin(daemon, config->board_plugin, STIPPLE_PLUGIN_BOARD, daemon->board_error);
	if (!daemon->board)
		return 0;
	if (config->realtime)
		daemon->memory_error = machine_hold_memory();
	options.board = plugin_vtable(daemon->board);
	options.host = plugin_host(daemon->board);
	return control_new(&options, &daemon->control);
}

static int start_camera(Daemon *daemon)
{
	const Config *config = daemon->config;
	_cleanup_(freep) char *folder = NULL;
	ImagingOptions options = {
		.timeout_ms = config->camera_timeout_ms,
		.look_ms = CAMERA_LOOK_MS,
		.jpeg_quality = config->jpeg_quality,
		.focus_min = config->focus_min,
		.exposure_min = config->exposure_min,
		.exposure_max = config->exposure_max,
	};

	if (strcmp(config->camera_plugin, "none") == 0)
		return 0;
	daemon->camera =
		start_plugin(daemon, config->camera_plugin, STIPPLE_PLUGIN_CAMERA, daemon->camera_error);
	if (!daemon->camera)
		return 0;
	if (asprintf(&folder, "%s/images", config->state_folder) < 0)
		return -ENOMEM;
	options.camera = plugin_vtable(daemon->camera);
	options.host = plugin_host(daemon->camera);
	options.folder = folder;
	return imaging_new(&options, &daemon->imaging);
}

/** Without its scanner a station works as before: codes are typed, or scanned into the panel. */
static void start_scanner(Daemon *daemon)
{
	const char *name = daemon->config->scanner_plugin;
	char *text = daemon->scanner_text;

	if (strcmp(name, "none") == 0)
		return;
	daemon->scanner_plugin = start_plugin(daemon, name, STIPPLE_PLUGIN_SCANNER, text);
	if (!daemon->scanner_plugin)
		return;
	if (scanner_new(plugin_vtable(daemon->scanner_plugin), plugin_host(daemon->scanner_plugin),
		    &daemon->scanner, text) < 0)
		log_line(LOG_ERR, LOG_ID_PLUGIN_REJECTED, "%s", text);
	else
		snprintf(text, sizeof daemon->scanner_text, "not seen yet");
}

/**
 * Only who reads the journal or stands at the console may be the first administrator. systemd sends standard
 * output to both: the service's own user may not open a console.
 */
static int make_enrolment_code(const Daemon *daemon, char ret[ENROLMENT_CODE_MAX])
{
	int r;

	if (!daemon->ledger || daemon->configuration_error[0] || daemon->ledger_info.administrators > 0)
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

/** Those that were there before anything can be captured. NULL where they cannot be known: then all stay. */
static json_t *find_images(const Daemon *daemon)
{
	_cleanup_(freep) char *folder = NULL;
	json_t *images = NULL;
	int r;

	if (!daemon->ledger || daemon->configuration_error[0])
		return NULL;
	r = asprintf(&folder, "%s/images", daemon->config->state_folder) < 0 ? -ENOMEM
									     : images_find(folder, &images);
	if (r < 0)
		log_warning("the folder of photographs %s/images cannot be read: %s",
			daemon->config->state_folder, strerror(-r));
	return images;
}

static int start_station(Daemon *daemon)
{
	json_auto_t *images = find_images(daemon);
	char code[ENROLMENT_CODE_MAX] = "";
	int r = make_enrolment_code(daemon, code);
	StationOptions options = {
		.config = daemon->config,
		.configuration_error = daemon->configuration_error[0] ? daemon->configuration_error : NULL,
		.ledger = daemon->ledger,
		.ledger_info = daemon->ledger_info,
		.control = daemon->control,
		.board_error = daemon->board_error[0] ? daemon->board_error : NULL,
		.clock = &clock_system,
		.capture = capture,
		.capture_userdata = daemon,
		.erase_image = erase_image,
		.erase_userdata = daemon,
		.open_image = open_image,
		.open_userdata = daemon,
		.images = images,
	};

	options.enrolment_code = code[0] ? code : NULL;
	if (r >= 0)
		r = station_new(&options, &daemon->station);
	explicit_bzero(code, sizeof code);
	if (r >= 0)
		station_recover_session(daemon->station);
	return r;
}

/** Without it the clinic hears nothing, and the session goes on. */
static void start_live(Daemon *daemon)
{
	bool serves = daemon->ledger && !daemon->configuration_error[0];
	int r = serves ? live_new(daemon->event, daemon->config, daemon->station, daemon->ledger,
				 &daemon->live)
		       : 0;

	if (r < 0)
		log_error("nothing is published, as %s cannot be used (%s): check [paths] run_folder",
			daemon->config->run_folder, strerror(-r));
}

static int start_faces(Daemon *daemon)
{
	BusOptions options = {
		.config = daemon->config,
		.station = daemon->station,
		.ledger = daemon->ledger,
		.doctor = doctor,
		.broker_connected = broker_connected,
		.lost = on_bus_lost,
		.userdata = daemon,
	};
	Error error;
	int r;

	start_live(daemon);
	r = bus_new(daemon->event, &options, &daemon->bus, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

static int add_io(Daemon *daemon, int fd, sd_event_io_handler_t handler)
{
	return sd_event_add_io(daemon->event, NULL, fd, EPOLLIN, handler, daemon);
}

static int connect_loop(Daemon *daemon)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_terminate }, { SIGINT, on_terminate }, { SIGHUP, on_hangup } };
	int r = 0;

	if (daemon->ledger)
		r = add_io(daemon, ledger_fd(daemon->ledger), on_ledger);
	if (r >= 0 && daemon->control)
		r = add_io(daemon, control_fd(daemon->control), on_control);
	if (r >= 0 && daemon->imaging)
		r = add_io(daemon, imaging_fd(daemon->imaging), on_imaging);
	if (r >= 0 && daemon->scanner)
		r = add_io(daemon, scanner_fd(daemon->scanner), on_scanner);
	if (r >= 0)
		r = add_io(daemon, station_worker_fd(daemon->station), on_worker);
	if (r >= 0)
		r = sd_event_add_time_relative(
			daemon->event, &daemon->tick, CLOCK_MONOTONIC, TICK_US, 50000, on_tick, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->tick, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_add_time_relative(
			daemon->event, &daemon->watch, CLOCK_MONOTONIC, WATCH_US, 10000, on_watch, daemon);
	if (r >= 0)
		r = sd_event_source_set_enabled(daemon->watch, SD_EVENT_ON);
	for (size_t i = 0; r >= 0 && i < ELEMENTS(signals); i++)
		r = sd_event_add_signal(daemon->event, NULL, signals[i].signal, signals[i].handler, daemon);
	if (r >= 0)
		r = watch_new(daemon->event,
			&(WatchOptions){ .control = daemon->control,
				.ledger = daemon->ledger,
				.station = daemon->station },
			&daemon->threads);
	return r;
}

static int run(Daemon *daemon)
{
	int r = start_configuration(daemon);

	if (r >= 0)
		r = sd_event_default(&daemon->event);
	if (r >= 0)
		r = start_ledger(daemon);
	if (r >= 0 && !daemon->configuration_error[0])
		r = start_board(daemon);
	if (r >= 0 && !daemon->configuration_error[0])
		r = start_camera(daemon);
	if (r >= 0 && !daemon->configuration_error[0])
		start_scanner(daemon);
	if (r >= 0)
		r = start_station(daemon);
	if (r >= 0)
		r = start_faces(daemon);
	if (r >= 0)
		r = connect_loop(daemon);
	if (r < 0) {
		log_error("stippled cannot start: %s", strerror(-r));
		return r;
	}
	(void)sd_notifyf(false, "READY=1\nSTATUS=%s",
		daemon->configuration_error[0] ? daemon->configuration_error : "serving");
	return sd_event_loop(daemon->event);
}

/** The needle first: ENABLE falls before anything else is taken down. */
static void stop(Daemon *daemon)
{
	Control *control = daemon->control;

	watch_free(daemon->threads);
	watch_stop_control(control);
	scanner_free(daemon->scanner);
	bus_free(daemon->bus);
	live_free(daemon->live);
	station_free(daemon->station);
	control_free(control);
	imaging_free(daemon->imaging);
	ledger_free(daemon->ledger);
	plugin_free(daemon->board);
	plugin_free(daemon->camera);
	plugin_free(daemon->scanner_plugin);
	sd_event_source_disable_unref(daemon->tick);
	sd_event_source_disable_unref(daemon->watch);
	sd_event_unref(daemon->event);
	config_free(daemon->config);
}

static void help(void)
{
	printf("Usage: stippled [OPTION]...\n"
	       "The daemon of a scalp-micropigmentation treatment station.\n\n"
	       "  -c, --config FILE  configuration (default %s)\n"
	       "      --check        read the configuration, say what is wrong with it, and leave\n"
	       "  -d, --debug        log more\n"
	       "  -h, --help         this text\n"
	       "      --version      the version\n\n"
	       "SIGTERM stops the needle and leaves; SIGHUP takes a new configuration while no session is open.\n",
		STIPPLE_CONFIG_FILE);
}

static int check_configuration(const char *path)
{
	Error error;

	if (read_configuration(path, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	printf("%s: good\n", path);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { OPTION_CHECK = 256, OPTION_VERSION };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	Daemon daemon = { .config_path = STIPPLE_CONFIG_FILE };
	bool check = false;
	sigset_t signals;
	int option, r;

	while ((option = getopt_long(argc, argv, "c:dh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			daemon.config_path = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case 'd':
			log_set_level(LOG_DEBUG);
			break;
		case 'h':
			help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("stippled " STIPPLE_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "stippled: unexpected argument \"%s\"; see stippled --help\n", argv[optind]);
		return 2;
	}
	if (check)
		return check_configuration(daemon.config_path);
	/* blocked before the first thread starts, so that they all inherit it and only the loop sees them */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGXFSZ); /* a file that may not grow is an error of the write, not a death */
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = run(&daemon);
	stop(&daemon);
	if (r == 0 && daemon.reload) {
		/* signals stay blocked: one that comes meanwhile waits for the new loop instead of killing */
		execv("/proc/self/exe", argv);
		log_error("stippled cannot start over: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return r != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
