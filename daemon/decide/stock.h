/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Stock: what is mounted or loaded but was barred in the meantime, and what runs low. */

#include "decide/check.h"
#include "decide/interlocks.h"
#include "state/state.h"

/** Fills in what is barred among the mounted and loaded items, and the handpiece. Borrowed from the facts. */
void stock_facts(const State *state, InterlockFacts *facts);
/** The handpiece mounted last in this session, a row of FACT_HANDPIECES; NULL none. */
const json_t *stock_mounted_handpiece(const State *state);
/** Whether any of these is barred. */
bool stock_is_barred(const State *state);
/** Whether `rows` of FACT_LOW_STOCK contain this lot. */
bool stock_has_lot(const json_t *rows, const json_t *lot);
void stock_check(const State *state, StationCheck *check);
