/* SPDX-License-Identifier: Apache-2.0 */

/** Writes arrays as PostgreSQL reads them. It must not leave an element unquoted that could be read
 * otherwise. */

#include "database-array.h"

#include <string.h>

int array_begin(DatabaseArray *ret)
{
	*ret = (DatabaseArray){ 0 };
	ret->stream = open_memstream(&ret->text, &ret->size);
	if (!ret->stream)
		return -ENOMEM;
	putc_unlocked('{', ret->stream);
	return 0;
}

static void begin_element(DatabaseArray *array)
{
	if (array->n++ > 0)
		putc_unlocked(',', array->stream);
}

void array_add_text(DatabaseArray *array, const char *text)
{
	begin_element(array);
	if (!text) {
		fputs("NULL", array->stream);
		return;
	}
	putc_unlocked('"', array->stream);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc_unlocked('\\', array->stream);
		putc_unlocked(*text, array->stream);
	}
	putc_unlocked('"', array->stream);
}

void array_add_number(DatabaseArray *array, long long number)
{
	begin_element(array);
	fprintf(array->stream, "%lld", number);
}

void array_add_bytes(DatabaseArray *array, const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	begin_element(array);
	fputs("\"\\\\x", array->stream);
	for (size_t i = 0; i < size; i++) {
		putc_unlocked(digits[bytes[i] >> 4], array->stream);
		putc_unlocked(digits[bytes[i] & 15], array->stream);
	}
	putc_unlocked('"', array->stream);
}

int array_end(DatabaseArray *array, DatabaseValue *ret)
{
	putc_unlocked('}', array->stream);
	if (fclose(TAKE_PTR(array->stream)) != 0 || !array->text)
		return -ENOMEM;
	*ret = (DatabaseValue){ array->text, 0 };
	return 0;
}

void array_clear(DatabaseArray *array)
{
	if (array->stream)
		fclose(TAKE_PTR(array->stream));
	free(TAKE_PTR(array->text));
}
