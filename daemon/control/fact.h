/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the board link reports: facts and faults, as plain data. */

#include <stdbool.h>
#include <stdint.h>

#include "stipple/board-frame.h"
#include "stipple/plugin.h"
#include "util/text.h"

/** Why the needle was stopped. */
typedef enum ControlFault {
	CONTROL_FAULT_NONE,
	CONTROL_FAULT_EMERGENCY_STOP,
	CONTROL_FAULT_BOARD,          /* the board latched a fault; `board_fault` says which */
	CONTROL_FAULT_LINK_LOST,      /* no valid frame within `link_timeout_ms` */
	CONTROL_FAULT_LINK_ERRORS,    /* more than `bad_frames_max` bad frames in a row */
	CONTROL_FAULT_DEPTH_LIMIT,    /* a sample past the hard depth limit; `detail` um */
	CONTROL_FAULT_FORCE_LIMIT,    /* a sample past the hard force limit; `detail` mN */
	CONTROL_FAULT_BOARD_GONE,     /* line or SPI device vanished; `detail` is the errno */
	CONTROL_FAULT_CHIP_CHANGED,   /* the chip is not the one of the armed cartridge */
	CONTROL_FAULT_FACTS_OVERRUN,  /* facts found no room for a second: the needle stops rather than losing
					 a stroke */
	CONTROL_FAULT_HOST,           /* control_stop() for a reason of the core: ledger unhealthy, ... */
	CONTROL_FAULT_MAIN_SILENT,    /* no control_beat() for `main_silent_ms`; `detail`: for how long, ms */
	CONTROL_FAULT_CONTROL_SILENT, /* never from the thread itself: its watcher latches this */
	CONTROL_FAULT_MAX,
	CONTROL_FAULT_INVALID = -EINVAL,
} ControlFault;

DECLARE_STRING_TABLE(control_fault, ControlFault); /* "emergency-stop", "link-lost", ... */

typedef enum ControlFactKind {
	CONTROL_FACT_BOARD_UP,   /* HELLO answered: `identity` */
	CONTROL_FACT_BOARD_DOWN, /* open failed or device gone: `error` (errno) and `text` */
	CONTROL_FACT_ANSWER,     /* a command ended: `ticket`, `command`, `result` or negative `error` */
	CONTROL_FACT_SAMPLES,    /* 1 to FRAME_SAMPLES_MAX strokes */
	CONTROL_FACT_LINE,       /* EMERGENCY_STOP or PEDAL changed: `line`, `active` */
	CONTROL_FACT_FAULT,      /* latched: `fault`, `board_fault`, `detail`; sent once for each latch */
	CONTROL_FACT_CHIP,       /* cartridge seated or removed: `chip` */
	CONTROL_FACT_MAX,
} ControlFactKind;

typedef struct ControlFact {
	ControlFactKind kind;
	int64_t monotonic_ns;
	union {
		BoardIdentity identity;
		struct {
			int error;
			char text[STIPPLE_ERROR_MAX];
		} down;
		struct {
			uint32_t ticket;
			FrameType command;
			int error; /* 0 answered; -ETIMEDOUT, -ENOTCONN, -EBUSY (fault latched) */
			BoardResult result;
			BoardStatus status; /* of FRAME_STATUS */
			ChipId chip;        /* of FRAME_READ_CHIP */
			uint32_t self_test; /* of FRAME_SELF_TEST: failed SelfTestBits */
		} answer;
		struct {
			uint32_t n;
			StrokeSample samples[FRAME_SAMPLES_MAX];
		} strokes;
		struct {
			StippleLine line;
			bool active;
		} line;
		struct {
			ControlFault fault;
			BoardFault board_fault;
			int32_t detail;
			int64_t stop_latency_ns; /* from the kernel's timestamp of the edge until ENABLE was
						    written, or 0 */
		} fault;
		ChipId chip;
	};
} ControlFact;

/** Counters for `doctor`, read without stopping the thread, so they may be slightly inconsistent. */
typedef struct ControlCounters {
	uint64_t transfers, bad_frames, resends, samples, edges;
	bool realtime;      /* SCHED_FIFO was granted */
	int realtime_error; /* the errno of the refusal; 0: not refused, or not asked for */
} ControlCounters;
