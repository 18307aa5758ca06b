/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The open session and the cartridge in the handpiece, as plain data. Only daemon/apply/ may write it, so
 * that a restart rebuilds the same state from the session's records.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code/needle-code.h"
#include "config/protocol.h"
#include "config/screening.h"
#include "state/dots.h"
#include "state/session-step.h"
#include "stipple/board-frame.h"

enum {
	SESSION_NAME_MAX = 96,
	SESSION_LOT_MAX = 32,
	SESSION_PROTOCOLS_MAX = 32,
};

/** The treatment protocols loaded at the start; they outlive every session. */
typedef struct Protocols {
	Protocol *list[SESSION_PROTOCOLS_MAX]; /* in no order; owned */
	size_t n;
} Protocols;

/** NULL when there is none of that name. */
const Protocol *protocols_find(const Protocols *protocols, const char *name);
/** Frees the listed protocols. */
void protocols_clear(Protocols *protocols);

/** What has been done in one zone: in this session, and on record before it. state/density.h adds it up. */
typedef struct SessionZone {
	uint32_t area_mm2; /* as last chosen; 0: never chosen in this session */
	uint32_t target;   /* dots per cm2 after this session, with those of earlier sessions, at that time */
	/* of this client, as the session's first record has it */
	uint32_t known_area_mm2;  /* 0: not on record */
	bool area_was_measured;   /* by a record of its own; false: it is that of an earlier session */
	uint64_t before_dots;     /* of all sessions before, whatever protocol or course */
	int64_t last_dots_utc_us; /* when the needle last worked here; 0: it left no dot */
	int64_t anaesthetic_until_utc_us; /* until then the anaesthetics need to work; 0: none */
	ZoneStatistics statistics;
	char before_photo[SESSION_NAME_MAX], after_photo[SESSION_NAME_MAX]; /* file names; "" none */
} SessionZone;

/** Set when the station stopped while the session was open. */
typedef struct SessionRecovery {
	bool waits;          /* nobody has said yet that the session goes on */
	int64_t since_us;    /* UTC time of the last record before the stop */
	uint32_t lacking_ms; /* of strokes that may be missing on record; 0: not armed, by the record */
} SessionRecovery;

/** An answer yes that stops the treatment. */
typedef struct ScreeningStop {
	char question[HEALTH_QUESTION_MAX];
	AnswerEffect effect; /* ANSWER_PHYSICIAN or ANSWER_RULES_OUT */
} ScreeningStop;

/** What the client answered. The answers that stop nothing are on record alone. */
typedef struct Screening {
	bool done; /* the questions `asked` were answered */
	char asked[SCREENING_MAX][HEALTH_QUESTION_MAX];
	size_t n_asked;
	ScreeningStop stops[SCREENING_MAX];
	size_t n_stops;
	bool stops_erased; /* an answer stops the treatment whose name was erased */
} Screening;

typedef struct Session {
	uint64_t number; /* 0: no session is open */
	char subject[SESSION_NAME_MAX], protocol_name[PROTOCOL_NAME_MAX];
	/* who does the dots: who began the session, or armed the needle last. The badge; the name is "" after
	   a restart, until this person signs in */
	char practitioner[SESSION_NAME_MAX], practitioner_name[SESSION_NAME_MAX];
	const Protocol *protocol;    /* NULL: no session, or the protocol is no longer installed */
	uint32_t course_session;     /* from 1 */
	uint32_t interval_days;      /* planned for the subject's course; 0 no plan */
	int64_t last_session_utc_us; /* the subject's previous session in which the needle touched the skin; 0
					none */
	int64_t wait_until_utc_us; /* the day from which an earlier protocol lets others begin; 0: at once */
	int64_t begun_utc_us;
	SessionState step;   /* as on record: preparing, ready, paused or closing; idle without a session */
	uint32_t overridden; /* INTERLOCK_BIT()s */
	Zone interval_zone;  /* the zone to which an interval that was set aside belongs */
	bool consent_treatment, consent_photographs;
	bool aftercare_received, needles_sealed; /* the client signed that it is so */
	Screening screening;
	Zone zone; /* ZONE_INVALID: none chosen */
	SkinType skin;
	const ZonePlan *plan; /* NULL without a zone */
	SessionZone zones[ZONE_MAX];
	DotDetector detector;
	Dot last_dot;
	uint64_t strokes, dots;
	int64_t stroke_us;              /* how long the needle moved, by the board's clock */
	uint32_t needles;               /* cartridges claimed */
	char pigment[SESSION_NAME_MAX]; /* "Brand Colour, lot L", "" none */
	char pigment_product[SESSION_NAME_MAX], pigment_lot[SESSION_LOT_MAX]; /* brand and colour; lot */
	int64_t pigment_expiry_utc_us;
	SessionRecovery recovery;
	/* by the strokes on record before the station stopped, UTC; 0: none, or the station did not stop */
	int64_t stretch_utc_us, rest_utc_us; /* the needle's first run since the last break, and its last */
} Session;

/** A cartridge that was claimed. */
typedef struct Cartridge {
	uint64_t claim; /* sequence number of the claim's record; 0: none */
	char unit[NEEDLE_UNIT_MAX], lot[SESSION_LOT_MAX];
	char product[NEEDLE_PRODUCT_MAX]; /* "" when its code has none */
	char configuration[40];           /* of its needles, as the lot has it; "": unknown */
	ChipId chip;                      /* length 0: no chip */
	uint64_t strokes, dots;
	int64_t stroke_us; /* how long it moved, by the board's clock */
} Cartridge;

typedef struct Needle {
	Cartridge mounted; /* claim 0: none */
	Cartridge removed; /* the last one taken out; claim 0: none */
} Needle;

/** No session is open. */
void session_clear(Session *session);
/** The chosen zone; an empty one while none is chosen. Borrowed from the session. */
const SessionZone *session_zone(const Session *session);
/**
 * The protocol's plan for a zone in this session; of a session beyond the protocol's end, that of its last
 * one. NULL without a protocol, or for what is no zone or skin. Borrowed from the protocol.
 */
const ZonePlan *session_plan(const Session *session, Zone zone, SkinType skin);
/** Whether both are chips, and the same chip. */
bool chip_is_same(const ChipId *a, const ChipId *b);
