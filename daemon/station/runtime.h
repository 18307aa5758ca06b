/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Carries commands from request to reply: decide, await what the decision asks for, decide again, append,
 * commit, apply, reply. Only this file handles concurrent session steps, the caller's identity, callers that
 * give up, and callers that make a new request from their own callback.
 */

#include "decide/command.h"
#include "station/station.h"

typedef struct Running Running;

/** A copy of a StationCaller for the duration of a call. */
typedef struct CurrentCaller {
	char name[SESSION_NAME_MAX], user[SESSION_NAME_MAX]; /* "" the station; user "" also while unknown */
	char account[SESSION_NAME_MAX]; /* the account as the bus reports it; "" not known */
	uint32_t uid;
	bool is_stranger;
} CurrentCaller;

/** Performs effects. After each start the command is decided again, or has ended. */
typedef struct Effects {
	void (*start[EFFECT_MAX])(Running *running);
	void (*board_answered)(Running *running, const ControlFact *fact);
} Effects;

typedef struct Runtime {
	const Effects *effects;
	Running *first; /* all running commands */
	Running *step;  /* the running session step */
	Running *stop;  /* the newest command with which the station stops the needle by itself, until its
			   record is committed; NULL none */
	CurrentCaller caller;
	uint64_t last_id;
	uint32_t last_ticket;
} Runtime;

/** Starts a command of the station's own, without arguments. */
bool runtime_begin(Station *station, const CommandSpec *spec);
/**
 * The station itself stops the needle, beside any running command. The record names the current caller as the
 * actor, or nobody when `is_nobodys`. The needle stands still before this returns.
 */
void runtime_stop(Station *station, bool is_nobodys);
/** The board has answered an order. */
void runtime_board_answered(Station *station, const ControlFact *fact);
/** Continues the commands that wait until the facts include their record. */
void runtime_facts_came(Station *station);
/** The bus name vanished: commands that it runs as the holder of the sign-in end when they can. */
void runtime_holder_vanished(Station *station, const char *holder);
/**
 * Tells all callers that wait for the ledger that it does not answer. Their commands still take effect once
 * it does.
 */
void runtime_give_up(Station *station);
void runtime_free(Station *station);
