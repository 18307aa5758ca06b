/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reads fields of a record that is being applied. A missing field, or one of another type, is "" or 0. */

#include "apply/apply.h"

static inline const char *record_text(const AppliedRecord *record, const char *field)
{
	const char *text = json_string_value(json_object_get(record->body, field));

	return text ? text : "";
}

static inline int64_t record_number(const AppliedRecord *record, const char *field)
{
	return json_integer_value(json_object_get(record->body, field));
}
