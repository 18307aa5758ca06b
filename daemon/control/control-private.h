/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Shared by both sides of the control link: control.c, which the main thread calls, and the control thread's
 * files. The main thread must not touch the members that belong to the control thread. Nothing else includes
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
	CONTROL_FACTS_SPARE = 64,   /* room that samples may not use, so that answers and faults always fit */
	CONTROL_FACTS_ANSWERS = 16, /* room kept for the current command; with less, further commands wait */
	CONTROL_COMMAND_MS = 1000,  /* a command without an answer for this long has failed */
	CONTROL_FULL_MS = 1000,     /* the needle stops when facts have had no room for this long */
	CONTROL_DRAIN_MAX = 128,    /* transfers in a row before the lines are checked again */
	CONTROL_PRIORITY = 50,      /* SCHED_FIFO */
	CONTROL_STACK_BYTES = 256 * 1024,
	CONTROL_STACK_USED = 32 * 1024, /* part of the stack that is used, and locked */
};

typedef enum ControlVerb {
	CONTROL_CONFIGURE,
	CONTROL_ARM,
	CONTROL_DISARM,
	CONTROL_QUERY,
	CONTROL_ACKNOWLEDGE,
	CONTROL_LAMPS,
} ControlVerb;

/** What the lamps are to show. */
typedef struct LampOrder {
	bool ready, working;
	AlarmPriority alarm;
} LampOrder;

enum { CONTROL_LAMPS_N = 4 };

typedef struct ControlCommand {
	ControlVerb verb;
	uint32_t ticket;
	union {
		BoardSettings settings;
		ArmPayload arm;
		FrameType query;
		LampOrder lamps;
	};
} ControlCommand;

struct Control {
	ControlOptions options;
	Ring *commands, *facts;
	pthread_t thread;
	atomic_uint main_beats, rounds; /* signs of life of the main thread, and of this thread */
	_Atomic(void *) cuttable;       /* the board while it is open; for control_cut() */
	_Atomic uint64_t transfers, bad_frames, resends, samples, edges;
	atomic_bool leave, stop; /* orders that must not need room in a ring */
	atomic_uint disarms;     /* orders to disarm that were given and not yet carried out */
	atomic_bool realtime;
	atomic_int realtime_error;
	bool started;

	/* for the control thread only */
	bool up; /* HELLO was answered */
	bool armed, enabled, pedal, estop;
	bool pedal_seen_up; /* seen released since ARM: a pedal held down all along moves nothing */
	bool resetting;     /* RESET is active */
	bool told_pedal, told_estop;
	bool fault_untold;
	bool ticketed;
	int broken; /* errno of a failed line; the board is closed at the next opportunity */
	ControlFault fault;
	void *board;
	/*
	 * The times since which: facts have found no room; the board has denied being armed though the
	 * station is; the board's header has shown a fault whose frame has not come. 0: none.
	 */
	int64_t full_ns, disarmed_ns, faulted_ns;
	int64_t reopen_ns, beat_ns, started_ns;
	int64_t main_heard_ns; /* when `main_seen`, the newest value of `main_beats`, was first seen */
	uint32_t main_seen;
	Link link;
	ControlFact fault_fact; /* waits to be reported while fault_untold */
	/*
	 * the fault to latch next, which came while the board was being told to clear the one before;
	 * CONTROL_FAULT_NONE: none
	 */
	ControlFault next_fault;
	int32_t next_detail;
	ControlCommand current; /* pending while link.waiting and ticketed */
	BoardSettings settings;
	BoardIdentity identity;
	char down_text[STIPPLE_ERROR_MAX];
	LampOrder lamps;           /* as ordered */
	AlarmPriority fault_alarm; /* of the latched fault */
	bool lit[CONTROL_LAMPS_N]; /* as last set, from STIPPLE_LINE_LAMP_READY on */
};

#define NS_PER_MS 1000000LL
#define NS_PER_S  (1000 * NS_PER_MS)

/* Only the control thread calls the functions below. They wait for nothing but one transfer. */

/* ---- control-facts.c ---- */
int64_t control_now_ns(void);
/** False when the main thread is so far behind that there is no room. */
bool control_tell(Control *control, ControlFact *fact);
/** Reports a latched fault that had found no room, once there is some. */
void control_tell_fault(Control *control);
/** Reports the emergency stop and the pedal when they differ from the last report. */
void control_tell_lines(Control *control);
/** Ends a command that the board does not answer. */
void control_answer(Control *control, const ControlCommand *command, FrameType type, int error);
/**
 * Whether there is room for strokes. They leave the spare room to answers and faults; without room, the board
 * keeps its strokes.
 */
bool control_have_room(Control *control, int64_t now);

/* ---- lamps.c ---- */
/** Sets the lamps that are to change now. */
void control_update_lamps(Control *control, int64_t now_ns);
/** When the next lamp may change, by the same clock; INT64_MAX: none does by itself. */
int64_t control_next_flash(const Control *control, int64_t now_ns);
/** The alarm of a fault, for the lamps. */
AlarmPriority control_fault_alarm(ControlFault fault, BoardFault board_fault);
/** A board was opened: its lamps are dark. */
void control_forget_lamps(Control *control);

/* ---- emergency-stop.c ---- */
void control_set_enable(Control *control, bool active);
/**
 * Sets ENABLE high only while armed, without a fault, with the emergency stop released and the pedal pressed
 * since it was last up.
 */
void control_update_enable(Control *control);
void control_stop_needle(Control *control);
/** Stops the needle. The first cause is kept until it is acknowledged. */
void control_latch(Control *control, ControlFault fault, int32_t detail);
void control_latch_with(
	Control *control, ControlFault fault, BoardFault board_fault, int32_t detail, int64_t edge_ns);
void control_latch_board_fault(Control *control, BoardFault fault, int32_t detail);
bool control_is_stopped(const Control *control);
void control_board_down(Control *control, int error, const char *text);
void control_abort_command(Control *control, int error);
void control_close_board(Control *control, int error, const char *text);
/** Starts a command. */
void control_send(Control *control, const Frame *frame);
/** Exchanges one frame in each direction and handles the board's. */
void control_transfer(Control *control);

/* ---- board-lines.c ---- */
void control_open_board(Control *control);
void control_take_edges(Control *control);
/** Fetches the board's frames as long as there is room, and checks the lines meanwhile. */
void control_drain(Control *control);
void control_watch_link(Control *control);
void control_close_broken(Control *control);

/* ---- control-orders.c ---- */
void control_take_orders(Control *control);

/* ---- control-thread.c ---- */
void *control_thread(void *userdata);
