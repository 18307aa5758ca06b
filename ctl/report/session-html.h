/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The report of a session as a document. It borrows the report. */

#include "report/document.h"
#include "report/report.h"

void session_document(const Report *report, Document *ret);
