/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The live socket. It must never wait, and never act on what comes back: the program at the other end reads
 * data from brokers.
 */

#include "live/live.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "state/density.h"
#include "util/local-socket.h"
#include "util/log.h"

enum { SLACK_US = 10000 };

struct Live {
	const Config *config;
	Station *station;
	Ledger *ledger;
	sd_event *event;
	char *path;
	int listen_fd, fd; /* fd: the connected listener; -1 none */
	sd_event_source *listening, *reading, *timer;
	bool asked, changed; /* see ask_state() */
	bool owed;           /* a state did not fit into the socket and must be sent again */
	bool news_owed;      /* the same for news */
	bool board;          /* as in the last state that was sent */
	LiveFrame figures;   /* the last figures that were sent */
	bool reported;
	LiveFrame report;
};

/* ---- what is said ---- */

static void drop_peer(Live *live)
{
	live->reading = sd_event_source_disable_unref(live->reading);
	closep(&live->fd);
	live->reported = false;
}

/** False when the socket did not take it. */
static bool say(Live *live, const LiveFrame *frame)
{
	ssize_t sent;

	if (live->fd < 0)
		return false;
	sent = send(live->fd, frame, frame->head.size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)frame->head.size)
		return true;
	if (sent >= 0 || (errno != EAGAIN && errno != ENOBUFS))
		drop_peer(live);
	return false;
}

static void say_news(Live *live)
{
	LiveFrame frame;

	live_frame_init(&frame, LIVE_NEWS);
	live->news_owed = !say(live, &frame);
}

#define PUT(field, value) snprintf(field, sizeof(field), "%s", value)

static const char *zone_name(const State *now)
{
	return (int)now->session.zone >= 0 ? zone_to_string(now->session.zone) : "";
}

static void say_state(Live *live)
{
	const State *now = station_state(live->station);
	LiveFrame frame;

	live_frame_init(&frame, LIVE_STATE);
	frame.state.session = now->session.number;
	frame.state.board = live->board = now->board.connected;
	PUT(frame.state.state, session_state_to_string(now->work.phase));
	PUT(frame.state.fault, now->board.fault.fault == CONTROL_FAULT_NONE
				       ? ""
				       : control_fault_to_string(now->board.fault.fault));
	PUT(frame.state.zone, zone_name(now));
	PUT(frame.state.lot, now->needle.mounted.lot);
	PUT(frame.state.subject, now->session.subject);
	PUT(frame.state.badge, now->people.signed_in.badge);
	PUT(frame.state.unit, now->needle.mounted.unit);
	PUT(frame.state.pigment, now->session.pigment);
	frame.state.waits = now->session.recovery.waits;
	live->owed = !say(live, &frame);
}

static void say_figures(Live *live)
{
	const State *now = station_state(live->station);
	const SessionZone *zone = session_zone(&now->session);
	LiveFrame frame;

	if (now->session.number == 0)
		return;
	station_look(live->station);
	live_frame_init(&frame, LIVE_FIGURES);
	frame.figures.session = now->session.number;
	frame.figures.dots = zone->statistics.dots;
	frame.figures.strokes = zone->statistics.strokes;
	frame.figures.session_dots = now->session.dots;
	frame.figures.session_strokes = now->session.strokes;
	frame.figures.elapsed_s = session_elapsed_s(now);
	frame.figures.break_in_s = break_in_s(now);
	frame.figures.density = zone_statistics_density(&zone->statistics, zone->area_mm2);
	frame.figures.before = zone_density_before(zone);
	frame.figures.over = zone_dots_over(zone);
	frame.figures.outside = zone_statistics_outside(&zone->statistics);
	frame.figures.dwell_ms = now->session.last_dot.dwell_us / 1000.0;
	frame.figures.target = now->session.plan ? (int32_t)now->session.plan->density : 0;
	frame.figures.depth_um = (int32_t)now->session.last_dot.depth_mean_um;
	frame.figures.resistance_mn = (int32_t)now->session.last_dot.resistance_peak_mn;
	frame.figures.pedal = now->board.pedal;
	frame.figures.emergency_stop = now->board.emergency_stop;
	PUT(frame.figures.state, session_state_to_string(now->work.phase));
	PUT(frame.figures.zone, zone_name(now));
	if (memcmp(&frame, &live->figures, sizeof frame) != 0 && say(live, &frame))
		live->figures = frame;
}

static void ask_state(Live *live);

static void state_kept(void *userdata, int error, json_t *rows)
{
	Live *live = userdata;

	/* sent in any case: a failing ledger latches a fault, and a dashboard should show that */
	live->asked = false;
	say_state(live);
	if (live->changed)
		ask_state(live);
}

/**
 * Some changes are visible before their record is on the disk. The ledger answers in order and after the
 * commit. So when it has answered a (cheap) question of ours, everything that led to the state is durable.
 */
static void ask_state(Live *live)
{
	json_auto_t *arguments = NULL;

	live->changed = true;
	if (live->asked || live->fd < 0)
		return;
	arguments = json_pack("{s:I}", "after", (json_int_t)INT64_MAX);
	if (!arguments || ledger_lookup(live->ledger, "waiting", arguments, state_kept, live) < 0)
		return; /* the timer tries again */
	live->asked = true;
	live->changed = false;
}

/* ---- what is heard ---- */

static void tell_trouble(Live *live, uint32_t warnings)
{
	unsigned trouble = 0;

	if (warnings & (LIVE_WARN_LIMIT | LIVE_WARN_REFUSED))
		trouble |= STATION_TROUBLE_WITHHELD;
	if (warnings & LIVE_WARN_NAME)
		trouble |= STATION_TROUBLE_NAME;
	if (warnings & LIVE_WARN_CERTIFICATE)
		trouble |= STATION_TROUBLE_CERTIFICATE;
	station_broker_trouble(live->station, trouble);
}

/** Reads one report at a time, and the next one only after the timer, so that a flood is not read faster. */
static int on_report(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Live *live = userdata;
	LiveFrame frame;
	ssize_t n = recv(fd, &frame, sizeof frame, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		drop_peer(live);
		return 0;
	}
	if ((size_t)n > sizeof frame || live_frame_check(&frame, (size_t)n) < 0 ||
		frame.head.kind != LIVE_REPORT) {
		log_warning("what telemetry says makes no sense: it is not listened to until it comes again");
		drop_peer(live);
		return 0;
	}
	live->report = frame;
	live->reported = true;
	tell_trouble(live, frame.report.warnings);
	(void)!sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

const LiveReport *live_report(const Live *live)
{
	return live->fd >= 0 && live->reported ? &live->report.report : NULL;
}

void live_check(const Live *live, const Config *config, StationCheck *check)
{
	const LiveReport *report = live ? live_report(live) : NULL;

	if (!config->mqtt_enabled) {
		snprintf(check->text, sizeof check->text, "not configured");
		return;
	}
	if (!report) {
		check->level = 1;
		snprintf(check->text, sizeof check->text,
			"stipple-telemetryd, which publishes, does not run; nothing is lost, the records are kept");
		snprintf(check->advice, sizeof check->advice,
			"install the package stipple-telemetryd; `systemctl status stipple-telemetryd` says how it is");
		return;
	}
	check->level = !report->connected || report->stalled || report->warnings;
	snprintf(check->text, sizeof check->text, "%.*s", (int)sizeof check->text - 1, report->text);
	snprintf(check->advice, sizeof check->advice, "%.*s", (int)sizeof check->advice - 1, report->advice);
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
	Live *live = userdata;
	_cleanup_(closep) int fd = local_socket_accept(listen_fd);

	if (fd == -EPERM)
		log_warning("somebody who is not of the daemon's group came to %s: turned away", live->path);
	if (fd < 0)
		return 0;
	drop_peer(live);
	if (sd_event_add_io(live->event, &live->reading, fd, EPOLLIN, on_report, live) < 0)
		return 0;
	live->fd = TAKE_FD(fd);
	live->figures.head.size = 0;
	say_news(live);
	ask_state(live);
	return 0;
}

/* ---- when it is said ---- */

static void on_changed(void *userdata, unsigned changes)
{
	Live *live = userdata;

	if (live->fd < 0)
		return;
	/* of the lines, the state contains only the board: otherwise every step on the pedal would send it */
	if ((changes & (STATION_CHANGED_STATE | STATION_CHANGED_OPERATOR | STATION_CHANGED_ZONE)) ||
		station_state(live->station)->board.connected != live->board)
		ask_state(live);
	if (changes & STATION_CHANGED_RECORDS)
		say_news(live);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Live *live = userdata;

	if (live->reading)
		(void)!sd_event_source_set_enabled(live->reading, SD_EVENT_ON);
	say_figures(live);
	if (live->news_owed)
		say_news(live);
	if (live->changed || live->owed)
		ask_state(live);
	return sd_event_source_set_time_relative(source, live->config->telemetry_ms * 1000ULL);
}

/* ---- life ---- */

int live_new(sd_event *event, const Config *config, Station *station, Ledger *ledger, Live **ret)
{
	_cleanup_(live_freep) Live *live = calloc(1, sizeof *live);
	StationObserver observer = { .changed = on_changed, .userdata = live };
	int r;

	if (!live)
		return -ENOMEM;
	live->listen_fd = live->fd = -1;
	live->event = sd_event_ref(event);
	live->config = config;
	live->station = station;
	live->ledger = ledger;
	live->listen_fd = local_socket_listen(config->run_folder, LIVE_SOCKET, &live->path);
	if (live->listen_fd < 0)
		return live->listen_fd;
	if ((r = sd_event_add_io(event, &live->listening, live->listen_fd, EPOLLIN, on_connection, live)) <
			0 ||
		(r = sd_event_add_time_relative(event, &live->timer, CLOCK_MONOTONIC,
			 config->telemetry_ms * 1000ULL, SLACK_US, on_timer, live)) < 0 ||
		(r = sd_event_source_set_enabled(live->timer, SD_EVENT_ON)) < 0 ||
		(r = station_observe(station, &observer)) < 0)
		return r;
	*ret = TAKE_PTR(live);
	return 0;
}

Live *live_free(Live *live)
{
	if (!live)
		return NULL;
	station_unobserve(live->station, live);
	drop_peer(live);
	sd_event_source_disable_unref(live->listening);
	sd_event_source_disable_unref(live->timer);
	if (live->listen_fd >= 0 && live->path)
		(void)unlink(live->path);
	closep(&live->listen_fd);
	sd_event_unref(live->event);
	free(live->path);
	free(live);
	return NULL;
}
