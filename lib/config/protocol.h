/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Treatment protocols: what configs/protocols/NAME.conf says, as data.
 * config/protocol-file.h reads the files; this file turns their entries into a checked protocol.
 *
 * Sections: [protocol], [screening], [aftercare], and plans: [default], or any of "zone ZONE", "skin SKIN",
 * "session N" in this order, such as [zone crown skin scar session 2].
 *
 * For the protective figures (depth window, depth limit, force), the smallest value among all sections that
 * apply wins, however unspecific the section, [default] included: a shallower and gentler needle is the
 * cautious choice, also at the window's lower end. For rate, dwell, density, angle and needles, the plan that
 * names most of zone, skin and session wins; between plans that name equally many, zone outranks skin and
 * skin outranks session. The order of sections in the file does not matter.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/health-question.h"
#include "config/needle-list.h"
#include "config/zone.h"
#include "util/error.h"
#include "util/text.h"

enum {
	PROTOCOL_COURSE_MAX = 4,
	PROTOCOL_NAME_MAX = 48,
	PROTOCOL_SCREENING_MAX = 24,
	PROTOCOL_AFTERCARE_MAX = 10
};

/** The plan for one zone on one skin type in one session of the course. */
typedef struct ZonePlan {
	uint16_t depth_min_um, depth_max_um; /* the depth window: a dot outside it raises a warning */
	uint16_t depth_limit_um;             /* the needle stops beyond this */
	uint16_t force_warn_mn, force_limit_mn;
	uint16_t rate_hz, dwell_ms;
	uint16_t angle_min_deg, angle_max_deg; /* of the needle to the skin, 90 upright; outside: a warning */
	char needles[NEEDLE_LIST_MAX];         /* that may be used, see config/needle-list.h; "": any */
	uint16_t density; /* target, dots per cm2 after the session, with those of all earlier sessions */
} ZonePlan;

typedef struct Protocol {
	char name[PROTOCOL_NAME_MAX];
	char title[96];
	uint32_t sessions;                               /* 1 to PROTOCOL_COURSE_MAX */
	uint32_t interval_min_days[PROTOCOL_COURSE_MAX]; /* minimum days before session i; [0] is 0 */
	uint32_t healing_min_days;   /* minimum days since a zone's last dots, of any course */
	uint32_t wait_after_days;    /* after its last dots, before a session of another protocol; 0: none */
	uint32_t break_reminder_min; /* minutes of a session between reminders */
	uint32_t session_max_min;    /* longest session, minutes */
	char screening[PROTOCOL_SCREENING_MAX]
		      [HEALTH_QUESTION_MAX]; /* questions that must be answered, each once */
	AnswerEffect screening_effects[PROTOCOL_SCREENING_MAX]; /* of the answer "yes" */
	size_t n_screening;
	char aftercare[PROTOCOL_AFTERCARE_MAX][160]; /* sentences for the person, in the file's order */
	size_t n_aftercare;
	ZonePlan plans[PROTOCOL_COURSE_MAX][ZONE_MAX][SKIN_TYPE_MAX];
} Protocol;

enum {
	PROTOCOL_FIGURES = 10,
	PROTOCOL_HEALING_DAYS =
		7, /* a week after the first session ("Illusion of Hair"), unless the file says more */
	/*
	 * minimum distance from the window's end to the limit: roughly how much one hand's depth varies at a
	 * millimetre
	 */
	PROTOCOL_DEPTH_MARGIN_UM = 100,
};

/** A protocol while its entries are read. */
typedef struct ProtocolDraft {
	Protocol protocol;
	uint32_t n_intervals;
	/* rank of the section that set each figure: 0 none yet; a more specific section has a higher rank */
	uint8_t rank[PROTOCOL_COURSE_MAX][ZONE_MAX][SKIN_TYPE_MAX][PROTOCOL_FIGURES];
	uint8_t needles_rank[PROTOCOL_COURSE_MAX][ZONE_MAX][SKIN_TYPE_MAX];
	/* line of the figure that won; 0 none yet */
	uint32_t lines[PROTOCOL_COURSE_MAX][ZONE_MAX][SKIN_TYPE_MAX][PROTOCOL_FIGURES];
} ProtocolDraft;

/** `name` is an identifier shorter than PROTOCOL_NAME_MAX bytes. */
void protocol_draft_init(ProtocolDraft *draft, const char *name);

/**
 * Takes one entry from `line` of its file, counted from 1. -EINVAL leaves the draft unchanged; `error` says
 * what is wrong and what is allowed.
 */
int protocol_draft_set(ProtocolDraft *draft, const char *section, const char *key, const char *value,
	unsigned line, Error *error) _must_check_;

/**
 * Checks what no single entry shows: nothing is missing, no window is empty, each window ends at least
 * PROTOCOL_DEPTH_MARGIN_UM below its limit, no zone's density falls from one session to the next, and none is
 * higher on a special skin than on normal skin. -EINVAL with `error` and the line of the later of the two
 * conflicting figures, 0 when there is none; `ret` is then untouched.
 */
int protocol_draft_finish(
	const ProtocolDraft *draft, Protocol *ret, unsigned *ret_line, Error *error) _must_check_;

/** `course_session` counts from 1. NULL when it is beyond the end of the course. Owned by the protocol. */
const ZonePlan *protocol_plan(const Protocol *protocol, uint32_t course_session, Zone zone, SkinType skin);
