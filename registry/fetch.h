/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One request to the clinic's server, which waits for its answer: for commands, not for the event loop. */

#include <stddef.h>

#include "util/error.h"

enum { FETCH_ANSWER_MAX = 256 * 1024, FETCH_PATIENCE_S = 20 };

typedef struct FetchRequest {
	const char *server, *path; /* "https://HOST[:PORT]", "/enrol" */
	const char *authority; /* path of the certificate, in PEM, that must have signed the server's; NULL:
				  any server, of which nothing is believed yet */
	const char *certificate, *key; /* paths of PEM files; NULL: none is shown */
	const char *body;              /* JSON; NULL: GET */
} FetchRequest;

typedef struct FetchAnswer {
	unsigned status; /* of HTTP */
	char *body;      /* NUL-terminated; the caller frees it */
	size_t size;
} FetchAnswer;

/** -EIO: no answer, with a sentence in `error`. Blocks for at most FETCH_PATIENCE_S. */
int fetch(const FetchRequest *request, FetchAnswer *ret, Error *error) _must_check_;

/** The sentence of an answer that is no success, in `error`; returns -EACCES. */
int fetch_refused(const FetchAnswer *answer, Error *error);
