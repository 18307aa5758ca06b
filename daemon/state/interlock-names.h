/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The names of the interlocks, which keep the needle from being armed. decide/interlocks.h judges them. */

#include <assert.h>

#include "util/text.h"

typedef enum Interlock {
	INTERLOCK_OPERATOR,      /* nobody signed in */
	INTERLOCK_CERTIFICATION, /* a certificate of the operator is missing or has lapsed */
	INTERLOCK_SUBJECT,       /* no session with a subject */
	INTERLOCK_REGISTRATION,  /* the client is not registered, or the card lacks what the profile asks for
				  */
	INTERLOCK_AGE,           /* the client is too young for the profile, or of unknown age */
	INTERLOCK_RECOVERY, /* the station stopped during the session, and nobody has said that it goes on */
	INTERLOCK_CONSENT,  /* treatment consent missing or withdrawn */
	INTERLOCK_NEEDLES_SEALED,       /* the client has not signed that the needles were sealed */
	INTERLOCK_SCREENING,            /* not answered, or an answer rules the treatment out */
	INTERLOCK_ZONE,                 /* no zone chosen */
	INTERLOCK_NEEDLE,               /* no cartridge mounted and durably claimed */
	INTERLOCK_NEEDLE_LOT,           /* the mounted cartridge's lot was recalled or quarantined since */
	INTERLOCK_NEEDLE_CONFIGURATION, /* the protocol allows other needles in the zone */
	INTERLOCK_NEEDLE_LIFE,          /* the mounted cartridge is worn */
	INTERLOCK_HANDPIECE,            /* none mounted although required, or not sterile after all */
	INTERLOCK_STERILIZATION,        /* a biological test is overdue */
	INTERLOCK_PIGMENT,              /* none loaded, expired, or from a barred lot */
	INTERLOCK_ANAESTHETIC_WAIT,     /* the zone's anaesthetic has not worked for long enough */
	INTERLOCK_BEFORE_PHOTO,         /* none taken of this zone */
	INTERLOCK_INTERVAL,             /* too soon after the last session of the course */
	INTERLOCK_SESSION_LENGTH,       /* longest session exceeded */
	INTERLOCK_BOARD,                /* not connected or self-test not passed */
	INTERLOCK_EMERGENCY_STOP,       /* pressed */
	INTERLOCK_PEDAL,                /* held down already */
	INTERLOCK_FAULT,                /* latched, not acknowledged */
	INTERLOCK_LEDGER,               /* unhealthy */
	INTERLOCK_DISK,                 /* too little free space */
	INTERLOCK_CLOCK,                /* behind the newest record */
	INTERLOCK_CONFIGURATION,        /* rejected: the daemon is inert */
	INTERLOCK_MAX,
	INTERLOCK_INVALID = -EINVAL,
} Interlock;

DECLARE_STRING_TABLE(interlock, Interlock); /* "operator", "before-photo", ... */

#define INTERLOCK_BIT(interlock) (1u << (interlock))
static_assert(INTERLOCK_MAX <= 32, "every interlock has a bit");
