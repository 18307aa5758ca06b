/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads GS1 element strings: what a scanner sends, with separators, and what people type, with identifiers in
 * brackets. Also reads the elements of Digital Links. It decides nothing about a cartridge beyond what its
 * code says.
 */

#include "code/code-private.h"

#include <stddef.h>
#include <string.h>

typedef struct Element Element;

typedef struct Gs1 {
	CodeElements elements;
	bool bracketed;
} Gs1;

struct Element {
	const char *ai, *name;
	uint8_t min, max; /* characters */
	bool numeric;
	void (*take)(CodeElements *elements, const char *field, const CodeValue *value); /* NULL: `offset` */
	size_t offset; /* of the member of NeedleCode that keeps the text unchanged */
};

/* ---- the elements of a cartridge ------------------------------------------------------------------ */

/** YYMMDD. Day 00 stands for the month's last day where `day_00` allows it. */
static void take_day(
	CodeElements *elements, const char *field, const CodeValue *value, bool day_00, char ret[11])
{
	CodeReader *reader = elements->reader;
	int year = code_full_year(code_number(value->text, 2), reader->year);
	int month = code_number(value->text + 2, 2), day = code_number(value->text + 4, 2);

	if (month < 1 || month > 12) {
		code_error(reader, value->place[2], field, "has month %02d", month);
		return;
	}
	if (day > code_days_in_month(year, month) || (day == 0 && !day_00)) {
		code_error(reader, value->place[4], field, "has day %02d of month %02d", day, month);
		return;
	}
	if (day == 0) {
		day = code_days_in_month(year, month);
		code_warning(reader, value->place[4], field,
			"has day 00, read as the month's last day; healthcare items may not have it");
	}
	code_write_date(year, month, day, ret);
}

int code_gtin_check_digit(const char *digits)
{
	int sum = 0;

	for (int i = 0; i < 13; i++)
		sum += (digits[i] - '0') * (i % 2 ? 1 : 3);
	return (10 - sum % 10) % 10;
}

static void take_gtin(CodeElements *elements, const char *field, const CodeValue *value)
{
	int digit = code_gtin_check_digit(value->text);

	if (value->text[13] - '0' != digit)
		code_error(elements->reader, value->place[13], field, "has check digit %c instead of %d",
			value->text[13], digit);
	memcpy(elements->reader->out->gtin, value->text, sizeof elements->reader->out->gtin);
}

static void take_count(CodeElements *elements, const char *field, const CodeValue *value)
{
	elements->reader->out->count = (uint32_t)code_number(value->text, value->length);
	if (elements->reader->out->count == 0)
		code_error(elements->reader, value->place[0], field, "is 0");
}

static void take_production(CodeElements *elements, const char *field, const CodeValue *value)
{
	take_day(elements, field, value, true, elements->reader->out->production);
}

static void take_expiry(CodeElements *elements, const char *field, const CodeValue *value)
{
	take_day(elements, field, value, true, elements->reader->out->expiry);
}

static void take_expiry_time(CodeElements *elements, const char *field, const CodeValue *value)
{
	NeedleCode *out = elements->reader->out;
	int hour = code_number(value->text + 6, 2), minute = code_number(value->text + 8, 2);

	take_day(elements, field, value, false, elements->best_before);
	if (hour > 23 || minute > 59)
		code_error(elements->reader, value->place[6], field, "has time %02d:%02d", hour, minute);
	else
		snprintf(out->expiry_time, sizeof out->expiry_time, "%02u:%02u", (unsigned)hour % 100,
			(unsigned)minute % 100);
}

static const Element cartridge_elements[] = {
	{ "01", "GTIN", 14, 14, true, take_gtin },
	{ "10", "lot", 1, 20, false, NULL, offsetof(NeedleCode, lot) },
	{ "11", "production date", 6, 6, true, take_production },
	{ "17", "expiry date", 6, 6, true, take_expiry },
	{ "21", "serial", 1, 20, false, NULL, offsetof(NeedleCode, serial) },
	{ "30", "count", 1, 8, true, take_count },
	{ "240", "additional id", 1, 30, false, NULL, offsetof(NeedleCode, additional) },
	{ "7003", "expiry time", 10, 10, true, take_expiry_time },
};
_Static_assert(ELEMENTS(cartridge_elements) <= CODE_ELEMENTS_MAX, "each has its place in CodeElements");

/** Identifiers of containers of cartridges, or of things that are not cartridges at all. */
static const struct {
	const char *ai, *what;
} others_than_cartridges[] = {
	{ "00", "is that of a carton or pallet: scan the code of the cartridge itself" },
	{ "02", "is the content of a carton or pallet: scan the code of the cartridge itself" },
	{ "37", "is the count of a carton or pallet: scan the code of the cartridge itself" },
};

/**
 * Identifiers that make an item unique besides (21): alone they would leave a unit that looks like the whole
 * lot.
 */
static const char *const further_serials[] = { "235", "250", "251", "254", "8006", "8026" };

/* ---- classes of identifiers ----------------------------------------------------------------------- */

/**
 * What the first two digits of any application identifier determine: how many digits it has, and how long its
 * value is if it needs no separator (General Specifications, figures 3.2-1 and 7.8.5-2).
 */
typedef struct AiClass {
	uint8_t from, to; /* first two digits */
	uint8_t digits;
	uint8_t predefined; /* 0: ends at a separator */
} AiClass;

static const AiClass classes[] = {
	{ 0, 0, 2, 18 },
	{ 1, 3, 2, 14 },
	{ 4, 4, 2, 16 },
	{ 10, 10, 2, 0 },
	{ 11, 19, 2, 6 },
	{ 20, 20, 2, 2 },
	{ 21, 22, 2, 0 },
	{ 23, 25, 3, 0 },
	{ 30, 30, 2, 0 },
	{ 31, 36, 4, 6 },
	{ 37, 37, 2, 0 },
	{ 39, 39, 4, 0 },
	{ 40, 40, 3, 0 },
	{ 41, 41, 3, 13 },
	{ 42, 42, 3, 0 },
	{ 43, 43, 4, 0 },
	{ 70, 70, 4, 0 },
	{ 71, 71, 3, 0 },
	{ 72, 72, 4, 0 },
	{ 80, 82, 4, 0 },
	{ 90, 99, 2, 0 },
};

static const AiClass *find_class(const char *ai)
{
	int first = code_is_digit(ai[0]) && code_is_digit(ai[1]) ? code_number(ai, 2) : -1;

	for (size_t i = 0; i < ELEMENTS(classes); i++)
		if (first >= classes[i].from && first <= classes[i].to &&
			strspn(ai, "0123456789") >= classes[i].digits)
			return &classes[i];
	return NULL;
}

size_t code_identifier_digits(const char *ai)
{
	const AiClass *class = find_class(ai);

	return class ? class->digits : 0;
}

static const Element *find_element(const char *ai)
{
	for (size_t i = 0; i < ELEMENTS(cartridge_elements); i++)
		if (strcmp(ai, cartridge_elements[i].ai) == 0)
			return &cartridge_elements[i];
	return NULL;
}

/* ---- elements ------------------------------------------------------------------------------------- */

/** Whether the value has the characters and the length that `element` needs. Complains if not. */
static bool value_fits(
	CodeElements *elements, const Element *element, const char *field, const CodeValue *value)
{
	CodeReader *reader = elements->reader;
	size_t errors = reader->out->n_errors;

	for (size_t i = 0; i < value->length && i < element->max; i++) {
		if (element->numeric ? code_is_digit(value->text[i]) : code_is_charset_82(value->text[i]))
			continue;
		code_error(reader, value->place[i], field, "holds a character that is not %s",
			element->numeric ? "a digit" : "in GS1's character set 82");
		break;
	}
	if (element->min == element->max && value->length != element->max)
		code_error(reader, value->place[0], field, "has %zu characters instead of %u", value->length,
			element->max);
	else if (value->length < element->min || value->length > element->max)
		code_error(reader, value->place[0], field, "has %zu characters: %u to %u are allowed",
			value->length, element->min, element->max);
	return reader->out->n_errors == errors;
}

/** A value may be repeated, by a second symbol or a careless printer; two different values are an error. */
static void take_known_identifier(CodeElements *elements, const Element *element, const char *field,
	size_t start, const CodeValue *value)
{
	size_t i = (size_t)(element - cartridge_elements),
	       length = strnlen(value->text, CODE_ELEMENT_TEXT - 1);

	if (elements->seen & 1u << i) {
		if (strcmp(elements->kept[i], value->text) != 0)
			code_error(elements->reader, start, field, "is there twice, and not the same");
		return;
	}
	elements->seen |= 1u << i;
	memcpy(elements->kept[i], value->text, length);
	if (!value_fits(elements, element, field, value))
		return;
	if (element->take)
		element->take(elements, field, value);
	else
		memcpy((char *)elements->reader->out + element->offset, value->text, value->length + 1);
}

/** Keeps an element that does not describe a cartridge, as it is. */
static void take_other(
	CodeElements *elements, const char *ai, const char *field, size_t start, const CodeValue *value)
{
	CodeReader *reader = elements->reader;
	NeedleCode *out = reader->out;
	const AiClass *class = find_class(ai);
	size_t fixed = class ? class->predefined : 0, used = strlen(out->others);
	Element shape = { ai, "", (uint8_t)(fixed ? fixed : 1), (uint8_t)(fixed ? fixed : 90), fixed > 0,
		NULL };
	char whole[NEEDLE_CODE_MAX + 8], again[8];
	const char *before;

	if (!value_fits(elements, &shape, field, value))
		return;
	snprintf(whole, sizeof whole, "(%.4s)%s", ai, value->text);
	snprintf(again, sizeof again, "(%.4s)", ai);
	before = strstr(out->others, again);
	if (before && strncmp(before, whole, strlen(whole)) == 0 &&
		(before[strlen(whole)] == '(' || before[strlen(whole)] == '\0'))
		return;
	if (before) {
		code_error(reader, start, field, "is there twice, and not the same");
		return;
	}
	if (used + strlen(whole) >= sizeof out->others) {
		code_warning(reader, start, field, "is not one of a cartridge, and too much to keep");
		return;
	}
	memcpy(out->others + used, whole, strlen(whole) + 1);
	code_warning(reader, start, field, "is not one of a cartridge");
}

static const char *why_no_cartridge(const char *ai)
{
	for (size_t i = 0; i < ELEMENTS(others_than_cartridges); i++)
		if (strcmp(ai, others_than_cartridges[i].ai) == 0)
			return others_than_cartridges[i].what;
	return NULL;
}

void code_take_element(CodeElements *elements, const char *ai, size_t start, const CodeValue *value)
{
	const Element *element = find_element(ai);
	const char *why = why_no_cartridge(ai);
	char field[32];

	snprintf(field, sizeof field, "(%.4s)%s%s", ai, element ? " " : "", element ? element->name : "");
	if (why) {
		code_error(elements->reader, start, field, "%s", why);
		elements->incomplete = true;
		return;
	}
	for (size_t i = 0; i < ELEMENTS(further_serials); i++)
		if (strcmp(ai, further_serials[i]) == 0)
			memcpy(elements->other_serial, ai, strlen(ai) + 1);
	if (element)
		take_known_identifier(elements, element, field, start, value);
	else
		take_other(elements, ai, field, start, value);
}

void code_finish_elements(CodeElements *elements)
{
	CodeReader *reader = elements->reader;
	NeedleCode *out = reader->out;
	bool serial = elements->seen & 1u << 4;
	char field[16];

	if (!(elements->seen & 1) && !elements->incomplete)
		code_missing(reader, reader->length, "(01) GTIN",
			"is missing: scan the label's other code next, or type the lot alone");
	if (!serial && !(elements->seen & 1u << 1) && !elements->incomplete)
		code_missing(reader, reader->length, "(10) lot",
			"and (21) serial are both missing: scan the label's other code next");
	snprintf(field, sizeof field, "(%s)", elements->other_serial);
	if (!serial && elements->other_serial[0] && !elements->incomplete)
		code_error(reader, reader->length, field,
			"is a serial beside (21), which is missing: scan the whole code");
	if (out->expiry[0] && elements->best_before[0] && strcmp(out->expiry, elements->best_before) != 0)
		code_error(reader, reader->length, "(17) expiry date", "is %s, but (7003) says %s",
			out->expiry, elements->best_before);
	else if (elements->best_before[0])
		memcpy(out->expiry, elements->best_before, sizeof out->expiry);
}

/* ---- the string ----------------------------------------------------------------------------------- */

/** Length of "(dd)" to "(dddd)" at `at`; 0 when there is none. */
static size_t bracket_length(const CodeReader *reader, size_t at)
{
	const char *text = reader->text + at;
	size_t digits;

	if (text[0] != '(')
		return 0;
	digits = strspn(text + 1, "0123456789");
	return digits >= 2 && digits <= 4 && text[1 + digits] == ')' ? digits + 2 : 0;
}

/** Whether the bracket belongs to the value itself, in the way people write it. */
static bool is_escaped(const CodeReader *reader, size_t at)
{
	return reader->text[at] == '\\' && (reader->text[at + 1] == '(' || reader->text[at + 1] == ')');
}

/**
 * The end of the value or unreadable text at `from`: a separator, the next bracket or symbol, or the end of
 * the code.
 */
static size_t value_end(const Gs1 *gs1, size_t from)
{
	const CodeReader *reader = gs1->elements.reader;
	size_t end = from;

	if (gs1->bracketed)
		while (end < reader->length && bracket_length(reader, end) == 0)
			end += is_escaped(reader, end) ? 2 : 1;
	else
		while (end < reader->length && reader->text[end] != CODE_GS &&
			!code_is_gs1_symbol(reader->text + end))
			end++;
	return end;
}

/**
 * Takes a separator after a value, or the start of the label's second symbol. `needed`: the preceding value
 * has no fixed length.
 */
static void take_separator(CodeReader *reader, bool needed)
{
	if (reader->at > 3 && code_is_gs1_symbol(reader->text + reader->at)) {
		reader->at += 3;
		return;
	}
	if (reader->at >= reader->length || reader->text[reader->at] != CODE_GS)
		return;
	if (!needed || reader->at + 1 == reader->length)
		code_warning(reader, reader->at, "separator", "is needless");
	reader->at++;
	if (code_is_gs1_symbol(reader->text + reader->at))
		reader->at += 3;
}

/** Without a readable identifier, skips to the next separator or bracket. */
static void skip_mess(Gs1 *gs1, size_t from)
{
	CodeReader *reader = gs1->elements.reader;

	reader->at = value_end(gs1, from);
	if (!gs1->bracketed && reader->at < reader->length)
		reader->at++;
}

/** Copies the identifier at the cursor and moves past it. NULL, after a complaint, when there is none. */
static const AiClass *next_identifier(Gs1 *gs1, char ret_ai[5])
{
	CodeReader *reader = gs1->elements.reader;
	size_t brackets = gs1->bracketed ? bracket_length(reader, reader->at) : 0;
	const char *ai = reader->text + reader->at + (brackets > 0);
	const AiClass *class = find_class(ai);

	if (gs1->bracketed && brackets == 0) {
		code_error(reader, reader->at, "identifier", "in brackets is expected, such as (01)");
		skip_mess(gs1, reader->at + 1);
		return NULL;
	}
	if (!code_is_digit(ai[0]) || !code_is_digit(ai[1])) {
		code_error(reader, reader->at, "application identifier", "is expected, such as 01");
		skip_mess(gs1, reader->at);
		return NULL;
	}
	if (!class || (brackets && brackets != (size_t)class->digits + 2)) {
		code_error(reader, reader->at, "application identifier", "(%.*s) is not one of GS1's",
			brackets ? (int)brackets - 2 : 2, ai);
		skip_mess(gs1, reader->at + (brackets ? brackets : 2));
		return NULL;
	}
	memcpy(ret_ai, ai, class->digits);
	ret_ai[class->digits] = '\0';
	reader->at += brackets ? brackets : class->digits;
	return class;
}

/**
 * Reads the value from the cursor to `end`. A bracket in a typed value is taken for a typing error that would
 * make it a different cartridge, unless it is escaped. False after a complaint.
 */
static bool read_gs1_value(Gs1 *gs1, size_t end, CodeValue *ret)
{
	CodeReader *reader = gs1->elements.reader;
	bool right = true;
	int opened = 0; /* open brackets that belong to the value */

	ret->length = 0;
	for (size_t at = reader->at; at < end; at++) {
		bool escaped = gs1->bracketed && is_escaped(reader, at);
		char c = reader->text[at + escaped];

		opened += escaped && c == '(';
		if (gs1->bracketed && !escaped && (c == '(' || (c == ')' && opened-- == 0))) {
			code_error(reader, at, "bracket",
				"'%c' belongs to no identifier: write (10), or \\%c for a bracket of the value",
				c, c);
			right = false;
			break;
		}
		ret->place[ret->length] = (uint16_t)at;
		ret->text[ret->length++] = c;
		at += escaped;
	}
	ret->place[ret->length] = (uint16_t)end;
	ret->text[ret->length] = '\0';
	reader->at = end;
	return right;
}

static void read_element(Gs1 *gs1)
{
	CodeReader *reader = gs1->elements.reader;
	size_t start = reader->at, end;
	const AiClass *class;
	CodeValue value;
	char ai[5];

	class = next_identifier(gs1, ai);
	if (!class)
		return;
	end = value_end(gs1, reader->at);
	if (!gs1->bracketed && class->predefined && end - reader->at > class->predefined)
		end = reader->at + class->predefined;
	if (read_gs1_value(gs1, end, &value))
		code_take_element(&gs1->elements, ai, start, &value);
	else
		gs1->elements.incomplete = true;
	take_separator(reader, class->predefined == 0);
}

void code_read_gs1(CodeReader *reader)
{
	Gs1 gs1 = { .elements.reader = reader, .bracketed = reader->text[reader->at] == '(' };

	take_separator(reader, false);
	while (reader->at < reader->length)
		read_element(&gs1);
	code_finish_elements(&gs1.elements);
}
