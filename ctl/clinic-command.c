/* SPDX-License-Identifier: Apache-2.0 */

/** The commands about all stations of a clinic. */

#include "clinic-registry.h"
#include "commands.h"

const Command clinic_commands[] = {
	{ "audit stations", "", 0, 0, clinic_stations_command,
		"list the stations of a clinic and how far their records are mirrored; with --clinic",
		.alone = true },
	{ "audit findings", "[days=N]", 0, 1, clinic_findings_command,
		"name what is not as it should be at a clinic: gaps, forks, silent stations, claims without a grant",
		.alone = true },
	{ "audit registry", "[FILE]", 0, 1, clinic_registry_command,
		"verify the log of a clinic's registry whole, and that no claim lacks a grant; FILE: one that was saved",
		.alone = true },
	{ 0 },
};
