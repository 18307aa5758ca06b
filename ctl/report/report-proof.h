/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The proof of a record that a report is about. */

#include "report/report.h"
#include "tlog/note.h"

/**
 * Takes a tlog-proof and the public key that it is signed with. It checks their form but not the signature:
 * the reader of the report does that. -EINVAL with a sentence; `set` is then unchanged.
 */
int report_set_proof(ReportProof *set, const char *proof, const char *key, Error *error) _must_check_;
