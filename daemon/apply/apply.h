/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Applies records, and what the board and the machine report, to the state. These functions are the only
 * writers of daemon/state/. Pure: no clock, no thread, no file, no refusal. The same functions take a record
 * when it is committed and when it is read again after a restart.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "state/state.h"

/* ---- records ---- */

/** A committed record. All pointers are borrowed. */
typedef struct AppliedRecord {
	uint64_t seq;
	int64_t utc_us;
	int64_t monotonic_us; /* time of the commit; 0 when the record is read again after a restart */
	const char *kind;
	const char *actor; /* the badge of who did it; "", NULL or "station": nobody */
	const json_t *body;
	const char *unit; /* of needle.claimed: with the number within its lot; NULL: take it from the body */
	const char *configuration; /* ... of its needles, likewise */
	const uint8_t *attachment; /* of strokes: encoded by state/stroke-chunk.h; NULL: already applied */
	uint32_t attachment_size;
	const Operator *who; /* of operator.signed-in: the operator; NULL: the sign-in failed */
	const char *holder;  /* ... and the program that holds the sign-in */
	unsigned fault;      /* of fault.acknowledged: the number of that fault */
} AppliedRecord;

/** True when the state may have changed. A kind that does not concern the state changes nothing. */
bool record_apply(State *state, const AppliedRecord *record);

/** Applies a stroke of the open session. True when it ended a dot, which is then in `ret`. */
bool stroke_apply(State *state, const StrokeSample *sample, Dot *ret);
/** The needle has left the skin. True when this ended a dot, which is then in `ret`. */
bool contact_end_apply(State *state, Dot *ret);

/* ---- the board, and what the needle may do; times are monotonic microseconds ---- */

void board_up_apply(State *state, const BoardIdentity *identity);
void board_down_apply(State *state, const char *why);
void self_test_apply(State *state, uint32_t failed);
void chip_apply(State *state, const ChipId *chip);
/** The pedal or the emergency stop changed. True when the phase changed. */
bool line_apply(State *state, StippleLine line, bool active, int64_t now_us);
/** Latches a fault; the needle stands still already. It replaces a fault that is latched. */
void fault_latched_apply(State *state, const ControlFact *fact, int64_t now_us);
/** Why the station itself stops the needle, as a sentence without full stop: the next fault uses it. */
void stop_reason_apply(State *state, const char *reason);
/** `command` has started to arm; 0: it has ended. */
void arming_apply(State *state, uint64_t command);
/** The newest command with which the station stops the needle by itself; 0: its record is committed. */
void stopping_apply(State *state, uint64_t command);
/** The board may run from now on. */
void armed_apply(State *state);
/** The board was ordered to stop: nothing may move, and any arming has ended. */
void disarmed_apply(State *state, int64_t now_us);

/* ---- alarms ---- */

/** The cause of an alarm is there, or there again. `text`: what happened and what to do. */
void alarm_raised_apply(State *state, const AlarmCause *cause, const char *text, int64_t now_us);
/** The cause of an alarm has gone. True when the alarm went with it; one that latches stays. */
bool alarm_over_apply(State *state, const AlarmCause *cause);
/**
 * The program `name` has sounded the alarm `cause`, or cannot: then `error` says why, else it is "". `cause`
 * may be any other text, such as "test".
 */
void sounder_apply(State *state, const char *name, const char *cause, const char *error, int64_t now_us);
/** That program has left. */
void sounder_gone_apply(State *state);

/* ---- the session by the machine's own clock ---- */

/** The session goes on after a stop of the station: estimates its times. */
void recovered_times_apply(State *state);
/** Nobody is signed in any more. */
void signed_out_apply(State *state);
/** Whether the record of the operator's sign-out is on its way to the ledger. */
void leaving_apply(State *state, bool is_leaving);
/** A wrong code was given for the first administrator; `is_last`: no further attempt is allowed. */
void wrong_code_apply(State *state, bool is_last);

/* ---- the clinic's registry ---- */

/** What stipple-registryd says of its connection. */
void clinic_report_apply(State *state, const ClinicReport *report);
/** The name of the station's log, by which the registry knows it. */
void clinic_member_apply(State *state, const char *origin);
/** The registry confirmed this boot at `utc`, by a signed leaf on record; "": not yet. */
void clinic_boot_apply(State *state, const char *utc);
/** The registry has quarantined this station, or no longer, by a signed leaf on record. */
void clinic_quarantine_apply(State *state, bool is_quarantined);

/* ---- the machine, and the rest of the record ---- */

void host_apply(State *state, const Host *host);
/** Takes a reference. */
void fact_apply(State *state, Fact fact, json_t *rows);
/** At the start. `code`: enrols the first administrator; NULL: one is enrolled. */
void start_apply(State *state, const Config *config, bool has_board, const char *code, uint64_t next_session);
/** The station takes no session. The first reason is kept. */
void inert_apply(State *state, const char *reason);
/** Adds a loaded protocol, and takes ownership of it. False: there is no room. */
bool protocol_apply(State *state, Protocol *protocol);
/** Takes ownership of the texts. */
void consents_apply(State *state, const ConsentTexts *texts);
void profile_apply(State *state, const Profile *profile);
/** At the end: frees what the state owns. */
void state_clear(State *state);
