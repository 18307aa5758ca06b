/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What daemon and telemetry say to each other over a Unix socket of the type SOCK_SEQPACKET: one fixed
 * structure a packet, both ends on one machine and from one build. Nothing in it has a length that somebody
 * else chose, so there is nothing to parse. The daemon never acts on what it reads here: it only shows it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum {
	LIVE_MAGIC = 0x4c505453, /* "STPL" */
	LIVE_VERSION = 2,
	LIVE_NAME_MAX = 96,
	LIVE_TEXT_MAX = 512,
};

/** The name of the socket in the run folder. */
#define LIVE_SOCKET "telemetry.sock"

typedef enum LiveKind {
	LIVE_NEWS,    /* daemon: records were committed */
	LIVE_STATE,   /* daemon: how the station is; all that led to it is durable */
	LIVE_FIGURES, /* daemon: the figures of now, while a session is open */
	LIVE_REPORT,  /* telemetry: how it stands with the broker */
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

/** Texts end with NUL; "" where there is nothing. */
typedef struct LiveState {
	LiveHead head;
	uint64_t session;
	char state[32], fault[32], zone[32], lot[32];
	char subject[LIVE_NAME_MAX], badge[LIVE_NAME_MAX], unit[LIVE_NAME_MAX], pigment[LIVE_NAME_MAX];
	uint8_t board; /* it answers */
	uint8_t waits; /* the session, for somebody to resume it after the station stopped */
	uint8_t reserved[6];
} LiveState;

typedef struct LiveFigures {
	LiveHead head;
	uint64_t session, dots, strokes, session_dots, session_strokes;
	int64_t elapsed_s;
	double density, outside, dwell_ms; /* dots per cm2; a share; of the last dot */
	int32_t target, depth_um, resistance_mn;
	uint8_t pedal, emergency_stop;
	uint8_t reserved[2];
	char state[32], zone[32];
} LiveFigures;

/** What a person may have to be told of, each a bit of LiveReport.warnings. */
typedef enum LiveWarning {
	LIVE_WARN_LIMIT = 1 << 0,       /* the broker takes no packets as long as some records need */
	LIVE_WARN_REFUSED = 1 << 1,     /* it refused records for what they are */
	LIVE_WARN_NAME = 1 << 2,        /* another client has this station's name */
	LIVE_WARN_CERTIFICATE = 1 << 3, /* one ends soon */
	LIVE_WARN_LEDGER = 1 << 4,      /* the ledger cannot be read */
	LIVE_WARN_ALL = (1 << 5) - 1,
} LiveWarning;

typedef struct LiveReport {
	LiveHead head;
	uint64_t cursor;   /* all records up to it are at the broker, but those withheld */
	uint64_t waiting;  /* messages that wait for the broker; 0 while it takes them */
	uint64_t withheld; /* messages that it does not take */
	uint32_t warnings; /* LiveWarning bits */
	uint8_t connected; /* the broker has accepted the station */
	uint8_t stalled;   /* connected, but it acknowledges nothing */
	uint8_t reserved[2];
	char text[LIVE_TEXT_MAX];   /* one sentence on how it stands */
	char advice[LIVE_TEXT_MAX]; /* what to do about it, or "" */
} LiveReport;

/** The longest of them. */
typedef union LiveFrame {
	LiveHead head;
	LiveNews news;
	LiveState state;
	LiveFigures figures;
	LiveReport report;
} LiveFrame;

/** Writes the head of a frame whose other bytes the caller fills in; the rest is zeroed. */
void live_frame_init(LiveFrame *frame, LiveKind kind);

/** The bytes that a frame of this kind has. */
size_t live_frame_size(LiveKind kind);

/**
 * Whether `size` bytes are a frame, and whole: magic, version, kind, its size, texts that end, flags that are
 * flags. What a text holds besides is repaired in place (text_repair()), and control characters become '?'.
 * -EBADMSG.
 */
int live_frame_check(LiveFrame *frame, size_t size) _must_check_;
