/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Intentions in a file, and their requests. It must not send a request whose intention is not durable, and
 * must not forget one that may have reached the server before it is answered.
 */

#include "requests.h"

#include <string.h>

#include "backoff.h"
#include "request-answer.h"
#include "util/file.h"
#include "util/log.h"

#define INTENTIONS "requests.json"

enum {
	WAITING_MAX = 64,
	AT_ONCE_MAX = 3,
	FILE_MAX = 8 << 20,
	WHAT_MAX = 16,
	UUID_MAX = 37,
	FIRST_MS = 1800, /* the daemon waits for 2 s */
	AGAIN_MS = 30000,
	ANSWER_MAX = 1 << 20,
	SLACK_US = 10000,
};

typedef struct Intention {
	Requests *requests;
	char what[WHAT_MAX];
	json_t *body;
	uint64_t ask;
	bool may_be_there; /* it may have reached the server */
	int64_t due_us;    /* CLOCK_MONOTONIC: when it is sent */
	Backoff backoff;
	HttpsCall *call;
} Intention;

struct Requests {
	Hub *hub;
	RequestsHandler handler;
	Intention *waiting[WAITING_MAX];
	size_t n;
	sd_event_source *timer;
};

/* ---- the file ---- */

static int save_intentions(const Requests *requests)
{
	json_auto_t *list = json_array();
	_cleanup_(freep) char *text = NULL;

	for (size_t i = 0; i < requests->n; i++)
		if (json_array_append_new(list, json_pack("{s:s, s:O}", "what", requests->waiting[i]->what,
							"body", requests->waiting[i]->body)) < 0)
			return -ENOMEM;
	text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
	return text ? file_write_atomic(requests->hub->folder, INTENTIONS, text, strlen(text)) : -ENOMEM;
}

static Intention *free_intention(Intention *intention)
{
	https_cancel(intention->call);
	json_decref(intention->body);
	free(intention);
	return NULL;
}

/** Takes `body`. */
static int add_intention(Requests *requests, const char *what, json_t *body, uint64_t ask, Intention **ret)
{
	Intention *intention = requests->n < WAITING_MAX ? calloc(1, sizeof *intention) : NULL;

	if (!intention || strlen(what) >= WHAT_MAX) {
		json_decref(body);
		free(intention);
		return requests->n < WAITING_MAX ? -ENOMEM : -ENOSPC;
	}
	*intention = (Intention){ .requests = requests, .body = body, .ask = ask };
	memcpy(intention->what, what, strlen(what) + 1);
	requests->waiting[requests->n++] = intention;
	*ret = intention;
	return 0;
}

static void remove_intention(Intention *intention)
{
	Requests *requests = intention->requests;
	size_t i = 0;

	while (requests->waiting[i] != intention)
		i++;
	memmove(requests->waiting + i, requests->waiting + i + 1,
		(--requests->n - i) * sizeof requests->waiting[0]);
	free_intention(intention);
	if (save_intentions(requests) < 0)
		log_warning("an answered request stays in %s: it is asked again, and done no second time",
			requests->hub->folder);
}

static int load_list(Requests *requests, const json_t *list)
{
	json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		const char *what;
		json_t *body;
		Intention *intention;
		int r;

		if (json_unpack(entry, "{s:s, s:o}", "what", &what, "body", &body) < 0 ||
			!json_is_object(body) || strlen(what) >= WHAT_MAX)
			return -EBADMSG;
		r = add_intention(requests, what, json_incref(body), 0, &intention);
		if (r < 0)
			return r;
		intention->may_be_there = true;
	}
	return 0;
}

static int load_intentions(Requests *requests, Error *error)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	json_auto_t *list = NULL;
	size_t size;
	int r;

	if (asprintf(&path, "%s/" INTENTIONS, requests->hub->folder) < 0)
		return -ENOMEM;
	r = file_read(path, FILE_MAX, &text, &size);
	if (r == -ENOENT)
		return 0;
	list = r == 0 ? json_loadb(text, size, 0, NULL) : NULL;
	r = r < 0 ? r : json_is_array(list) ? load_list(requests, list) : -EBADMSG;
	return r < 0 ? error_set(error, r, "%s cannot be read (%s): requests may be unanswered in it", path,
			       strerror(-r))
		     : 0;
}

/* ---- sending ---- */

static void send_due(Requests *requests);

static int on_requests_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	send_due(userdata);
	return 0;
}

static void tell_answer(Intention *intention, RequestStatus status, uint64_t next, const char *text)
{
	const RequestAnswer answer = { status, intention->ask, intention->what, next, text };

	intention->requests->handler.answered(intention->requests->handler.userdata, &answer);
	intention->ask = 0;
}

/** Whether it is better not to ask again: nobody waits for it any more, and it was surely not done. */
static bool may_be_dropped(const Intention *intention)
{
	return !intention->may_be_there && intention->ask != 0 && strcmp(intention->what, "hold") != 0 &&
	       strcmp(intention->what, "handover") != 0;
}

static void put_off(Intention *intention, const char *text)
{
	bool drop = may_be_dropped(intention);

	tell_answer(intention, REQUEST_AWAY, 0, text);
	intention->due_us = clock_monotonic_us() + (int64_t)backoff_fail(&intention->backoff);
	if (drop)
		remove_intention(intention);
}

static void on_request_answer(void *userdata, const HttpsAnswer *answer)
{
	Intention *intention = userdata;
	Requests *requests = intention->requests;
	char text[REGISTRY_TEXT_MAX];
	uint64_t next = 0;
	bool done;

	intention->call = NULL;
	if (hub_note_answer(requests->hub, answer) < 0 || answer->status >= 500 || answer->status == 401 ||
		answer->status == 408 || answer->status == 429) {
		intention->may_be_there = intention->may_be_there || !answer->unsent;
		put_off(intention, "the clinic's server does not answer now");
	} else {
		done = request_answer_read(intention->what, answer, &next, text, sizeof text);
		tell_answer(intention, done ? REQUEST_DONE : REQUEST_REFUSED, next, text);
		remove_intention(intention);
	}
	send_due(requests);
}

static void send_intention(Intention *intention)
{
	Requests *requests = intention->requests;
	_cleanup_(freep) char *path = NULL, *text = NULL;
	HttpsRequest request = {
		.type = "application/json",
		.pack = true,
		.seen = log_copy_size(requests->hub->log),
		.deadline_ms = intention->ask ? FIRST_MS : AGAIN_MS,
		.answer_max = ANSWER_MAX,
		.done = on_request_answer,
		.userdata = intention,
	};

	intention->due_us = clock_monotonic_us() + USEC_PER_SEC;
	if (strcmp(intention->what, "boot") == 0 &&
		requests->handler.refresh(requests->handler.userdata, intention->body) < 0)
		return;
	text = json_dumps(intention->body, JSON_COMPACT);
	if (!text || asprintf(&path, "/registry/%s", intention->what) < 0)
		return;
	request.path = path;
	request.body = text;
	request.size = strlen(text);
	if (https_send(requests->hub->https, &request, &intention->call) < 0)
		log_error("out of memory: a request waits");
}

/** Sends what is due, and sets the timer for what comes next. */
static void send_due(Requests *requests)
{
	int64_t now = clock_monotonic_us(), next = INT64_MAX;
	size_t busy = 0;

	for (size_t i = 0; i < requests->n; i++)
		busy += requests->waiting[i]->call != NULL;
	for (size_t i = 0; i < requests->n; i++) {
		Intention *intention = requests->waiting[i];

		if (!intention->call && intention->due_us <= now && busy < AT_ONCE_MAX) {
			send_intention(intention);
			busy += intention->call != NULL;
		}
		if (!intention->call && intention->due_us < next)
			next = intention->due_us;
	}
	/* with all places taken, the next answer calls again */
	if (busy >= AT_ONCE_MAX || next == INT64_MAX)
		return;
	if (sd_event_source_set_time(requests->timer, (uint64_t)next) < 0 ||
		sd_event_source_set_enabled(requests->timer, SD_EVENT_ONESHOT) < 0)
		log_error("requests wait: the event loop failed");
}

/* ---- what is asked ---- */

static int make_uuid(char ret[UUID_MAX])
{
	uint8_t bytes[16];
	char hex[2 * sizeof bytes + 1];
	int r = random_bytes(bytes, sizeof bytes);

	if (r < 0)
		return r;
	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* RFC 9562: version 4 */
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	hex_encode(bytes, sizeof bytes, hex);
	snprintf(ret, UUID_MAX, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return 0;
}

int requests_begin(Requests *requests, const char *what, json_t *body, uint64_t ask)
{
	Intention *intention;
	char uuid[UUID_MAX];
	int r = make_uuid(uuid);

	if (r < 0 || !body || json_object_set_new(body, "request", json_string(uuid)) < 0) {
		json_decref(body);
		return r < 0 ? r : -ENOMEM;
	}
	r = add_intention(requests, what, body, ask, &intention);
	if (r < 0)
		return r;
	r = save_intentions(requests);
	if (r < 0) {
		requests->n--;
		free_intention(intention);
		return r;
	}
	send_due(requests);
	return 0;
}

bool requests_waits(const Requests *requests, const char *what)
{
	for (size_t i = 0; i < requests->n; i++)
		if (strcmp(requests->waiting[i]->what, what) == 0)
			return true;
	return false;
}

void requests_forget_asks(Requests *requests)
{
	for (size_t i = 0; i < requests->n; i++)
		requests->waiting[i]->ask = 0;
}

/* ---- life ---- */

int requests_new(Hub *hub, const RequestsHandler *handler, Requests **ret, Error *error)
{
	_cleanup_(requests_freep) Requests *requests = calloc(1, sizeof *requests);
	int r;

	error_set(error, -ENOMEM, "out of memory");
	if (!requests)
		return -ENOMEM;
	requests->hub = hub;
	requests->handler = *handler;
	r = load_intentions(requests, error);
	r = r < 0 ? r
		  : sd_event_add_time_relative(hub->event, &requests->timer, CLOCK_MONOTONIC, 0, SLACK_US,
			    on_requests_timer, requests);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(requests);
	return 0;
}

Requests *requests_free(Requests *requests)
{
	if (!requests)
		return NULL;
	for (size_t i = 0; i < requests->n; i++)
		free_intention(requests->waiting[i]);
	sd_event_source_disable_unref(requests->timer);
	free(requests);
	return NULL;
}
