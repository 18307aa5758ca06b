/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The tables of a session's report. They are the caller's. */

#include "report/report.h"
#include "report/table.h"

Table *list_zones(const Report *report);
Table *list_cartridges(const Report *report);
Table *list_pigments(const Report *report);
/** What each practitioner did, by zone and cartridge. */
Table *list_stints(const Report *report);
Table *list_events(const Report *report);
