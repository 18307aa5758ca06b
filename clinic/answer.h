/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the server answers: a status, a media type and a body. Errors are problem details (RFC 9457). */

#include <stddef.h>

#include "util/cleanup.h"

typedef struct Answer {
	unsigned status;  /* of HTTP */
	const char *type; /* media type, static */
	char *body;       /* owned; NULL: empty */
	size_t size;
} Answer;

/** A body that was made; takes it. NULL becomes a problem: no memory. */
Answer answer_text(unsigned status, const char *type, char *body);
/** A problem: `title` (static) names its kind, the sentence says what is wrong and what to do next. */
Answer answer_problem(unsigned status, const char *title, const char *format, ...) _printf_(3, 4);
void answer_clear(Answer *answer);
