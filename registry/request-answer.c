/* SPDX-License-Identifier: Apache-2.0 */

/** Words for what the registry answered. They are shown and decide nothing: what counts is a signed leaf. */

#include "request-answer.h"

#include <string.h>

#include <jansson.h>

#include "plain-text.h"

/** Who has the cartridges that were asked for and not given: "A17 is held by chair-2 and used". */
static void describe_units(const json_t *units, const json_t *given, FILE *out)
{
	unsigned named = 0;
	json_t *row;
	size_t i, k;

	json_array_foreach (units, i, row) {
		const char *unit = json_string_value(json_object_get(row, "unit"));
		const char *holder = json_string_value(json_object_get(row, "held_by"));
		json_t *one;
		bool ours = false;

		json_array_foreach (given, k, one)
			ours = ours ||
			       (unit && json_is_string(one) && strcmp(json_string_value(one), unit) == 0);
		if (!unit || !holder || ours)
			continue;
		if (named == 3) {
			fputs("; and more", out);
			return;
		}
		fprintf(out, "%s%.60s is held by %.60s%s%s", named++ ? "; " : ": ", unit, holder,
			json_object_get(row, "claimed") ? " and was used" : "",
			json_is_true(json_object_get(row, "written_off")) ? " and is written off" : "");
	}
}

static bool describe_answer(const char *what, const json_t *body, FILE *out)
{
	const json_t *given = json_object_get(body, "given"), *units = json_object_get(body, "units");
	const json_t *claimed = json_object_get(body, "claimed");

	if (claimed) {
		fputs(json_is_true(claimed) ? "the cartridge is claimed" : "the cartridge cannot be claimed",
			out);
		if (!json_is_true(claimed))
			describe_units(units, NULL, out);
		return json_is_true(claimed);
	}
	if (json_is_object(given)) {
		fprintf(out, "numbers %lld to %lld are held now",
			(long long)json_integer_value(json_object_get(given, "first")),
			(long long)json_integer_value(json_object_get(given, "last")));
		return true;
	}
	if (json_is_array(given)) {
		fprintf(out, "%zu cartridges were given", json_array_size(given));
		describe_units(units, given, out);
		return json_array_size(given) > 0 || strcmp(what, "hold") == 0;
	}
	if (json_is_null(given)) {
		fputs("no number of this lot is left", out);
		return false;
	}
	fputs("the registry did it", out);
	return true;
}

bool request_answer_read(
	const char *what, const HttpsAnswer *answer, uint64_t *ret_next, char *ret, size_t size)
{
	json_auto_t *body = json_loadb(answer->body, answer->size, 0, NULL);
	const char *detail = json_string_value(json_object_get(body, "detail"));
	const json_t *grant = json_object_get(body, "grant");
	const json_t *seq = json_object_get(grant ? grant : json_object_get(body, "proof"), "seq");
	FILE *out = fmemopen(ret, size, "w");
	bool done = false;

	*ret_next = json_is_integer(seq) && json_integer_value(seq) >= 0
			    ? (uint64_t)json_integer_value(seq) + 1
			    : 0;
	if (!out) {
		snprintf(ret, size, "out of memory");
		return answer->status == 200;
	}
	setvbuf(out, NULL, _IOFBF, size);
	if (detail)
		fprintf(out, "%.*s", (int)size - 2, detail);
	else if (!json_is_object(body))
		fprintf(out, "the server answered with status %u", answer->status);
	else
		done = describe_answer(what, body, out);
	fclose(out);
	ret[size - 1] = '\0';
	plain_text(ret);
	return done && answer->status == 200;
}
