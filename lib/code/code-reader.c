/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Shared by the readers of the code formats: complaints, characters, dates. It knows no format, and reads no
 * clock.
 */

#include "code/code-private.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

void code_complain(CodeReader *reader, CodeSeverity severity, size_t position, const char *field,
	const char *format, ...)
{
	NeedleCode *out = reader->out;
	CodeComplaint *complaint;
	va_list arguments;

	out->n_errors += severity == CODE_ERROR;
	if (out->n_complaints == NEEDLE_COMPLAINTS_MAX)
		return;
	complaint = &out->complaints[out->n_complaints++];
	complaint->severity = severity;
	complaint->position = position;
	snprintf(complaint->field, sizeof complaint->field, "%s", field);
	va_start(arguments, format);
	vsnprintf(complaint->text, sizeof complaint->text, format, arguments);
	va_end(arguments);
	for (char *c = complaint->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void code_missing(CodeReader *reader, size_t position, const char *field, const char *text)
{
	reader->n_missing++;
	code_error(reader, position, field, "%s", text);
}

int code_number(const char *digits, size_t n)
{
	int number = 0;

	for (size_t i = 0; i < n; i++)
		number = number * 10 + digits[i] - '0';
	return number;
}

bool code_is_charset_82(char c)
{
	return c != '\0' && isascii((unsigned char)c) &&
	       (isalnum((unsigned char)c) || strchr("!\"%&'()*+,-./:;<=>?_", c));
}

int code_full_year(int two, int this_year)
{
	int century = this_year - this_year % 100, difference = two - this_year % 100;

	if (difference >= 51)
		return century - 100 + two;
	if (difference <= -50)
		return century + 100 + two;
	return century + two;
}

int code_days_in_month(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

void code_write_date(int year, int month, int day, char ret[11])
{
	snprintf(ret, 11, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
		(unsigned)day % 100);
}
