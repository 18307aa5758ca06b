/* SPDX-License-Identifier: Apache-2.0 */

/** The life of the process from start to end or restart. It must not know what any part does. */

#include <systemd/sd-daemon.h>

#include "process/process.h"
#include "util/program.h"

int process_run(Process *process, char **argv)
{
	int r;

	program_block_signals();
	r = process_start(process);
	if (r >= 0) {
		(void)sd_notifyf(false, "READY=1\nSTATUS=%s",
			process->rejected.code < 0 ? process->rejected.text : "serving");
		r = sd_event_loop(process->event);
	}
	process_stop(process);
	if (r == 0 && process->reload)
		return program_start_over(argv);
	return r != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
