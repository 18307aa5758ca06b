/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Outside witnesses (c2sp.org/tlog-witness): what the mirror has cosigned is shown to those of the policy of
 * [registry] witnesses that have a URL, and each that finds the log only grown adds its cosignature. Nothing
 * waits for them.
 */

#include "hub.h"

typedef struct Witnesses Witnesses;

/** A cosigned checkpoint: with the mirror's cosignature, and those of the witnesses that answered. */
typedef void (*WitnessesDone)(void *userdata, const char *note);

/** Without a policy there are none, and the mirror's cosignature alone is passed on. -EINVAL, ...: a policy
 * that cannot be read. */
int witnesses_new(Hub *hub, WitnessesDone done, void *userdata, Witnesses **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
Witnesses *witnesses_free(Witnesses *witnesses);
DEFINE_CLEANUP(Witnesses *, witnesses_free, witnesses_freep);

/** The mirror has cosigned a checkpoint: hub->seen.cosigned. They are asked at most once in
 * WITNESSES_PERIOD_S. */
void witnesses_wake(Witnesses *witnesses);

enum { WITNESSES_PERIOD_S = 60 };
