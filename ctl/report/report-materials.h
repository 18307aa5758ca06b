/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The materials of a session: cartridges, pigments, handpieces, and what became of their lots and loads. */

#include "report/report.h"

/* records of the session */
void report_take_claim(Report *report, const json_t *row, const json_t *body);
void report_take_removal(Report *report, const json_t *row, const json_t *body);
void report_take_pigment(Report *report, const json_t *row, const json_t *body);
void report_take_handpiece(Report *report, const json_t *row, const json_t *body);

/* rows of other queries; true when the report keeps text of the row */
bool report_take_needle(Report *report, const json_t *row);
bool report_take_lot(Report *report, const json_t *row);
bool report_take_zones(Report *report, const json_t *row);
bool report_take_blend(Report *report, const json_t *row);
bool report_take_status(Report *report, const json_t *row);
bool report_take_cycle(Report *report, const json_t *row);
bool report_take_doubt(Report *report, const json_t *row);
