/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Helpers that write decisions, and requirements that many commands share. */

#include "decide/command.h"
#include "decide/interlocks.h"
#include "util/text.h"

#define PHASE_BIT(phase) (1u << (phase))
/** The phases in which a session is open and its treatment has not ended. */
#define OPEN_PHASES (PHASE_BIT(SESSION_PREPARING) | PHASE_BIT(SESSION_PAUSED))

#define ZONE_NAMES                                                                                        \
	"frontal-hairline, frontal, left-temple, right-temple, mid-scalp, crown, left-side, right-side, " \
	"occipital, nape, scar-1 to scar-4"

/* ---- decisions ---- */

void decide_refusal(Decision *ret, const char *error, const char *format, ...) _printf_(3, 4);
/** Refuses because memory is short. */
void decide_no_memory(Decision *ret);
void decide_done(Decision *ret);
void decide_effect(Decision *ret, EffectKind effect);
/** Takes `arguments`. `unread`: the thing in "... could not be read" when it fails; static. */
void decide_look_up(Decision *ret, const char *question, json_t *arguments, const char *unread);
/** Takes `body`, NULL when out of memory. The command is done when the record is committed. */
void decide_record(Decision *ret, const char *kind, json_t *body);
/** The same, but the command is decided again when the record is committed. */
void decide_record_and_go_on(Decision *ret, const char *kind, json_t *body);

/** The file that came with the command has 1 byte to 4 MB. `what`: "the certificate"; `otherwise`: what to
 * do. */
bool require_file(const Command *command, const char *what, const char *otherwise, Decision *ret);
/** A record with that file: adds its digest and its size. Takes `body`, NULL when out of memory. */
void decide_attached(const Command *command, const char *kind, json_t *body, Decision *ret);

/** Records an auditor's access before the data is read. Takes `arguments`. */
void decide_access(const Command *command, const char *query, json_t *arguments, Decision *ret);

/** The sentence for a photograph (%s) whose bytes differ from the recorded ones. */
#define PICTURE_REPLACED                                                                                      \
	"the photograph %s is not the one that was recorded: it was replaced or changed; keep it as evidence" \
	" and bring back a backup of it"

/** The name of the ledger's refusal `error`; NULL when it is none. */
const char *name_of_refusal(int error);

/* ---- what was asked, and found ---- */

/** A text argument; "" when it is missing or not a text. */
const char *asked_text(const Command *command, const char *field);
int64_t asked_number(const Command *command, const char *field);
bool asked_yes(const Command *command, const char *field);
/** The rows of a question; NULL when it was not looked up yet. Borrowed. */
json_t *found_rows(const Command *command, const char *question);
/** The first of these rows; NULL when there is none. Borrowed. */
json_t *found_row(const Command *command, const char *question);
/** The first of these rows whose text `key` is `value`; NULL when there is none. Borrowed. */
json_t *found_row_with(const Command *command, const char *question, const char *key, const char *value);

/* ---- bodies ---- */

/** Adds `session` to a body when one is open. Takes and returns it. */
json_t *body_with_session(const State *state, json_t *body);
/** The body of session.state. NULL when out of memory. */
json_t *session_step_body(const State *state, SessionState from, SessionState to, SessionEvent event);
/** Sets a text unless it is "". */
void body_set_optional(json_t *body, const char *key, const char *value);

/* ---- requirements: false, and the refusal decided ---- */

/** The one who is signed in asked, and no other program. Also true while nobody is signed in. */
bool require_own(const State *state, const Command *command, Decision *ret);
/** Somebody with one of these roles (separated by blanks) is signed in, and is the one who asked. */
bool require_signed_in(const State *state, const Command *command, const char *roles, Decision *ret);
/** A session is open in one of these phases (PHASE_BIT()s). */
bool require_phase(const State *state, unsigned phases, Decision *ret);
/** `event` is possible in the current phase. */
bool require_event(const State *state, SessionEvent event, Decision *ret);
/** `text` is printable UTF-8 of at most `limit` bytes. */
bool require_text(const char *what, const char *text, size_t limit, Decision *ret);
/** The clock shows a plausible time: otherwise no date can be judged. */
bool require_clock(const State *state, Decision *ret);
/** The PIN was right, or was accepted unchecked, and belongs to whoever is signed in. */
bool require_pin(const State *state, const Command *command, Decision *ret);
/** The board accepted `verb`. */
bool require_board(const State *state, const Command *command, const char *verb, Decision *ret);
/**
 * The pseudonym is on record, or the caller says that the person is new and it is not on record. `say` and
 * `leave`: how the caller says so, or not, in the words of its interface.
 */
bool require_person(const char *subject, const json_t *known, bool is_new, const char *say, const char *leave,
	Decision *ret);
/** The pseudonym is well formed. */
bool require_subject(const char *subject, Decision *ret);
/** No interlock refuses. */
bool require_no_interlock(const State *state, Decision *ret);

/** All names in `roles` are known, and there is at least one. */
bool require_roles(const json_t *roles, Decision *ret);
