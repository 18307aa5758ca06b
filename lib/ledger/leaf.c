/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the bytes of a record, which are hashed, and finds the body in them. Their format must never change.
 * A stored leaf may have been tampered with, and must not be trusted.
 */

#include "ledger/ledger-private.h"

#include <string.h>

#include "util/text.h"

json_t *leaf_parse(sqlite3_stmt *row, int column)
{
	DigestPart leaf = column_bytes(row, column);

	return leaf.data && leaf.size <= LEAF_BYTES_MAX ? json_loadb(leaf.data, leaf.size, 0, NULL) : NULL;
}

/** The end of the string that begins at *at; NULL when it does not end. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : NULL;
}

/** The end of the object that begins at *at; NULL when it does not end. */
static const char *skip_object(const char *at, const char *end)
{
	size_t depth = 0;

	while (at && at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (*at == '{')
			depth++;
		else if (*at == '}' && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

const char *leaf_body_begin(DigestPart leaf)
{
	static const char before[] = "{\"actor\":\"", between[] = ",\"body\":{";
	const char *at = leaf.data, *end = at + leaf.size;

	if (leaf.size < sizeof before || memcmp(at, before, sizeof before - 1) != 0)
		return NULL;
	at = skip_string(at + sizeof before - 2, end);
	if (!at || (size_t)(end - at) < sizeof between || memcmp(at, between, sizeof between - 1) != 0)
		return NULL;
	return at + sizeof between - 2;
}

DigestPart leaf_body(DigestPart leaf)
{
	static const char after[] = ",\"boot\":\"";
	const char *begin = leaf_body_begin(leaf), *leaf_end = (const char *)leaf.data + leaf.size;
	const char *end = begin ? skip_object(begin, leaf_end) : NULL;

	if (!end || (size_t)(leaf_end - end) < sizeof after || memcmp(end, after, sizeof after - 1) != 0)
		return (DigestPart){ 0 };
	return (DigestPart){ begin, (size_t)(end - begin) };
}

int leaf_begin_group(LeafWriter *writer, const char *station, const ClockReading *now)
{
	char utc[CLOCK_UTC_TEXT_MAX];

	leaf_end(writer);
	clock_format_utc(now->utc_us, utc);
	if (asprintf(&writer->before_kind, ",\"boot\":\"%s\",\"kind\":\"", now->boot_id) < 0 ||
		asprintf(&writer->after_kind, "\",\"mono\":%lld", (long long)now->monotonic_us) < 0 ||
		asprintf(&writer->end, ",\"station\":%s,\"sync\":%s,\"utc\":\"%s\"}", station,
			now->synchronized ? "true" : "false", utc) < 0)
		return -ENOMEM;
	return 0;
}

void leaf_end(LeafWriter *writer)
{
	free(TAKE_PTR(writer->before_kind));
	free(TAKE_PTR(writer->after_kind));
	free(TAKE_PTR(writer->end));
}

void leaf_clear(LeafWriter *writer)
{
	leaf_end(writer);
	free(writer->text);
	*writer = (LeafWriter){ 0 };
}

int leaf_write(LeafWriter *writer, const Request *request, uint64_t seq, const char *commitment)
{
	char number[24];
	/* writes the canonical form without building a tree: kinds, times and boot ids need no escaping */
	const char *const parts[] = {
		"{\"actor\":",
		request->actor,
		",\"body\":",
		request->body,
		writer->before_kind,
		request->kind->name,
		writer->after_kind,
		commitment ? ",\"personal\":\"" : "",
		commitment ? commitment : "",
		commitment ? "\",\"seq\":" : ",\"seq\":",
		number,
		writer->end,
	};

	snprintf(number, sizeof number, "%llu", (unsigned long long)seq);
	return text_join(parts, ELEMENTS(parts), &writer->text, &writer->capacity, &writer->size);
}
