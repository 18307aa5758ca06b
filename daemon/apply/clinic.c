/* SPDX-License-Identifier: Apache-2.0 */

/** Applies what is known of the clinic's registry: reports of the link, and signed leaves on record. */

#include "apply/clinic.h"

#include <stdio.h>
#include <string.h>

#include "apply/record-field.h"
#include "util/clock.h"

void clinic_report_apply(State *state, const ClinicReport *report)
{
	state->clinic.report = *report;
}

/** Records write a boot's id without the dashes of a UUID. */
static bool is_same_boot(const char *a, const char *b)
{
	while (*a && *b) {
		if (*a == '-') {
			a++;
		} else if (*b == '-') {
			b++;
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return !*a && !*b;
}

void clinic_member_apply(State *state, const char *origin)
{
	snprintf(state->clinic.origin, sizeof state->clinic.origin, "%s", origin);
}

void clinic_boot_apply(State *state, const char *utc)
{
	snprintf(state->clinic.confirmed, sizeof state->clinic.confirmed, "%s", utc);
}

void clinic_quarantine_apply(State *state, bool is_quarantined)
{
	state->clinic.is_quarantined = is_quarantined;
}

void clinic_leaf_apply(State *state, const AppliedRecord *record)
{
	const char *kind = record_text(record, "kind");
	json_auto_t *leaf = json_loads(record_text(record, "leaf"), 0, NULL);

	if (strcmp(row_text(leaf, "station"), state->clinic.origin) != 0)
		return;
	if (strcmp(kind, "station.quarantined") == 0) {
		clinic_quarantine_apply(state, true);
		clinic_boot_apply(state, "");
	} else if (strcmp(kind, "station.enrolled") == 0) {
		clinic_quarantine_apply(state, false);
	} else if (strcmp(kind, "boot.confirmed") == 0 &&
		   is_same_boot(row_text(leaf, "boot"), state->host.now.boot_id)) {
		clinic_boot_apply(state, row_text(leaf, "utc"));
	}
}
