/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Compares the columns of a record with its bytes. Nearly all leaves are read from their end, where their
 * form is fixed, without parsing; any other form is parsed.
 */

#include "ledger/verify-private.h"

#include <string.h>

#include "util/text.h"

/** The rest of a leaf, whose end has been cut off. */
typedef struct Rest {
	const char *text;
	size_t size;
} Rest;

static bool cut(Rest *rest, const char *end, size_t n)
{
	if (rest->size < n || memcmp(rest->text + rest->size - n, end, n) != 0)
		return false;
	rest->size -= n;
	return true;
}

#define CUT(rest, literal) cut(rest, literal, sizeof(literal) - 1)

static bool cut_text(Rest *rest, const char *text)
{
	return cut(rest, text, strlen(text));
}

static bool cut_digits(Rest *rest)
{
	size_t before = rest->size;

	while (rest->size > 0 && rest->text[rest->size - 1] >= '0' && rest->text[rest->size - 1] <= '9')
		rest->size--;
	return rest->size < before;
}

static bool cut_number(Rest *rest, uint64_t number)
{
	char digits[24];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return cut(rest, digits + at, sizeof digits - at);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool cut_hex(Rest *rest, size_t n)
{
	if (rest->size < n)
		return false;
	for (size_t i = rest->size - n; i < rest->size; i++)
		if (!is_hex(rest->text[i]))
			return false;
	rest->size -= n;
	return true;
}

/**
 * Formats the day with the clock functions and the time of day in place: the C library would cost as much as
 * the hash.
 */
static bool cut_utc(LeafCheck *check, Rest *rest)
{
	char *utc = check->utc; /* YYYY-MM-DDThh:mm:ss.ffffffZ */
	int64_t since = check->utc_us - check->day_us;

	if (!utc[0] || since < 0 || since >= USEC_PER_DAY) {
		clock_format_utc(check->utc_us, utc);
		since = (check->utc_us % USEC_PER_DAY + USEC_PER_DAY) % USEC_PER_DAY;
		check->day_us = check->utc_us - since;
	}
	text_write_digits(utc + 11, 2, since / (3600 * USEC_PER_SEC));
	text_write_digits(utc + 14, 2, since / (60 * USEC_PER_SEC) % 60);
	text_write_digits(utc + 17, 2, since / USEC_PER_SEC % 60);
	text_write_digits(utc + 20, 6, since % USEC_PER_SEC);
	return CUT(rest, "\"}") && cut_text(rest, utc) && CUT(rest, ",\"utc\":\"");
}

/** Cuts off everything after the body. */
static bool cut_tail(LeafCheck *check, Rest *rest)
{
	if (!cut_utc(check, rest) || !(CUT(rest, "true") || CUT(rest, "false")))
		return false;
	if (!check->station[0] || !cut_text(rest, check->station))
		return false;
	if (!cut_number(rest, check->seq) || !CUT(rest, ",\"seq\":"))
		return false;
	check->has_personal = CUT(rest, "\"");
	if (check->has_personal && (!cut_hex(rest, COMMITMENT_HEX) || !CUT(rest, ",\"personal\":\"")))
		return false;
	return cut_digits(rest) && CUT(rest, "\",\"mono\":") && cut(rest, check->kind, check->kind_size) &&
	       cut_text(rest, check->boot);
}

/**
 * Compares the body's session. Keys are sorted and unique, so the first one before anything nested belongs to
 * the body itself.
 */
static bool session_matches(const LeafCheck *check, const Rest *front)
{
	static const char field[] = "\"session\":";
	const char *body = leaf_body_begin((DigestPart){ front->text, front->size });
	const char *end = front->text + front->size, *at, *c;
	int64_t number = 0;

	if (!body)
		return false;
	body++; /* from here on, a brace begins something nested */
	at = memmem(body, (size_t)(end - body), field, sizeof field - 1);
	if (!at)
		return !check->has_session;
	if (!check->has_session || memchr(body, '{', (size_t)(at - body)) ||
		memchr(body, '[', (size_t)(at - body)))
		return false;
	for (c = at + sizeof field - 1; c < end && *c >= '0' && *c <= '9' && number < INT64_MAX / 16; c++)
		number = number * 10 + (*c - '0');
	return c < end && (*c == ',' || *c == '}') && number == check->session && number > 0;
}

static bool matches_at_a_glance(LeafCheck *check, const char *leaf, size_t size)
{
	Rest rest = { leaf, size };

	return cut_tail(check, &rest) && session_matches(check, &rest);
}

/** Keeps the text around the values of a leaf, which is probably the same in the next. */
static void keep_fields(LeafCheck *check, const json_t *fields)
{
	_cleanup_(freep) char *station = json_dumps(json_object_get(fields, "station"), JSON_ENCODE_ANY);
	_cleanup_(freep) char *boot = json_dumps(json_object_get(fields, "boot"), JSON_ENCODE_ANY);

	snprintf(check->station, sizeof check->station, ",\"station\":%s,\"sync\":", station ? station : "");
	snprintf(check->boot, sizeof check->boot, ",\"boot\":%s,\"kind\":\"", boot ? boot : "");
}

static bool matches_parsed(LeafCheck *check, const char *leaf, size_t size)
{
	json_auto_t *fields = size <= LEAF_BYTES_MAX ? json_loadb(leaf, size, 0, NULL) : NULL;
	const json_t *body = json_object_get(fields, "body");
	const char *kind = json_string_value(json_object_get(fields, "kind"));
	const char *utc = json_string_value(json_object_get(fields, "utc"));
	int64_t session = json_integer_value(json_object_get(body, "session"));
	char expected[CLOCK_UTC_TEXT_MAX];

	if (!json_is_object(body) || !kind || !utc)
		return false;
	keep_fields(check, fields);
	clock_format_utc(check->utc_us, expected);
	check->has_personal = json_is_string(json_object_get(fields, "personal"));
	return (uint64_t)json_integer_value(json_object_get(fields, "seq")) == check->seq &&
	       strlen(kind) == check->kind_size && memcmp(kind, check->kind, check->kind_size) == 0 &&
	       strcmp(utc, expected) == 0 && check->has_session == (session > 0) &&
	       (session <= 0 || session == check->session);
}

bool leaf_matches(LeafCheck *check, const char *leaf, size_t size)
{
	return matches_at_a_glance(check, leaf, size) || matches_parsed(check, leaf, size);
}

/** A ledger alternates between about ten kinds: most are found where the last one with that name was. */
static const RecordKind *find_kind(LeafCheck *check)
{
	unsigned last = check->kind_size ? (unsigned char)check->kind[check->kind_size - 1] : 0;
	const RecordKind **kept = &check->kinds[(check->kind_size * 7 + last) % LEAF_KINDS_KEPT];
	char name[LEAF_KIND_MAX];

	if (*kept && strlen((*kept)->name) == check->kind_size &&
		memcmp((*kept)->name, check->kind, check->kind_size) == 0)
		return *kept;
	if (check->kind_size >= sizeof name)
		return NULL;
	memcpy(name, check->kind, check->kind_size);
	name[check->kind_size] = '\0';
	*kept = record_kind_find(name);
	return *kept;
}

bool leaf_published_matches(LeafCheck *check)
{
	const RecordKind *kind = find_kind(check);

	/* the check of the projections reports an unknown kind */
	return !kind || check->published == (kind->topic != NULL);
}
