/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the server answers: a status, a media type and a body. Errors are problem details (RFC 9457). */

#include <stddef.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/error.h"

enum { ANSWER_HEADERS_MAX = 4 };

struct Request;

/** A body that is made while it is sent. A thread of the server's runs `read`, which may block. */
typedef struct AnswerStream {
	/** Writes at most `size` bytes; 0 at the end. A negative errno cuts the answer off. */
	ssize_t (*read)(void *userdata, char *data, size_t size);
	void (*free)(void *userdata); /* once, when the answer was sent or given up */
	void *userdata;
} AnswerStream;

/**
 * An answer that comes later: `begin` puts the request into a waiting room, from where any thread calls
 * request_wake() once, also before `begin` returns. Then the route's handler is run again, with
 * request->woken. Nothing is held meanwhile but the client's connection.
 */
typedef struct AnswerLater {
	void (*begin)(void *userdata, struct Request *request);
	void *userdata;
} AnswerLater;

typedef struct Answer {
	unsigned status;   /* of HTTP */
	const char *type;  /* media type, static */
	char *body;        /* owned; NULL: empty */
	unsigned timeline; /* of the database that it was made of; 0: the newest one */
	size_t size;
	struct {
		const char *name; /* static */
		char *value;      /* owned */
	} headers[ANSWER_HEADERS_MAX];
	AnswerStream stream; /* read NULL: the body is the answer */
	AnswerLater later;   /* begin NULL: this is the answer */
} Answer;

/** A body that was made; takes it. NULL becomes a problem: no memory. */
Answer answer_text(unsigned status, const char *type, char *body);
/** The same for bytes. */
Answer answer_bytes(unsigned status, const char *type, void *body, size_t size);
/** A problem: `title` (static) names its kind, the sentence says what is wrong and what to do next. */
Answer answer_problem(unsigned status, const char *title, const char *format, ...) _printf_(3, 4);
/**
 * What the database refused or did not answer, by error->code: -ENOENT 404, -EAGAIN and -EDEADLK 503,
 * -EKEYEXPIRED 503, -EPERM 403, else 500.
 */
Answer answer_trouble(const Error *error);
Answer answer_stream(unsigned status, const char *type, AnswerStream stream);
/** Adds a header, such as a cookie, to an answer that is to be sent. `value` is copied. */
void answer_add_header(Answer *answer, const char *name, const char *value);
/** Moves an answer out of its variable. */
Answer answer_take(Answer *answer);
void answer_clear(Answer *answer);
