/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Takes commands from the request to the reply: decide, await what the decision asks for, decide again,
 * append, commit, apply, reply. Whether a step is under way, who called, a caller that gives up and one that
 * asks again from its own callback are settled here, once.
 */

#include "decide/command.h"
#include "station/station.h"

typedef struct Running Running;

/** A StationCaller as it is kept for the call. */
typedef struct CurrentCaller {
	char name[SESSION_NAME_MAX], user[SESSION_NAME_MAX]; /* "" the station itself; "" not known yet */
	char account[SESSION_NAME_MAX];                      /* as the bus calls it; "" not known */
	uint32_t uid;
	bool is_stranger;
} CurrentCaller;

/** How effects are done. Each start is followed by the command being decided again, or by its end. */
typedef struct Effects {
	void (*start[EFFECT_MAX])(Running *running);
	void (*board_answered)(Running *running, const ControlFact *fact);
} Effects;

typedef struct Runtime {
	const Effects *effects;
	Running *first; /* all commands under way */
	Running *step;  /* the session step among them */
	Running *stop;  /* the newest that stops the needle by itself, until that is on record; NULL none */
	CurrentCaller caller;
	uint64_t last_id;
	uint32_t last_ticket;
} Runtime;

/** A command of the station's own, of which nothing is asked. */
bool runtime_begin(Station *station, const CommandSpec *spec);
/** The needle is stopped by the station itself, beside whatever is under way, and that goes on record as the
 * doing of who called, or as nobody's. The needle stands still before it returns. */
void runtime_stop(Station *station, bool is_nobodys);
/** The board's answer to one of the orders. */
void runtime_board_answered(Station *station, const ControlFact *fact);
/** Whoever waits for the facts to know of its record. */
void runtime_facts_came(Station *station);
/** The bus name vanished: what is under way for it as the holder of a sign-in ends when it can. */
void runtime_holder_vanished(Station *station, const char *holder);
/** Tells all who wait for the ledger that it does not answer. What they asked for takes effect once it does.
 */
void runtime_give_up(Station *station);
void runtime_free(Station *station);
