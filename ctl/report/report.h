/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The contents of a session's report, as data. report-rows.h builds it from the rows of the daemon's audit
 * queries. Nothing here does layout or communicates.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <jansson.h>

#include "util/text.h"

enum {
	REPORT_BINS = 32,       /* of both histograms; the last is open-ended */
	REPORT_DEPTH_BIN = 100, /* um */
	REPORT_DWELL_BIN = 10,  /* ms */
};

/** How a session ended, or that it has not. */
typedef enum ReportOutcome {
	REPORT_OPEN,
	REPORT_FINISHED, /* not signed yet */
	REPORT_SIGNED,
	REPORT_ABANDONED,
	REPORT_INTERRUPTED,
	REPORT_OUTCOME_MAX,
	REPORT_OUTCOME_INVALID = -EINVAL,
} ReportOutcome;

DECLARE_STRING_TABLE(report_outcome, ReportOutcome); /* for people: "Signed" */

/** Text here and below is borrowed from the rows, which the report keeps; NULL: not on record. */
typedef struct ReportPicture {
	int64_t record;
	const char *file, *sha256, *time; /* file NULL: none was taken */
	const char *erased;               /* when; NULL: it was not */
	int64_t erasure;                  /* the record that asked for its erasure; 0: none */
	GBytes *jpeg;                     /* NULL: not available */
	double shape;                     /* height divided by width; 0: not on record */
} ReportPicture;

typedef struct ReportZone {
	const char *zone, *skin_type;
	double area_mm2;
	double density_before, density,
		target;  /* dots per cm2: of earlier sessions, of this one, of both in the end */
	bool has_before; /* sessions of earlier versions do not say what was before */
	int64_t over;    /* dots beyond the target, of all sessions */
	double depth_min_um, depth_max_um, depth_mean_um, dwell_mean_ms;
	double angle_mean_deg, angle_min_deg, angle_max_deg; /* of the needle to the skin; 0: not on record */
	double outside;                                      /* share, 0 to 1 */
	int64_t dots, strokes;
	int64_t depth[REPORT_BINS], dwell[REPORT_BINS];
	ReportPicture before, after; /* the newest photograph of each phase */
} ReportZone;

typedef struct ReportCartridge {
	const char *unit, *gtin, *lot, *expiry, *mounted, *removed, *reason;
	const char *product, *maker, *certificate; /* of the lot */
	const char *container;                     /* the sharps container that it was put into */
	const char *barred; /* the present status of its lot, if it is barred: "recalled"; NULL: not barred */
	bool interrupted;   /* the station stopped while it was mounted */
	int64_t strokes, dots;
} ReportCartridge;

/** What one practitioner did in a zone with a cartridge, between two hand-overs. */
typedef struct ReportStint {
	const char *operator, * zone, *unit, *first, *last;
	int64_t dots;
} ReportStint;

/** A pigment that was loaded. A blend is followed by each of its parts. */
typedef struct ReportPigment {
	const char *brand, *colour, *lot, *expiry, *time;
	const char *barred;  /* as for a cartridge */
	const json_t *zones; /* the zones where it was used; NULL: not on record */
	int64_t record;
	double parts; /* share of the blend before it; 0: not a part */
	bool parted;  /* a blend that is followed by its parts */
} ReportPigment;

/** A reusable handpiece and the steriliser's cycle that it came from; NULL and 0: none is on record. */
typedef struct ReportHandpiece {
	const char *handpiece, *mounted;
	const char *steriliser, *started, *mechanical, *integrator, *chemical, *released, *released_by;
	const char *rejected, *rejected_by, *rejected_reason;
	int64_t cycle, series; /* series: of the counter, which may begin anew; 0: not on record */
} ReportHandpiece;

/** A biological test that failed and so puts a load in doubt. */
typedef struct ReportDoubt {
	const char *steriliser, *tested;
	const char *cleared;         /* when the test ran that ended the doubt; NULL: there is none */
	const char *action;          /* what was done after it failed; NULL: not on record */
	int64_t cycle, series, test; /* test: its record */
} ReportDoubt;

typedef enum ReportEventKind {
	REPORT_EVENT_INCIDENT,
	REPORT_EVENT_OVERRIDE,
	REPORT_EVENT_FAULT,
	REPORT_EVENT_REFUSAL,
	REPORT_EVENT_ALERT,
	REPORT_EVENT_CORRECTION,
	REPORT_EVENT_LOT,
	REPORT_EVENT_STOP,
	REPORT_EVENT_NOTE,
	REPORT_EVENT_HAND_OVER,
	REPORT_EVENT_ANAESTHETIC,
	REPORT_EVENT_KIND_MAX,
	REPORT_EVENT_KIND_INVALID = -EINVAL,
} ReportEventKind;

DECLARE_STRING_TABLE(report_event_kind, ReportEventKind); /* for people: "Fault" */

typedef struct ReportEvent {
	ReportEventKind kind;
	const char *time, *actor;
	char *text; /* owned */
} ReportEvent;

/** The record that closes the session or that a client signed, and its proof. */
typedef struct ReportProof {
	int64_t seq;       /* 0: none */
	char *text;        /* tlog-proof, owned; NULL: the station gave none */
	char *code;        /* the same in the letters of a QR code, owned */
	char origin[256];  /* of the checkpoint */
	char key[384];     /* the station's public key, "" not known */
	char root[64];     /* its root hash, base64 */
	int64_t tree_size; /* records it covers */
} ReportProof;

typedef struct ReportConsent {
	const char *consent, *version, *time, *actor; /* consent: a name of a ConsentForm */
	const char *signed_on;                        /* "screen" or "paper"; NULL: not on record */
	const char *language, *sha256;                /* of the text that was signed on the screen */
	const char *signature;                        /* see util/signature.h; NULL: none, or erased */
	const char *text;                             /* NULL: not on record */
	bool given;                                   /* false: withdrawn */
	ReportProof proof;
} ReportConsent;

typedef struct Report {
	/* who and what */
	const char *clinic, *station; /* owned through `kept` */
	int64_t session;
	const char *subject, *protocol, *title;
	int64_t course_session, course_sessions; /* sessions: 0 not on record */
	const char *badge;                       /* who began the session */
	/* when */
	const char *begun, *ended; /* RFC 3339, UTC */
	ReportOutcome outcome;
	const char *closing_reason;               /* of an abandoned session */
	const char *signer, *meaning, *signed_at; /* NULL: not signed */
	int64_t dots, strokes, worked_s;
	bool worked_is_known; /* false for a session that was interrupted or abandoned */
	/* what was done */
	GArray *zones, *cartridges, *pigments, *handpieces, *doubts, *events, *consents, *stints;
	GPtrArray *aftercare; /* sentences, borrowed */
	int64_t questions;    /* number of screening questions; 0: not asked */
	bool answers_erased;
	GPtrArray *yes;       /* the questions answered with yes, borrowed */
	char *next;           /* when the client may be treated again, in words; owned; NULL: nobody asked */
	const json_t *before; /* answers of the last session that differed, by question; NULL: none did */
	GPtrArray *changes;   /* rows: answers that a supervisor changed, and physician's notes; borrowed */
	ReportProof proof;
	const char *made; /* when the report was made, RFC 3339 */
	/* held */
	json_t *kept;      /* the rows that all text is borrowed from */
	json_t *operators; /* from badge to name */
} Report;

Report *report_new(void);
/** Accepts NULL; returns NULL. */
Report *report_free(Report *report);
DEFINE_CLEANUP(Report *, report_free, report_freep);

/** Keeps a text as long as the report exists. */
const char *report_keep(Report *report, const char *text);
/** NULL: nothing of that zone is on record. */
ReportZone *report_zone(const Report *report, const char *zone);
ReportConsent *report_consent(const Report *report, size_t i);
ReportCartridge *report_cartridge(const Report *report, size_t i);
const ReportStint *report_stint(const Report *report, size_t i);
/** The name of a badge, or the badge when no name is on record; "" for NULL. Borrowed. */
const char *report_name_of(const Report *report, const char *badge);

/** Adds an event in the order of time; `row` says when, and who recorded it. */
void report_add_event(Report *report, ReportEventKind kind, const json_t *row, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
