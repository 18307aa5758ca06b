/* SPDX-License-Identifier: Apache-2.0 */

/** Makes answers. It must not put more into a problem than the sentence that it was given. */

#include "answer.h"

#include <stdarg.h>
#include <string.h>

#include <jansson.h>

#include "util/text.h"

Answer answer_bytes(unsigned status, const char *type, void *body, size_t size)
{
	if (!body)
		return answer_problem(500, "Out of memory", "the server has no memory left: try again later");
	return (Answer){ .status = status, .type = type, .body = body, .size = size };
}

Answer answer_text(unsigned status, const char *type, char *body)
{
	return answer_bytes(status, type, body, body ? strlen(body) : 0);
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

Answer answer_trouble(const Error *error)
{
	switch (error->code) {
	case -ENOENT:
		return answer_problem(404, "Unknown station", "%s", error->text);
	case -EPERM:
		return answer_problem(403, "Not allowed", "%s", error->text);
	case -EBADMSG:
		return answer_problem(422, "No record", "%s", error->text);
	case -EAGAIN:
	case -EDEADLK:
		return answer_problem(503, "Database away", "%s", error->text);
	case -EKEYEXPIRED:
		return answer_problem(503, "Restored", "%s", error->text);
	default:
		return answer_problem(500, "Database refuses", "%s", error->text);
	}
}

Answer answer_stream(unsigned status, const char *type, AnswerStream stream)
{
	return (Answer){ .status = status, .type = type, .stream = stream };
}

void answer_add_header(Answer *answer, const char *name, const char *value)
{
	for (size_t i = 0; i < ANSWER_HEADERS_MAX; i++)
		if (!answer->headers[i].name) {
			answer->headers[i].value = strdup(value);
			answer->headers[i].name = answer->headers[i].value ? name : NULL;
			return;
		}
}

Answer answer_take(Answer *answer)
{
	Answer taken = *answer;

	*answer = (Answer){ 0 };
	return taken;
}

void answer_clear(Answer *answer)
{
	if (answer->stream.free)
		answer->stream.free(answer->stream.userdata);
	for (size_t i = 0; i < ANSWER_HEADERS_MAX; i++)
		free(answer->headers[i].value);
	free(answer->body);
	*answer = (Answer){ 0 };
}
