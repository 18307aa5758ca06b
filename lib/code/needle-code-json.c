/* SPDX-License-Identifier: Apache-2.0 */

/** Converts a code that was read to JSON, for D-Bus and --json. It reads no code and judges nothing. */

#include "code/needle-code.h"

static json_t *complaint_to_json(const CodeComplaint *complaint)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "severity", code_severity_to_string(complaint->severity),
		"field", complaint->field, "position", (json_int_t)complaint->position, "text",
		complaint->text);
}

/** NULL leaves the field out. So does invalid text in a wrong code: its complaint explains that. */
static json_t *text_or_null(const char *text)
{
	return text[0] ? json_string(text) : NULL;
}

json_t *needle_code_to_json(const NeedleCode *code)
{
	json_t *complaints = json_array();
	json_auto_t *fields = json_pack(
		"{s:s, s:b, s:b, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*, s:o}",
		"format", code_format_to_string(code->format), "valid", code->n_errors == 0, "unique",
		code->unique, "symbology", text_or_null(code->symbology), "gtin", text_or_null(code->gtin),
		"labeller", text_or_null(code->labeller), "item", text_or_null(code->item), "product",
		text_or_null(code->product), "lot", text_or_null(code->lot), "serial",
		text_or_null(code->serial), "additional", text_or_null(code->additional), "production",
		text_or_null(code->production), "expiry", text_or_null(code->expiry), "expiry_time",
		text_or_null(code->expiry_time), "others", text_or_null(code->others), "unit",
		text_or_null(code->unit), "count", code->count > 0 ? json_integer(code->count) : NULL,
		"packaging", code->packaging >= 0 ? json_integer(code->packaging) : NULL, "complaints",
		complaints);

	if (!fields)
		return NULL;
	for (size_t i = 0; i < code->n_complaints; i++)
		if (json_array_append_new(complaints, complaint_to_json(&code->complaints[i])) < 0)
			return NULL;
	return TAKE_PTR(fields);
}
