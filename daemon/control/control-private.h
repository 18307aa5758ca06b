/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What both sides of the control link share: control.c, which the main thread calls, and control-thread.c.
 * The main thread must not touch the members that are the thread's own. Nothing else includes this.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "control/control.h"
#include "control/link.h"
#include "util/ring.h"

enum {
	CONTROL_COMMANDS = 64,
	CONTROL_FACTS = 1024,
	CONTROL_FACTS_SPARE = 64,   /* kept free of samples, so that answers and faults always fit */
	CONTROL_FACTS_ANSWERS = 16, /* kept free for the command under way; with fewer the others wait */
	CONTROL_COMMAND_MS = 1000,  /* a command not answered by then has failed */
	CONTROL_FULL_MS = 1000,     /* facts without room for this long stop the needle */
	CONTROL_DRAIN_MAX = 128,    /* transfers in one go before the lines are looked at again */
	CONTROL_PRIORITY = 50,      /* SCHED_FIFO */
	CONTROL_STACK_BYTES = 256 * 1024,
	CONTROL_STACK_USED = 32 * 1024, /* of it, locked */
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
	atomic_uint main_beats, rounds; /* signs of life of the main thread and of this one */
	_Atomic(void *) cuttable;       /* the board while it is open, for control_cut() */
	_Atomic uint64_t transfers, bad_frames, resends, samples, edges;
	atomic_bool leave, stop; /* orders that need no room in a ring */
	atomic_uint disarms;     /* orders to disarm that were given and not yet carried out */
	atomic_bool realtime;
	atomic_int realtime_error;
	bool started;

	/* the thread's own */
	bool up; /* HELLO was answered */
	bool armed, enabled, pedal, estop;
	bool pedal_seen_up; /* since ARM: a pedal held all along moves nothing */
	bool resetting;     /* RESET is active */
	bool told_pedal, told_estop;
	bool fault_untold;
	bool ticketed;
	int broken; /* errno of a line that failed; the board is closed at the next occasion */
	ControlFault fault;
	void *board;
	/* since when: facts have found no room; the board denies being armed though the station is; the
	 * board's header shows a fault whose frame has not come. 0: not so. */
	int64_t full_ns, disarmed_ns, faulted_ns;
	int64_t reopen_ns, beat_ns, started_ns;
	int64_t main_heard_ns; /* when `main_seen`, the newest of `main_beats`, was new */
	uint32_t main_seen;
	Link link;
	ControlFact fault_fact; /* to be told while fault_untold */
	/* what was to latch while the board was told to forget the fault before it; CONTROL_FAULT_NONE:
	 * nothing */
	ControlFault next_fault;
	int32_t next_detail;
	ControlCommand current; /* under way while link.waiting and ticketed */
	BoardSettings settings;
	BoardIdentity identity;
	char down_text[STIPPLE_ERROR_MAX];
};

void *control_thread(void *userdata);
