/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What must be true before the driver may be armed: one pure function from facts to all refusals. Each
 * refusal has a stable id, a sentence for people and a D-Bus error name.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/profile.h"
#include "state/interlock-names.h"
#include "state/session.h"

enum { REFUSAL_TEXT_MAX = 256, SCREENING_NAMES_MAX = 96 };

typedef struct Refusal {
	Interlock interlock;
	char text[REFUSAL_TEXT_MAX]; /* thing, reason, next step */
} Refusal;

/** A test that the profile asks for of the steriliser from which the mounted handpiece comes. */
typedef enum UntestedKind {
	UNTESTED_BIOLOGICAL,
	UNTESTED_PENETRATION, /* before the handpiece's load */
	UNTESTED_LEAK,
	UNTESTED_LEAK_FAILED,
} UntestedKind;

typedef struct InterlockFacts {
	bool operator_signed_in;
	const char *lapsed_certificate;  /* name of the operator's certificate that has lapsed; NULL none */
	const char *missing_certificate; /* a certificate that the profile requires and the operator lacks;
					    NULL none */
	const char *other_certificate;   /* a certificate of the operator that the profile does not require;
					    NULL none */
	bool session_open;
	const SessionRecovery *recovery;  /* of the open session; NULL: it does not wait for anybody */
	const ProfileClient *client_asks; /* what the profile asks of a client's card; NULL: nothing */
	const char *client;               /* the pseudonym of the open session; NULL: no session */
	bool client_registered;
	const char *client_lacks; /* what the card lacks of what the profile asks for; NULL nothing */
	int client_age;     /* whole years; CLIENT_AGE_UNKNOWN (decide/client-card.h): not on the card */
	bool guardian_form; /* the guardian's notarised form was seen */
	bool consent_treatment;
	bool needles_unsigned; /* the profile asks the client to sign that the needles were sealed, and
				  nobody has */
	bool screening_done;
	const char *unanswered; /* a question that was not asked in this screening; NULL none */
	/* names of the answers that rule the treatment out, and that need a physician's note; "" none */
	char screening_refused[SCREENING_NAMES_MAX], screening_noteless[SCREENING_NAMES_MAX];
	const char *zone; /* NULL: none chosen */
	bool needle_mounted, needle_claimed;
	const char *needle_lot, *needle_lot_status; /* status NULL: released */
	const char *needle_configuration;           /* of the mounted cartridge; NULL: unknown */
	const char *needles_allowed;                /* in the zone, see config/needle-list.h; NULL: any */
	uint64_t needle_strokes, life_strokes;      /* life 0: no limit */
	int64_t needle_worked_s, life_s;
	bool handpiece_required;
	const char *handpiece, *handpiece_blocked; /* name, NULL none; why it is blocked, NULL it is not */
	UntestedKind untested; /* which test of the handpiece's steriliser is missing ... */
	const char *untested_sterilizer, *test_due; /* ... of this one, since that day; NULL none */
	bool pigment_loaded;
	const char *pigment_status;    /* status of its lot; NULL: released */
	int64_t pigment_expiry_utc_us; /* end of its expiry day; 0 unknown */
	int64_t anaesthetic_left_s;    /* that the anaesthetic in this zone still needs; 0: none */
	bool before_photo;
	int64_t last_dots_utc_us; /* in this zone, of any session; 0 none. Days are counted by UTC date */
	uint32_t healing_days;
	int64_t wait_until_utc_us; /* until then an earlier protocol makes this one wait; 0: none does */
	int64_t session_elapsed_s, session_max_s; /* 0 and 0 outside a session */
	bool board_connected, self_test_done;
	uint32_t self_test_failed; /* SelfTestBits */
	bool emergency_stop, pedal_down, fault_latched, ledger_healthy;
	const char *ledger_ailment; /* what is wrong when it is not healthy; NULL: not known yet */
	uint64_t disk_free_bytes, disk_min_bytes;
	int64_t now_utc_us, newest_utc_us;
	const char *configuration_error; /* NULL: none */
	uint32_t overridden;             /* INTERLOCK_BIT()s set aside for this session */
} InterlockFacts;

/** Fills up to INTERLOCK_MAX refusals, in the order of the enum. Returns how many; 0 means: may arm. */
size_t interlocks_check(const InterlockFacts *facts, Refusal ret[INTERLOCK_MAX]);

/** Whether a person may override it; never when a needle could move unsafely or be used twice. */
bool interlock_is_overridable(Interlock interlock);

/** "org.stipple.Error.NotSignedIn", ...: static; NULL when out of range. */
const char *interlock_error_name(Interlock interlock);
