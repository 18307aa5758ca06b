/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The real-time board link: one thread that owns the board plugin, its lines and its SPI frames.
 *
 * Commands go to it through one ring and facts come back through another; control_fd() becomes readable when
 * facts wait. The thread runs SCHED_FIFO where the system allows it, takes no lock, allocates nothing once
 * started and waits for nobody. Whatever goes wrong, it first drops ENABLE, then sends STOP, then reports.
 *
 * It and the main thread watch each other through control_beat().
 *
 * A fault latches with its first cause; ENABLE stays low until control_acknowledge(). The thread itself holds
 * ENABLE high only while it is armed, the pedal is down, the emergency stop is released and no fault is
 * latched.
 */

#include <stdbool.h>
#include <stdint.h>

#include "alarm/alarm.h"
#include "control/fact.h"
#include "stipple/board-frame.h"
#include "stipple/plugin.h"
#include "util/cleanup.h"
#include "util/text.h"

typedef struct Control Control;

enum { CONTROL_ROUND_MS = 250 };

typedef struct ControlOptions {
	const StippleBoardVtable *board; /* of a loaded plugin, which stays loaded */
	const StippleHost *host;         /* passed to the plugin's open() */
	uint32_t heartbeat_ms;           /* 5 to 100, default 20 */
	uint32_t link_timeout_ms;        /* 50 to 2000, default 200 */
	uint32_t bad_frames_max;         /* 1 to 100, default 10 */
	uint32_t reopen_ms;              /* pause between attempts to reopen a lost board, default 1000 */
	uint32_t main_silent_ms; /* without control_beat() for this long an armed needle stops; 0: no limit */
	bool realtime;           /* ask for SCHED_FIFO and lock the thread's memory; a refusal is not fatal */
} ControlOptions;

/** Starts the thread, which opens the board: BOARD_UP or BOARD_DOWN arrives as a fact. */
int control_new(const ControlOptions *options, Control **ret) _must_check_;

/** Drops ENABLE, closes the board and joins the thread. Accepts NULL; returns NULL. */
Control *control_free(Control *control);
DEFINE_CLEANUP(Control *, control_free, control_freep);

/**
 * All functions below are for the main thread and never block. Each order gets one CONTROL_FACT_ANSWER with
 * its ticket: -ENOTCONN at once without a link, -ETIMEDOUT when the board has not answered after a second.
 * -EAGAIN: 64 orders wait already, and this one was not accepted.
 */
int control_configure(Control *control, uint32_t ticket, const BoardSettings *settings) _must_check_;
/**
 * Refused (-EBUSY in the answer) while a fault is latched, the emergency stop is pressed or the pedal is
 * already down.
 */
int control_arm(Control *control, uint32_t ticket, const ArmPayload *arm) _must_check_;
/** Drops ENABLE at once, before earlier orders are done. Without room (-EAGAIN) it acts as control_stop(). */
int control_disarm(Control *control, uint32_t ticket) _must_check_;
int control_query(
	Control *control, uint32_t ticket, FrameType command) _must_check_; /* STATUS READ_CHIP SELF_TEST */
/**
 * Clears the latch here and on the board. Refused (-EBUSY in the answer) while the emergency stop is pressed.
 */
int control_acknowledge(Control *control, uint32_t ticket) _must_check_;

/** Latches CONTROL_FAULT_HOST at once, through a flag that needs no room in a ring. Any thread. */
void control_stop(Control *control);

/**
 * The main thread's sign of life; call it more often than every `main_silent_ms`. Returns how many rounds the
 * control thread has made. It makes at least one every CONTROL_ROUND_MS, unless the plugin's open(), close()
 * or a transfer delays it.
 */
uint32_t control_beat(Control *control);

/**
 * Drops ENABLE without the help of a control thread that hangs, through the board's cut_enable(). Any thread.
 * The caller must then end the process, because the control thread's state is no longer true.
 */
void control_cut(Control *control);
/** Whether a board is open; only then can a needle move. Any thread. */
bool control_has_board(const Control *control);

/**
 * Sets what the lamps show: whether the needle may start, whether it runs, and an alarm, which the control
 * thread flashes as the table of alarms says. While a fault is latched, the lamps show that instead.
 */
int control_lamps(Control *control, bool ready, bool working, AlarmPriority alarm) _must_check_;

int control_fd(const Control *control);
void control_clear(Control *control); /* call it before taking, as ring_clear() */
bool control_take(Control *control, ControlFact *ret);
ControlCounters control_counters(const Control *control);
