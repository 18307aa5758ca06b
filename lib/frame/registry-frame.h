/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The messages between daemon and stipple-registryd, over a SOCK_SEQPACKET Unix socket: one packet is one
 * fixed structure, in some kinds with bytes behind it whose lengths the structure says. Both ends run on one
 * machine and come from one build. A leaf is believed only for its proof; all else that the daemon reads here
 * is only shown, or answers what it asked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum {
	REGISTRY_MAGIC = 0x52505453, /* "STPR" */
	REGISTRY_VERSION = 1,
	REGISTRY_PACKET_MAX = 128 * 1024, /* bytes of a packet; set SO_SNDBUF to twice of it */
	REGISTRY_BODY_MAX = 64 * 1024,    /* of an ask */
	REGISTRY_LEAF_MAX = 96 * 1024,    /* of a leaf */
	REGISTRY_PROOF_MAX = 16 * 1024,   /* of its proof */
	REGISTRY_NOTE_MAX = 96 * 1024,    /* of a cosigned checkpoint */
	REGISTRY_TEXT_MAX = 512,
	REGISTRY_BOOT_MAX = 40,
	REGISTRY_ORIGIN_MAX = 256,
	REGISTRY_LEAVES_AHEAD = 32, /* leaves that may be sent before the cursor passes the first */
};

/** The name of the socket in the run folder. */
#define REGISTRY_SOCKET "registry.sock"

typedef enum RegistryKind {
	REGISTRY_HELLO,    /* daemon: who it is, first on each connection */
	REGISTRY_CURSOR,   /* daemon: leaves up to here are on record, or of no use to it */
	REGISTRY_NEWS,     /* daemon: records were committed */
	REGISTRY_ASK,      /* daemon: a request to the registry; its body follows */
	REGISTRY_LEAF,     /* registryd: a leaf of the registry's log; leaf and proof follow */
	REGISTRY_ANSWER,   /* registryd: what became of an ask */
	REGISTRY_REPORT,   /* registryd: the state of the connection to the clinic's server */
	REGISTRY_COSIGNED, /* registryd: a checkpoint of this station's log that others cosigned; the note
			      follows */
	REGISTRY_KIND_MAX,
} RegistryKind;

typedef struct RegistryHead {
	uint32_t magic;
	uint16_t version, kind;
	uint32_t size; /* of the whole packet */
	uint32_t reserved;
} RegistryHead;

/** Texts end with NUL. */
typedef struct RegistryHello {
	RegistryHead head;
	uint64_t next;                    /* as in RegistryCursor */
	char boot[REGISTRY_BOOT_MAX];     /* as in records: 32 hexadecimal digits */
	char origin[REGISTRY_ORIGIN_MAX]; /* of the station's log */
} RegistryHello;

typedef struct RegistryCursor {
	RegistryHead head;
	uint64_t next; /* number of the first leaf that is wanted; 0: all */
} RegistryCursor;

typedef struct RegistryNews {
	RegistryHead head;
} RegistryNews;

typedef enum RegistryWhat {
	REGISTRY_CLAIM,    /* {"unit", "lot"} */
	REGISTRY_HOLD,     /* {"lot", "units"} */
	REGISTRY_TOP_UP,   /* {"lot", "count"} */
	REGISTRY_MOVE,     /* {"to", "units"} */
	REGISTRY_HANDOVER, /* {"note"}: of an offline hand-over, by its receiver */
	REGISTRY_HOLDER,   /* {"unit"}: who holds it, as far as this station knows; needs no network */
	REGISTRY_WHAT_MAX,
	REGISTRY_WHAT_INVALID = -EINVAL,
} RegistryWhat;

/** The name, as in the server's path: "claim", "top-up", ... "" for no value of its own. */
const char *registry_what_to_string(RegistryWhat what);

typedef struct RegistryAsk {
	RegistryHead head;
	uint64_t number; /* of the daemon's choice; the answer has it */
	uint32_t what;   /* RegistryWhat */
	uint32_t body_size;
	/* body_size bytes: an object of JSON, without "request" */
} RegistryAsk;

/** Leaves come in order of their numbers: only those that concern this station or were shared by another. */
typedef struct RegistryLeaf {
	RegistryHead head;
	uint64_t seq; /* from 0 */
	uint32_t leaf_size, proof_size;
	/* the leaf, then its tlog-proof text */
} RegistryLeaf;

typedef enum RegistryStatus {
	REGISTRY_DONE,    /* the server did it */
	REGISTRY_REFUSED, /* the server will not do it */
	REGISTRY_AWAY, /* there is no answer now; what may have been asked is asked again until it is answered
			*/
	REGISTRY_STATUS_MAX,
} RegistryStatus;

/** Comes after all leaves before `next` that the station gets. */
typedef struct RegistryAnswer {
	RegistryHead head;
	uint64_t number; /* of the ask */
	uint64_t next;   /* number after the leaf that did it; 0: there is none */
	uint32_t status; /* RegistryStatus */
	uint32_t reserved;
	char text[REGISTRY_TEXT_MAX]; /* one sentence */
} RegistryAnswer;

/** Conditions that a person may have to know of; each is a bit of RegistryReport.warnings. */
typedef enum RegistryWarning {
	REGISTRY_WARN_LOG = 1 << 0,         /* the registry shows another log than before, or a wrong one */
	REGISTRY_WARN_DOUBLE = 1 << 1,      /* the registry granted one cartridge to two stations */
	REGISTRY_WARN_TIMELINE = 1 << 2,    /* the server answers from an older state of its database */
	REGISTRY_WARN_QUARANTINED = 1 << 3, /* the registry says that this station's log is a copy */
	REGISTRY_WARN_MIRROR = 1 << 4,      /* the mirror refuses this station's log, or cosigns wrongly */
	REGISTRY_WARN_CERTIFICATE = 1 << 5, /* a certificate is refused, or expires soon */
	REGISTRY_WARN_LEDGER = 1 << 6,      /* the ledger cannot be read */
	REGISTRY_WARN_STORE = 1 << 7,       /* the program's own folder cannot be written */
	REGISTRY_WARN_ALL = (1 << 8) - 1,
} RegistryWarning;

typedef struct RegistryReport {
	RegistryHead head;
	uint64_t mirrored; /* records that the mirror has cosigned */
	uint64_t waiting;  /* records that it has not */
	uint64_t leaves;   /* of the registry's log that are verified here */
	uint32_t warnings; /* RegistryWarning bits */
	uint8_t connected; /* the server has answered, and not failed to since */
	uint8_t reserved[3];
	char text[REGISTRY_TEXT_MAX];   /* one sentence about the connection */
	char advice[REGISTRY_TEXT_MAX]; /* what to do about it, or "" */
	/* names of the keys that cosigned the newest mirrored checkpoint, with ", " between; "" none */
	char cosigned[REGISTRY_TEXT_MAX];
} RegistryReport;

typedef struct RegistryCosigned {
	RegistryHead head;
	uint32_t note_size;
	uint32_t reserved;
	/* the note, with the signature of this station's log */
} RegistryCosigned;

/** The fixed part of any kind. */
typedef union RegistryFrame {
	RegistryHead head;
	RegistryHello hello;
	RegistryCursor cursor;
	RegistryNews news;
	RegistryAsk ask;
	RegistryLeaf leaf;
	RegistryAnswer answer;
	RegistryReport report;
	RegistryCosigned cosigned;
} RegistryFrame;

/** Bytes of a packet that belong to whoever has the packet; not NUL-terminated. */
typedef struct RegistryBytes {
	const void *data;
	size_t size;
} RegistryBytes;

/** Writes the head of a frame without bytes behind it; the caller fills in the rest, which is zeroed. */
void registry_frame_init(RegistryFrame *frame, RegistryKind kind);

/** The size of the fixed part of a kind, in bytes. */
size_t registry_frame_size(RegistryKind kind);

/**
 * Completes the head of an ask, a leaf or a cosigned checkpoint for the bytes that follow: send the fixed
 * part, `first` and `second` as one packet (sendmsg). `second` is empty except for a leaf. -EMSGSIZE when
 * something is too long.
 */
int registry_frame_attach(RegistryFrame *frame, size_t first, size_t second) _must_check_;

/**
 * Reads a packet of exactly `size` bytes: magic, version, kind and all sizes match, texts are terminated, and
 * flags and choices are known ones. `ret` gets the fixed part with its texts repaired (text_repair(), and '?'
 * for control characters), `first` and `second` the bytes behind it, pointing into the packet. -EBADMSG
 * otherwise, with the outputs untouched.
 */
int registry_frame_read(const void *packet, size_t size, RegistryFrame *ret, RegistryBytes *first,
	RegistryBytes *second) _must_check_;
