/* SPDX-License-Identifier: Apache-2.0 */

/** Judges whether the anaesthetic of the chosen zone has had its time. It must not trust a clock that was set
 * back. */

#include "decide/anaesthetic.h"

void anaesthetic_facts(const State *state, InterlockFacts *facts)
{
	int64_t left_us =
		session_zone(&state->session)->anaesthetic_until_utc_us - host_today_us(&state->host);

	facts->anaesthetic_left_s = left_us > 0 ? (left_us + USEC_PER_SEC - 1) / USEC_PER_SEC : 0;
}
