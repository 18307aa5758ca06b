/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks that the control and ledger threads show signs of life, and feeds systemd's watchdog only while both
 * do. It must not wait without limit for a thread that hangs: it cuts ENABLE and ends the process. It judges
 * nothing else.
 */

#include "process/watchdog.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "util/clock.h"
#include "util/log.h"

enum {
	/*
	 * this many turns of the loop without a sign: a process that was itself delayed has not checked that
	 * often
	 */
	BEATS_MIN = 5,
	LAST_WORDS_MS = 250, /* for the record of the fault to be committed before the process ends */
	STOP_LOOK_MS = 5,    /* between checks whether control has seen the order to stop */
	FEEDS = 4,           /* per watchdog period */
};

struct Watchdog {
	WatchdogOptions options;
	sd_event_source *beat, *end;
	uint64_t feed_us; /* 0: no watchdog */
	int64_t fed_us;
	uint32_t rounds; /* of control, at its last sign of life */
	int64_t heard_us;
	unsigned unheard; /* loop turns since then */
	bool told;        /* whether the scheduling of control's thread was logged */
};

/**
 * The process exits here instead of leaving its loop, because joining a thread that hangs would block for
 * ever. The kernel takes the lines back, and systemd drives ENABLE low and restarts the daemon.
 */
static int on_end(sd_event_source *source, uint64_t now, void *userdata)
{
	_exit(EXIT_FAILURE);
}

/** Stops the needle, then reports it, then ends the process. */
static void end_without_control(Watchdog *watchdog)
{
	control_cut(watchdog->options.control);
	if (sd_event_add_time_relative(sd_event_source_get_event(watchdog->beat), &watchdog->end,
		    CLOCK_MONOTONIC, LAST_WORDS_MS * 1000, 1000, on_end, watchdog) < 0 ||
		sd_event_source_set_priority(watchdog->end, SD_EVENT_PRIORITY_IMPORTANT) < 0)
		_exit(EXIT_FAILURE);
	log_line(LOG_CRIT, LOG_ID_THREAD_SILENT,
		"the control thread gives no sign of life: the needle is stopped and the daemon ends");
	station_control_silent(watchdog->options.station);
}

/** Logs control's scheduling, because that thread itself logs nothing. */
static void tell_priority(Watchdog *watchdog)
{
	int error = control_counters(watchdog->options.control).realtime_error;

	watchdog->told = true;
	if (error)
		log_line(LOG_WARNING, LOG_ID_NOT_REALTIME,
			"the control thread has to share its processor: real-time priority was refused (%s)",
			strerror(error));
}

static bool control_lives(Watchdog *watchdog)
{
	uint32_t rounds;
	int64_t limit;

	if (!watchdog->options.control)
		return true;
	rounds = control_beat(watchdog->options.control);
	if (rounds != watchdog->rounds || watchdog->heard_us == 0) {
		watchdog->rounds = rounds;
		watchdog->heard_us = clock_monotonic_us();
		watchdog->unheard = 0;
		if (rounds > 0 && !watchdog->told)
			tell_priority(watchdog);
		return true;
	}
	limit = station_may_move(watchdog->options.station) ? WATCHDOG_CONTROL_SILENT_MS
							    : WATCHDOG_CONTROL_IDLE_MS;
	return ++watchdog->unheard < BEATS_MIN || clock_monotonic_us() - watchdog->heard_us <= limit * 1000;
}

static bool ledger_lives(const Watchdog *watchdog)
{
	const Ledger *ledger = watchdog->options.ledger;

	return !ledger || ledger_silent_us(ledger) <= WATCHDOG_LEDGER_SILENT_MS * 1000LL;
}

void watchdog_stop_control(Control *control)
{
	uint32_t rounds;

	if (!control)
		return;
	control_stop(control);
	rounds = control_beat(control);
	for (int waited = 0; waited < WATCHDOG_CONTROL_SILENT_MS; waited += STOP_LOOK_MS) {
		if (!control_has_board(control))
			return; /* opening a board may take a while, but moves nothing */
		(void)poll(NULL, 0, STOP_LOOK_MS);
		/* the second round began after the order */
		if (control_beat(control) - rounds >= 2)
			return;
	}
	control_cut(control);
	log_line(LOG_CRIT, LOG_ID_THREAD_SILENT,
		"the control thread gives no sign of life: the needle is stopped and the daemon ends");
	_exit(EXIT_FAILURE);
}

static void feed(Watchdog *watchdog)
{
	int64_t now = clock_monotonic_us();

	if (watchdog->feed_us == 0 ||
		(watchdog->fed_us && now - watchdog->fed_us < (int64_t)watchdog->feed_us))
		return;
	watchdog->fed_us = now;
	(void)sd_notify(false, "WATCHDOG=1");
}

static int on_beat(sd_event_source *source, uint64_t now, void *userdata)
{
	Watchdog *watchdog = userdata;

	if (!control_lives(watchdog)) {
		end_without_control(watchdog);
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (ledger_lives(watchdog))
		feed(watchdog);
	return sd_event_source_set_time_relative(source, WATCHDOG_BEAT_MS * 1000);
}

int watchdog_new(sd_event *event, const WatchdogOptions *options, Watchdog **ret)
{
	_cleanup_(watchdog_freep) Watchdog *watchdog = calloc(1, sizeof *watchdog);
	uint64_t watchdog_us = 0;
	int r;

	if (!watchdog)
		return -ENOMEM;
	watchdog->options = *options;
	if (sd_watchdog_enabled(false, &watchdog_us) > 0)
		watchdog->feed_us = watchdog_us / FEEDS;
	r = sd_event_add_time_relative(event, &watchdog->beat, CLOCK_MONOTONIC, 0, 1000, on_beat, watchdog);
	if (r < 0)
		return r;
	/* ahead of everything else that waits in the loop */
	if ((r = sd_event_source_set_priority(watchdog->beat, SD_EVENT_PRIORITY_IMPORTANT)) < 0 ||
		(r = sd_event_source_set_enabled(watchdog->beat, SD_EVENT_ON)) < 0)
		return r;
	*ret = TAKE_PTR(watchdog);
	return 0;
}

Watchdog *watchdog_free(Watchdog *watchdog)
{
	if (!watchdog)
		return NULL;
	sd_event_source_disable_unref(watchdog->beat);
	sd_event_source_disable_unref(watchdog->end);
	free(watchdog);
	return NULL;
}
