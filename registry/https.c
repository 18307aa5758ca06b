/* SPDX-License-Identifier: Apache-2.0 */

/**
 * libcurl in the event loop. It must not follow the server anywhere else, must not trust another authority
 * for it than the clinic's, and must not keep more of an answer than was agreed.
 */

#include "https.h"

#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#include "pack-body.h"

enum {
	CONNECT_MS = 5000,
	CONNECTIONS_MAX = 8,
	KEEP_IDLE_S = 30,
	KEEP_S = 3600, /* then the next connection shows a certificate that was renewed */
};

#define TIMELINE_HEADER "Stipple-Timeline:"

struct Https {
	sd_event *event;
	CURLM *multi;
	sd_event_source *timer;
	char *server, *ca, *certificate, *key;
	uint64_t timeline;
	void (*advanced)(void *userdata, uint64_t timeline);
	void *userdata;
	HttpsCall *calls;
};

struct HttpsCall {
	Https *https;
	HttpsCall *next, **place; /* in the list of calls */
	CURL *easy;
	struct curl_slist *headers;
	void (*done)(void *userdata, const HttpsAnswer *answer);
	void *userdata;
	void *body; /* of the request */
	uint64_t timeline;
	bool too_long;
	char *answer;
	size_t size, room, most;
	char why[CURL_ERROR_SIZE];
};

/* ---- the loop ---- */

static void finish_calls(Https *https);

static void act_on_socket(Https *https, curl_socket_t fd, int events)
{
	int running;

	(void)curl_multi_socket_action(https->multi, fd, events, &running);
	finish_calls(https);
}

static int on_curl_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	int flags = 0;

	if (events & EPOLLIN)
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		flags |= CURL_CSELECT_ERR;
	act_on_socket(userdata, fd, flags);
	return 0;
}

static int on_curl_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	act_on_socket(userdata, CURL_SOCKET_TIMEOUT, 0);
	return 0;
}

static uint32_t events_for(int what)
{
	switch (what) {
	case CURL_POLL_IN:
		return EPOLLIN;
	case CURL_POLL_OUT:
		return EPOLLOUT;
	default:
		return EPOLLIN | EPOLLOUT;
	}
}

/** libcurl: watch a socket for this from now on. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *assigned)
{
	Https *https = userdata;
	sd_event_source *source = assigned;

	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		(void)curl_multi_assign(https->multi, fd, NULL);
		return 0;
	}
	if (source)
		return sd_event_source_set_io_events(source, events_for(what)) < 0 ? -1 : 0;
	if (sd_event_add_io(https->event, &source, fd, events_for(what), on_curl_io, https) < 0)
		return -1;
	if (curl_multi_assign(https->multi, fd, source) == CURLM_OK)
		return 0;
	sd_event_source_disable_unref(source);
	return -1;
}

/** libcurl: call again after so many milliseconds. */
static int set_curl_timer(CURLM *multi, long ms, void *userdata)
{
	Https *https = userdata;

	if (ms < 0)
		return sd_event_source_set_enabled(https->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
	if (sd_event_source_set_time_relative(https->timer, (uint64_t)ms * 1000) < 0)
		return -1;
	return sd_event_source_set_enabled(https->timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

/* ---- what arrives ---- */

static size_t https_take_answer(char *data, size_t one, size_t size, void *userdata)
{
	HttpsCall *call = userdata;
	size_t room = call->room ? call->room : 4096;
	char *answer;

	if (size > call->most - call->size) {
		call->too_long = true;
		return 0;
	}
	while (room < call->size + size + 1)
		room *= 2;
	if (room > call->room) {
		answer = realloc(call->answer, room);
		if (!answer)
			return 0;
		call->answer = answer;
		call->room = room;
	}
	memcpy(call->answer + call->size, data, size);
	call->size += size;
	call->answer[call->size] = '\0';
	return size;
}

static size_t take_header(char *data, size_t one, size_t size, void *userdata)
{
	HttpsCall *call = userdata;
	const size_t name = sizeof TIMELINE_HEADER - 1;
	char text[24];

	if (size > name && size - name < sizeof text && strncasecmp(data, TIMELINE_HEADER, name) == 0) {
		memcpy(text, data + name, size - name);
		text[size - name] = '\0';
		call->timeline = strtoull(text, NULL, 10);
	}
	return size;
}

/* ---- the end of a call ---- */

static void unlink_call(HttpsCall *call)
{
	*call->place = call->next;
	if (call->next)
		call->next->place = call->place;
}

static void free_call(HttpsCall *call)
{
	if (call->easy) {
		(void)curl_multi_remove_handle(call->https->multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	curl_slist_free_all(call->headers);
	free(call->body);
	free(call->answer);
	free(call);
}

HttpsCall *https_cancel(HttpsCall *call)
{
	if (!call)
		return NULL;
	unlink_call(call);
	free_call(call);
	return NULL;
}

/** Whether the request cannot have reached the server. */
static bool was_unsent(CURLcode code)
{
	return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE;
}

static bool was_refused(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
	       code == CURLE_SSL_CACERT_BADFILE;
}

static void describe_failure(HttpsCall *call, CURLcode code, HttpsAnswer *answer)
{
	if (call->too_long)
		snprintf(call->why, sizeof call->why, "the server's answer is longer than %zu bytes",
			call->most);
	else if (!*call->why)
		snprintf(call->why, sizeof call->why, "%s", curl_easy_strerror(code));
	answer->error = code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : call->too_long ? -EMSGSIZE : -EIO;
	answer->unsent = was_unsent(code);
	answer->refused = was_refused(code);
	answer->why = call->why;
}

static void check_timeline(HttpsCall *call, HttpsAnswer *answer)
{
	Https *https = call->https;

	if (!https->advanced)
		return;
	if (call->timeline < https->timeline) {
		snprintf(call->why, sizeof call->why,
			"the server answers from timeline %llu of its database, and timeline %llu was seen",
			(unsigned long long)call->timeline, (unsigned long long)https->timeline);
		answer->error = -ESTALE;
		answer->why = call->why;
		return;
	}
	if (call->timeline == https->timeline)
		return;
	https->timeline = call->timeline;
	https->advanced(https->userdata, call->timeline);
}

static void finish_call(HttpsCall *call, CURLcode code)
{
	HttpsAnswer answer = { .body = call->answer ? call->answer : "", .size = call->size };
	long status = 0;
	char *type = NULL;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
	answer.status = (unsigned)status;
	answer.type = type ? type : "";
	if (code != CURLE_OK)
		describe_failure(call, code, &answer);
	else if (status < 500 && status != 401) /* these do not come from the database */
		check_timeline(call, &answer);
	unlink_call(call);
	call->done(call->userdata, &answer);
	free_call(call);
}

static void finish_calls(Https *https)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(https->multi, &left))) {
		CURLcode code = message->data.result;
		HttpsCall *call = NULL;

		if (message->msg == CURLMSG_DONE &&
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call) ==
				CURLE_OK &&
			call)
			finish_call(call, code);
	}
}

/* ---- the beginning of a call ---- */

static int add_header(HttpsCall *call, const char *name, const char *value)
{
	_cleanup_(freep) char *line = NULL;
	struct curl_slist *headers;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return -ENOMEM;
	headers = curl_slist_append(call->headers, line);
	if (!headers)
		return -ENOMEM;
	call->headers = headers;
	return 0;
}

static int set_body(HttpsCall *call, const HttpsRequest *request)
{
	size_t size = request->size;
	bool packed = request->pack && pack_body(request->body, size, &call->body, &size);
	int r;

	if (!packed) {
		call->body = malloc(size ? size : 1);
		if (!call->body)
			return -ENOMEM;
		if (size)
			memcpy(call->body, request->body, size);
	}
	r = add_header(call, "Content-Type", request->type);
	r = r < 0 || !packed ? r : add_header(call, "Content-Encoding", "gzip");
	/* no answer "100 Continue" is waited for */
	r = r < 0 ? r : add_header(call, "Expect", "");
	if (r < 0)
		return r;
	(void)curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
	(void)curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	return 0;
}

/** Whom the connection trusts, and who it is. */
static bool set_security(CURL *easy, const Https *https)
{
	if (!https->ca)
		return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		       curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CAINFO, https->ca) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLCERT, https->certificate) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLKEY, https->key) == CURLE_OK;
}

static bool set_limits(HttpsCall *call, const HttpsRequest *request)
{
	CURL *easy = call->easy;

	return curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)KEEP_IDLE_S) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)KEEP_S) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->deadline_ms) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->why) == CURLE_OK;
}

static bool set_callbacks(HttpsCall *call)
{
	CURL *easy = call->easy;

	return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, https_take_answer) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK;
}

static int https_set_request(HttpsCall *call, const HttpsRequest *request)
{
	_cleanup_(freep) char *url = NULL;
	char number[24];
	int r;

	if (asprintf(&url, "%s%s", call->https->server, request->path) < 0)
		return -ENOMEM;
	call->easy = curl_easy_init();
	if (!call->easy)
		return -ENOMEM;
	if (curl_easy_setopt(call->easy, CURLOPT_URL, url) != CURLE_OK ||
		!set_security(call->easy, call->https) || !set_limits(call, request) || !set_callbacks(call))
		return -EIO;
	snprintf(number, sizeof number, "%llu", (unsigned long long)request->seen);
	r = call->https->advanced ? add_header(call, "Stipple-Registry-Seen", number) : 0;
	r = r < 0 || !request->type ? r : set_body(call, request);
	if (r < 0)
		return r;
	return curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK ? 0 : -EIO;
}

int https_send(Https *https, const HttpsRequest *request, HttpsCall **ret)
{
	HttpsCall *call = calloc(1, sizeof *call);
	int r;

	if (!call)
		return -ENOMEM;
	call->https = https;
	call->done = request->done;
	call->userdata = request->userdata;
	call->most = request->answer_max;
	r = https_set_request(call, request);
	if (r < 0 || curl_multi_add_handle(https->multi, call->easy) != CURLM_OK) {
		if (call->easy)
			curl_easy_cleanup(TAKE_PTR(call->easy));
		free_call(call);
		return r < 0 ? r : -EIO;
	}
	call->next = https->calls;
	if (call->next)
		call->next->place = &call->next;
	call->place = &https->calls;
	https->calls = call;
	*ret = call;
	return 0;
}

/* ---- life ---- */

static int set_multi(Https *https)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -EIO;
	https->multi = curl_multi_init();
	if (!https->multi)
		return -ENOMEM;
	return curl_multi_setopt(https->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
			       curl_multi_setopt(https->multi, CURLMOPT_SOCKETDATA, https) == CURLM_OK &&
			       curl_multi_setopt(https->multi, CURLMOPT_TIMERFUNCTION, set_curl_timer) ==
				       CURLM_OK &&
			       curl_multi_setopt(https->multi, CURLMOPT_TIMERDATA, https) == CURLM_OK &&
			       curl_multi_setopt(https->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
				       (long)CONNECTIONS_MAX) == CURLM_OK
		       ? 0
		       : -EIO;
}

static bool copy_files(Https *https, const HttpsOptions *options)
{
	https->ca = strdup(options->ca);
	https->certificate = strdup(options->certificate);
	https->key = strdup(options->key);
	return https->ca && https->certificate && https->key;
}

int https_new(sd_event *event, const HttpsOptions *options, Https **ret)
{
	_cleanup_(https_freep) Https *https = calloc(1, sizeof *https);
	int r;

	if (!https)
		return -ENOMEM;
	https->event = sd_event_ref(event);
	https->timeline = options->timeline;
	https->advanced = options->advanced;
	https->userdata = options->userdata;
	https->server = strdup(options->server);
	if (!https->server || (options->ca && !copy_files(https, options)))
		return -ENOMEM;
	if ((r = sd_event_add_time(
		     event, &https->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000, on_curl_timer, https)) < 0 ||
		(r = sd_event_source_set_enabled(https->timer, SD_EVENT_OFF)) < 0)
		return r;
	r = set_multi(https);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(https);
	return 0;
}

Https *https_free(Https *https)
{
	if (!https)
		return NULL;
	while (https->calls)
		https_cancel(https->calls);
	if (https->multi)
		curl_multi_cleanup(https->multi);
	sd_event_source_disable_unref(https->timer);
	sd_event_unref(https->event);
	free(https->server);
	free(https->ca);
	free(https->certificate);
	free(https->key);
	free(https);
	return NULL;
}
