/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The `doctor` checks of parts that the station does not know: camera, scanner, broker, folders, memory. It
 * must not change anything.
 */

#include "process/process.h"

#include <string.h>
#include <sys/stat.h>

#include "process/machine.h"

static StationCheck *add_check(StationCheck *check, const char *name, int level)
{
	memset(check, 0, sizeof *check);
	check->check = name;
	check->level = level;
	return check;
}

static void check_camera(const Process *process, StationCheck *check)
{
	ImagingStatus status;

	if (process->imaging) {
		imaging_status(process->imaging, &status);
		check->level = status.error < 0 ? 2 : 0;
		snprintf(check->text, sizeof check->text, "%s", status.text);
	} else
		snprintf(check->text, sizeof check->text, "%s",
			process->camera_error[0] ? process->camera_error : "none configured");
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"check its cable and [camera] plugin in stippled.conf");
}

static void check_scanner(const Process *process, StationCheck *check)
{
	unsigned dropped = process->scanner ? scanner_dropped(process->scanner) : 0;

	check->level = process->scanner_present ? dropped > 0 : 2;
	snprintf(check->text, sizeof check->text, "%s", process->scanner_text);
	if (!process->scanner_present)
		snprintf(check->advice, sizeof check->advice,
			"check its cable and [plugin.%.40s] in stippled.conf",
			process->config->scanner_plugin);
	else if (dropped > 0)
		snprintf(
			check->advice, sizeof check->advice, "%u codes were lost: scan more slowly", dropped);
}

static void check_folder(const char *folder, StationCheck *check)
{
	struct stat state;

	if (stat(folder, &state) < 0 || access(folder, W_OK) < 0)
		check->level = 2;
	else if (state.st_mode & S_IWOTH)
		check->level = 1;
	snprintf(check->text, sizeof check->text, "%.200s is %s", folder,
		check->level == 2   ? "not writable"
		: check->level == 1 ? "writable by everybody"
				    : "the station's own");
	if (check->level)
		snprintf(check->advice, sizeof check->advice, "chown stipple: %.100s && chmod 0750 %.100s",
			folder, folder);
}

bool process_broker_connected(void *userdata)
{
	const Process *process = userdata;
	const LiveReport *report = process->live ? live_report(process->live) : NULL;

	return report && report->connected;
}

size_t process_doctor(void *userdata, StationCheck *ret, size_t max)
{
	const Process *process = userdata;
	const Config *config = process->config;

	if (max < 6)
		return 0;
	check_camera(process, add_check(&ret[0], "camera", process->camera_error[0] ? 2 : 0));
	live_check(process->live, config, add_check(&ret[1], "broker", 0));
	check_folder(config->state_folder, add_check(&ret[2], "permissions", 0));
	machine_check_memory(config, process->memory_error, add_check(&ret[3], "memory", 0));
	machine_check_outputs(config, add_check(&ret[4], "outputs", 0));
	if (strcmp(config->scanner_plugin, "none") == 0)
		return 5;
	check_scanner(process, add_check(&ret[5], "scanner", 0));
	return 6;
}
