/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Applies the record clinic.leaf to the state; apply.h has the other functions of its file. */

#include "apply/apply.h"

void clinic_leaf_apply(State *state, const AppliedRecord *record);
