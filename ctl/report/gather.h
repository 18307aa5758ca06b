/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Asks the running daemon for the contents of a session's or an inspector's report. It must not draw
 * anything.
 */

#include "client.h"
#include "report/incident-form.h"
#include "report/inspection.h"
#include "report/passport-html.h"
#include "report/report.h"

/**
 * CTL_DONE, or CTL_FAILED after printing why. Photographs that are not available are reported and left out.
 */
int report_gather(Ctl *ctl, int64_t session, Report *report) _must_check_;

/** Asks for all sessions of a client, without photographs. Returns as above. */
int passport_gather(Ctl *ctl, const char *subject, Passport *passport) _must_check_;

/** Asks for what the client of a session signed, with texts and proofs. Returns as above. */
int report_gather_consents(Ctl *ctl, int64_t session, Report *report) _must_check_;

/** Asks the daemon's queries about the inspection's span of days. Returns as above. */
int inspection_gather(Ctl *ctl, Inspection *inspection) _must_check_;

/** Asks for an incident, `seq` being the number of its record, and for what its report needs. Returns as
 * above. */
int incident_form_gather(Ctl *ctl, int64_t seq, IncidentForm *form) _must_check_;
