/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Renews the station's certificate once it is due. The loop waits for nothing: it is done on a thread. */

#include "hub.h"

typedef struct DailyRenewal DailyRenewal;

int daily_renewal_new(Hub *hub, DailyRenewal **ret) _must_check_;
/** Waits for a renewal that has begun, for as long as its deadline. Accepts NULL; returns NULL. */
DailyRenewal *daily_renewal_free(DailyRenewal *renewal);
DEFINE_CLEANUP(DailyRenewal *, daily_renewal_free, daily_renewal_freep);
