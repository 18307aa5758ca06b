/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One function for each kind of record about the session; only apply/record.c calls them. */

#include "apply/apply.h"

void session_begun_apply(State *state, const AppliedRecord *record);
void session_handed_over_apply(State *state, const AppliedRecord *record);
void session_consent_apply(State *state, const AppliedRecord *record);
void session_statement_apply(State *state, const AppliedRecord *record);
void session_zone_apply(State *state, const AppliedRecord *record);
void zone_area_apply(State *state, const AppliedRecord *record);
void session_step_apply(State *state, const AppliedRecord *record);
void session_finished_apply(State *state, const AppliedRecord *record);
void session_ended_apply(State *state, const AppliedRecord *record);
void photograph_apply(State *state, const AppliedRecord *record);
void pigment_apply(State *state, const AppliedRecord *record);
void anaesthetic_apply(State *state, const AppliedRecord *record);
void override_apply(State *state, const AppliedRecord *record);
void session_recovered_apply(State *state, const AppliedRecord *record);
void fault_acknowledged_apply(State *state, const AppliedRecord *record);
