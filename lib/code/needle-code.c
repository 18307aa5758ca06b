/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Recognises the format of a cartridge's code, has it read, and derives the unit that it names. It reads no
 * clock: today's date is passed in. The ledger decides whether the cartridge may be used: a past expiry is
 * only a warning here.
 */

#include "code/code-private.h"

#include <string.h>
#include <time.h>

#include "util/clock.h"

#define OWN_LABEL "(10)"

static const char *const format_names[CODE_FORMAT_MAX] = { "plain", "gs1", "hibc" };
static const char *const severity_names[CODE_SEVERITY_MAX] = { "warning", "error" };

DEFINE_STRING_TABLE(code_format, CodeFormat, format_names);
DEFINE_STRING_TABLE(code_severity, CodeSeverity, severity_names);

/* ---- recognising ---------------------------------------------------------------------------------- */

/** Length of an element at `text` whose identifier determines its length; 0 when there is none. */
static size_t fixed_element(const char *text)
{
	static const char *const dates[] = { "11", "12", "13", "15", "16", "17" };
	int month, day;

	if (strspn(text, "0123456789") < 8)
		return 0;
	month = code_number(text + 4, 2), day = code_number(text + 6, 2);
	for (size_t i = 0; i < ELEMENTS(dates); i++)
		if (strncmp(text, dates[i], 2) == 0)
			return month >= 1 && month <= 12 && day <= 31 ? 8 : 0;
	return 0;
}

/**
 * Text that nobody prints as a lot: with a separator anywhere; "01" and fourteen digits, perhaps after dates;
 * or dates and then lot or serial, as in the second symbol of a label.
 */
static bool looks_like_gs1(const char *rest)
{
	size_t length = 0;

	if (rest[0] == '(' || strchr(rest, CODE_GS))
		return true;
	for (size_t next; (next = fixed_element(rest)) > 0; rest += next)
		length += next;
	if (strncmp(rest, "01", 2) == 0 && strspn(rest, "0123456789") >= 16)
		return true;
	return length > 0 && rest[0] && rest[1] && rest[2] &&
	       (strncmp(rest, "10", 2) == 0 || strncmp(rest, "21", 2) == 0);
}

/** The label that the clinic makes for a lot without a product number: (10)LOT#SERIAL. No lot holds a '#'. */
static bool is_own_label(const char *rest)
{
	return strncmp(rest, OWN_LABEL, strlen(OWN_LABEL)) == 0 && strchr(rest, '#');
}

static CodeFormat recognise(const CodeReader *reader, bool gs1_symbol)
{
	const char *rest = reader->text + reader->at;

	if (is_own_label(rest) && !gs1_symbol)
		return CODE_FORMAT_PLAIN;
	if (rest[0] == '+' || strncmp(rest, "*+", 2) == 0)
		return CODE_FORMAT_HIBC;
	return gs1_symbol || code_is_link(rest) || looks_like_gs1(rest) ? CODE_FORMAT_GS1 : CODE_FORMAT_PLAIN;
}

/** Takes the text from the cursor to `end` into `size` bytes at `ret`, and moves past it. */
static void take_plain(CodeReader *reader, size_t end, const char *field, char *ret, size_t size)
{
	const char *text = reader->text + reader->at;
	size_t length = end - reader->at, most = size - 1;

	for (size_t i = 0; i < length; i++) {
		if (code_is_charset_82(text[i]))
			continue;
		code_error(reader, reader->at + i, field,
			"holds a character that is not in GS1's character set 82");
		break;
	}
	if (length < 1 || length > most)
		code_error(reader, reader->at + (length > most ? most : 0), field,
			"has %zu characters: 1 to %zu are allowed", length, most);
	else if (reader->out->n_errors == 0)
		memcpy(ret, text, length), ret[length] = '\0';
	reader->at = end;
}

static void read_plain(CodeReader *reader)
{
	NeedleCode *out = reader->out;
	size_t lot;

	if (!is_own_label(reader->text + reader->at)) {
		take_plain(reader, reader->length, "lot", out->lot, sizeof out->lot);
		return;
	}
	reader->at += strlen(OWN_LABEL);
	lot = strcspn(reader->text + reader->at, "#");
	take_plain(reader, reader->at + lot, "lot", out->lot, sizeof out->lot);
	reader->at++;
	/* a figure alone is the number that the ledger gives to a cartridge without a label */
	if (code_is_digit(reader->text[reader->at]))
		code_error(reader, reader->at, "serial", "begins with a digit: scan the label itself");
	take_plain(reader, reader->length, "serial", out->serial, sizeof out->serial);
}

static void read_format(CodeReader *reader)
{
	NeedleCode *out = reader->out;
	bool gs1_symbol = code_take_symbology(reader), link;

	out->format = recognise(reader, gs1_symbol);
	link = code_is_link(reader->text + reader->at);
	if (out->symbology[0] && (out->format == CODE_FORMAT_GS1 && !link) != gs1_symbol)
		code_warning(reader, 0, "symbology", "%s is not one of %s codes", out->symbology,
			gs1_symbol ? "other than GS1" : "GS1");
	switch (out->format) {
	case CODE_FORMAT_GS1:
		if (link)
			code_read_link(reader);
		else
			code_read_gs1(reader);
		break;
	case CODE_FORMAT_HIBC:
		code_read_hibc(reader);
		break;
	case CODE_FORMAT_PLAIN:
		read_plain(reader);
		break;
	case CODE_FORMAT_MAX:
	case CODE_FORMAT_INVALID:
		break;
	}
}

/* ---- what the fields say together ----------------------------------------------------------------- */

static void check_code_dates(CodeReader *reader, const char *today)
{
	const NeedleCode *out = reader->out;

	if (out->expiry[0] && strcmp(out->expiry, today) < 0)
		code_warning(reader, reader->length, "expiry date", "was on %s", out->expiry);
	if (out->production[0] && strcmp(out->production, today) > 0)
		code_warning(reader, reader->length, "production date", "is in the future, on %s",
			out->production);
	if (out->production[0] && out->expiry[0] && strcmp(out->production, out->expiry) > 0)
		code_error(reader, reader->length, "production date", "%s is after the expiry date %s",
			out->production, out->expiry);
}

static void identify(NeedleCode *out)
{
	const char *before = "";

	switch (out->format) {
	case CODE_FORMAT_GS1:
		before = "(01)";
		snprintf(out->product, sizeof out->product, "%s", out->gtin);
		break;
	case CODE_FORMAT_HIBC:
		snprintf(out->product, sizeof out->product, HIBC_PREFIX "%s%s", out->labeller, out->item);
		break;
	case CODE_FORMAT_PLAIN:
	case CODE_FORMAT_MAX:
	case CODE_FORMAT_INVALID:
		break;
	}
	out->unique = out->serial[0] != '\0';
	if (out->format == CODE_FORMAT_PLAIN && out->unique)
		snprintf(out->unit, sizeof out->unit, OWN_LABEL "%s#%s", out->lot, out->serial);
	else
		snprintf(out->unit, sizeof out->unit, "%s%s(%s)%s", before, out->product,
			out->unique ? "21" : "10", out->unique ? out->serial : out->lot);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static void take_code_text(CodeReader *reader, const char *code, char fnc1)
{
	const char *rest;

	reader->length = strnlen(code, NEEDLE_CODE_MAX + 1);
	if (reader->length > NEEDLE_CODE_MAX) {
		code_error(reader, NEEDLE_CODE_MAX, "code", "is longer than %d characters", NEEDLE_CODE_MAX);
		return;
	}
	if (reader->length == 0) {
		code_error(reader, 0, "code", "is empty");
		return;
	}
	rest = code[0] == ']' && reader->length > 3 ? code + 3 : code;
	/* no scanner puts a separator into a code in brackets, or into a web address */
	if (rest[0] == '(' || code_is_link(rest))
		fnc1 = '\0';
	for (size_t i = 0; i < reader->length; i++)
		reader->text[i] = (char)(fnc1 && code[i] == fnc1 ? CODE_GS : code[i]);
}

void needle_code_read(const char *code, const NeedleCodeOptions *options, NeedleCode *ret)
{
	time_t seconds = options->today_utc_us / USEC_PER_SEC;
	CodeReader reader = { .out = ret };
	struct tm parts = { 0 };
	char today[11];

	*ret = (NeedleCode){ .packaging = -1 };
	gmtime_r(&seconds, &parts);
	reader.year = parts.tm_year + 1900;
	code_write_date(reader.year, parts.tm_mon + 1, parts.tm_mday, today);
	take_code_text(&reader, code, options->fnc1);
	if (ret->n_errors == 0) {
		read_format(&reader);
		check_code_dates(&reader, today);
	}
	ret->half = ret->n_errors > 0 && ret->n_errors == reader.n_missing;
	if (ret->n_errors == 0)
		identify(ret);
}

int needle_code_join(const char *first, const char *second, const NeedleCodeOptions *options, NeedleCode *ret,
	char text[NEEDLE_CODE_MAX + 1])
{
	const char *const orders[][2] = { { first, second }, { second, first } };

	for (size_t i = 0; i < ELEMENTS(orders); i++) {
		char joined[2 * NEEDLE_CODE_MAX + 1];
		NeedleCode read;

		if (strlen(orders[i][0]) + strlen(orders[i][1]) > NEEDLE_CODE_MAX)
			return -EINVAL;
		snprintf(joined, sizeof joined, "%s%s", orders[i][0], orders[i][1]);
		needle_code_read(joined, options, &read);
		if (read.n_errors > 0)
			continue;
		*ret = read;
		memcpy(text, joined, strlen(joined) + 1);
		return 0;
	}
	return -EINVAL;
}

int needle_code_check(const NeedleCode *code, Error *error)
{
	if (code->n_errors == 0)
		return 0;
	for (size_t i = 0; i < code->n_complaints; i++) {
		const CodeComplaint *complaint = &code->complaints[i];

		if (complaint->severity == CODE_ERROR)
			return error_set(error, -EINVAL,
				"the cartridge's code is wrong at offset %zu: %s %s: scan it again or take another cartridge",
				complaint->position, complaint->field, complaint->text);
	}
	return error_set(error, -EINVAL,
		"the cartridge's code has too many mistakes: scan it again or take another cartridge");
}

int needle_code_parse(const char *code, const NeedleCodeOptions *options, NeedleCode *ret, Error *error)
{
	NeedleCode parsed;
	int r;

	needle_code_read(code, options, &parsed);
	r = needle_code_check(&parsed, error);
	if (r == 0)
		*ret = parsed;
	return r;
}

bool needle_code_fnc1_ok(char substitute)
{
	return substitute > ' ' && substitute < 0x7f && substitute != ']' &&
	       !code_is_charset_82(substitute) && code_hibc_check(&substitute, 1) == '\0';
}

/** Applies the rules for scanning a product's cartridges to a code made of product and lot. */
int needle_lot_check(const char *product, const char *lot, Error *error)
{
	static const NeedleCodeOptions options = { 0 };
	bool hibc = strncmp(product, HIBC_PREFIX, strlen(HIBC_PREFIX)) == 0;
	const char *number = hibc ? product + strlen(HIBC_PREFIX) : product;
	char code[NEEDLE_CODE_MAX];
	NeedleCode parsed;
	int length;

	if (hibc)
		length = snprintf(code, sizeof code - 1, "+%s0/$%s", number, lot);
	else if (product[0])
		length = snprintf(code, sizeof code, "01%s10%s", product, lot);
	else
		length = snprintf(code, sizeof code, "%s", lot);
	if (length < 0 || (size_t)length >= sizeof code - 1)
		return error_set(error, -EINVAL, "product and lot are too long: check both");
	if (hibc) {
		char check = code_hibc_check(code, (size_t)length);

		code[length] = (char)(check ? check : '0');
		code[length + 1] = '\0';
	}
	if (needle_code_parse(code, &options, &parsed, error) < 0)
		return -EINVAL;
	if (parsed.serial[0] || strcmp(parsed.lot, lot) != 0)
		return error_set(error, -EINVAL, "\"%.20s\" is a code, not a lot: write the lot alone", lot);
	return 0;
}

/* ---- dates of others ------------------------------------------------------------------------------ */

static bool is_date_form(const char *date)
{
	for (size_t i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? date[i] != '-' : !code_is_digit(date[i]))
			return false;
	return date[10] == '\0';
}

int date_end_utc_us(const char *date, int64_t *ret)
{
	int64_t start;

	if (!date || !is_date_form(date) || clock_parse_utc(date, &start) < 0)
		return -EINVAL;
	*ret = start + USEC_PER_DAY - 1;
	return 0;
}
