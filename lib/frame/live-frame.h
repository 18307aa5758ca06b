/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The messages between daemon and telemetry, over a SOCK_SEQPACKET Unix socket: one fixed structure per
 * packet; both ends run on one machine and come from one build. The sender chooses no lengths, so there is
 * nothing to parse. The daemon never acts on what it reads here; it only shows it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum {
	LIVE_MAGIC = 0x4c505453, /* "STPL" */
	LIVE_VERSION = 4,
	LIVE_NAME_MAX = 96,
	LIVE_TEXT_MAX = 512,
};

/** The name of the socket in the run folder. */
#define LIVE_SOCKET "telemetry.sock"

typedef enum LiveKind {
	LIVE_NEWS,    /* daemon: records were committed */
	LIVE_STATE,   /* daemon: the station's state; everything that led to it is durable */
	LIVE_FIGURES, /* daemon: the live figures, while a session is open */
	LIVE_REPORT,  /* telemetry: the state of the connection to the broker */
	LIVE_KIND_MAX,
} LiveKind;

typedef struct LiveHead {
	uint32_t magic;
	uint16_t version, kind;
	uint32_t size; /* of the whole structure */
	uint32_t reserved;
} LiveHead;

typedef struct LiveNews {
	LiveHead head;
} LiveNews;

/** Texts end with NUL; "" when empty. */
typedef struct LiveState {
	LiveHead head;
	uint64_t session;
	char state[32], fault[32], zone[32], lot[32];
	char subject[LIVE_NAME_MAX], badge[LIVE_NAME_MAX], unit[LIVE_NAME_MAX], pigment[LIVE_NAME_MAX];
	uint8_t board; /* the board answers */
	uint8_t waits; /* the session waits for a person to resume it after the station stopped */
	uint8_t reserved[6];
} LiveState;

typedef struct LiveFigures {
	LiveHead head;
	uint64_t session, dots, strokes, session_dots, session_strokes;
	uint64_t over;                 /* dots of the zone beyond its target, of all sessions */
	int64_t elapsed_s, break_in_s; /* break_in_s: negative when a break is overdue */
	double density, before;        /* dots per cm2 of this session, and of all sessions before */
	double outside, dwell_ms;      /* a share from 0 to 1; of the last dot */
	int32_t target, depth_um, resistance_mn;
	uint8_t pedal, emergency_stop;
	uint8_t reserved[2];
	char state[32], zone[32];
} LiveFigures;

/** Conditions that a person may have to know of; each is a bit of LiveReport.warnings. */
typedef enum LiveWarning {
	LIVE_WARN_LIMIT = 1 << 0,       /* the broker's packet limit is too small for some records */
	LIVE_WARN_REFUSED = 1 << 1,     /* the broker refused some records because of their content */
	LIVE_WARN_NAME = 1 << 2,        /* another client uses this station's name */
	LIVE_WARN_CERTIFICATE = 1 << 3, /* a certificate expires soon */
	LIVE_WARN_LEDGER = 1 << 4,      /* the ledger cannot be read */
	LIVE_WARN_ALL = (1 << 5) - 1,
} LiveWarning;

typedef struct LiveReport {
	LiveHead head;
	uint64_t cursor;   /* the broker has all records up to this one, except those withheld */
	uint64_t waiting;  /* messages that wait for the broker; 0 while it accepts them */
	uint64_t withheld; /* messages that the broker does not accept */
	uint32_t warnings; /* LiveWarning bits */
	uint8_t connected; /* the broker has accepted the station */
	uint8_t stalled;   /* connected, but the broker acknowledges nothing */
	uint8_t reserved[2];
	char text[LIVE_TEXT_MAX];   /* one sentence about the connection */
	char advice[LIVE_TEXT_MAX]; /* what to do about it, or "" */
} LiveReport;

/** The longest kind of frame. */
typedef union LiveFrame {
	LiveHead head;
	LiveNews news;
	LiveState state;
	LiveFigures figures;
	LiveReport report;
} LiveFrame;

/** Writes the head of a frame whose other bytes the caller fills in; the rest is zeroed. */
void live_frame_init(LiveFrame *frame, LiveKind kind);

/** The size of a frame of this kind, in bytes. */
size_t live_frame_size(LiveKind kind);

/**
 * Checks that `size` bytes are one whole frame: magic, version, kind and size match, texts are terminated,
 * and flags are 0 or 1. Texts are then repaired in place: text_repair(), and '?' for control characters.
 * -EBADMSG otherwise.
 */
int live_frame_check(LiveFrame *frame, size_t size) _must_check_;
