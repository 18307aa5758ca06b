/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the code of a label that the clinic prints for one cartridge. What it writes must be read back as
 * the same cartridge by needle_code_read(): otherwise it writes nothing. It draws nothing.
 */

#include "code/needle-label.h"

#include <stdarg.h>
#include <string.h>

#include "code/code-private.h"

/** Appends `format` to `text`; a text that would be too long is found when it is read back. */
static void add_part(char text[NEEDLE_CODE_MAX + 1], const char *format, ...) _printf_(2, 3);

static void add_part(char text[NEEDLE_CODE_MAX + 1], const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, NEEDLE_CODE_MAX + 1 - used, format, arguments);
	va_end(arguments);
}

/** YYMMDD of YYYY-MM-DD. */
static void write_six(const char *date, char ret[7])
{
	snprintf(ret, 7, "%.2s%.2s%.2s", date + 2, date + 5, date + 8);
}

/** A bracket of a value is written with a backslash where people type the code. */
static void add_escaped(char text[NEEDLE_CODE_MAX + 1], const char *value)
{
	for (; *value; value++)
		add_part(text, "%s%c", *value == '(' || *value == ')' ? "\\" : "", *value);
}

static void write_gs1(const NeedleLabel *label, const char *expiry, NeedleLabelCode *ret)
{
	add_part(ret->symbol, "[01]%s[17]%s[10]%s[21]%s", label->product, expiry, label->lot, label->serial);
	add_part(ret->text, "(01)%s(17)%s(10)", label->product, expiry);
	add_escaped(ret->text, label->lot);
	add_part(ret->text, "(21)%s", label->serial);
	ret->is_gs1 = true;
}

/** In one symbol: product and unit of measure, expiry and lot, serial, check character (ANSI/HIBC 2.6). */
static void write_hibc(const NeedleLabel *label, const char *expiry, NeedleLabelCode *ret)
{
	char check;

	add_part(ret->text, "+%s0/$$3%s%s/S%s", label->product + strlen(HIBC_PREFIX), expiry, label->lot,
		label->serial);
	check = code_hibc_check(ret->text, strlen(ret->text));
	add_part(ret->text, "%c", check ? check : '0');
	memcpy(ret->symbol, ret->text, sizeof ret->symbol);
}

static void write_plain(const NeedleLabel *label, NeedleLabelCode *ret)
{
	add_part(ret->text, "(10)%s#%s", label->lot, label->serial);
	memcpy(ret->symbol, ret->text, sizeof ret->symbol);
}

/** The written code must give what it was made of. The expiry is missing from a plain code. */
static int read_back(
	const NeedleLabel *label, const NeedleCodeOptions *options, const char *text, Error *error)
{
	NeedleCode read;
	int r = needle_code_parse(text, options, &read, error);

	if (r < 0)
		return r;
	if (strcmp(read.product, label->product) == 0 && strcmp(read.lot, label->lot) == 0 &&
		strcmp(read.serial, label->serial) == 0 &&
		(read.format == CODE_FORMAT_PLAIN || strcmp(read.expiry, label->expiry) == 0))
		return 0;
	return error_set(error, -EINVAL,
		"lot %.20s of product %.28s, expiring on %.10s, cannot be written as a code: check the record of its receipt",
		label->lot, label->product, label->expiry);
}

int needle_label_write(
	const NeedleLabel *label, const NeedleCodeOptions *options, NeedleLabelCode *ret, Error *error)
{
	NeedleLabelCode code = { 0 };
	char expiry[7] = "";
	int r;

	if (strlen(label->expiry) == 10)
		write_six(label->expiry, expiry);
	if (strncmp(label->product, HIBC_PREFIX, strlen(HIBC_PREFIX)) == 0)
		write_hibc(label, expiry, &code);
	else if (label->product[0])
		write_gs1(label, expiry, &code);
	else
		write_plain(label, &code);
	r = read_back(label, options, code.text, error);
	if (r == 0)
		*ret = code;
	return r;
}
