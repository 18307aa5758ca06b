/* SPDX-License-Identifier: Apache-2.0 */

/** Reads what stations ask of the registry, and writes what they are answered. It must not decide. */

#include "registry-ask.h"

#include <string.h>

#include "util/text.h"

enum { ASK_BODY_MAX = 512 * 1024 };

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (!text || strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	return true;
}

const char *ask_text(const Ask *ask, const char *name)
{
	return json_string_value(json_object_get(ask->body, name));
}

const json_t *ask_units(const Ask *ask)
{
	return json_object_get(ask->body, "units");
}

/* ---- reading ---- */

static Answer bad_request(const char *sentence)
{
	return answer_problem(400, "Bad request", "%s", sentence);
}

/** 1 to REGISTRY_UNITS_MAX printable texts. */
Answer ask_check_units(const Ask *ask)
{
	const json_t *units = ask_units(ask), *unit;
	size_t i;

	if (!json_is_array(units) || json_array_size(units) < 1 ||
		json_array_size(units) > REGISTRY_UNITS_MAX)
		return answer_problem(400, "Bad request", "\"units\" must be a list of 1 to %d cartridges",
			REGISTRY_UNITS_MAX);
	json_array_foreach (units, i, unit)
		if (!json_is_string(unit) || !text_is_printable(json_string_value(unit), UNIT_MAX))
			return answer_problem(400, "Bad request",
				"cartridge %zu of the list has no name of at most %d bytes", i + 1, UNIT_MAX);
	return (Answer){ 0 };
}

static bool is_label(const char *text)
{
	return text && text_is_printable(text, UNIT_MAX);
}

/** A claim names one unit, which becomes the list of one. */
static Answer check_unit(Ask *ask)
{
	json_t *unit = json_object_get(ask->body, "unit");

	if (!is_label(json_string_value(unit)))
		return bad_request("\"unit\" must name the cartridge");
	if (json_object_get(ask->body, "lot") && !is_label(ask_text(ask, "lot")))
		return bad_request("\"lot\" must be the number of the lot");
	return json_object_set_new(ask->body, "units", json_pack("[O]", unit)) == 0
		       ? (Answer){ 0 }
		       : answer_text(500, "", NULL);
}

static Answer check_fields(Ask *ask)
{
	const json_t *count = json_object_get(ask->body, "count");

	switch (ask->kind) {
	case ASK_HOLD:
		return is_label(ask_text(ask, "lot")) ? ask_check_units(ask)
						      : bad_request("\"lot\" must be the number of the lot");
	case ASK_TOP_UP:
		if (!is_label(ask_text(ask, "lot")))
			return bad_request("\"lot\" must be the number of the lot");
		if (!json_is_integer(count) || json_integer_value(count) < 1 ||
			json_integer_value(count) > 100000)
			return bad_request("\"count\" must be a number of cartridges from 1 to 100000");
		return (Answer){ 0 };
	case ASK_CLAIM:
		return check_unit(ask);
	case ASK_MOVE:
		return ask_text(ask, "to")
			       ? ask_check_units(ask)
			       : bad_request("\"to\" must name the station that gets the cartridges");
	case ASK_BOOT:
		return is_uuid(ask_text(ask, "boot")) && ask_text(ask, "checkpoint")
			       ? (Answer){ 0 }
			       : bad_request(
					 "\"boot\" must be the boot's UUID, and \"checkpoint\" the newest one of the log");
	case ASK_HANDOVER:
		return ask_text(ask, "note") ? (Answer){ 0 }
					     : bad_request("\"note\" must be the hand-over note");
	}
	return bad_request("");
}

static Answer check_body(Ask *ask, const Request *request)
{
	json_error_t flaw;

	if (request->size <= ASK_BODY_MAX)
		ask->body = json_loadb(request->body, request->size, JSON_REJECT_DUPLICATES, &flaw);
	if (!json_is_object(ask->body))
		return answer_problem(400, "Bad request",
			"the body must be an object of JSON of at most %d bytes", ASK_BODY_MAX);
	ask->number = ask_text(ask, "request");
	if (!is_uuid(ask->number))
		return bad_request("\"request\" must be a UUID in lower case");
	return check_fields(ask);
}

Ask *ask_new(AskKind kind, const Request *request, Answer *ret_refusal)
{
	Ask *ask = calloc(1, sizeof *ask);

	if (!ask) {
		*ret_refusal = answer_text(500, "", NULL);
		return NULL;
	}
	ask->kind = kind;
	snprintf(ask->name, sizeof ask->name, "%s", request->name);
	*ret_refusal = request_seen(request, &ask->seen)
			       ? check_body(ask, request)
			       : bad_request("the header Stipple-Registry-Seen must be a number of leaves");
	return ret_refusal->status ? ask_free(ask) : ask;
}

Ask *ask_free(Ask *ask)
{
	if (!ask)
		return NULL;
	answer_clear(&ask->answer);
	json_decref(ask->result);
	json_decref(ask->body);
	free(ask);
	return NULL;
}

/* ---- answering ---- */

static void set_answer(Ask *ask, Answer answer)
{
	answer_clear(&ask->answer);
	ask->answer = answer;
	ask->answered = true;
}

void ask_answer(Ask *ask, unsigned status, json_t *result)
{
	json_decref(ask->result);
	ask->status = status;
	ask->result = result;
}

void ask_refuse(Ask *ask, unsigned status, const char *title, const char *sentence)
{
	ask_answer(ask, status,
		json_pack("{s:s, s:i, s:s}", "title", title, "status", (int)status, "detail", sentence));
}

void ask_fail(Ask *ask, const Error *error)
{
	set_answer(ask, answer_trouble(error));
	ask->kept = true;
}

void ask_finish(Ask *ask, unsigned timeline)
{
	bool problem = json_object_get(ask->result, "title") != NULL;
	char *text = ask->result ? json_dumps(ask->result, JSON_COMPACT) : NULL;

	set_answer(ask,
		answer_text(ask->status, problem ? "application/problem+json" : "application/json", text));
	ask->answer.timeline = timeline;
}

void ask_finish_text(Ask *ask, unsigned status, char *body, unsigned timeline)
{
	set_answer(ask, answer_text(status, "application/json", body));
	ask->answer.timeline = timeline;
}
