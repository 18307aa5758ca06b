/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The report for an inspector as a document. It borrows the inspection. */

#include "report/document.h"
#include "report/inspection.h"

void inspection_document(const Inspection *inspection, Document *ret);
