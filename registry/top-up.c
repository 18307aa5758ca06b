/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Looks how many numbers of each lot in use are left, and asks for more before they run out. It must not take
 * more than the days ahead need: what one station holds, no other one can use.
 */

#include "top-up.h"

#include "util/clock.h"
#include "util/log.h"

enum {
	LOOK_S = 600,    /* how often stock is looked at when nothing happens */
	SETTLE_S = 2,    /* after the first of several records */
	REFUSED_S = 900, /* a lot of which nothing is left is not asked for all the time */
	LEAST = 4,       /* of a lot that was not used in the last days */
	MOST = 200,      /* at once */
	SLACK_US = 100000,
};

struct TopUp {
	Hub *hub;
	Requests *requests;
	sd_event_source *timer;
	bool settles;       /* records were committed, and the timer is set for them */
	int64_t refused_us; /* 0: not refused */
};

/** How many numbers of a lot are to be asked for; 0 none. */
static json_int_t numbers_lacking(const json_t *row)
{
	json_int_t used = json_integer_value(json_object_get(row, "used"));
	json_int_t held = json_integer_value(json_object_get(row, "held"));
	json_int_t left = json_integer_value(json_object_get(row, "left"));
	json_int_t wanted = used > LEAST ? used : LEAST;

	if (wanted > left)
		wanted = left;
	/* not for each single one: only when a half is gone */
	if (held * 2 > wanted || held >= left)
		return 0;
	return wanted - held < MOST ? wanted - held : MOST;
}

static void top_up_lots(TopUp *top_up, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		json_int_t lacking = numbers_lacking(row);

		if (lacking <= 0)
			continue;
		log_info("%lld numbers of the lot %s are asked for", (long long)lacking,
			json_string_value(json_object_get(row, "lot")));
		/* one after the other: the answer looks again */
		if (requests_begin(top_up->requests, "top-up",
			    json_pack("{s:O, s:I}", "lot", json_object_get(row, "lot"), "count", lacking),
			    0) < 0)
			log_warning("numbers of a lot are not asked for: too many requests wait");
		return;
	}
}

static void look_after(TopUp *top_up, unsigned s)
{
	if (sd_event_source_set_time_relative(top_up->timer, s * (uint64_t)USEC_PER_SEC) < 0 ||
		sd_event_source_set_enabled(top_up->timer, SD_EVENT_ONESHOT) < 0)
		log_error("stock is looked at no longer: the event loop failed");
}

static int on_top_up_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	TopUp *top_up = userdata;
	json_auto_t *rows = NULL;
	LedgerOutbox *ledger;
	int64_t since_us;
	bool refused = top_up->refused_us &&
		       clock_monotonic_us() - top_up->refused_us < REFUSED_S * (int64_t)USEC_PER_SEC;

	top_up->settles = false;
	look_after(top_up, LOOK_S);
	if (refused || !top_up->hub->connected || requests_waits(top_up->requests, "top-up"))
		return 0;
	ledger = hub_ledger(top_up->hub);
	if (!ledger)
		return 0;
	since_us = clock_read(&clock_system).utc_us -
		   top_up->hub->config->registry_escrow_days * (int64_t)USEC_PER_DAY;
	if (ledger_outbox_escrow(ledger, since_us, &rows) < 0) {
		hub_close_ledger(top_up->hub);
		return 0;
	}
	top_up_lots(top_up, rows);
	return 0;
}

void top_up_wake(TopUp *top_up)
{
	/* records that follow one another all the time do not put it off */
	if (!top_up->settles)
		look_after(top_up, SETTLE_S);
	top_up->settles = true;
}

void top_up_answered(TopUp *top_up, bool given)
{
	top_up->refused_us = given ? 0 : clock_monotonic_us();
	look_after(top_up, SETTLE_S);
}

int top_up_new(Hub *hub, Requests *requests, TopUp **ret)
{
	_cleanup_(top_up_freep) TopUp *top_up = calloc(1, sizeof *top_up);
	int r;

	if (!top_up)
		return -ENOMEM;
	top_up->hub = hub;
	top_up->requests = requests;
	r = sd_event_add_time_relative(hub->event, &top_up->timer, CLOCK_MONOTONIC,
		SETTLE_S * (uint64_t)USEC_PER_SEC, SLACK_US, on_top_up_timer, top_up);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(top_up);
	return 0;
}

TopUp *top_up_free(TopUp *top_up)
{
	if (!top_up)
		return NULL;
	sd_event_source_disable_unref(top_up->timer);
	free(top_up);
	return NULL;
}
