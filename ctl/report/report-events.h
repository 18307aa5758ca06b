/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What happened in a session, in sentences. Each takes a record and its body into the report's events. */

#include "report/report.h"

void report_take_fault(Report *report, const json_t *row, const json_t *body);
void report_take_acknowledgement(Report *report, const json_t *row, const json_t *body);
void report_take_refusal(Report *report, const json_t *row, const json_t *body);
void report_take_alert(Report *report, const json_t *row, const json_t *body);
void report_take_recovery(Report *report, const json_t *row, const json_t *body);
void report_take_incident(Report *report, const json_t *row, const json_t *body);
void report_take_note(Report *report, const json_t *row, const json_t *body);
void report_take_hand_over(Report *report, const json_t *row, const json_t *body);
void report_take_anaesthetic(Report *report, const json_t *row, const json_t *body);
void report_take_override(Report *report, const json_t *row, const json_t *body);
void report_take_correction(Report *report, const json_t *row, const json_t *body);
