/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The station as a whole: its start and end, its view and observers, alerts, what is looked at each second,
 * and `doctor`. It must not wait for the ledger, the board or a caller: each answers later. Only its start
 * and the check of a new configuration read files.
 */

#include "core/station-private.h"

#include <stdarg.h>
#include <string.h>

#include "config/protocol-file.h"
#include "util/file.h"
#include "util/log.h"

static const char *const alert_names[] = {
	[STATION_ALERT_DEPTH] = "depth-outside",
	[STATION_ALERT_FORCE] = "force-high",
	[STATION_ALERT_BREAK] = "break-due",
	[STATION_ALERT_LENGTH] = "session-long",
	[STATION_ALERT_CLOCK] = "clock-behind",
	[STATION_ALERT_JUMP] = "clock-jumped",
	[STATION_ALERT_LEDGER] = "ledger-unhealthy",
	[STATION_ALERT_DISK] = "disk-low",
	[STATION_ALERT_RELOAD] = "reload-refused",
	[STATION_ALERT_STOCK] = "stock-low",
	[STATION_ALERT_BARRED] = "barred",
	[STATION_ALERT_WEAR] = "needle-wear",
	[STATION_ALERT_WORN] = "needle-worn",
	[STATION_ALERT_TEST_DUE] = "sterilization-due",
	[STATION_ALERT_TEST_OVERDUE] = "sterilization-overdue",
	[STATION_ALERT_DAMAGED] = "ledger-damaged",
	[STATION_ALERT_PHOTOGRAPHS] = "photographs-damaged",
	[STATION_ALERT_WITHHELD] = "messages-withheld",
	[STATION_ALERT_NAME] = "name-taken",
	[STATION_ALERT_CERTIFICATE] = "certificate-ends",
};

#define NO_PROTOCOL "there is no treatment protocol in %.300s: install one"

int64_t station_now_us(const Station *station)
{
	return clock_read(station->options.clock).monotonic_us;
}

/* ---- life ---- */

void station_become_inert(Station *station, const char *reason)
{
	if (station->view.inert)
		return;
	snprintf(station->inert_text, sizeof station->inert_text, "%s", reason);
	station->view.inert = station->inert_text;
}

static void load_protocols(Station *station)
{
	const char *folder = station->options.config->protocol_folder;
	Error error;
	char **names = NULL;
	int r = protocol_list(folder, &names);

	for (char **name = names; r >= 0 && name && *name; name++) {
		Protocols *protocols = &station->state.protocols;

		if (protocols->n == SESSION_PROTOCOLS_MAX)
			log_warning("more than %d protocols in %s: the rest is not used",
				SESSION_PROTOCOLS_MAX, folder);
		else if (protocol_load(folder, *name, &protocols->list[protocols->n], &error) < 0)
			station_become_inert(station, error.text);
		else
			protocols->n++;
	}
	protocol_list_free(names);
	if (station->state.protocols.n == 0 && !station->view.inert) {
		error_set(&error, -ENOENT, NO_PROTOCOL, folder);
		station_become_inert(station, error.text);
	}
}

static void load_rules(Station *station)
{
	Error error;

	load_protocols(station);
	if (station_load_profile(station, &error) < 0)
		station_become_inert(station, error.text);
}

int station_check_protocols(const char *folder, Error *error)
{
	char **names = NULL;
	int n = protocol_list(folder, &names), r = 0;

	if (n <= 0)
		r = error_set(error, -ENOENT, NO_PROTOCOL, folder);
	for (int i = 0; i < n && r == 0; i++) {
		_cleanup_(freep) Protocol *protocol = NULL;

		r = protocol_load(folder, names[i], &protocol, error);
	}
	protocol_list_free(names);
	return r;
}

/** Names given before anybody was enrolled: a new station's, which begins with those of its package. */
static void record_names(Station *station)
{
	const LedgerInfo *info = &station->options.ledger_info;
	const Config *config = station->options.config;
	char names[LEDGER_NAMES_MAX];

	snprintf(names, sizeof names, "%s/%s", config->clinic, config->station);
	if (info->names[0] && info->administrators == 0 && strcmp(info->names, names) != 0)
		station_record(station, "station.renamed",
			json_pack("{s:s, s:s}", "clinic", config->clinic, "station", config->station));
}

static void record_start(Station *station)
{
	const LedgerInfo *info = &station->options.ledger_info;

	json_t *body = json_pack("{s:s}", "version", STIPPLE_VERSION);

	/* a file that is called older than its records say is noticed */
	if (body && info->schema)
		json_object_set_new(body, "schema", json_integer(info->schema));
	if (body && info->newest_seq)
		json_object_set_new(
			body, "previous", json_string(info->open_session ? "interrupted" : "clean"));
	if (body && !station->view.inert)
		json_object_set_new(body, "rules", station_rules(station));
	station_record(station, "station.started", body);
	if (!station->view.inert)
		record_names(station);
}

int station_new(const StationOptions *options, Station **ret)
{
	_cleanup_(station_freep) Station *station = calloc(1, sizeof *station);
	int r;

	if (!station)
		return -ENOMEM;
	station->options = *options;
	if (options->enrolment_code)
		snprintf(station->enrolment_code, sizeof station->enrolment_code, "%s",
			options->enrolment_code);
	station->options.enrolment_code = NULL;
	snprintf(station->names, sizeof station->names, "%s/%s", options->config->clinic,
		options->config->station);
	station->started_us = station_now_us(station);
	session_clear(&station->state.session);
	station_session_reset(station);
	station->next_session = options->ledger_info.next_session ? options->ledger_info.next_session : 1;
	station->ledger_was_healthy = true;
	station->view.ledger_healthy = options->ledger != NULL;
	if (options->board_error)
		snprintf(station->view.board_error, sizeof station->view.board_error, "%s",
			options->board_error);
	r = worker_new(&station->worker);
	if (r < 0)
		return r;
	if (options->configuration_error)
		station_become_inert(station, options->configuration_error);
	else
		load_rules(station);
	if (!options->ledger)
		station_become_inert(station, "the ledger could not be opened: run `stipplectl doctor`");
	if (options->ledger)
		record_start(station);
	if (options->ledger && !station->view.inert) {
		station_erase_images(station);
		station->images = json_incref(options->images);
		station_discard_unnamed(station);
	}
	station->options.images = NULL;
	station_tick(station);
	*ret = TAKE_PTR(station);
	return 0;
}

Station *station_free(Station *station)
{
	if (!station)
		return NULL;
	if (station->options.ledger)
		station_flush_strokes(station);
	station_forget_records(station);
	worker_free(station->worker);
	operations_free(station);
	protocols_clear(&station->state.protocols);
	station_facts_free(station);
	json_decref(station->erasure.pictures);
	json_decref(station->images);
	json_decref(station->refused_us);
	free(station);
	return NULL;
}

void station_session_reset(Station *station)
{
	StationView *view = &station->view;

	view->state = view->fault == CONTROL_FAULT_NONE ? SESSION_IDLE : SESSION_FAULT;
	station->resume_to = SESSION_IDLE;
	view->elapsed_s = view->worked_s = view->break_in_s = 0;
	station->alerted_us[STATION_ALERT_BREAK] = station->alerted_us[STATION_ALERT_LENGTH] = 0;
	station->alerted_us[STATION_ALERT_DEPTH] = station->alerted_us[STATION_ALERT_FORCE] = 0;
	station->worked_us = 0;
	station_strokes_reset(station);
}

int station_observe(Station *station, const StationObserver *observer)
{
	if (station->n_observers == STATION_OBSERVERS_MAX)
		return -ENOBUFS;
	station->observers[station->n_observers++] = *observer;
	return 0;
}

void station_unobserve(Station *station, const void *userdata)
{
	size_t kept = 0;

	for (size_t i = 0; i < station->n_observers; i++)
		if (station->observers[i].userdata != userdata)
			station->observers[kept++] = station->observers[i];
	station->n_observers = kept;
}

static void refresh_times(Station *station)
{
	StationView *view = &station->view;
	int64_t now = station_now_us(station), since_break;

	view->ledger_healthy = station->options.ledger && ledger_healthy(station->options.ledger);
	if (station->state.session.number == 0)
		return;
	view->elapsed_s = (now - station->begun_us) / USEC_PER_SEC;
	view->worked_s = (station->worked_us +
				 (view->state == SESSION_WORKING ? now - station->working_since_us : 0)) /
			 USEC_PER_SEC;
	since_break = (now - station->last_break_us) / USEC_PER_SEC;
	view->break_in_s = (int64_t)station->state.session.protocol->break_reminder_min * 60 - since_break;
}

const State *station_state(const Station *station)
{
	return &station->state;
}

const StationView *station_view(Station *station)
{
	refresh_times(station);
	return &station->view;
}

void station_notify(Station *station, unsigned changes)
{
	refresh_times(station);
	for (size_t i = 0; i < station->n_observers; i++)
		if (station->observers[i].changed)
			station->observers[i].changed(station->observers[i].userdata, changes);
}

void station_lamps(Station *station)
{
	SessionState state = station->view.state;

	if (station->options.control && station->view.board_connected)
		(void)!control_lamps(station->options.control, state == SESSION_READY,
			state == SESSION_WORKING, state == SESSION_FAULT);
}

int64_t station_today_us(const Station *station)
{
	int64_t now = clock_read(station->options.clock).utc_us,
		newest = station->options.ledger ? ledger_newest_utc(station->options.ledger) : 0;

	return now > newest ? now : newest;
}

bool station_is_past(const Station *station, const char *last_day)
{
	int64_t end;

	return last_day && date_end_utc_us(last_day, &end) == 0 && end < station_today_us(station);
}

bool operation_clock_set(Operation *operation)
{
	char now[CLOCK_UTC_TEXT_MAX];

	if (station_today_us(operation->station) >= CLOCK_UNSET_BEFORE_US)
		return true;
	clock_format_utc(clock_read(operation->station->options.clock).utc_us, now);
	operation_fail(operation, interlock_error_name(INTERLOCK_CLOCK),
		"the clock says %.19sZ, which cannot be: set the clock", now);
	return false;
}

/* ---- records of the station's own ---- */

json_t *station_with_session(const Station *station, json_t *body)
{
	if (body && station->state.session.number)
		json_object_set_new(body, "session", json_integer((json_int_t)station->state.session.number));
	return body;
}

void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about)
{
	json_auto_t *taken = about;
	json_t *body = station_with_session(
		station, json_pack("{s:s, s:s}", "alert", alert_names[alert], "text", text));

	if (body && taken)
		(void)!json_object_update_missing(body, taken);
	station->alerted_us[alert] = station_now_us(station);
	station_record(station, "alert.raised", body);
	for (size_t i = 0; i < station->n_observers; i++)
		if (station->observers[i].alert)
			station->observers[i].alert(station->observers[i].userdata, alert_names[alert], text);
}

static void raise_alert(Station *station, StationAlert alert, const char *text)
{
	station_alert_about(station, alert, text, NULL);
}

void station_alert(Station *station, StationAlert alert, const char *format, ...)
{
	char text[STATION_TEXT_MAX];
	int64_t now = station_now_us(station);
	va_list arguments;

	if (station->alerted_us[alert] && now - station->alerted_us[alert] < STATION_ALERT_US)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_warning("%s", text);
	raise_alert(station, alert, text);
}

/** Whoever toggles what it reports is not on record more often than this. */
static void alert_of_broker(Station *station, StationAlert alert, const char *text)
{
	int64_t now = station_now_us(station);

	if (!station->alerted_us[alert] || now - station->alerted_us[alert] > STATION_BROKER_ALERT_US)
		raise_alert(station, alert, text);
}

void station_broker_trouble(Station *station, unsigned trouble)
{
	unsigned begun = trouble & ~station->broker_trouble;

	station->broker_trouble = trouble;
	if (begun & STATION_TROUBLE_WITHHELD)
		alert_of_broker(station, STATION_ALERT_WITHHELD,
			"the clinic's broker does not take some messages: `stipplectl doctor` says which and why");
	if (begun & STATION_TROUBLE_NAME)
		alert_of_broker(station, STATION_ALERT_NAME,
			"the broker takes the connection away again and again, as when another station has this one's name: check [station] clinic and station on both");
	if (begun & STATION_TROUBLE_CERTIFICATE)
		alert_of_broker(station, STATION_ALERT_CERTIFICATE,
			"a certificate of the clinic's broker or of this station ends within 30 days: renew it");
}

void station_reload_refused(Station *station, const char *reason, const char *advice)
{
	snprintf(station->reload_refused, sizeof station->reload_refused, "the old one is in force: %s",
		reason);
	snprintf(station->reload_advice, sizeof station->reload_advice, "%s", advice);
	raise_alert(station, STATION_ALERT_RELOAD, station->reload_refused);
}

/* ---- each second ---- */

static void ledger_lost(Station *station)
{
	const Ledger *ledger = station->options.ledger;
	const char *text = ledger_ailment_text(ledger_ailment(ledger));

	station->unhealthy_since_us = station_now_us(station);
	if (station_may_move(station))
		station_stop_by_host(station, text);
	if (ledger_ailment(ledger) == LEDGER_SILENT) {
		log_line(LOG_ERR, LOG_ID_LEDGER_UNHEALTHY, "%s", text);
		operations_give_up(station);
	}
	raise_alert(station, STATION_ALERT_LEDGER, text);
}

static void ledger_back(Station *station)
{
	log_notice("records were kept in memory for %lld s and are written now",
		(long long)(station_now_us(station) - station->unhealthy_since_us) / USEC_PER_SEC);
	station_flush_strokes(station);
}

static void watch_ledger(Station *station)
{
	bool healthy = station->options.ledger && ledger_healthy(station->options.ledger);

	if (!station->options.ledger || station->ledger_was_healthy == healthy)
		return;
	station->ledger_was_healthy = healthy;
	if (healthy)
		ledger_back(station);
	else
		ledger_lost(station);
	station_notify(station, STATION_CHANGED_STATE);
}

/** A failure may be over before it was seen here: what it left is looked for whenever the ledger is well. */
static void attend_ledger(Station *station)
{
	watch_ledger(station);
	if (!station->ledger_was_healthy)
		return;
	station_record_again(station);
	station_erase_tick(station);
	station_discard_unnamed(station);
}

void station_ledger_ready(Station *station)
{
	ledger_dispatch(station->options.ledger);
	attend_ledger(station);
}

/** Once each time it falls below what is needed. */
static void watch_disk(Station *station)
{
	unsigned least = station->options.config->disk_min_mb;
	uint64_t free_bytes;

	if (file_free_bytes(station->options.config->state_folder, &free_bytes) < 0)
		return;
	station->disk_free = free_bytes;
	if (free_bytes >> 20 >= least)
		station->alerted_us[STATION_ALERT_DISK] = 0;
	else if (!station->alerted_us[STATION_ALERT_DISK])
		station_alert(station, STATION_ALERT_DISK,
			"the disk has %llu MB free and %u MB are needed: move old photographs away",
			(unsigned long long)(free_bytes >> 20), least);
}

/** Once each time it falls behind. */
static void watch_clock_behind(Station *station, int64_t now, int64_t newest)
{
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX], text[STATION_TEXT_MAX];

	if (now + STATION_CLOCK_SLACK_US >= newest) {
		station->alerted_us[STATION_ALERT_CLOCK] = 0;
		return;
	}
	if (station->alerted_us[STATION_ALERT_CLOCK])
		return;
	clock_format_utc(now, now_text);
	clock_format_utc(newest, newest_text);
	snprintf(text, sizeof text,
		"the clock reads %s, but the newest record is of %s: set the clock, or, if it is right, have an "
		"administrator say so with `stipplectl clock correct`",
		now_text, newest_text);
	log_line(LOG_WARNING, LOG_ID_CLOCK_BACKWARDS, "%s", text);
	station_record(
		station, "clock.backwards", json_pack("{s:s, s:s}", "newest", newest_text, "now", now_text));
	raise_alert(station, STATION_ALERT_CLOCK, text);
}

/** A clock that jumps ahead makes nothing expire that has not, and dates records wrongly: a person is told.
 */
static void watch_clock_ahead(Station *station, const ClockReading *now, int64_t newest)
{
	int64_t expected =
		station->clock_seen.utc_us + (now->monotonic_us - station->clock_seen.monotonic_us);
	char from[CLOCK_UTC_TEXT_MAX], to[CLOCK_UTC_TEXT_MAX];
	bool first = station->clock_seen.utc_us == 0;

	if (first)
		expected = newest > 0 ? newest + STATION_CLOCK_AWAY_US : now->utc_us;
	station->clock_seen = *now;
	if (now->synchronized || now->utc_us - expected <= STATION_CLOCK_JUMP_US)
		return;
	clock_format_utc(first ? newest : expected, from);
	clock_format_utc(now->utc_us, to);
	station_alert(station, STATION_ALERT_JUMP,
		first ? "the newest record is of %s and the clock reads %s, which no time server confirms: check it"
		      : "the clock jumped ahead from %s to %s, which no time server confirms: check it",
		from, to);
}

static void watch_clock(Station *station)
{
	ClockReading now = clock_read(station->options.clock);
	int64_t newest;

	if (!station->options.ledger)
		return;
	newest = ledger_newest_utc(station->options.ledger);
	watch_clock_behind(station, now.utc_us, newest);
	watch_clock_ahead(station, &now, newest);
}

static void watch_session(Station *station)
{
	const StationView *view = &station->view;

	station_watch_contact(station);
	if (station->state.session.number == 0 || view->state == SESSION_CLOSING)
		return;
	if (view->break_in_s < 0 && view->state != SESSION_PAUSED)
		station_alert(station, STATION_ALERT_BREAK, "%u minutes since the last break: pause and rest",
			station->state.session.protocol->break_reminder_min);
	if (!station->state.session.recovery.waits &&
		view->elapsed_s > (int64_t)station->state.session.protocol->session_max_min * 60)
		station_alert(station, STATION_ALERT_LENGTH,
			"the session is longer than %u minutes: finish it",
			station->state.session.protocol->session_max_min);
}

void station_watch(Station *station)
{
	watch_ledger(station);
	station_watch_strokes(station);
}

void station_tick(Station *station)
{
	if (station->options.ledger)
		ledger_look(station->options.ledger);
	station_watch(station);
	watch_disk(station);
	attend_ledger(station);
	watch_clock(station);
	refresh_times(station);
	watch_session(station);
	station_watch_wear(station);
	station_facts_tick(station);
	station_watch_tests(station);
	station_verify_tick(station);
	if (station->state.session.number)
		station_notify(station, STATION_CHANGED_COUNTS);
}

/* ---- leaving ---- */

int station_worker_fd(const Station *station)
{
	return worker_fd(station->worker);
}

void station_worker_ready(Station *station)
{
	worker_dispatch(station->worker);
}

static void shutdown_disarmed(Operation *operation)
{
	station_end_contact(operation->station);
	station_flush_strokes(operation->station);
	operation_record(operation, "station.stopped", json_object(), NULL, operation_committed);
}

void station_shutdown(Station *station, StationDone done, void *userdata)
{
	Operation *operation;

	/* nobody waits for the answer: the needle stands still before the board has even been asked */
	if (station->options.control)
		(void)!control_disarm(station->options.control, 0);
	operation = station->options.ledger ? operation_new_internal(station) : NULL;
	if (!operation) {
		StationReply reply = { 0 };

		done(userdata, &reply);
		return;
	}
	operation->done = done;
	operation->userdata = userdata;
	shutdown_disarmed(operation);
}

/* ---- doctor ---- */

static StationCheck *check_add(StationCheck *checks, size_t *n, const char *check, bool good, int bad_level)
{
	StationCheck *added = &checks[(*n)++];

	memset(added, 0, sizeof *added);
	added->check = check;
	added->level = good ? 0 : bad_level;
	return added;
}

static void check_configuration(const Station *station, StationCheck *checks, size_t *n)
{
	const char *inert = station->view.inert, *refused = station->reload_refused;
	StationCheck *check = check_add(checks, n, "configuration", !inert && !*refused, inert ? 2 : 1);

	snprintf(check->text, sizeof check->text, "%.*s", (int)sizeof check->text - 1,
		inert      ? inert
		: *refused ? refused
			   : "accepted");
	if (inert)
		snprintf(check->advice, sizeof check->advice,
			"put it right, then `systemctl restart stippled`");
	else
		snprintf(check->advice, sizeof check->advice, "%s", station->reload_advice);
}

static void check_people(const Station *station, StationCheck *checks, size_t *n)
{
	bool enrolled = !station->enrolment_code[0] && station->enrolment_refused == 0;
	StationCheck *check = check_add(checks, n, "people", enrolled || station->view.inert, 1);

	snprintf(check->text, sizeof check->text, "%s",
		station->view.inert ? "not known while the station is inert"
		: enrolled          ? "an administrator is enrolled"
				    : "no administrator is enrolled yet");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "%s `stipplectl enrol --code`",
			station->enrolment_code[0] ? "take the code from `journalctl -u stippled`, then"
						   : "restart stippled, which prints a new code, then");
}

static void check_link(const Station *station, StationCheck *check)
{
	const ControlCounters link = control_counters(station->options.control);

	check->level = link.realtime_error ? 1 : 0;
	if (link.realtime_error)
		snprintf(check->advice, sizeof check->advice,
			"the system refused real-time priority (%s): start the daemon by its unit, which has "
			"LimitRTPRIO=",
			strerror(link.realtime_error));
	snprintf(check->text, sizeof check->text,
		"%llu frames exchanged, %llu damaged, %llu repeated, %llu edges, %s priority",
		(unsigned long long)link.transfers, (unsigned long long)link.bad_frames,
		(unsigned long long)link.resends, (unsigned long long)link.edges,
		link.realtime ? "real-time" : "ordinary");
}

static void check_board(Station *station, StationCheck *checks, size_t *n)
{
	const StationView *view = &station->view;
	StationCheck *check = check_add(checks, n, "board", view->board_connected, 2);

	if (view->board_connected)
		snprintf(check->text, sizeof check->text, "serial %s, firmware %u.%u", view->board.serial,
			view->board.firmware_major, view->board.firmware_minor);
	else
		snprintf(check->text, sizeof check->text, "%s",
			view->board_error[0] ? view->board_error : "no answer from the board yet");
	if (!view->board_connected)
		snprintf(check->advice, sizeof check->advice,
			"check cable, power and [board] plugin in stippled.conf");
	if (station->options.control)
		check_link(station, check_add(checks, n, "link", true, 0));
	check = check_add(checks, n, "self-test", view->self_test_done && !view->self_test_failed, 2);
	snprintf(check->text, sizeof check->text,
		!view->self_test_done    ? "not done"
		: view->self_test_failed ? "failed"
					 : "passed");
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"run `stipplectl self-test`; a failed part needs service");
	check = check_add(checks, n, "lines", !view->emergency_stop && !view->pedal, 1);
	snprintf(check->text, sizeof check->text, "emergency stop %s, pedal %s",
		view->emergency_stop ? "pressed" : "released", view->pedal ? "pressed" : "released");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "release them; if they are, check the wiring");
}

static void check_clock(const Station *station, StationCheck *checks, size_t *n)
{
	ClockReading now = clock_read(station->options.clock);
	int64_t newest = station->options.ledger ? ledger_newest_utc(station->options.ledger) : 0;
	bool behind = now.utc_us + STATION_CLOCK_SLACK_US < newest;
	StationCheck *check = check_add(checks, n, "clock", now.synchronized && !behind, behind ? 2 : 1);
	char now_text[CLOCK_UTC_TEXT_MAX], newest_text[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(now.utc_us, now_text);
	clock_format_utc(newest, newest_text);
	if (behind)
		snprintf(check->text, sizeof check->text, "%s, before the newest record of %s", now_text,
			newest_text);
	else
		snprintf(check->text, sizeof check->text, "%s, %s", now_text,
			now.synchronized ? "synchronised" : "not synchronised");
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			behind ? "set the clock (`timedatectl set-time`); if it is right, `stipplectl clock correct`"
			       : "connect to a time server: `timedatectl set-ntp true`");
}

static void check_ledger(const Station *station, StationCheck *check)
{
	const char *folder = station->options.config->state_folder;
	LedgerAilment ailment =
		station->options.ledger ? ledger_ailment(station->options.ledger) : LEDGER_FAILING;

	switch (ailment) {
	case LEDGER_WELL:
		snprintf(check->text, sizeof check->text, "writable");
		break;
	case LEDGER_FAILING:
		snprintf(check->text, sizeof check->text, "cannot be written");
		snprintf(check->advice, sizeof check->advice, "free disk space on %.200s", folder);
		break;
	case LEDGER_SILENT:
		snprintf(check->text, sizeof check->text, "the disk does not answer, for %lld s now",
			(long long)(ledger_silent_us(station->options.ledger) / USEC_PER_SEC));
		snprintf(check->advice, sizeof check->advice,
			"check the disk of %.120s; do not restart: what waits in memory would be lost",
			folder);
		break;
	case LEDGER_MOVED:
		snprintf(check->text, sizeof check->text, "its file was deleted or replaced");
		snprintf(check->advice, sizeof check->advice,
			"`systemctl stop stippled`, then bring back ledger.db with what lies beside it, or a backup");
		break;
	case LEDGER_AILMENT_MAX:
	case LEDGER_AILMENT_INVALID:
		break;
	}
}

size_t station_doctor(Station *station, StationCheck ret[STATION_CHECKS_MAX])
{
	const StationView *view = station_view(station);
	uint64_t least = (uint64_t)station->options.config->disk_min_mb << 20;
	StationCheck *check;
	size_t n = 0;

	check_configuration(station, ret, &n);
	check = check_add(ret, &n, "protocols", station->state.protocols.n > 0, 2);
	snprintf(check->text, sizeof check->text, "%zu loaded from %.200s", station->state.protocols.n,
		station->options.config->protocol_folder);
	check_people(station, ret, &n);
	check_board(station, ret, &n);
	check_ledger(station, check_add(ret, &n, "ledger", view->ledger_healthy, 2));
	station_check_stock(station, check_add(ret, &n, "stock", true, 1));
	check = check_add(ret, &n, "disk", station->disk_free >= least, 2);
	snprintf(check->text, sizeof check->text, "%llu MB free, at least %u needed",
		(unsigned long long)(station->disk_free >> 20), station->options.config->disk_min_mb);
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "free disk space on %.200s",
			station->options.config->state_folder);
	check_clock(station, ret, &n);
	station_check_tests(station, check_add(ret, &n, "sterilization", true, 0));
	return n;
}
