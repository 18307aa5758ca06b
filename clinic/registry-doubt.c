/* SPDX-License-Identifier: Apache-2.0 */

/** What stations say of the registry's log without proof. It must not outlive a moment, and is kept nowhere.
 */

#include "registry-doubt.h"

#include <stdint.h>

#include "util/clock.h"
#include "util/log.h"

struct RegistryDoubt {
	unsigned long long seen;
	int64_t until_us; /* monotonic */
};

RegistryDoubt *registry_doubt_new(void)
{
	return calloc(1, sizeof(RegistryDoubt));
}

RegistryDoubt *registry_doubt_free(RegistryDoubt *doubt)
{
	free(doubt);
	return NULL;
}

void registry_doubt_note(
	RegistryDoubt *doubt, const char *name, unsigned long long seen, unsigned long long size)
{
	if (!doubt)
		return;
	if (registry_doubt_seen(doubt) == 0)
		log_warning(
			"the station \"%s\" has seen %llu leaves of the registry's log, which has %llu: nothing is "
			"granted for %d s; if no backup was restored, revoke this station",
			name, seen, size, REGISTRY_DOUBT_S);
	doubt->seen = seen;
	doubt->until_us = clock_monotonic_us() + REGISTRY_DOUBT_S * USEC_PER_SEC;
}

unsigned long long registry_doubt_seen(const RegistryDoubt *doubt)
{
	return doubt && clock_monotonic_us() < doubt->until_us ? doubt->seen : 0;
}
