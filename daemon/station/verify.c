/* SPDX-License-Identifier: Apache-2.0 */

/** Verifies the ledger, reports the findings, and decides when to verify again. It repairs nothing. */

#include "station/parts.h"

#include "util/log.h"

/* a full verification right away would compete with the start */
#define FIRST_VERIFICATION_US (60 * USEC_PER_SEC)

static const char *const verification_state_names[] = {
	[VERIFICATION_NONE] = "none",
	[VERIFICATION_RUNNING] = "running",
	[VERIFICATION_SOUND] = "sound",
	[VERIFICATION_DAMAGED] = "damaged",
	[VERIFICATION_PHOTOGRAPHS] = "photographs",
	[VERIFICATION_FAILED] = "failed",
};
_Static_assert(ELEMENTS(verification_state_names) == VERIFICATION_MAX, "every state has a name");

DEFINE_STRING_TABLE(verification_state, VerificationState, verification_state_names);

static VerificationState state_of(int error)
{
	return error == 0            ? VERIFICATION_SOUND
	       : error == -EUCLEAN   ? VERIFICATION_DAMAGED
	       : error == -ENOMEDIUM ? VERIFICATION_PHOTOGRAPHS
				     : VERIFICATION_FAILED;
}

static void verification_ended(void *userdata, const LedgerAnswer *answer)
{
	Station *station = userdata;
	Verifier *verifier = &station->verifier;
	StationVerification *verification = &verifier->verification;
	const char *more = answer->seq > 1 ? ", and more" : "";

	verifier->verified_us = station_now_us(station);
	verification->state = state_of(answer->error);
	snprintf(verification->text, sizeof verification->text, "%s", answer->error ? answer->text : "");
	switch (verification->state) {
	case VERIFICATION_SOUND:
		log_info("the ledger was verified and is sound");
		break;
	case VERIFICATION_DAMAGED:
		snprintf(verifier->damage, sizeof verifier->damage, "%s", answer->text);
		station_alert(station, ALERT_DAMAGED,
			"the ledger is damaged (%s%s): keep the file as evidence and bring back a backup",
			answer->text, more);
		break;
	case VERIFICATION_PHOTOGRAPHS:
		/*
		 * a photograph is evidence, but not relevant to safety: a missing one prevents no treatment
		 */
		station_alert(station, ALERT_PHOTOGRAPHS,
			"photographs are not as they were recorded (%s%s): `stipplectl audit verify` lists them; bring back a copy"
			" of them",
			answer->text, more);
		break;
	case VERIFICATION_FAILED:
	case VERIFICATION_NONE:
	case VERIFICATION_RUNNING:
	case VERIFICATION_MAX:
	case VERIFICATION_INVALID:
		log_warning("the ledger was not verified: %s", answer->text);
		break;
	}
	station_notify(station, STATION_CHANGED_PROOFS);
}

int verify_begin(Station *station)
{
	int r = ledger_verify_start(station->options.ledger, verification_ended, station);

	if (r < 0)
		return r;
	station->verifier.verification = (StationVerification){ .state = VERIFICATION_RUNNING };
	station_notify(station, STATION_CHANGED_PROOFS);
	return 0;
}

void station_verification(const Station *station, StationVerification *ret)
{
	*ret = station->verifier.verification;
	if (station->options.ledger)
		ledger_verify_progress(station->options.ledger, &ret->done, &ret->total);
}

static bool verification_is_due(const Station *station)
{
	const Verifier *verifier = &station->verifier;
	int64_t hours = station->options.config->verify_hours, now = station_now_us(station);

	if (!station->options.ledger || hours == 0 || station->state.session.number ||
		verifier->verification.state == VERIFICATION_RUNNING)
		return false;
	if (verifier->verified_us == 0)
		return now - verifier->started_us > FIRST_VERIFICATION_US;
	return now - verifier->verified_us > hours * 3600 * USEC_PER_SEC;
}

/** Lets a running session end, so that its record is complete, but no new one begin. */
static void take_no_session(Station *station)
{
	char text[STATION_TEXT_MAX];

	snprintf(text, sizeof text, "the ledger is damaged (%.900s): bring back a backup",
		station->verifier.damage);
	inert_apply(&station->state, text);
	station_notify(station, STATION_CHANGED_STATE);
}

void verify_tick(Station *station)
{
	if (station->verifier.damage[0] && !station->state.session.number &&
		!rules_inert(&station->state.rules))
		take_no_session(station);
	if (verification_is_due(station) && verify_begin(station) < 0)
		station->verifier.verified_us = station_now_us(station); /* not again every second */
}
