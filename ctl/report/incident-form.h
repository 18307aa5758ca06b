/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The report of an incident to an authority: its fields in the order that the compliance profile of the
 * incident's time names, filled from the record. What the record lacks is said, and left to be written by
 * hand.
 */

#include <jansson.h>

#include "report/document.h"

typedef struct IncidentForm {
	char *clinic, *station, *made; /* owned; made is RFC 3339 */
	json_t *incident;              /* its row in the query `incidents`; NULL: there is none */
	json_t *subject;               /* of `subjects`; NULL: nobody, or not registered */
	json_t *session;               /* of `sessions`; NULL: it belongs to none */
	json_t *artist;                /* of `operators`; NULL: unknown */
	json_t *pigments, *zones;      /* arrays of rows; NULL: none */
} IncidentForm;

IncidentForm *incident_form_new(void);
/** Accepts NULL; returns NULL. */
IncidentForm *incident_form_free(IncidentForm *form);
DEFINE_CLEANUP(IncidentForm *, incident_form_free, incident_form_freep);

/** `form` must outlive *ret, and must have its incident. */
void incident_form_document(const IncidentForm *form, Document *ret);
