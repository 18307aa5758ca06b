/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <string.h>

json_t *leaf_parse(sqlite3_stmt *row, int column)
{
	DigestPart leaf = column_bytes(row, column);

	return leaf.data && leaf.size <= LEAF_BYTES_MAX ? json_loadb(leaf.data, leaf.size, 0, NULL) : NULL;
}

/** Behind the string that begins at *at; NULL where it does not end. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : NULL;
}

/** Behind the object that begins at *at; NULL where it does not end. */
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

DigestPart leaf_body(DigestPart leaf)
{
	static const char before[] = "{\"actor\":", between[] = ",\"body\":", after[] = ",\"boot\":\"";
	const char *at = leaf.data, *end = at + leaf.size, *body;

	if (leaf.size < sizeof before || memcmp(at, before, sizeof before - 1) != 0 ||
		at[sizeof before - 1] != '"')
		return (DigestPart){ 0 };
	at = skip_string(at + sizeof before - 1, end);
	if (!at || (size_t)(end - at) < sizeof between || memcmp(at, between, sizeof between - 1) != 0)
		return (DigestPart){ 0 };
	body = at + sizeof between - 1;
	at = *body == '{' ? skip_object(body, end) : NULL;
	if (!at || (size_t)(end - at) < sizeof after || memcmp(at, after, sizeof after - 1) != 0)
		return (DigestPart){ 0 };
	return (DigestPart){ body, (size_t)(at - body) };
}

static int reserve(LeafWriter *writer, size_t size)
{
	size_t capacity = writer->capacity ? writer->capacity : 1024;
	char *text;

	if (size <= writer->capacity)
		return 0;
	while (capacity < size)
		capacity *= 2;
	text = realloc(writer->text, capacity);
	if (!text)
		return -ENOMEM;
	writer->text = text;
	writer->capacity = capacity;
	return 0;
}

int leaf_begin_group(LeafWriter *writer, const char *station, const ClockReading *now)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	int r;

	leaf_end(writer);
	clock_format_utc(now->utc_us, utc);
	r = asprintf(&writer->before_kind, ",\"boot\":\"%s\",\"kind\":\"", now->boot_id);
	if (r >= 0)
		r = asprintf(&writer->after_kind, "\",\"mono\":%lld", (long long)now->monotonic_us);
	if (r >= 0)
		r = asprintf(&writer->end, ",\"station\":%s,\"sync\":%s,\"utc\":\"%s\"}", station,
			now->synchronized ? "true" : "false", utc);
	return r < 0 ? -ENOMEM : 0;
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
	/* the canonical form without building a tree: kinds, times and boot ids need no escaping */
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
	size_t lengths[ELEMENTS(parts)], size = 0;
	int r;

	snprintf(number, sizeof number, "%llu", (unsigned long long)seq);
	for (size_t i = 0; i < ELEMENTS(parts); i++)
		size += lengths[i] = strlen(parts[i]);
	r = reserve(writer, size);
	if (r < 0)
		return r;
	writer->size = 0;
	for (size_t i = 0; i < ELEMENTS(parts); i++) {
		memcpy(writer->text + writer->size, parts[i], lengths[i]);
		writer->size += lengths[i];
	}
	return 0;
}
