/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Holds numbers of lots without serial numbers in advance, enough for [registry] escrow_days of work, so that
 * the station can claim them while the server is away.
 */

#include "hub.h"
#include "requests.h"

typedef struct TopUp TopUp;

int top_up_new(Hub *hub, Requests *requests, TopUp **ret) _must_check_;
/** Accepts NULL; returns NULL. */
TopUp *top_up_free(TopUp *top_up);
DEFINE_CLEANUP(TopUp *, top_up_free, top_up_freep);

/** Records were committed: cartridges may have been used. */
void top_up_wake(TopUp *top_up);
/** A request for numbers was answered; `given`: there were some. */
void top_up_answered(TopUp *top_up, bool given);
