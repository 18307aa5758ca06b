/* SPDX-License-Identifier: Apache-2.0 */

/** Errors with a sentence. */

#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/text.h"

int error_set(Error *error, int code, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return code;
	error->code = code;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	(void)text_repair(error->text); /* a name may have been truncated inside a character */
	return code;
}
