/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The proof of the record that closes a session. */

#include "report/report.h"
#include "tlog/note.h"

/**
 * Takes a tlog-proof and the public key it is signed with, whose form is checked and whose signature is not:
 * who reads the report does that. -EINVAL with a sentence, and the report is as before.
 */
int report_set_proof(Report *report, const char *proof, const char *key, Error *error) _must_check_;
