/* SPDX-License-Identifier: Apache-2.0 */
#include "core/code-private.h"

#include <string.h>

typedef struct Element Element;

typedef struct Gs1 {
	CodeReader *reader;
	bool bracketed;
	unsigned seen;        /* bit i: elements[i] */
	char best_before[11]; /* the day of (7003) */
} Gs1;

/** A value at a place of the code; its text ends with '\0'. */
typedef struct Value {
	const char *field; /* for complaints */
	size_t position;
	char text[NEEDLE_CODE_MAX + 1];
} Value;

struct Element {
	const char *ai, *name;
	uint8_t min, max; /* characters */
	bool numeric;
	void (*take)(Gs1 *gs1, const Value *value);
};

/* ---- the elements of a cartridge ------------------------------------------------------------------ */

/** YYMMDD. Day 00 stands for the month's last day where `day_00` allows it. */
static void take_day(Gs1 *gs1, const Value *value, bool day_00, char ret[11])
{
	int year = code_full_year(code_number(value->text, 2), gs1->reader->year);
	int month = code_number(value->text + 2, 2), day = code_number(value->text + 4, 2);

	if (month < 1 || month > 12) {
		code_error(gs1->reader, value->position + 2, value->field, "has month %02d", month);
		return;
	}
	if (day > code_days_in_month(year, month) || (day == 0 && !day_00)) {
		code_error(gs1->reader, value->position + 4, value->field, "has day %02d of month %02d", day,
			month);
		return;
	}
	if (day == 0) {
		day = code_days_in_month(year, month);
		code_warning(gs1->reader, value->position + 4, value->field,
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

static void take_gtin(Gs1 *gs1, const Value *value)
{
	int digit = code_gtin_check_digit(value->text);

	if (value->text[13] - '0' != digit)
		code_error(gs1->reader, value->position + 13, value->field,
			"has check digit %c instead of %d", value->text[13], digit);
	memcpy(gs1->reader->out->gtin, value->text, sizeof gs1->reader->out->gtin);
}

static void take_lot(Gs1 *gs1, const Value *value)
{
	memcpy(gs1->reader->out->lot, value->text, strlen(value->text) + 1);
}

static void take_serial(Gs1 *gs1, const Value *value)
{
	memcpy(gs1->reader->out->serial, value->text, strlen(value->text) + 1);
}

static void take_additional(Gs1 *gs1, const Value *value)
{
	memcpy(gs1->reader->out->additional, value->text, strlen(value->text) + 1);
}

static void take_count(Gs1 *gs1, const Value *value)
{
	gs1->reader->out->count = (uint32_t)code_number(value->text, strlen(value->text));
	if (gs1->reader->out->count == 0)
		code_error(gs1->reader, value->position, value->field, "is 0");
}

static void take_production(Gs1 *gs1, const Value *value)
{
	take_day(gs1, value, true, gs1->reader->out->production);
}

static void take_expiry(Gs1 *gs1, const Value *value)
{
	take_day(gs1, value, true, gs1->reader->out->expiry);
}

static void take_expiry_time(Gs1 *gs1, const Value *value)
{
	int hour = code_number(value->text + 6, 2), minute = code_number(value->text + 8, 2);

	take_day(gs1, value, false, gs1->best_before);
	if (hour > 23 || minute > 59)
		code_error(
			gs1->reader, value->position + 6, value->field, "has time %02d:%02d", hour, minute);
	else
		snprintf(gs1->reader->out->expiry_time, sizeof gs1->reader->out->expiry_time, "%02u:%02u",
			(unsigned)hour % 100, (unsigned)minute % 100);
}

static const Element elements[] = {
	{ "01", "GTIN", 14, 14, true, take_gtin },
	{ "10", "lot", 1, 20, false, take_lot },
	{ "11", "production date", 6, 6, true, take_production },
	{ "17", "expiry date", 6, 6, true, take_expiry },
	{ "21", "serial", 1, 20, false, take_serial },
	{ "30", "count", 1, 8, true, take_count },
	{ "240", "additional id", 1, 30, false, take_additional },
	{ "7003", "expiry time", 10, 10, true, take_expiry_time },
};

/* ---- classes of identifiers ----------------------------------------------------------------------- */

/**
 * What the first two digits of any application identifier settle: how many digits it has, and how many
 * characters its value has where no separator is needed (General Specifications, figures 3.2-1 and 7.8.5-2).
 */
typedef struct AiClass {
	uint8_t from, to; /* first two digits */
	uint8_t digits;
	uint8_t predefined; /* 0: up to a separator */
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

static const Element *find_element(const char *ai)
{
	for (size_t i = 0; i < ELEMENTS(elements); i++)
		if (strcmp(ai, elements[i].ai) == 0)
			return &elements[i];
	return NULL;
}

/* ---- the string ----------------------------------------------------------------------------------- */

/** Length of "(dd)" to "(dddd)" at `at`; 0: there is none. */
static size_t bracket_length(const CodeReader *reader, size_t at)
{
	const char *text = reader->text + at;
	size_t digits;

	if (text[0] != '(')
		return 0;
	digits = strspn(text + 1, "0123456789");
	return digits >= 2 && digits <= 4 && text[1 + digits] == ')' ? digits + 2 : 0;
}

/** Where the value or the mess at `from` ends: at a separator, at the next bracket, or with the code. */
static size_t value_end(const Gs1 *gs1, size_t from)
{
	const CodeReader *reader = gs1->reader;
	size_t end = from;

	if (gs1->bracketed)
		while (end < reader->length && bracket_length(reader, end) == 0)
			end++;
	else
		while (end < reader->length && reader->text[end] != CODE_GS)
			end++;
	return end;
}

static void check_value(Gs1 *gs1, const Element *element, const Value *value)
{
	size_t length = strlen(value->text), errors = gs1->reader->out->n_errors;

	for (size_t i = 0; i < length && i < element->max; i++) {
		if (element->numeric ? code_is_digit(value->text[i]) : code_is_charset_82(value->text[i]))
			continue;
		code_error(gs1->reader, value->position + i, value->field, "holds a character that is not %s",
			element->numeric ? "a digit" : "in GS1's character set 82");
		break;
	}
	if (element->min == element->max && length != element->max)
		code_error(gs1->reader, value->position, value->field, "has %zu characters instead of %u",
			length, element->max);
	else if (length < element->min || length > element->max)
		code_error(gs1->reader, value->position, value->field,
			"has %zu characters: %u to %u are allowed", length, element->min, element->max);
	if (gs1->reader->out->n_errors == errors && element->take)
		element->take(gs1, value);
}

static void take_element(Gs1 *gs1, const Element *element, size_t start, const Value *value)
{
	unsigned bit = 1u << (element - elements);

	if (gs1->seen & bit)
		code_error(gs1->reader, start, value->field, "is there twice");
	else
		check_value(gs1, element, value);
	gs1->seen |= bit;
}

/** An element that says nothing of a cartridge is kept as it is. */
static void take_other(Gs1 *gs1, const char *ai, const AiClass *class, size_t start, const Value *value)
{
	NeedleCode *out = gs1->reader->out;
	Element shape = { ai, "", class->predefined ? class->predefined : 1,
		class->predefined ? class->predefined : 90, class->predefined > 0, NULL };
	size_t used = strlen(out->others), errors = out->n_errors;
	int length;

	check_value(gs1, &shape, value);
	if (out->n_errors > errors)
		return;
	length = snprintf(out->others + used, sizeof out->others - used, "(%s)%s", ai, value->text);
	if (length < 0 || (size_t)length >= sizeof out->others - used) {
		out->others[used] = '\0';
		code_warning(
			gs1->reader, start, value->field, "is not one of a cartridge, and too much to keep");
		return;
	}
	code_warning(gs1->reader, start, value->field, "is not one of a cartridge");
}

/** A separator after a value. */
static void take_separator(CodeReader *reader, bool needed)
{
	if (reader->at >= reader->length || reader->text[reader->at] != CODE_GS)
		return;
	if (!needed || reader->at + 1 == reader->length)
		code_warning(reader, reader->at, "separator", "is needless");
	reader->at++;
}

/** Where no identifier can be read, the rest up to the next separator or bracket is lost. */
static void skip_mess(Gs1 *gs1, size_t from)
{
	CodeReader *reader = gs1->reader;

	reader->at = value_end(gs1, from);
	if (!gs1->bracketed && reader->at < reader->length)
		reader->at++;
}

/** Copies the identifier at the cursor and moves behind it. NULL, after a complaint: there is none. */
static const AiClass *next_identifier(Gs1 *gs1, char ret_ai[5])
{
	CodeReader *reader = gs1->reader;
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

static void read_element(Gs1 *gs1)
{
	CodeReader *reader = gs1->reader;
	size_t start = reader->at, end;
	const Element *element;
	const AiClass *class;
	char ai[5], field[32];
	Value value;

	class = next_identifier(gs1, ai);
	if (!class)
		return;
	element = find_element(ai);
	snprintf(field, sizeof field, "(%s)%s%s", ai, element ? " " : "", element ? element->name : "");
	end = value_end(gs1, reader->at);
	if (!gs1->bracketed && class->predefined && end - reader->at > class->predefined)
		end = reader->at + class->predefined;
	value.field = field;
	value.position = reader->at;
	memcpy(value.text, reader->text + reader->at, end - reader->at);
	value.text[end - reader->at] = '\0';
	reader->at = end;
	if (element)
		take_element(gs1, element, start, &value);
	else
		take_other(gs1, ai, class, start, &value);
	take_separator(reader, class->predefined == 0);
}

/** What the elements say together. */
static void finish(Gs1 *gs1)
{
	CodeReader *reader = gs1->reader;
	NeedleCode *out = reader->out;

	if (!(gs1->seen & 1))
		code_error(reader, reader->length, "(01) GTIN",
			"is missing: scan the whole code, or type the lot alone, without its (10)");
	if (!(gs1->seen & (1u << 1 | 1u << 4)))
		code_error(reader, reader->length, "(10) lot", "and (21) serial are both missing");
	if (out->expiry[0] && gs1->best_before[0] && strcmp(out->expiry, gs1->best_before) != 0)
		code_error(reader, reader->length, "(17) expiry date", "is %s, but (7003) says %s",
			out->expiry, gs1->best_before);
	else if (gs1->best_before[0])
		memcpy(out->expiry, gs1->best_before, sizeof out->expiry);
}

void code_read_gs1(CodeReader *reader)
{
	Gs1 gs1 = { .reader = reader, .bracketed = reader->text[reader->at] == '(' };

	take_separator(reader, false);
	while (reader->at < reader->length)
		read_element(&gs1);
	finish(&gs1);
}
