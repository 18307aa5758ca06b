/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What the daemon needs from the machine: locked memory, and outputs that drop when their process dies. It
 * must not keep the daemon from starting: it logs a refusal, and `doctor` reports it.
 */

#include "process/machine.h"

#include <string.h>

#include "util/log.h"
#include "util/memory.h"
#include "util/pinctrl.h"

int machine_hold_memory(void)
{
	int r = memory_lock();

	if (r < 0)
		log_line(LOG_WARNING, LOG_ID_NOT_REALTIME,
			"the daemon's memory may be paged out: it could not be locked (%s)", strerror(-r));
	memory_touch_code();
	return r;
}

void machine_check_memory(const Config *config, int error, StationCheck *check)
{
	check->level = error < 0;
	snprintf(check->text, sizeof check->text, "%s",
		error < 0          ? "not locked: it may be paged out under load"
		: config->realtime ? "locked"
				   : "not to be locked");
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"the system refused it (%s): start the daemon by its unit, which has LimitMEMLOCK=",
			strerror(-error));
}

/** A simulated board has no output that could stay active. */
void machine_check_outputs(const Config *config, StationCheck *check)
{
	char parameter[PINCTRL_NAME_MAX];

	if (strcmp(config->board_plugin, "board-spi") != 0 ||
		!pinctrl_keeps_outputs("/sys/module", parameter)) {
		snprintf(check->text, sizeof check->text,
			"no driver is there that would keep ENABLE of a dead process");
		return;
	}
	check->level = 1;
	snprintf(check->text, sizeof check->text,
		"the kernel keeps the level of an output whose process died (%s)", parameter);
	snprintf(check->advice, sizeof check->advice,
		"add `dtparam=strict_gpiod` to config.txt and restart the computer; until then only "
		"stipple-enable-low drops ENABLE after a crash");
}
