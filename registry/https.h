/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Requests to the clinic's server over HTTPS with a client certificate. Only the clinic's authority is
 * trusted; nothing is redirected, unpacked or kept beyond a limit; each request has a deadline. An answer
 * from an older state of the server's database than one that was seen is no answer. Outside witnesses are
 * asked without a certificate, by http:// too: what they answer is signed.
 *
 * One thread: libcurl's sockets live in the caller's event loop. Names are resolved on a thread of libcurl.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "util/cleanup.h"
#include "util/error.h"

typedef struct Https Https;
typedef struct HttpsCall HttpsCall;

typedef struct HttpsOptions {
	const char *server;                 /* https://HOST[:PORT] */
	const char *ca, *certificate, *key; /* paths of PEM files; NULL: an outside witness */
	uint64_t timeline;                  /* the highest that was seen */
	void (*advanced)(
		void *userdata, uint64_t timeline); /* before an answer of a higher one is passed on */
	void *userdata;
} HttpsOptions;

/** Texts and bytes are valid only during the call. */
typedef struct HttpsAnswer {
	int error;       /* 0: there is an answer; -ESTALE: of an older timeline; else a negative errno */
	bool unsent;     /* with an error: the request surely did not reach the server */
	bool refused;    /* with an error: certificates did not match */
	const char *why; /* with an error: one sentence */
	unsigned status; /* of HTTP */
	const char *type;
	const char *body; /* NUL-terminated */
	size_t size;
} HttpsAnswer;

typedef struct HttpsRequest {
	const char *path; /* begins with '/' */
	const char *type; /* media type of the body; NULL: GET */
	const void *body; /* copied */
	size_t size;
	bool pack;            /* with gzip, when it gets smaller */
	uint64_t seen;        /* leaves of the registry's log that are verified, for the server */
	unsigned deadline_ms; /* of the whole request */
	size_t answer_max;    /* bytes */
	/** Called once, never within https_send(), and not after https_cancel(). */
	void (*done)(void *userdata, const HttpsAnswer *answer);
	void *userdata;
} HttpsRequest;

/** The options' texts are copied. */
int https_new(sd_event *event, const HttpsOptions *options, Https **ret) _must_check_;
/** Cancels all calls. Accepts NULL; returns NULL. */
Https *https_free(Https *https);
DEFINE_CLEANUP(Https *, https_free, https_freep);

/** Begins a request. `ret` is valid until `done` is called. -ENOMEM or -EIO. */
int https_send(Https *https, const HttpsRequest *request, HttpsCall **ret) _must_check_;
/** Accepts NULL; returns NULL. */
HttpsCall *https_cancel(HttpsCall *call);
