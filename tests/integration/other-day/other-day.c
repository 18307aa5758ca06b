/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stippled on another day: the daemon as it is, but for its clock, which is STIPPLE_DAYS days ahead. Tests of
 * a course and script/demo run weeks and years in minutes with it. It is not installed.
 */

#include <stdio.h>
#include <stdlib.h>

#include "process/process.h"
#include "util/clock.h"

static void read_other_day(void *userdata, ClockReading *ret)
{
	*ret = clock_read(&clock_system);
	ret->utc_us += *(const int64_t *)userdata * USEC_PER_DAY;
}

int main(int argc, char **argv)
{
	const char *text = getenv("STIPPLE_DAYS");
	int64_t days = text ? strtol(text, NULL, 10) : 0;
	const Clock clock = { .read = read_other_day, .userdata = &days };
	Process process = { .clock = &clock };

	if (argc != 3 || strcmp(argv[1], "--config") != 0) {
		fprintf(stderr, "Usage: STIPPLE_DAYS=N %s --config FILE\n", argv[0]);
		return 2;
	}
	process.config_path = argv[2];
	return process_run(&process, argv);
}
