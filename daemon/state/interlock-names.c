/* SPDX-License-Identifier: Apache-2.0 */

/** The names of the interlocks, and nothing else. */

#include "state/interlock-names.h"

#include <assert.h>

static const char *const interlock_names[] = {
	[INTERLOCK_OPERATOR] = "operator",
	[INTERLOCK_CERTIFICATION] = "certification",
	[INTERLOCK_SUBJECT] = "subject",
	[INTERLOCK_REGISTRATION] = "registration",
	[INTERLOCK_AGE] = "age",
	[INTERLOCK_RECOVERY] = "recovery",
	[INTERLOCK_CONSENT] = "consent",
	[INTERLOCK_NEEDLES_SEALED] = "needles-sealed",
	[INTERLOCK_SCREENING] = "screening",
	[INTERLOCK_ZONE] = "zone",
	[INTERLOCK_NEEDLE] = "needle",
	[INTERLOCK_NEEDLE_LOT] = "needle-lot",
	[INTERLOCK_NEEDLE_CONFIGURATION] = "needle-configuration",
	[INTERLOCK_NEEDLE_LIFE] = "needle-life",
	[INTERLOCK_HANDPIECE] = "handpiece",
	[INTERLOCK_STERILIZATION] = "sterilization",
	[INTERLOCK_PIGMENT] = "pigment",
	[INTERLOCK_ANAESTHETIC_WAIT] = "anaesthetic-wait",
	[INTERLOCK_BEFORE_PHOTO] = "before-photo",
	[INTERLOCK_INTERVAL] = "interval",
	[INTERLOCK_SESSION_LENGTH] = "session-length",
	[INTERLOCK_BOARD] = "board",
	[INTERLOCK_EMERGENCY_STOP] = "emergency-stop",
	[INTERLOCK_PEDAL] = "pedal",
	[INTERLOCK_FAULT] = "fault",
	[INTERLOCK_LEDGER] = "ledger",
	[INTERLOCK_DISK] = "disk",
	[INTERLOCK_CLOCK] = "clock",
	[INTERLOCK_CONFIGURATION] = "configuration",
};
static_assert(ELEMENTS(interlock_names) == INTERLOCK_MAX, "every interlock has a name");

DEFINE_STRING_TABLE(interlock, Interlock, interlock_names);
