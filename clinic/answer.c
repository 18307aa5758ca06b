/* SPDX-License-Identifier: Apache-2.0 */

/** Makes answers. It must not put more into a problem than the sentence that it was given. */

#include "answer.h"

#include <stdarg.h>
#include <string.h>

#include <jansson.h>

#include "util/error.h"
#include "util/text.h"

Answer answer_text(unsigned status, const char *type, char *body)
{
	if (!body)
		return answer_problem(500, "Out of memory", "the server has no memory left: try again later");
	return (Answer){ .status = status, .type = type, .body = body, .size = strlen(body) };
}

Answer answer_problem(unsigned status, const char *title, const char *format, ...)
{
	Answer answer = { .status = status, .type = "application/problem+json" };
	json_auto_t *problem = NULL;
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	problem = json_pack(
		"{s:s, s:i, s:s}", "title", title, "status", (int)status, "detail", text_repair(text));
	answer.body = problem ? json_dumps(problem, JSON_COMPACT) : NULL;
	answer.size = answer.body ? strlen(answer.body) : 0;
	return answer;
}

void answer_clear(Answer *answer)
{
	free(TAKE_PTR(answer->body));
}
