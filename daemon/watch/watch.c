/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Looks for signs of life of the control and ledger threads, and feeds systemd's watchdog only while both
 * give them. It must not wait without a limit for a thread that hangs: it cuts ENABLE and ends the process.
 * It judges nothing else.
 */

#include "watch/watch.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "util/clock.h"
#include "util/log.h"

enum {
	/* so many turns of the loop without a sign: a process that was itself held up has not looked so often
	 */
	BEATS_MIN = 5,
	LAST_WORDS_MS = 250, /* for the record of the fault to be committed, before the process ends */
	STOP_LOOK_MS = 5,    /* between looks whether control has seen the order to stop */
	FEEDS = 4,           /* in the watchdog's time */
};

struct Watch {
	WatchOptions options;
	sd_event_source *beat, *end;
	uint64_t feed_us; /* 0: no watchdog */
	int64_t fed_us;
	uint32_t rounds; /* of control, when it was last heard of */
	int64_t heard_us;
	unsigned unheard; /* turns since then */
	bool told;        /* how control's thread was started */
};

/**
 * The process ends here and not by leaving its loop: whoever waits for a thread that hangs waits for ever.
 * The kernel takes the lines back, and systemd drives ENABLE low and starts the daemon anew.
 */
static int on_end(sd_event_source *source, uint64_t now, void *userdata)
{
	_exit(EXIT_FAILURE);
}

/** The needle first, then everybody hears of it, then the process ends. */
static void end_without_control(Watch *watch)
{
	control_cut(watch->options.control);
	if (sd_event_add_time_relative(sd_event_source_get_event(watch->beat), &watch->end, CLOCK_MONOTONIC,
		    LAST_WORDS_MS * 1000, 1000, on_end, watch) < 0 ||
		sd_event_source_set_priority(watch->end, SD_EVENT_PRIORITY_IMPORTANT) < 0)
		_exit(EXIT_FAILURE);
	log_line(LOG_CRIT, LOG_ID_THREAD_SILENT,
		"the control thread gives no sign of life: the needle is stopped and the daemon ends");
	station_control_silent(watch->options.station);
}

/** The thread itself logs nothing. */
static void tell_priority(Watch *watch)
{
	int error = control_counters(watch->options.control).realtime_error;

	watch->told = true;
	if (error)
		log_line(LOG_WARNING, LOG_ID_NOT_REALTIME,
			"the control thread has to share its processor: real-time priority was refused (%s)",
			strerror(error));
}

static bool control_lives(Watch *watch)
{
	uint32_t rounds;
	int64_t limit;

	if (!watch->options.control)
		return true;
	rounds = control_beat(watch->options.control);
	if (rounds != watch->rounds || watch->heard_us == 0) {
		watch->rounds = rounds;
		watch->heard_us = clock_monotonic_us();
		watch->unheard = 0;
		if (rounds > 0 && !watch->told)
			tell_priority(watch);
		return true;
	}
	limit = station_may_move(watch->options.station) ? WATCH_CONTROL_SILENT_MS : WATCH_CONTROL_IDLE_MS;
	return ++watch->unheard < BEATS_MIN || clock_monotonic_us() - watch->heard_us <= limit * 1000;
}

static bool ledger_lives(const Watch *watch)
{
	const Ledger *ledger = watch->options.ledger;

	return !ledger || ledger_silent_us(ledger) <= WATCH_LEDGER_SILENT_MS * 1000LL;
}

void watch_stop_control(Control *control)
{
	uint32_t rounds;

	if (!control)
		return;
	control_stop(control);
	rounds = control_beat(control);
	for (int waited = 0; waited < WATCH_CONTROL_SILENT_MS; waited += STOP_LOOK_MS) {
		if (!control_has_board(control))
			return; /* opening one may take a while, and moves nothing */
		(void)poll(NULL, 0, STOP_LOOK_MS);
		/* the second one began after the order */
		if (control_beat(control) - rounds >= 2)
			return;
	}
	control_cut(control);
	log_line(LOG_CRIT, LOG_ID_THREAD_SILENT,
		"the control thread gives no sign of life: the needle is stopped and the daemon ends");
	_exit(EXIT_FAILURE);
}

static void feed(Watch *watch)
{
	int64_t now = clock_monotonic_us();

	if (watch->feed_us == 0 || (watch->fed_us && now - watch->fed_us < (int64_t)watch->feed_us))
		return;
	watch->fed_us = now;
	(void)sd_notify(false, "WATCHDOG=1");
}

static int on_beat(sd_event_source *source, uint64_t now, void *userdata)
{
	Watch *watch = userdata;

	if (!control_lives(watch)) {
		end_without_control(watch);
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	if (ledger_lives(watch))
		feed(watch);
	return sd_event_source_set_time_relative(source, WATCH_BEAT_MS * 1000);
}

int watch_new(sd_event *event, const WatchOptions *options, Watch **ret)
{
	_cleanup_(watch_freep) Watch *watch = calloc(1, sizeof *watch);
	uint64_t watchdog_us = 0;
	int r;

	if (!watch)
		return -ENOMEM;
	watch->options = *options;
	if (sd_watchdog_enabled(false, &watchdog_us) > 0)
		watch->feed_us = watchdog_us / FEEDS;
	r = sd_event_add_time_relative(event, &watch->beat, CLOCK_MONOTONIC, 0, 1000, on_beat, watch);
	if (r < 0)
		return r;
	/* before everything else that waits in the loop */
	r = sd_event_source_set_priority(watch->beat, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->beat, SD_EVENT_ON);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(watch);
	return 0;
}

Watch *watch_free(Watch *watch)
{
	if (!watch)
		return NULL;
	sd_event_source_disable_unref(watch->beat);
	sd_event_source_disable_unref(watch->end);
	free(watch);
	return NULL;
}
