/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Whether a new configuration fits the record, before the daemon starts over with it. It only says what does
 * not fit, and must not change anything.
 */

#include "core/station-private.h"

#include <string.h>

int station_compare_names(const char *recorded, const Config *config, char error[CONFIG_ERROR_MAX])
{
	char names[LEDGER_NAMES_MAX];

	snprintf(names, sizeof names, "%s/%s", config->clinic, config->station);
	if (strcmp(recorded, names) == 0)
		return 0;
	snprintf(error, CONFIG_ERROR_MAX,
		"the record calls this station %.100s, and [station] calls it %.100s: set the names of the record"
		" again; to change them, run `stipplectl station rename` first",
		recorded, names);
	return -EXDEV;
}

int station_check_record(const Station *station, const Config *config, char error[CONFIG_ERROR_MAX])
{
	bool enrolled = !station->enrolment_code[0];
	Error why;
	int r;

	if (station->view.inert || !station->options.ledger ||
		strcmp(config->state_folder, station->options.config->state_folder) != 0)
		return 0;
	r = enrolled ? station_compare_names(station->names, config, error) : 0;
	if (r < 0)
		return r;
	r = ledger_check_origin(station->options.ledger, config->log_origin, &why);
	if (r < 0)
		snprintf(error, CONFIG_ERROR_MAX, "%s", why.text);
	return r;
}
