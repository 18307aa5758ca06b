/* SPDX-License-Identifier: Apache-2.0 */
#include "core/needle-code.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"

#define GS '\x1d' /* what a scanner sends for FNC1 within a code */

typedef struct Parser {
	const char *code;
	size_t length, at;
	int current_year;
	bool bracketed;
	unsigned seen;        /* bit i: elements[i] */
	char best_before[11]; /* the day of (7003) */
	NeedleCode out;
	char *error;
} Parser;

typedef struct Element Element;

struct Element {
	const char *ai, *name;
	uint8_t min, max; /* characters */
	bool numeric;
	bool predefined; /* its length follows from the identifier: no separator needed */
	int (*take)(Parser *parser, const Element *element, size_t offset, const char *value);
};

static _printf_(3, 4) int fail(Parser *parser, size_t offset, const char *format, ...)
{
	char reason[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	snprintf(parser->error, NEEDLE_CODE_TEXT_MAX,
		"the cartridge's code is wrong at offset %zu: %s: scan it again or take another cartridge",
		offset, reason);
	return -EINVAL;
}

static _printf_(2, 3) void warn(Parser *parser, const char *format, ...)
{
	char *warning = parser->out.warning;
	size_t length = strlen(warning);
	va_list arguments;

	if (length > 0)
		length += (size_t)snprintf(warning + length, NEEDLE_CODE_TEXT_MAX - length, "; ");
	if (length >= NEEDLE_CODE_TEXT_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(warning + length, NEEDLE_CODE_TEXT_MAX - length, format, arguments);
	va_end(arguments);
}

/** GS1 AI encodable character set 82 (General Specifications, figure 7.11-1). */
static bool is_charset_82(char c)
{
	return c != '\0' && isascii((unsigned char)c) &&
	       (isalnum((unsigned char)c) || strchr("!\"%&'()*+,-./:;<=>?_", c));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

static int days_in_month(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/** The year within 49 years back and 50 ahead (General Specifications, section 7.12). */
static int full_year(int two, int current_year)
{
	int century = current_year - current_year % 100, difference = two - current_year % 100;

	if (difference >= 51)
		return century - 100 + two;
	if (difference <= -50)
		return century + 100 + two;
	return century + two;
}

/* ---- the elements --------------------------------------------------------------------------------- */

/** YYMMDD. Day 00 stands for the month's last day where `day_00` allows it. */
static int take_day(
	Parser *parser, const Element *element, size_t offset, const char *value, bool day_00, char ret[11])
{
	int year = full_year(two_digits(value), parser->current_year);
	int month = two_digits(value + 2), day = two_digits(value + 4);

	if (month < 1 || month > 12)
		return fail(parser, offset + 2, "(%s) %s has month %02d", element->ai, element->name, month);
	if (day > days_in_month(year, month) || (day == 0 && !day_00))
		return fail(parser, offset + 4, "(%s) %s has day %02d of month %02d", element->ai,
			element->name, day, month);
	if (day == 0) {
		day = days_in_month(year, month);
		warn(parser, "(%s) %s has day 00, read as the month's last day", element->ai, element->name);
	}
	snprintf(ret, 11, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
		(unsigned)day % 100);
	return 0;
}

/** Modulo 10, weights 3 and 1 from the right (General Specifications, section 7.9). */
static int take_gtin(Parser *parser, const Element *element, size_t offset, const char *value)
{
	int sum = 0, digit;

	for (int i = 0; i < 13; i++)
		sum += (value[i] - '0') * (i % 2 ? 1 : 3);
	digit = (10 - sum % 10) % 10;
	if (value[13] - '0' != digit)
		return fail(parser, offset + 13, "(%s) %s has check digit %c instead of %d", element->ai,
			element->name, value[13], digit);
	snprintf(parser->out.gtin, sizeof parser->out.gtin, "%s", value);
	return 0;
}

static int take_lot(Parser *parser, const Element *element, size_t offset, const char *value)
{
	snprintf(parser->out.lot, sizeof parser->out.lot, "%s", value);
	return 0;
}

static int take_serial(Parser *parser, const Element *element, size_t offset, const char *value)
{
	snprintf(parser->out.serial, sizeof parser->out.serial, "%s", value);
	return 0;
}

static int take_additional(Parser *parser, const Element *element, size_t offset, const char *value)
{
	snprintf(parser->out.additional, sizeof parser->out.additional, "%s", value);
	return 0;
}

static int take_count(Parser *parser, const Element *element, size_t offset, const char *value)
{
	parser->out.count = (uint32_t)strtoul(value, NULL, 10);
	if (parser->out.count == 0)
		return fail(parser, offset, "(%s) %s is 0", element->ai, element->name);
	return 0;
}

static int take_production(Parser *parser, const Element *element, size_t offset, const char *value)
{
	return take_day(parser, element, offset, value, true, parser->out.production);
}

static int take_expiry(Parser *parser, const Element *element, size_t offset, const char *value)
{
	return take_day(parser, element, offset, value, true, parser->out.expiry);
}

static int take_expiry_time(Parser *parser, const Element *element, size_t offset, const char *value)
{
	int hour = two_digits(value + 6), minute = two_digits(value + 8);

	if (hour > 23 || minute > 59)
		return fail(parser, offset + 6, "(%s) %s has time %02d:%02d", element->ai, element->name,
			hour, minute);
	snprintf(parser->out.expiry_time, sizeof parser->out.expiry_time, "%02u:%02u", (unsigned)hour % 100,
		(unsigned)minute % 100);
	return take_day(parser, element, offset, value, false, parser->best_before);
}

static const Element elements[] = {
	{ "01", "GTIN", 14, 14, true, true, take_gtin },
	{ "10", "lot", 1, 20, false, false, take_lot },
	{ "11", "production date", 6, 6, true, true, take_production },
	{ "17", "expiry date", 6, 6, true, true, take_expiry },
	{ "21", "serial", 1, 20, false, false, take_serial },
	{ "30", "count", 1, 8, true, false, take_count },
	{ "240", "additional id", 1, 30, false, false, take_additional },
	{ "7003", "expiry time", 10, 10, true, false, take_expiry_time },
};

/* ---- element strings ------------------------------------------------------------------------------ */

/** Length of "(dd)" to "(dddd)" at `at`; 0: there is none. */
static size_t bracket_length(const Parser *parser, size_t at)
{
	size_t digits = 0;

	if (parser->code[at] != '(')
		return 0;
	while (digits < 4 && is_digit(parser->code[at + 1 + digits]))
		digits++;
	return digits >= 2 && parser->code[at + 1 + digits] == ')' ? digits + 2 : 0;
}

/** Takes the identifier at the cursor. Returns the element's index. */
static int next_element(Parser *parser)
{
	size_t brackets = parser->bracketed ? bracket_length(parser, parser->at) : 0;
	const char *ai = parser->code + parser->at + (brackets > 0);

	if (parser->bracketed && brackets == 0)
		return fail(parser, parser->at, "an identifier in brackets is expected, such as (01)");
	if (!is_digit(ai[0]) || !is_digit(ai[1]))
		return fail(parser, parser->at, "an application identifier is expected, such as 01");
	for (size_t i = 0; i < ELEMENTS(elements); i++) {
		size_t length = strlen(elements[i].ai);

		if (strncmp(ai, elements[i].ai, length) != 0 || (brackets && brackets != length + 2))
			continue;
		if (parser->seen & 1u << i)
			return fail(parser, parser->at, "(%s) %s is there twice", elements[i].ai,
				elements[i].name);
		parser->seen |= 1u << i;
		parser->at += brackets ? brackets : length;
		return (int)i;
	}
	return fail(parser, parser->at, "application identifier (%.*s) is not one of a cartridge",
		brackets ? (int)brackets - 2 : 2, ai);
}

/** Characters of the value at the cursor. */
static size_t value_length(const Parser *parser, const Element *element)
{
	size_t end = parser->at;

	if (parser->bracketed) {
		while (end < parser->length && bracket_length(parser, end) == 0)
			end++;
		return end - parser->at;
	}
	while (end < parser->length && parser->code[end] != GS)
		end++;
	if (element->predefined && end - parser->at > element->max)
		return element->max;
	return end - parser->at;
}

static int check_value(Parser *parser, const Element *element, const char *value, size_t length)
{
	for (size_t i = 0; i < length && i < element->max; i++)
		if (element->numeric ? !is_digit(value[i]) : !is_charset_82(value[i]))
			return fail(parser, parser->at + i, "(%s) %s holds a character that is not %s",
				element->ai, element->name,
				element->numeric ? "a digit" : "in GS1's character set 82");
	if (length >= element->min && length <= element->max)
		return 0;
	if (element->min == element->max)
		return fail(parser, parser->at, "(%s) %s has %zu characters instead of %u", element->ai,
			element->name, length, element->max);
	return fail(parser, parser->at, "(%s) %s has %zu characters: %u to %u are allowed", element->ai,
		element->name, length, element->min, element->max);
}

static int parse_element(Parser *parser)
{
	const Element *element;
	char value[32];
	size_t length;
	int r;

	r = next_element(parser);
	if (r < 0)
		return r;
	element = &elements[r];
	length = value_length(parser, element);
	r = check_value(parser, element, parser->code + parser->at, length);
	if (r < 0)
		return r;
	memcpy(value, parser->code + parser->at, length);
	value[length] = '\0';
	r = element->take(parser, element, parser->at, value);
	if (r < 0)
		return r;
	parser->at += length;
	if (parser->code[parser->at] != GS)
		return 0;
	if (element->predefined || parser->at + 1 == parser->length)
		warn(parser, "a separator at offset %zu is needless", parser->at);
	parser->at++;
	return 0;
}

/** What the elements say together. */
static int finish_gs1(Parser *parser)
{
	NeedleCode *out = &parser->out;

	if (!out->gtin[0])
		return fail(parser, parser->length, "(01) GTIN is missing");
	if (!out->lot[0] && !out->serial[0])
		return fail(parser, parser->length, "(10) lot and (21) serial are both missing");
	if (out->expiry[0] && parser->best_before[0] && strcmp(out->expiry, parser->best_before) != 0)
		return fail(parser, parser->length, "(17) expires on %s, but (7003) on %s", out->expiry,
			parser->best_before);
	if (parser->best_before[0])
		snprintf(out->expiry, sizeof out->expiry, "%s", parser->best_before);
	snprintf(out->format, sizeof out->format, "%s", "gs1");
	out->unique = out->serial[0] != '\0';
	snprintf(out->unit, sizeof out->unit, "(01)%s(%s)%s", out->gtin, out->unique ? "21" : "10",
		out->unique ? out->serial : out->lot);
	return 0;
}

static int parse_gs1(Parser *parser)
{
	int r;

	if (parser->code[parser->at] == GS) {
		warn(parser, "a separator at offset %zu is needless", parser->at);
		parser->at++;
	}
	while (parser->at < parser->length) {
		r = parse_element(parser);
		if (r < 0)
			return r;
	}
	return finish_gs1(parser);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static int parse_plain(Parser *parser)
{
	NeedleCode *out = &parser->out;

	for (size_t i = 0; i < parser->length; i++)
		if (!is_charset_82(parser->code[i]))
			return fail(
				parser, i, "a lot holds a character that is not in GS1's character set 82");
	if (parser->length >= sizeof out->lot)
		return fail(parser, sizeof out->lot - 1, "a lot has %zu characters: 1 to %zu are allowed",
			parser->length, sizeof out->lot - 1);
	snprintf(out->lot, sizeof out->lot, "%s", parser->code);
	snprintf(out->format, sizeof out->format, "%s", "plain");
	snprintf(out->unit, sizeof out->unit, "(10)%s", out->lot);
	return 0;
}

/** Takes a symbology identifier from the front, if there is one (General Specifications, section 5.1). */
static int parse_symbology(Parser *parser)
{
	static const char *const known[] = { "]C1", "]d2", "]Q3", "]e0" };

	if (parser->code[0] != ']')
		return 0;
	for (size_t i = 0; i < ELEMENTS(known); i++) {
		if (strncmp(parser->code, known[i], 3) != 0)
			continue;
		snprintf(parser->out.symbology, sizeof parser->out.symbology, "%s", known[i]);
		parser->at = 3;
		return 0;
	}
	return fail(parser, 0, "the scanner's symbology identifier is none of ]C1, ]d2, ]Q3 and ]e0");
}

/** "01" and fourteen digits at the front, or a separator anywhere: nobody prints a lot like that. */
static bool looks_like_gs1(const char *code)
{
	return strchr(code, GS) || (strncmp(code, "01", 2) == 0 && strspn(code, "0123456789") >= 16);
}

int needle_code_parse(const char *code, int current_year, NeedleCode *ret, char error[NEEDLE_CODE_TEXT_MAX])
{
	Parser parser = {
		.code = code,
		.length = strnlen(code, NEEDLE_CODE_MAX + 1),
		.current_year = current_year,
		.error = error,
	};
	int r;

	if (parser.length == 0)
		return fail(&parser, 0, "it is empty");
	if (parser.length > NEEDLE_CODE_MAX)
		return fail(&parser, NEEDLE_CODE_MAX, "it is longer than %d characters", NEEDLE_CODE_MAX);
	r = parse_symbology(&parser);
	if (r < 0)
		return r;
	parser.bracketed = code[0] == '(';
	if (parser.bracketed || parser.at > 0 || looks_like_gs1(code))
		r = parse_gs1(&parser);
	else
		r = parse_plain(&parser);
	if (r < 0)
		return r;
	*ret = parser.out;
	return 0;
}

static bool is_date_form(const char *date)
{
	for (size_t i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? date[i] != '-' : !is_digit(date[i]))
			return false;
	return date[10] == '\0';
}

int date_end_utc_us(const char *date, int64_t *ret)
{
	int year, month, day;
	struct tm parts;

	if (!date || !is_date_form(date))
		return -EINVAL;
	year = two_digits(date) * 100 + two_digits(date + 2);
	month = two_digits(date + 5);
	day = two_digits(date + 8);
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return -EINVAL;
	parts = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	*ret = (int64_t)timegm(&parts) * USEC_PER_SEC + USEC_PER_DAY - 1;
	return 0;
}
