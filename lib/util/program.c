/* SPDX-License-Identifier: Apache-2.0 */

/** Programs with an event loop: their signals, and restarting. */

#include "util/program.h"

#include <signal.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/log.h"

void program_block_signals(void)
{
	/* SIGXFSZ: exceeding the file size limit should fail the write, not kill the process */
	static const int blocked[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGXFSZ };
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < ELEMENTS(blocked); i++)
		sigaddset(&signals, blocked[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

int program_start_over(char **argv)
{
	/*
	 * signals stay blocked: a signal that arrives now waits for the new loop instead of killing the
	 * process
	 */
	execv("/proc/self/exe", argv);
	log_error("%s cannot start over: %s", program_invocation_short_name, strerror(errno));
	return EXIT_FAILURE;
}
