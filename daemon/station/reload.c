/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks whether a new configuration fits the record, before the daemon restarts with it. It only reports
 * what does not fit, and must not change anything.
 */

#include "station/parts.h"

#include <string.h>

int station_compare_names(const char *recorded, const Config *config, Error *error)
{
	char names[LEDGER_NAMES_MAX];

	snprintf(names, sizeof names, "%s/%s", config->clinic, config->station);
	if (strcmp(recorded, names) == 0)
		return 0;
	return error_set(error, -EXDEV,
		"the record calls this station %.100s, and [station] calls it %.100s: set the names of the record"
		" again; to change them, run `stipplectl station rename` first",
		recorded, names);
}

int station_check_record(const Station *station, const Config *config, Error *error)
{
	bool enrolled = !station->state.people.code[0];
	int r;

	if (rules_inert(&station->state.rules) || !station->options.ledger ||
		strcmp(config->state_folder, station->options.config->state_folder) != 0)
		return 0;
	r = enrolled ? station_compare_names(station->state.people.names, config, error) : 0;
	if (r < 0)
		return r;
	return ledger_check_origin(station->options.ledger, config->log_origin, error);
}
