/* SPDX-License-Identifier: Apache-2.0 */

/** A code that was read, as JSON for D-Bus and for --json. It reads no code and judges nothing. */

#include "code/needle-code.h"

static json_t *complaint_to_json(const CodeComplaint *complaint)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "severity", code_severity_to_string(complaint->severity),
		"field", complaint->field, "position", (json_int_t)complaint->position, "text",
		complaint->text);
}

/** What stands in a wrong code may be no text: that is left out, its complaint says why. */
static int set_texts(json_t *fields, const NeedleCode *code)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "symbology", code->symbology },
		{ "gtin", code->gtin },
		{ "labeller", code->labeller },
		{ "item", code->item },
		{ "product", code->product },
		{ "lot", code->lot },
		{ "serial", code->serial },
		{ "additional", code->additional },
		{ "production", code->production },
		{ "expiry", code->expiry },
		{ "expiry_time", code->expiry_time },
		{ "others", code->others },
		{ "unit", code->unit },
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		json_t *text = texts[i].value[0] ? json_string(texts[i].value) : NULL;

		if (text && json_object_set_new(fields, texts[i].name, text) < 0)
			r = -ENOMEM;
	}
	return r;
}

json_t *needle_code_to_json(const NeedleCode *code)
{
	json_auto_t *fields = json_pack("{s:s, s:b, s:b}", "format", code_format_to_string(code->format),
		"valid", code->n_errors == 0, "unique", code->unique);
	json_t *complaints;

	if (!fields || set_texts(fields, code) < 0)
		return NULL;
	if (code->count > 0 && json_object_set_new(fields, "count", json_integer(code->count)) < 0)
		return NULL;
	if (code->packaging >= 0 &&
		json_object_set_new(fields, "packaging", json_integer(code->packaging)) < 0)
		return NULL;
	complaints = json_array();
	if (json_object_set_new(fields, "complaints", complaints) < 0)
		return NULL;
	for (size_t i = 0; i < code->n_complaints; i++)
		if (json_array_append_new(complaints, complaint_to_json(&code->complaints[i])) < 0)
			return NULL;
	return TAKE_PTR(fields);
}
