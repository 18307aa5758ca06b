/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Everything that the station knows, as plain data. Only daemon/apply/ may write it. */

#include "config/consent-text.h"
#include "state/alarms.h"
#include "state/board.h"
#include "state/clinic.h"
#include "state/facts.h"
#include "state/host.h"
#include "state/people.h"
#include "state/rules.h"
#include "state/session.h"
#include "state/work.h"

typedef struct State {
	Rules rules;
	Protocols protocols;
	ConsentTexts consents; /* loaded at the start */
	Host host;
	People people;
	Board board;
	Alarms alarms;
	Work work;
	Session session;
	Needle needle;
	Facts facts;
	Clinic clinic;         /* zero where no registry is configured */
	uint64_t next_session; /* the number of the next session */
} State;
