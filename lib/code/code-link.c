/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads GS1 Digital Link URIs (GS1 Digital Link Standard: URI Syntax, 1.2 and later): any domain and path
 * before the key, then alternating identifiers and values, attributes in the query. It also reads the
 * identifier names of version 1.0. It reads only the text of a link and fetches nothing.
 */

#include "code/code-private.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "util/digest.h"

enum { GTIN_DIGITS = 14 };

typedef struct Part {
	size_t from, to; /* byte offsets in the code */
} Part;

/** The old names of identifiers, which some printers still use. */
static const struct {
	const char *name, *ai;
} names[] = {
	{ "gtin", "01" },
	{ "cpv", "22" },
	{ "lot", "10" },
	{ "ser", "21" },
	{ "exp", "17" },
	{ "expdt", "7003" },
};

bool code_is_link(const char *text)
{
	static const char *const beginnings[] = { "http:", "https:", "urn:", "www." };
	size_t scheme = 0;

	for (size_t i = 0; i < ELEMENTS(beginnings); i++)
		if (strncasecmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	if (!isalpha((unsigned char)text[0]))
		return false;
	while (isalnum((unsigned char)text[scheme]) || (text[scheme] && strchr("+-.", text[scheme])))
		scheme++;
	return strncmp(text + scheme, "://", 3) == 0;
}

static Part take_part(const CodeReader *reader, size_t from, size_t end, const char *stops)
{
	size_t to = from;

	while (to < end && !strchr(stops, reader->text[to]))
		to++;
	return (Part){ from, to };
}

/** Decodes %XX. False, after a complaint, when it is incomplete. */
static bool decode(CodeReader *reader, Part part, CodeValue *ret)
{
	ret->length = 0;
	for (size_t at = part.from; at < part.to; at++) {
		char c = reader->text[at];

		ret->place[ret->length] = (uint16_t)at;
		if (c == '%') {
			char digits[3] = "";
			uint8_t byte = 0;

			if (at + 2 < part.to)
				memcpy(digits, reader->text + at + 1, 2);
			if (hex_decode(digits, &byte, 1) < 0 || byte == 0) {
				code_error(reader, at, "code",
					"has a '%%' that no two hexadecimal digits follow");
				return false;
			}
			c = (char)byte;
			at += 2;
		}
		ret->text[ret->length++] = c;
	}
	ret->place[ret->length] = (uint16_t)part.to;
	ret->text[ret->length] = '\0';
	return true;
}

/** The identifier that a part names. False when it names none. */
static bool identifier_of(const CodeReader *reader, Part part, char ret[5])
{
	const char *text = reader->text + part.from;
	size_t length = part.to - part.from;

	for (size_t i = 0; i < ELEMENTS(names); i++)
		if (length == strlen(names[i].name) && strncasecmp(text, names[i].name, length) == 0) {
			memcpy(ret, names[i].ai, strlen(names[i].ai) + 1);
			return true;
		}
	if (length < 2 || length > 4 || strspn(text, "0123456789") < length ||
		code_identifier_digits(text) != length)
		return false;
	memcpy(ret, text, length);
	ret[length] = '\0';
	return true;
}

/** Version 1.1 allowed GTINs of 8, 12 and 13 digits without padding. */
static void lengthen_gtin(CodeReader *reader, CodeValue *value)
{
	size_t missing = GTIN_DIGITS - value->length;

	if ((value->length != 8 && value->length != 12 && value->length != 13) ||
		strspn(value->text, "0123456789") != value->length)
		return;
	code_warning(reader, value->place[0], "(01) GTIN", "has %zu digits, read with zeros before them",
		value->length);
	memmove(value->text + missing, value->text, value->length + 1);
	memset(value->text, '0', missing);
	memmove(value->place + missing, value->place, (value->length + 1) * sizeof *value->place);
	for (size_t i = 0; i < missing; i++)
		value->place[i] = value->place[missing];
	value->length = GTIN_DIGITS;
}

static void take_link_pair(CodeElements *elements, const char *ai, size_t start, Part part)
{
	CodeValue value;

	if (!decode(elements->reader, part, &value)) {
		elements->incomplete = true;
		return;
	}
	if (strcmp(ai, "01") == 0)
		lengthen_gtin(elements->reader, &value);
	code_take_element(elements, ai, start, &value);
}

/** Whether `part` is "01" or its name, followed by the digits of a GTIN. */
static bool is_link_key(const CodeReader *reader, Part part, Part next)
{
	char ai[5];
	size_t digits = next.to - next.from;

	return identifier_of(reader, part, ai) && strcmp(ai, "01") == 0 &&
	       strspn(reader->text + next.from, "0123456789") >= digits &&
	       (digits == 8 || (digits >= 12 && digits <= GTIN_DIGITS));
}

/** The start of the last "/01/GTIN" of the path, after its '/': what precedes it belongs to the domain. */
static size_t find_key(const CodeReader *reader, size_t path, size_t end)
{
	size_t found = 0;

	for (size_t at = path; at < end;) {
		Part part = take_part(reader, at + 1, end, "/");
		Part next = take_part(reader, part.to < end ? part.to + 1 : end, end, "/");

		if (is_link_key(reader, part, next))
			found = part.from;
		at = part.to;
	}
	return found;
}

/** Reads alternating identifiers and values. */
static void take_path(CodeElements *elements, size_t key, size_t end)
{
	CodeReader *reader = elements->reader;

	for (size_t at = key; at < end;) {
		Part name = take_part(reader, at, end, "/"), value;
		char ai[5];

		if (name.to == name.from && name.to == end)
			return;
		if (!identifier_of(reader, name, ai) || name.to >= end) {
			code_error(reader, name.from, "link",
				"has no identifier and value there: a compressed Digital Link is not read");
			elements->incomplete = true;
			return;
		}
		value = take_part(reader, name.to + 1, end, "/");
		take_link_pair(elements, ai, name.from, value);
		at = value.to + 1;
	}
}

/** Query keys that are not identifiers belong to the domain, and are ignored. */
static void take_query(CodeElements *elements, size_t from, size_t end)
{
	CodeReader *reader = elements->reader;

	for (size_t at = from; at < end;) {
		Part whole = take_part(reader, at, end, "&;");
		Part name = take_part(reader, whole.from, whole.to, "=");
		char ai[5];

		if (name.to < whole.to && identifier_of(reader, name, ai))
			take_link_pair(elements, ai, name.from, (Part){ name.to + 1, whole.to });
		at = whole.to + 1;
	}
}

void code_read_link(CodeReader *reader)
{
	CodeElements elements = { .reader = reader };
	Part whole = take_part(reader, reader->at, reader->length, "#");
	Part before_query = take_part(reader, reader->at, whole.to, "?");
	const char *scheme = strstr(reader->text + reader->at, "://");
	size_t host = scheme ? (size_t)(scheme - reader->text) + 3 : reader->length;
	Part domain = take_part(reader, host, before_query.to, "/");
	size_t key = domain.to > domain.from ? find_key(reader, domain.to, before_query.to) : 0;

	if (key == 0 || strncasecmp(reader->text + reader->at, "http", 4) != 0) {
		code_error(reader, reader->at, "code",
			"is a web address without a GTIN that can be read (no compressed one can): scan another code of the label");
		reader->at = reader->length;
		return;
	}
	take_path(&elements, key, before_query.to);
	if (before_query.to < whole.to)
		take_query(&elements, before_query.to + 1, whole.to);
	reader->at = reader->length;
	code_finish_elements(&elements);
}
