/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What may be written down while somebody is in the chair. Pure. */

#include "decide/decision.h"

enum { ANAESTHETIC_AGO_MAX_S = 4 * 3600 }; /* no cream works for longer; an older time is a slip */

/**
 * Whether an application may be recorded: its zones exist, its time is neither in the future nor longer ago
 * than ANAESTHETIC_AGO_MAX_S, and the needle does not move in them. Fills in the present time where none was
 * entered. False, with the refusal in `ret`.
 */
bool require_anaesthetic(const State *state, json_t *body, Decision *ret);
