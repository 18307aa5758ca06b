/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the registry's log says: who holds which cartridge, and which leaves concern whom. It is told each
 * leaf in order. A leaf that gives away a cartridge which another station holds is a contradiction: it gives
 * nothing, and concerns nobody.
 * In memory; texts of units are kept as 64 bits of their SHA-256.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "util/cleanup.h"

typedef struct Holders Holders;

int holders_new(Holders **ret) _must_check_;
/** Accepts NULL; returns NULL. */
Holders *holders_free(Holders *holders);
DEFINE_CLEANUP(Holders *, holders_free, holders_freep);

/** Takes leaf `seq`, the next one. A leaf that is not understood counts as one that concerns nobody. */
void holders_take(Holders *holders, uint64_t seq, const char *leaf, size_t size);

/** The first contradiction that was found, as a sentence; NULL none. */
const char *holders_flaw(const Holders *holders);

/** The number of the first leaf from `from` on that concerns the station `origin`; UINT64_MAX none. */
uint64_t holders_next(const Holders *holders, uint64_t from, const char *origin);

/** The origin of the station that holds a unit; NULL: nobody, as far as the log says. */
const char *holders_who(const Holders *holders, const char *unit);

/** Whether the newest boot of the station that was confirmed is this one, a UUID. */
bool holders_boot_confirmed(const Holders *holders, const char *origin, const char *boot);
