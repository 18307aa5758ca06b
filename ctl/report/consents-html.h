/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The client's copy of what was signed in a session. */

#include "report/document.h"
#include "report/report.h"

/** The document borrows from the report. */
void consents_document(const Report *report, Document *ret);
