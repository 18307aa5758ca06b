/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Requests to the registry. The intention, with the request's UUID, is durable before the request leaves; it
 * is asked again with the same UUID, also after a crash, until it is answered. So nothing is done twice, and
 * nothing that may have been done is forgotten.
 */

#include <jansson.h>

#include "hub.h"

typedef struct Requests Requests;

typedef enum RequestStatus {
	REQUEST_DONE,
	REQUEST_REFUSED,
	REQUEST_AWAY, /* no answer yet; another call follows unless it is dropped */
} RequestStatus;

/** What became of a request. */
typedef struct RequestAnswer {
	RequestStatus status;
	uint64_t ask;     /* as it was given; 0 none */
	const char *what; /* as it was given */
	uint64_t next;    /* number after the leaf that did it; 0 none */
	const char *text; /* one sentence */
} RequestAnswer;

typedef struct RequestsHandler {
	void (*answered)(void *userdata, const RequestAnswer *answer);
	/**
	 * The body of a boot before each time that it is sent: its checkpoint must be the newest one.
	 * -EAGAIN: it cannot be sent now.
	 */
	int (*refresh)(void *userdata, json_t *body);
	void *userdata;
} RequestsHandler;

/** Loads the intentions that were not answered, and asks again. */
int requests_new(Hub *hub, const RequestsHandler *handler, Requests **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. What was not answered is asked again by the next start. */
Requests *requests_free(Requests *requests);
DEFINE_CLEANUP(Requests *, requests_free, requests_freep);

/**
 * `what`: the last part of the server's path. `body` (taken) gets the request's number. `ask`: not 0 when
 * somebody waits for the answer: then the first try is short, and a claim or move that surely did not reach
 * the server is dropped. -ENOSPC: too many wait; or the errno of keeping it.
 */
int requests_begin(Requests *requests, const char *what, json_t *body, uint64_t ask) _must_check_;

/** Whether a request of this kind waits for its answer. */
bool requests_waits(const Requests *requests, const char *what);

/** Nobody waits for answers any more: the daemon has gone. */
void requests_forget_asks(Requests *requests);
