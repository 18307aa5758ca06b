/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The long poll for the registry's leaves. It must not take a leaf that the registry's key does not cover,
 * and must not ask faster than the server answers usefully.
 */

#include "follow.h"

#include <string.h>

#include "backoff.h"
#include "tlog/tlog-text.h"
#include "util/log.h"

enum {
	WAIT_S = 25,
	DEADLINE_MS = (WAIT_S + 10) * 1000,
	ANSWER_MAX = 2 << 20, /* 1 MiB of leaves in base64, and the checkpoint */
	REPLAY_ANSWER_MAX = 64 * 1024,
	REPLAY_BYTES_MAX = 15 << 20, /* the server takes 16 MiB */
	REPLAY_MS = 120000,
	SLACK_US = 10000,
};

struct Follow {
	Hub *hub;
	FollowHandler handler;
	HttpsCall *call;
	sd_event_source *timer;
	Backoff backoff;
	int64_t asked_us;
	bool caught_up;
	uint64_t server_size; /* leaves that the server had when it was found to have lost some */
};

static void ask_for_leaves(Follow *follow);

static void ask_after(Follow *follow, uint64_t us)
{
	if (sd_event_source_set_time_relative(follow->timer, us) < 0 ||
		sd_event_source_set_enabled(follow->timer, SD_EVENT_ONESHOT) < 0)
		log_error("the registry's log is followed no longer: the event loop failed");
}

static int on_follow_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	ask_for_leaves(userdata);
	return 0;
}

static void follow_failed(Follow *follow)
{
	follow->caught_up = false;
	ask_after(follow, backoff_fail(&follow->backoff));
}

/* ---- giving back ---- */

static void cannot_give_back(Follow *follow, const char *why)
{
	troubles_begin(&follow->hub->troubles, REGISTRY_WARN_LOG,
		"the server's database was set back: tell whoever looks after it",
		"the registry lost leaves of its log and does not take them back: %s", why);
	follow_failed(follow);
}

static void on_given_back(void *userdata, const HttpsAnswer *answer)
{
	Follow *follow = userdata;
	char why[REGISTRY_TEXT_MAX / 2];

	follow->call = NULL;
	if (hub_note_answer(follow->hub, answer) < 0) {
		follow_failed(follow);
	} else if (answer->status != 200) {
		hub_problem(answer, why, sizeof why);
		cannot_give_back(follow, why);
	} else {
		/* the backoff stays: one who takes leaves and has none is asked ever more rarely */
		ask_after(follow, backoff_fail(&follow->backoff));
	}
}

/** The leaves from number `from` on, as a list; NULL when they are too many for one request. */
static json_t *list_leaves(Follow *follow, uint64_t from)
{
	uint64_t size = log_copy_size(follow->hub->log);
	json_auto_t *list = json_array();
	size_t bytes = 0;

	for (uint64_t seq = from; seq < size; seq++) {
		_cleanup_(freep) char *leaf = NULL, *text = NULL;
		size_t length;

		if (log_copy_leaf(follow->hub->log, seq, &leaf, &length) < 0)
			return NULL;
		text = base64_encode(leaf, length);
		if (!text || json_array_append_new(list, json_string(text)) < 0)
			return NULL;
		bytes += strlen(text) + strlen(",\"\"");
		if (bytes > REPLAY_BYTES_MAX)
			return NULL;
	}
	return TAKE_PTR(list);
}

/** The registry takes leaves up to a checkpoint that it has signed: all that it lacks, at once. */
static void give_back(Follow *follow, uint64_t from)
{
	json_t *leaves = list_leaves(follow, from);
	json_auto_t *body = leaves ? json_pack("{s:I, s:s, s:o}", "from", (json_int_t)from, "checkpoint",
					     log_copy_checkpoint(follow->hub->log), "leaves", leaves)
				   : NULL;
	_cleanup_(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	HttpsRequest request = {
		.path = "/registry/replay",
		.type = "application/json",
		.body = text,
		.size = text ? strlen(text) : 0,
		.pack = true,
		.seen = log_copy_size(follow->hub->log),
		.deadline_ms = REPLAY_MS,
		.answer_max = REPLAY_ANSWER_MAX,
		.done = on_given_back,
		.userdata = follow,
	};

	if (!text) {
		cannot_give_back(follow, "they are too many; restore a newer backup");
		return;
	}
	log_notice("the registry lost leaves of its log: it is given back those from %llu on",
		(unsigned long long)from);
	if (https_send(follow->hub->https, &request, &follow->call) < 0)
		follow_failed(follow);
}

/* ---- following ---- */

static int follow_take_leaf(Follow *follow, const char *text, Error *error)
{
	_cleanup_(freep) uint8_t *leaf = NULL;
	size_t size;

	if (!text || base64_decode((Slice){ text, strlen(text) }, &leaf, &size) < 0)
		return error_set(error, -EBADMSG, "the server's leaves are not in base64");
	return log_copy_append(follow->hub->log, leaf, size, error);
}

/** Takes the leaves that the answer has. 0 even when more are wanted. */
static int take_leaves(Follow *follow, const json_t *leaves, Error *error)
{
	json_t *leaf;
	size_t i;

	if (json_array_size(leaves) == 0)
		return error_set(error, -EBADMSG, "the server says that there are new leaves and shows none");
	json_array_foreach (leaves, i, leaf) {
		int r = follow_take_leaf(follow, json_string_value(leaf), error);

		if (r == -EALREADY) /* those after the checkpoint come with the next one */
			return 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_news(Follow *follow, const json_t *news, LogCopyOffer *ret, Error *error)
{
	const char *note = json_string_value(json_object_get(news, "checkpoint"));
	LogCopy *log = follow->hub->log;
	uint64_t before = log_copy_size(log), size;
	int r;

	if (!note || !*note) {
		*ret = LOG_COPY_SAME;
		return log_copy_size(log) == 0 && json_integer_value(json_object_get(news, "size")) == 0
			       ? 0
			       : error_set(error, -EBADMSG, "the server shows no checkpoint of its log");
	}
	r = log_copy_offer(log, note, strlen(note), ret, &size, error);
	if (r < 0)
		return r;
	if (*ret == LOG_COPY_OLDER)
		follow->server_size = size;
	if (*ret != LOG_COPY_WANTS)
		return 0;
	r = take_leaves(follow, json_object_get(news, "leaves"), error);
	if (log_copy_size(log) > before)
		follow->handler.grown(follow->handler.userdata);
	follow->caught_up = r == 0 && log_copy_size(log) == size;
	return r;
}

static void doubt_log(Follow *follow, int r, const Error *error)
{
	bool disk = r != -EBADMSG && r != -EUCLEAN;

	troubles_begin(&follow->hub->troubles, disk ? REGISTRY_WARN_STORE : REGISTRY_WARN_LOG,
		disk ? "look at the station's disk"
		     : "no cartridge is taken from this registry: tell whoever looks after the clinic's server",
		"%s", error->text);
	follow_failed(follow);
}

/** What comes after an answer that could be taken. */
static void go_on(Follow *follow, LogCopyOffer offer)
{
	bool quick = clock_monotonic_us() - follow->asked_us < USEC_PER_SEC;

	switch (offer) {
	case LOG_COPY_OLDER:
		follow->caught_up = false;
		follow->handler.restored(follow->handler.userdata);
		give_back(follow, follow->server_size);
		return;
	case LOG_COPY_WANTS:
		backoff_succeed(&follow->backoff);
		ask_for_leaves(follow);
		return;
	case LOG_COPY_SAME:
		follow->caught_up = true;
		backoff_succeed(&follow->backoff);
		/* a server that should wait and does not */
		if (quick)
			ask_after(follow, USEC_PER_SEC);
		else
			ask_for_leaves(follow);
		return;
	}
}

static void on_leaves(void *userdata, const HttpsAnswer *answer)
{
	Follow *follow = userdata;
	json_auto_t *news = NULL;
	LogCopyOffer offer;
	Error error = { 0 };
	int r;

	follow->call = NULL;
	if (hub_note_answer(follow->hub, answer) < 0 || answer->status != 200) {
		follow_failed(follow);
		return;
	}
	news = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
	r = json_is_object(news) ? take_news(follow, news, &offer, &error)
				 : error_set(&error, -EBADMSG, "the server's answer is no object of JSON");
	if (r < 0) {
		doubt_log(follow, r, &error);
		return;
	}
	troubles_end(&follow->hub->troubles, REGISTRY_WARN_LOG);
	troubles_end(&follow->hub->troubles, REGISTRY_WARN_STORE);
	go_on(follow, offer);
}

static void ask_for_leaves(Follow *follow)
{
	_cleanup_(freep) char *path = NULL;
	HttpsRequest request = {
		.seen = log_copy_size(follow->hub->log),
		.deadline_ms = DEADLINE_MS,
		.answer_max = ANSWER_MAX,
		.done = on_leaves,
		.userdata = follow,
	};

	follow->asked_us = clock_monotonic_us();
	/* the first answer says how the server stands; only then it is worth waiting with it */
	if (asprintf(&path, "/registry/leaves?from=%llu&wait=%d",
		    (unsigned long long)log_copy_next(follow->hub->log), follow->caught_up ? WAIT_S : 0) < 0)
		path = NULL;
	request.path = path;
	if (!path || https_send(follow->hub->https, &request, &follow->call) < 0)
		follow_failed(follow);
}

/* ---- life ---- */

int follow_new(Hub *hub, const FollowHandler *handler, Follow **ret)
{
	_cleanup_(follow_freep) Follow *follow = calloc(1, sizeof *follow);
	int r;

	if (!follow)
		return -ENOMEM;
	follow->hub = hub;
	follow->handler = *handler;
	r = sd_event_add_time_relative(
		hub->event, &follow->timer, CLOCK_MONOTONIC, 0, SLACK_US, on_follow_timer, follow);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(follow);
	return 0;
}

Follow *follow_free(Follow *follow)
{
	if (!follow)
		return NULL;
	https_cancel(follow->call);
	sd_event_source_disable_unref(follow->timer);
	free(follow);
	return NULL;
}

bool follow_caught_up(const Follow *follow)
{
	return follow->caught_up;
}
