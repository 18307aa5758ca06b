/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A station says that it has seen more of the registry's log than there is. Then an older database was
 * restored, and nothing may be granted before the leaves that are missing are given back: another leaf in
 * their place would be a second log. But a number proves nothing, and a station that means harm must not stop
 * the registry for good: the number is believed for REGISTRY_DOUBT_S, while the leaves, with the registry's
 * own signature, are given back, and kept nowhere.
 */

#include "util/cleanup.h"

typedef struct RegistryDoubt RegistryDoubt;

enum { REGISTRY_DOUBT_S = 10 };

/** NULL: no memory. */
RegistryDoubt *registry_doubt_new(void);
/** Accepts NULL; returns NULL. */
RegistryDoubt *registry_doubt_free(RegistryDoubt *doubt);
/** The station `name` says so, of a log of `size` leaves. Accepts NULL. Any one thread at a time. */
void registry_doubt_note(
	RegistryDoubt *doubt, const char *name, unsigned long long seen, unsigned long long size);
/** What is believed now; 0: nothing. Accepts NULL. */
unsigned long long registry_doubt_seen(const RegistryDoubt *doubt);
