/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

char *leaf_write(const char *station, const Request *request, const ClockReading *now, const char *utc,
	uint64_t seq, const char *commitment)
{
	char *leaf = NULL;
	int r;

	/* the canonical form without building a tree: kinds, times and boot ids need no escaping */
	r = asprintf(&leaf,
		"{\"actor\":%s,\"body\":%s,\"boot\":\"%s\",\"kind\":\"%s\",\"mono\":%lld%s%s%s,\"seq\":%llu,"
		"\"station\":%s,\"sync\":%s,\"utc\":\"%s\"}",
		request->actor, request->body, now->boot_id, request->kind->name,
		(long long)now->monotonic_us, commitment ? ",\"personal\":\"" : "",
		commitment ? commitment : "", commitment ? "\"" : "", (unsigned long long)seq, station,
		now->synchronized ? "true" : "false", utc);
	return r < 0 ? NULL : leaf;
}
