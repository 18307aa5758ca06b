/* SPDX-License-Identifier: Apache-2.0 */

/** Collects and prints what the checks found. It must not change anything. */

#include "doctor.h"

#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "util/clock.h"
#include "util/text.h"

static void doctor_check_clock(Doctor *doctor)
{
	struct timex clock = { 0 };
	bool synchronized = adjtimex(&clock) >= 0 && !(clock.status & STA_UNSYNC);

	if ((int64_t)time(NULL) * USEC_PER_SEC < CLOCK_UNSET_BEFORE_US)
		doctor_say(doctor, "clock", false, "it was never set: run timedatectl set-ntp true");
	else if (synchronized)
		doctor_say(doctor, "clock", true, "synchronised");
	else
		doctor_say(doctor, "clock", false,
			"not synchronised with a time server: run timedatectl set-ntp true, and see timedatectl timesync-status");
}

static bool doctor_check_configuration(Doctor *doctor)
{
	Program *program = doctor->program;
	Error error = { 0 };

	if (clinic_config_load(program->path, &program->config, &error) < 0) {
		doctor_say(doctor, "configuration", false,
			"%s: correct it, or run stipple-clinicd setup on a new server", error.text);
		return false;
	}
	if (owner_of(program->config.registry_key, &doctor->owner, &error) < 0) {
		doctor_say(doctor, "configuration", false,
			"%s: restore a backup; the stations trust no other key", error.text);
		return false;
	}
	doctor_say(doctor, "configuration", true, "accepted");
	return true;
}

static int print_checks(const Doctor *doctor, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *all = NULL;
	json_t *check;
	size_t i;

	if (doctor->program->options.json) {
		all = json_pack("{s:b, s:O}", "good", !doctor->bad, "checks", doctor->checks);
		text = all ? json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
		if (!text)
			return error_set(error, -ENOMEM, "no memory");
		puts(text);
		return 0;
	}
	json_array_foreach (doctor->checks, i, check)
		printf("%-5s %-14s %s\n", json_is_true(json_object_get(check, "good")) ? "good" : "BAD",
			json_string_value(json_object_get(check, "name")),
			json_string_value(json_object_get(check, "text")));
	return 0;
}

int doctor_run(Program *program, char **words, Error *error)
{
	Doctor doctor = { .program = program, .checks = json_array() };
	int r;

	if (!doctor.checks)
		return error_set(error, -ENOMEM, "no memory");
	doctor_check_clock(&doctor);
	if (doctor_check_configuration(&doctor)) {
		doctor_check_files(&doctor);
		doctor_check_database(&doctor);
		doctor_check_patroni(&doctor);
	}
	r = print_checks(&doctor, error);
	json_decref(doctor.checks);
	return r < 0 ? r : doctor.bad ? COMMAND_BAD : 0;
}
