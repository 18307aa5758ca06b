/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Applies records of what the client answered before the treatment. */

#include "apply/apply.h"

void session_screening_apply(State *state, const AppliedRecord *record);
/** An answer that stopped the treatment is now no. */
void screening_changed_apply(State *state, const AppliedRecord *record);
/** A physician's note lifts an answer that needs one. */
void physician_cleared_apply(State *state, const AppliedRecord *record);
