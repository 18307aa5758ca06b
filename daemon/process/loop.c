/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Drives the parts from the event loop, and ends it: on a signal, for a restart, or because the bus is gone.
 * It must not accept a new configuration while a session is open.
 */

#include "process/process.h"

#include <signal.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "util/log.h"

enum { TICK_US = USEC_PER_SEC, WATCH_US = USEC_PER_SEC / 10 };

static int on_ledger(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_ledger_ready(((Process *)userdata)->station);
	return 0;
}

static int on_control(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_control_ready(((Process *)userdata)->station);
	return 0;
}

static int on_worker(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	station_worker_ready(((Process *)userdata)->station);
	return 0;
}

static int on_pictures(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Process *process = userdata;
	ImagingResult result;

	while (imaging_take(process->imaging, &result)) {
		station_picture(process->station, &result.picture);
		closep(&result.picture.preview);
	}
	return 0;
}

static int on_scanner(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Process *process = userdata;
	ScannerEvent event;

	while (scanner_take(process->scanner, &event)) {
		if (event.is_code) {
			station_scanned(process->station, event.text);
			bus_scanned(process->bus, event.text);
			continue;
		}
		process->scanner_present = event.present;
		snprintf(process->scanner_text, sizeof process->scanner_text, "%.250s", event.text);
		log_line(event.present ? LOG_INFO : LOG_WARNING, NULL, "scanner: %s", event.text);
	}
	return 0;
}

static int on_second(sd_event_source *source, uint64_t now, void *userdata)
{
	Process *process = userdata;

	station_tick(process->station);
	if (process->config->mqtt_enabled)
		station_broker_away(process->station, !process_broker_connected(process));
	bus_tick(process->bus);
	return sd_event_source_set_time_relative(source, TICK_US);
}

static int on_tenth(sd_event_source *source, uint64_t now, void *userdata)
{
	station_watch(((Process *)userdata)->station);
	return sd_event_source_set_time_relative(source, WATCH_US);
}

static void on_stopped(void *userdata, const StationReply *reply)
{
	Process *process = userdata;

	if (reply->error)
		log_error("that the station stops is not on record: %s", reply->text);
	(void)sd_event_exit(process->event, process->status);
}

static int leave_loop(Process *process)
{
	if (process->leaving)
		return 0;
	process->leaving = true;
	(void)sd_notify(false, process->reload ? "RELOADING=1" : "STOPPING=1");
	station_shutdown(process->station, on_stopped, process);
	return 0;
}

void process_lose_bus(void *userdata)
{
	Process *process = userdata;

	process->status = EXIT_FAILURE;
	process->reload = false;
	(void)leave_loop(process);
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	((Process *)userdata)->reload = false;
	return leave_loop(userdata);
}

int process_check_configuration(const char *path, const Station *station, Error *error)
{
	_cleanup_(config_freep) Config *config = NULL;
	int r = config_load(path, &config, error);

	if (r < 0)
		return r;
	r = station_check_protocols(config->protocol_folder, error);
	if (r < 0)
		return r;
	r = station_check_consents(config->consent_folder, error);
	if (r < 0)
		return r;
	r = station_check_profile(config, error);
	if (r < 0)
		return r;
	return station ? station_check_record(station, config, error) : 0;
}

/**
 * A new configuration takes effect through a restart in the same process, and only while no session is open.
 */
static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	Process *process = userdata;
	Error error;

	if (process->leaving)
		return 0;
	if (process_check_configuration(process->config_path, process->station, &error) < 0) {
		log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "the old configuration stays in force: %s",
			error.text);
		station_reload_refused(
			process->station, error.text, "put it right, then `systemctl reload stippled`");
		return 0;
	}
	if (station_state(process->station)->session.number) {
		log_warning(
			"a session is open: the new configuration is not taken; reload when it has been signed");
		station_reload_refused(process->station, "a session is open",
			"`systemctl reload stippled` when it has been signed");
		return 0;
	}
	log_info("starting over with the new configuration");
	process->reload = true;
	return leave_loop(process);
}

static int add_input(Process *process, int fd, sd_event_io_handler_t handler)
{
	return fd < 0 ? 0 : sd_event_add_io(process->event, NULL, fd, EPOLLIN, handler, process);
}

static int add_timer(Process *process, uint64_t period_us, uint64_t accuracy_us,
	sd_event_time_handler_t handler, sd_event_source **ret)
{
	int r = sd_event_add_time_relative(
		process->event, ret, CLOCK_MONOTONIC, period_us, accuracy_us, handler, process);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_ON);
}

static int add_signals(Process *process)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_terminate }, { SIGINT, on_terminate }, { SIGHUP, on_hangup } };

	for (size_t i = 0; i < ELEMENTS(signals); i++) {
		int r = sd_event_add_signal(
			process->event, NULL, signals[i].signal, signals[i].handler, process);

		if (r < 0)
			return r;
	}
	return 0;
}

int process_connect(Process *process)
{
	WatchdogOptions watched = {
		.control = process->control, .ledger = process->ledger, .station = process->station
	};
	int r;

	if ((r = add_input(process, process->ledger ? ledger_fd(process->ledger) : -1, on_ledger)) < 0 ||
		(r = add_input(process, process->control ? control_fd(process->control) : -1, on_control)) <
			0 ||
		(r = add_input(process, process->imaging ? imaging_fd(process->imaging) : -1, on_pictures)) <
			0 ||
		(r = add_input(process, process->scanner ? scanner_fd(process->scanner) : -1, on_scanner)) <
			0 ||
		(r = add_input(process, station_worker_fd(process->station), on_worker)) < 0 ||
		(r = add_timer(process, TICK_US, 50000, on_second, &process->tick)) < 0 ||
		(r = add_timer(process, WATCH_US, 10000, on_tenth, &process->watch)) < 0 ||
		(r = add_signals(process)) < 0)
		return r;
	return watchdog_new(process->event, &watched, &process->watchdog);
}
