/* SPDX-License-Identifier: Apache-2.0 */

/** Collects what the checks found. It must not judge it. */

#include "doctor.h"

#include <stdarg.h>

#include "util/text.h"

void doctor_say(Doctor *doctor, const char *name, bool good, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(doctor->checks,
		json_pack("{s:s, s:b, s:s}", "name", name, "good", good, "text", text_repair(text)));
	doctor->bad = doctor->bad || !good;
}
