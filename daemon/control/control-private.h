/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the two faces of the control link share: control.c, called by the main thread, and the thread. */

#include <pthread.h>
#include <stdatomic.h>

#include "control/control.h"
#include "control/link.h"
#include "util/ring.h"

enum {
	CONTROL_COMMANDS = 64,
	CONTROL_FACTS = 1024,
	CONTROL_FACTS_SPARE = 64,       /* kept free of samples, so that answers and faults always fit */
	CONTROL_COMMAND_MS = 1000,      /* a command not answered by then has failed */
	CONTROL_DRAIN_MAX = 128,        /* transfers in one go before the lines are looked at again */
	CONTROL_PRIORITY = 50,          /* SCHED_FIFO */
	CONTROL_STACK_BYTES = 256 * 1024,
};

typedef enum ControlVerb {
	CONTROL_CONFIGURE,
	CONTROL_ARM,
	CONTROL_DISARM,
	CONTROL_QUERY,
	CONTROL_ACKNOWLEDGE,
	CONTROL_LAMPS,
} ControlVerb;

typedef struct ControlCommand {
	ControlVerb verb;
	uint32_t ticket;
	union {
		BoardSettings settings;
		ArmPayload arm;
		FrameType query;
		bool lamps[3]; /* ready, working, fault */
	};
} ControlCommand;

struct Control {
	ControlOptions options;
	Ring *commands, *facts;
	pthread_t thread;
	bool started;
	atomic_bool leave, stop, disarm; /* orders that need no room in a ring */
	_Atomic uint64_t transfers, bad_frames, resends, samples, edges;
	atomic_bool realtime;

	/* the thread's own */
	void *board;
	int64_t reopen_ns, beat_ns, started_ns;
	Link link;
	bool up;             /* HELLO was answered */
	BoardIdentity identity;
	BoardSettings settings;
	bool armed, enabled, pedal, estop, held_low;
	ControlFault fault;
	ControlFact fault_fact; /* to be told while fault_untold */
	bool fault_untold;
	ControlCommand current; /* under way while link.waiting and ticketed */
	bool ticketed;
	char down_text[STIPPLE_ERROR_MAX];
};

void *control_thread(void *userdata);
