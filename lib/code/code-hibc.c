/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads HIBC codes (ANSI/HIBC 2.6): product, lot, serial, dates and quantity, from one symbol or from two. It
 * reports each error with its position. It reads no clock: the year is passed in. It does not decide whether
 * the cartridge may be used.
 */

#include "code/code-private.h"

#include <string.h>

/*
 * Product and lot come in one of two ways: in one symbol with '/' between them, or in two symbols scanned one
 * after the other, where the second contains the check character of the first.
 */

enum { LABELLER_CHARACTERS = 4, ITEM_MAX = 18, LOT_MAX = 18, QUANTITY_MAX = 5 };

#define CHECK_FIELD "check character"
#define TOO_LITTLE  "has %zu characters instead of %zu"
#define TWO_VALUES  "is there twice, and not the same"

static bool is_alphanumeric(char c)
{
	return code_is_digit(c) || (c >= 'A' && c <= 'Z');
}

/** Characters in the order of their values. */
static const char values[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/** -1 when it is not a HIBC character. */
static int character_value(char c)
{
	const char *found = c ? strchr(values, c) : NULL;

	return found ? (int)(found - values) : -1;
}

char code_hibc_check(const char *text, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (character_value(text[i]) < 0)
			return '\0';
		sum += character_value(text[i]);
	}
	return values[sum % 43];
}

/** Checks that the character at `end` is the check character of the symbol from `start`. */
static void verify_check_character(CodeReader *reader, size_t start, size_t end)
{
	char expected = code_hibc_check(reader->text + start, end - start);
	size_t bad = start;

	if (expected == '\0') {
		while (character_value(reader->text[bad]) >= 0)
			bad++;
		code_error(reader, bad, "code", "holds a character that HIBC does not have");
	} else if (reader->text[end] != expected) {
		code_error(reader, end, CHECK_FIELD, "is '%c' instead of '%c'", reader->text[end], expected);
	}
}

/* ---- dates ---------------------------------------------------------------------------------------- */

typedef struct DateParts {
	int century, year, month, day, day_of_year, hour;
	size_t month_at, day_at, hour_at;
} DateParts;

/**
 * Reads digits by a pattern of C, Y, M, D, H (two digits each) and J (three). False when they are not there.
 */
static bool take_parts(CodeReader *reader, const char *pattern, size_t end, const char *field, DateParts *ret)
{
	size_t length = strlen(pattern);
	const char *digits = reader->text + reader->at;

	*ret = (DateParts){ .century = -1, .month = -1, .day = -1, .day_of_year = -1, .hour = -1 };
	if (reader->at + length > end) {
		code_error(reader, reader->at, field, TOO_LITTLE, end - reader->at, length);
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (code_is_digit(digits[i]))
			continue;
		code_error(reader, reader->at + i, field, "holds a character that is not a digit");
		return false;
	}
	for (size_t i = 0; i < length; i += pattern[i] == 'J' ? 3 : 2) {
		if (pattern[i] == 'C')
			ret->century = code_number(digits + i, 2);
		else if (pattern[i] == 'Y')
			ret->year = code_number(digits + i, 2);
		else if (pattern[i] == 'M')
			ret->month = code_number(digits + i, 2), ret->month_at = reader->at + i;
		else if (pattern[i] == 'D')
			ret->day = code_number(digits + i, 2), ret->day_at = reader->at + i;
		else if (pattern[i] == 'J')
			ret->day_of_year = code_number(digits + i, 3), ret->day_at = reader->at + i;
		else
			ret->hour = code_number(digits + i, 2), ret->hour_at = reader->at + i;
	}
	return true;
}

/** Converts the day of the year to month and day. False when there is no such day. */
static bool split_day_of_year(int year, DateParts *parts)
{
	int day = parts->day_of_year;

	for (parts->month = 1; parts->month <= 12; parts->month++) {
		if (day <= code_days_in_month(year, parts->month))
			break;
		day -= code_days_in_month(year, parts->month);
	}
	parts->day = day;
	return day >= 1 && parts->month <= 12;
}

/** A month without a day means its last day. */
static void settle_date(CodeReader *reader, const char *field, DateParts *parts, char ret[11])
{
	int year = parts->century < 0 ? code_full_year(parts->year, reader->year)
				      : parts->century * 100 + parts->year;

	if (parts->day_of_year >= 0 && !split_day_of_year(year, parts)) {
		code_error(reader, parts->day_at, field, "has day %03d of year %d", parts->day_of_year, year);
		return;
	}
	if (parts->month < 1 || parts->month > 12) {
		code_error(reader, parts->month_at, field, "has month %02d", parts->month);
		return;
	}
	if (parts->day < 0)
		parts->day = code_days_in_month(year, parts->month);
	if (parts->day < 1 || parts->day > code_days_in_month(year, parts->month)) {
		code_error(
			reader, parts->day_at, field, "has day %02d of month %02d", parts->day, parts->month);
		return;
	}
	code_write_date(year, parts->month, parts->day, ret);
}

/** Reads a date at the cursor and moves past it. Without the date, the position of the rest is unknown. */
static bool take_date(CodeReader *reader, const char *pattern, size_t end, const char *field, char ret[11])
{
	NeedleCode *out = reader->out;
	char date[11] = "", hour[6] = "";
	DateParts parts;

	if (!take_parts(reader, pattern, end, field, &parts))
		return false;
	settle_date(reader, field, &parts, date);
	if (parts.hour > 23)
		code_error(reader, parts.hour_at, field, "has hour %02d", parts.hour);
	else if (parts.hour >= 0)
		snprintf(hour, sizeof hour, "%02u:00", (unsigned)parts.hour % 100);
	if ((ret[0] && date[0] && strcmp(ret, date) != 0) ||
		(hour[0] && out->expiry_time[0] && strcmp(out->expiry_time, hour) != 0))
		code_error(reader, reader->at, field, TWO_VALUES);
	else if (date[0])
		memcpy(ret, date, sizeof date);
	if (hour[0])
		memcpy(out->expiry_time, hour, sizeof hour);
	reader->at += strlen(pattern);
	return true;
}

/* ---- product -------------------------------------------------------------------------------------- */

/** Labeller, product number and unit of measure from the cursor to `end`. */
static void take_product(CodeReader *reader, size_t end)
{
	const char *text = reader->text + reader->at;
	size_t length = end - reader->at, item;
	NeedleCode *out = reader->out;

	if (length < LABELLER_CHARACTERS + 2) {
		code_error(reader, reader->at, "product",
			"has %zu characters: 4 of labeller, 1 to 18 of product number and 1 of unit of measure are needed",
			length);
		return;
	}
	item = length - LABELLER_CHARACTERS - 1;
	if (item > ITEM_MAX)
		code_error(reader, reader->at + LABELLER_CHARACTERS, "product number",
			"has %zu characters: 1 to %d are allowed", item, ITEM_MAX);
	if (!code_is_digit(text[length - 1]))
		code_error(reader, end - 1, "unit of measure", "is '%c', not a digit", text[length - 1]);
	if (item > ITEM_MAX || !code_is_digit(text[length - 1]))
		return;
	memcpy(out->labeller, text, LABELLER_CHARACTERS);
	memcpy(out->item, text + LABELLER_CHARACTERS, item);
	out->packaging = text[length - 1] - '0';
}

/* ---- lot, serial, dates, quantity ----------------------------------------------------------------- */

/**
 * Reads the rest up to `end` as lot or serial into `size` bytes at `ret`; it may be empty if `may_be_empty`.
 */
static void take_name(
	CodeReader *reader, size_t end, const char *field, bool may_be_empty, char *ret, size_t size)
{
	const char *text = reader->text + reader->at;
	size_t length = end - reader->at, errors = reader->out->n_errors;

	if (length > LOT_MAX || (length == 0 && !may_be_empty))
		code_error(reader, reader->at, field, "has %zu characters: 1 to %d are allowed", length,
			LOT_MAX);
	for (size_t i = 0; i < length && i < LOT_MAX; i++) {
		if (is_alphanumeric(text[i]))
			continue;
		code_complain(reader, text[i] == '-' || text[i] == '.' ? CODE_WARNING : CODE_ERROR,
			reader->at + i, field, "holds a character that is neither a capital nor a digit");
		break;
	}
	if (ret[0] && length > 0 && (strlen(ret) != length || strncmp(ret, text, length) != 0))
		code_error(reader, reader->at, field, TWO_VALUES);
	if (reader->out->n_errors == errors && length < size)
		memcpy(ret, text, length);
	reader->at = end;
}

static bool take_quantity(CodeReader *reader, size_t end, size_t least, size_t most)
{
	size_t length = strspn(reader->text + reader->at, "0123456789");
	uint32_t count;

	if (length > end - reader->at)
		length = end - reader->at;
	if (length > most)
		length = most;
	if (length < least) {
		code_error(reader, reader->at, "quantity", TOO_LITTLE, length, least);
		return false;
	}
	count = (uint32_t)code_number(reader->text + reader->at, length);
	if (count == 0)
		code_error(reader, reader->at, "quantity", "is 0");
	else if (reader->out->count != 0 && reader->out->count != count)
		code_error(reader, reader->at, "quantity", TWO_VALUES);
	reader->out->count = count;
	reader->at += length;
	return true;
}

/** After "$$": reads quantity and date. False when the following text cannot be interpreted. */
static bool take_quantity_and_date(CodeReader *reader, size_t end, bool serial)
{
	/* by the first digit: a flag before the date, except that 0 and 1 begin the month itself */
	static const char *const patterns[] = { "MMYY", "MMYY", "MMDDYY", "YYMMDD", "YYMMDDHH", "YYJJJ",
		"YYJJJHH", "" };
	char flag = reader->text[reader->at];

	if (!serial && reader->at < end && (flag == '8' || flag == '9')) {
		reader->at++;
		if (!take_quantity(
			    reader, end, flag == '8' ? 2 : QUANTITY_MAX, flag == '8' ? 2 : QUANTITY_MAX))
			return false;
		if (reader->at == end)
			return true;
		flag = reader->text[reader->at];
	}
	if (reader->at >= end || flag < '0' || flag > '7') {
		code_error(reader, reader->at, "date flag", "is not one of 0 to 7");
		return false;
	}
	if (flag > '1')
		reader->at++;
	if (flag == '7')
		return true;
	return take_date(reader, patterns[flag - '0'], end, "expiry date", reader->out->expiry);
}

/** Reads secondary data from the cursor to `end`: the characters before the lot tell what it is. */
static void take_secondary(CodeReader *reader, size_t end)
{
	NeedleCode *out = reader->out;
	bool dollar = reader->text[reader->at] == '$', twice, serial, placed;

	reader->at += dollar;
	twice = dollar && reader->text[reader->at] == '$';
	reader->at += twice;
	serial = dollar && reader->text[reader->at] == '+';
	reader->at += serial;
	if (reader->at > end) {
		code_error(reader, end, "lot", "is missing");
		return;
	}
	if (twice)
		placed = take_quantity_and_date(reader, end, serial);
	else
		placed = dollar || take_date(reader, "YYJJJ", end, "expiry date", out->expiry);
	if (!placed)
		return;
	if (serial)
		take_name(reader, end, "serial", false, out->serial, sizeof out->serial);
	else
		take_name(reader, end, "lot", !dollar || twice, out->lot, sizeof out->lot);
}

static void keep_other(CodeReader *reader, size_t end)
{
	NeedleCode *out = reader->out;
	size_t used = strlen(out->others), length = end - reader->at;

	code_warning(reader, reader->at, "data identifier", "is not one of a cartridge");
	if (used + length + 2 <= sizeof out->others && code_hibc_check(reader->text + reader->at, length))
		snprintf(out->others + used, sizeof out->others - used, "/%.*s", (int)length,
			reader->text + reader->at);
}

/** Whether this is a data identifier of a serial other than "S" alone: up to three digits and 'S'. */
static bool is_further_serial(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits >= 1 && digits <= 3 && text[digits] == 'S';
}

/** Reads what may follow after further '/': lot or serial again, serial, dates with century, quantity. */
static void take_supplement(CodeReader *reader, size_t end)
{
	const char *text = reader->text + reader->at;
	NeedleCode *out = reader->out;
	size_t length = end - reader->at;

	if (length == 0) {
		code_error(reader, reader->at, "data identifier", "is missing after '/'");
	} else if (length >= 3 && (strncmp(text, "14D", 3) == 0 || strncmp(text, "16D", 3) == 0)) {
		bool expiry = text[1] == '4';

		reader->at += 3;
		if (take_date(reader, "CCYYMMDD", end, expiry ? "expiry date" : "production date",
			    expiry ? out->expiry : out->production) &&
			reader->at < end)
			code_error(reader, reader->at, expiry ? "expiry date" : "production date",
				"has more than 8 digits");
	} else if (text[0] == '$') {
		take_secondary(reader, end);
	} else if (is_further_serial(text)) {
		code_error(reader, reader->at, "serial",
			"has an identifier that is not read: scan the code with an S or $+ before its serial");
	} else if (text[0] == 'S') {
		reader->at++;
		take_name(reader, end, "serial", false, out->serial, sizeof out->serial);
	} else if (text[0] == 'Q') {
		reader->at++;
		if (take_quantity(reader, end, 1, QUANTITY_MAX) && reader->at < end)
			code_error(reader, reader->at, "quantity", "has more than %d digits", QUANTITY_MAX);
	} else {
		keep_other(reader, end);
	}
	reader->at = end;
}

/* ---- symbols -------------------------------------------------------------------------------------- */

static bool is_secondary(const char *text)
{
	return text[0] == '$' || (code_is_digit(text[0]) && strspn(text, "0123456789") >= QUANTITY_MAX);
}

/**
 * Reads the parts after the product in the same symbol, each with '/' before it; the cursor is at the first
 * '/'.
 */
static void take_parts_of_symbol(CodeReader *reader, size_t end)
{
	for (bool first = true; reader->at < end; first = false) {
		size_t stop = ++reader->at;

		while (stop < end && reader->text[stop] != '/')
			stop++;
		if (first && is_secondary(reader->text + reader->at))
			take_secondary(reader, stop);
		else
			take_supplement(reader, stop);
		reader->at = stop;
	}
}

/**
 * Reads a separate symbol with lot and dates; the cursor is at its '+'. `product_check` '\0': it stands
 * alone.
 */
static void take_second_symbol(CodeReader *reader, char product_check)
{
	size_t start = reader->at, length = reader->length - start;

	if (length < 4) {
		code_error(reader, start, "code", "has %zu characters: it is not whole", length);
		return;
	}
	verify_check_character(reader, start, reader->length - 1);
	if (product_check && reader->text[reader->length - 2] != product_check)
		code_error(reader, reader->length - 2, "link character",
			"is '%c', but the product's check character is '%c'",
			reader->text[reader->length - 2], product_check);
	reader->at++;
	take_secondary(reader, reader->length - 2);
}

/**
 * The start of the second symbol when two were scanned one after the other, else 0. The product has only
 * capitals and digits, so the first other character ends it, whether it is the check character or follows it.
 */
static size_t find_second_symbol(const CodeReader *reader, size_t first_other)
{
	if (first_other + 1 >= reader->length || first_other < reader->at + 2)
		return 0;
	if (reader->text[first_other + 1] == '+')
		return first_other + 1;
	return reader->text[first_other] == '+' ? first_other : 0;
}

static void take_first_symbol(CodeReader *reader)
{
	size_t start = reader->at, other = start + 1, last = reader->length - 1, second, end;

	while (other < last && is_alphanumeric(reader->text[other]))
		other++;
	second = find_second_symbol(reader, other);
	if (second > 0)
		last = second - 1;
	end = second == 0 && other < last ? other : last;
	reader->at++;
	if (end < last && reader->text[end] != '/')
		code_error(reader, end, "product", "holds a character that is neither a capital nor a digit");
	else
		take_product(reader, end);
	verify_check_character(reader, start, last);
	reader->at = end;
	if (second > 0) {
		reader->at = second;
		take_second_symbol(reader, reader->text[last]);
	} else if (end < last && reader->text[end] == '/') {
		take_parts_of_symbol(reader, last);
	}
}

/**
 * Removes what people copy from print: asterisks around the code, and '_' for a check character that is a
 * space.
 */
static void strip_asterisks(CodeReader *reader)
{
	if (reader->text[reader->at] != '*')
		return;
	reader->at++;
	if (reader->text[reader->length - 1] == '*' && reader->length - 1 > reader->at)
		reader->text[--reader->length] = '\0';
	if (reader->text[reader->length - 1] == '_')
		reader->text[reader->length - 1] = ' ';
}

void code_read_hibc(CodeReader *reader)
{
	NeedleCode *out = reader->out;
	char next;

	strip_asterisks(reader);
	next = reader->text[reader->at + 1];
	if (next == '$' || code_is_digit(next)) {
		take_second_symbol(reader, '\0');
		code_missing(
			reader, reader->length, "product", "is missing: scan the label's other code next");
		return;
	}
	if (reader->length - reader->at < 3) {
		code_error(reader, reader->at, "code", "has %zu characters: it is not whole",
			reader->length - reader->at);
		return;
	}
	take_first_symbol(reader);
	if (!out->lot[0] && !out->serial[0] && out->n_errors == 0)
		code_missing(reader, reader->length, "lot",
			"and serial are both missing: scan the label's other code next");
}
