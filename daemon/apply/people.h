/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One function for each kind of record about people; only apply/record.c calls them. */

#include "apply/apply.h"

void signed_in_record_apply(State *state, const AppliedRecord *record);
void signed_out_record_apply(State *state, const AppliedRecord *record);
void roles_apply(State *state, const AppliedRecord *record);
void enrolled_apply(State *state, const AppliedRecord *record);
void renamed_apply(State *state, const AppliedRecord *record);
