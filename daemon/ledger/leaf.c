/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <string.h>

/** `text` as a JSON string; badges and station names are nearly always plain, and then need no escaping. */
static char *quote(const char *text)
{
	json_auto_t *string = json_string(text);

	return string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
}

char *leaf_write(const Ledger *ledger, const Request *request, const ClockReading *now, uint64_t seq,
	const char *commitment)
{
	_cleanup_(freep) char *actor = quote(request->actor), *station = quote(ledger->station);
	char utc[CLOCK_UTC_TEXT_MAX], *leaf = NULL;
	int r;

	if (!actor || !station)
		return NULL;
	clock_format_utc(now->utc_us, utc);
	/* the keys in sorted order, without a space: the canonical form, written without building a tree */
	r = asprintf(&leaf,
		"{\"actor\":%s,\"body\":%s,\"boot\":\"%s\",\"kind\":\"%s\",\"mono\":%lld%s%s%s,\"seq\":%llu,"
		"\"station\":%s,\"sync\":%s,\"utc\":\"%s\"}",
		actor, request->body, now->boot_id, request->kind, (long long)now->monotonic_us,
		commitment ? ",\"personal\":\"" : "", commitment ? commitment : "", commitment ? "\"" : "",
		(unsigned long long)seq, station, now->synchronized ? "true" : "false", utc);
	return r < 0 ? NULL : leaf;
}
