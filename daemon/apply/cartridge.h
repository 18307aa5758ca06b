/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One function for each kind of record about the cartridge; only apply/record.c calls them. */

#include "apply/apply.h"

void needle_claimed_apply(State *state, const AppliedRecord *record);
void needle_reseated_apply(State *state, const AppliedRecord *record);
void needle_removed_apply(State *state, const AppliedRecord *record);
