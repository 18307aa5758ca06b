/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A client's passport: one page with the pigments, needles, zones and dates of all sessions. */

#include "report/document.h"
#include "report/report.h"

/** The sessions of a client, oldest first. The last one gives aftercare and proof. */
typedef struct Passport {
	GPtrArray *sessions; /* of Report; owned */
} Passport;

Passport *passport_new(void);
/** Accepts NULL; returns NULL. */
Passport *passport_free(Passport *passport);
DEFINE_CLEANUP(Passport *, passport_free, passport_freep);

/** What to lay out. There must be a session; `passport` must outlive the document. */
void passport_document(const Passport *passport, Document *ret);
