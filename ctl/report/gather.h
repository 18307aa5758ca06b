/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Takes from the running daemon what a session's or an inspector's report says. It draws nothing. */

#include "client.h"
#include "report/inspection.h"
#include "report/report.h"

/** CTL_DONE, or CTL_FAILED after printing why. Photographs that cannot be had are said, and left out. */
int report_gather(Ctl *ctl, int64_t session, Report *report) _must_check_;

/** What the daemon's queries give for the inspection's span of days. Returns as above. */
int inspection_gather(Ctl *ctl, Inspection *inspection) _must_check_;
