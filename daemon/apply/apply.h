/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * From state and record to state, and from what the board and the machine say: the only writers of
 * daemon/state/. Pure: no clock, no thread, no file, no refusal. The same functions take a record when it is
 * committed and when it is read again after a restart.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "state/state.h"

/* ---- records ---- */

/** A record as it was committed. Everything is borrowed. */
typedef struct AppliedRecord {
	uint64_t seq;
	int64_t utc_us;
	int64_t monotonic_us; /* now; 0 where it is read again after a restart */
	const char *kind;
	const json_t *body;
	const char *unit; /* of needle.claimed: with the number within its lot; NULL: as in the body */
	const uint8_t *attachment; /* of strokes: what state/stroke-chunk.h made; NULL: already applied */
	uint32_t attachment_size;
	const Operator *who; /* of operator.signed-in: who it is; NULL: the sign-in came to nothing */
	const char *holder;  /* ... and the program that holds it */
	unsigned fault;      /* of fault.acknowledged: the number of that fault */
} AppliedRecord;

/** True when the state may be another one. A kind that says nothing of the state changes nothing. */
bool record_apply(State *state, const AppliedRecord *record);

/** A stroke of the open session. True when it ended a dot, which is then in `ret`. */
bool stroke_apply(State *state, const StrokeSample *sample, Dot *ret);
/** The needle has left the skin. True when that ended a dot, which is then in `ret`. */
bool contact_end_apply(State *state, Dot *ret);

/* ---- the board, and what the needle may do; times are monotonic microseconds ---- */

void board_up_apply(State *state, const BoardIdentity *identity);
void board_down_apply(State *state, const char *why);
void self_test_apply(State *state, uint32_t failed);
void chip_apply(State *state, const ChipId *chip);
/** The pedal and the emergency stop. True when the phase is another one. */
bool line_apply(State *state, StippleLine line, bool active, int64_t now_us);
/** The needle stands still already. One that comes while another is latched takes its place. */
void fault_latched_apply(State *state, const ControlFact *fact, int64_t now_us);
/** Why the station itself stops the needle, a sentence without its end: the next fault says so. */
void stop_reason_apply(State *state, const char *reason);
/** `command` began to arm; 0: it has ended. */
void arming_apply(State *state, uint64_t command);
/** The newest command by which the station stops the needle by itself; 0: that is on record. */
void stopping_apply(State *state, uint64_t command);
/** The board may run from now on. */
void armed_apply(State *state);
/** The board was ordered to stop: nothing may move, and nothing is being armed. */
void disarmed_apply(State *state, int64_t now_us);

/* ---- the session by the machine's own clock ---- */

/** The session was taken up again after a stop: an estimate of its times. */
void recovered_times_apply(State *state);
/** Nobody is signed in any more. */
void signed_out_apply(State *state);
/** Whether it is with the ledger that the operator signs out. */
void leaving_apply(State *state, bool is_leaving);
/** A wrong code for the first administrator, the last one where `is_last`. */
void wrong_code_apply(State *state, bool is_last);

/* ---- the machine, and the rest of the record ---- */

void host_apply(State *state, const Host *host);
/** Takes a reference. */
void fact_apply(State *state, Fact fact, json_t *rows);
/** At the start. `code`: for the first administrator, NULL: one is enrolled. */
void start_apply(State *state, const Config *config, bool has_board, const char *code, uint64_t next_session);
/** The station takes no session. The first reason stays. */
void inert_apply(State *state, const char *reason);
/** A protocol that was loaded, which it takes. False: there is no room. */
bool protocol_apply(State *state, Protocol *protocol);
void profile_apply(State *state, const Profile *profile);
/** At the end: frees what is owned. */
void state_clear(State *state);
