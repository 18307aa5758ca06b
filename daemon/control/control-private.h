/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What both sides of the control link share: control.c, which the main thread calls, and the control thread's
 * own files. The main thread must not touch the members that are the thread's own. Nothing else includes
 * this.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "control/control.h"
#include "control/board-frames.h"
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

#define NS_PER_MS 1000000LL
#define NS_PER_S  (1000 * NS_PER_MS)

/* All below is called by the control thread alone, and waits for nothing but one transfer. */

/* ---- control-facts.c ---- */
int64_t control_now_ns(void);
/** False when the main thread has fallen so far behind that there is no room. */
bool control_tell(Control *control, ControlFact *fact);
/** The fault that was latched and found no room, once there is some. */
void control_tell_fault(Control *control);
/** The emergency stop and the pedal, where they are not as they were told last. */
void control_tell_lines(Control *control);
/** The end of a command that the board does not answer. */
void control_answer(Control *control, const ControlCommand *command, FrameType type, int error);
/** Strokes leave the spare room to answers and faults; while it lacks, the board keeps what it has. */
bool control_have_room(Control *control, int64_t now);

/* ---- emergency-stop.c ---- */
void control_set_enable(Control *control, bool active);
/** High only while armed, without a fault, with the stop released and the pedal down since it was up. */
void control_update_enable(Control *control);
void control_stop_needle(Control *control);
/** Stops the needle. The first cause stays until it is acknowledged. */
void control_latch(Control *control, ControlFault fault, int32_t detail);
void control_latch_with(
	Control *control, ControlFault fault, BoardFault board_fault, int32_t detail, int64_t edge_ns);
void control_latch_board_fault(Control *control, BoardFault fault, int32_t detail);
bool control_is_stopped(const Control *control);
void control_board_down(Control *control, int error, const char *text);
void control_abort_command(Control *control, int error);
void control_close_board(Control *control, int error, const char *text);
/** Puts a command under way. */
void control_send(Control *control, const Frame *frame);
/** One frame each way, and what the board's says. */
void control_transfer(Control *control);

/* ---- board-lines.c ---- */
void control_open_board(Control *control);
void control_take_edges(Control *control);
/** Fetches what the board has, as long as there is room for it, with an eye on the lines. */
void control_drain(Control *control);
void control_watch_link(Control *control);
void control_close_broken(Control *control);

/* ---- control-orders.c ---- */
void control_take_orders(Control *control);

/* ---- control-thread.c ---- */
void *control_thread(void *userdata);
