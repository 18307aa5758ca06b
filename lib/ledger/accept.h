/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The rules that a record must meet before it is written, and how the statements of its kind (sql/project/)
 * run over it. Each records/AREA.toml that has such rules has a file accept-AREA.c; accept.c lists them. Only
 * files of the ledger include this.
 */

#include "ledger/ledger-private.h"

/* ---- rules of a kind ---- */

/** A kind of record without such rules is accepted as it is. */
typedef struct Acceptance {
	const char *kind; /* NULL ends a list */
	/**
	 * Refuses the record, or completes its body; NULL: neither. It makes no decisions during a replay.
	 */
	Project accept;
	/**
	 * Explains the refusal when the row that the record would make exists already; NULL: no specific
	 * sentence.
	 */
	Project exists;
} Acceptance;

extern const Acceptance accept_clinic[], accept_correction[], accept_handpiece[], accept_inventory[],
	accept_labelling[], accept_people[], accept_pigment[], accept_proof[], accept_release[],
	accept_session[], accept_sharps[], accept_sterilization[], accept_subject[];

/** All rules; ends with NULL. */
extern const Acceptance *const acceptances[];

/* ---- the record ---- */

/** Refuses the record with `r` (one of ledger_is_refusal()) and a sentence. Returns `r`. */
int projection_refuse(ProjectionContext *context, int r, const char *format, ...) _printf_(3, 4);
/** A text field of the body, or of the personal data kept beside it; NULL when absent. */
const char *projection_text(const ProjectionContext *context, const char *field);
/** A whole number of the body; 0 when absent. */
long long projection_number(const ProjectionContext *context, const char *field);
/** Adds a field that was not entered to the body. Takes ownership of `value`. 0 or -ENOMEM. */
int projection_complete(ProjectionContext *context, const char *field, json_t *value) _must_check_;
/** The date of a time, YYYY-MM-DD. */
void projection_date(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX]);
/** The date to judge expiry by: today, but never earlier than the newest record. */
void projection_today(const ProjectionContext *context, char ret[CLOCK_UTC_TEXT_MAX]);

/* ---- statements over it ---- */

/**
 * Prepares, binds and steps `sql`. Its parameters are @seq, @utc_us and @actor of the record, @twin
 * (twin_make() of its unit), or else fields of the body. The statement (_cleanup_(statement_donep)) is left
 * on its row; *ret_row is false when there is none.
 */
int projection_step(
	ProjectionContext *context, const char *sql, sqlite3_stmt **ret, bool *ret_row) _must_check_;
/** Whether such a statement gives a row. */
int projection_has(ProjectionContext *context, const char *sql, bool *ret) _must_check_;
/** Runs a statement that gives no rows. A violated constraint is a refusal. */
int projection_run(ProjectionContext *context, const char *sql) _must_check_;
/** Whether the record's actor has one of `roles`, separated by blanks. */
int projection_actor_has(ProjectionContext *context, const char *roles, bool *ret) _must_check_;

/* ---- rules that several kinds share ---- */

/**
 * Whether a delivery may be added to its lot. `select` finds that lot if it is on record: first its status,
 * then what the delivery must agree with, each column named like the body's field. `what` names the kind of
 * lot for people. -EKEYREVOKED: the lot is barred; -EINVAL: a field disagrees. A replay checks nothing.
 */
int delivery_check(ProjectionContext *context, const char *what, const char *select) _must_check_;
/**
 * Whether a lot with the status `is` may change to the status in the body. `what` names the kind of lot for
 * people. A replay checks nothing.
 */
int status_check(ProjectionContext *context, const char *what, const char *is) _must_check_;
/**
 * Puts what a release lifts into it, as `select` gives it, so that other stations of the clinic lift no more
 * than was known. A replay adds nothing.
 */
int status_complete(ProjectionContext *context, const char *select) _must_check_;
/**
 * Refuses a claim whose cartridge may be one already on record, or cannot be told apart from others:
 * -ENOTUNIQ with the sentence. A replay checks nothing.
 */
int identity_check(ProjectionContext *context) _must_check_;
/** Checks what a supervisor signs: that the two cartridges of the body, `unit` and `other`, are different. */
int identity_distinct(ProjectionContext *context) _must_check_;
/**
 * Replaces names in a new record's body (pseudonym, badge, lot, ...) by the spelling on record where they
 * differ only in case. A replay changes nothing.
 */
int spelling_settle(ProjectionContext *context) _must_check_;

/** Columns of lot_find(). */
enum {
	NEEDLE_LOT_GTIN,
	NEEDLE_LOT_QUANTITY,
	NEEDLE_LOT_USED,
	NEEDLE_LOT_EXPIRY,
	NEEDLE_LOT_PRODUCTS,
	NEEDLE_LOT_STATUS,
	NEEDLE_LOT_CERTIFICATE,
	NEEDLE_LOT_MEMBRANE,
	NEEDLE_LOT_CONFIGURATION,
	NEEDLE_LOT_PRODUCT,
};

/**
 * Finds the lot of cartridges that a record means, by lot and GTIN, or by lot alone where either side has no
 * GTIN. -ENOENT with the sentence.
 */
int lot_find(ProjectionContext *context, sqlite3_stmt **ret) _must_check_;
/**
 * Refuses a lot that is barred in another spelling, from a time when the spellings were two lots.
 */
int lot_check_spellings(ProjectionContext *context) _must_check_;
/**
 * Refuses a cartridge with a serial of a lot to which the clinic gave serials, unless the cartridge is one of
 * those: -EBADMSG with the sentence.
 */
int label_check(ProjectionContext *context) _must_check_;

/**
 * Until when an incident with this body, recorded at utc_us, is reported to the authority: a day or a time.
 * False: it needs no report; ret is untouched.
 */
bool incident_due(const json_t *body, int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX]);

/**
 * Whether what a correction makes of a record of `kind` could be recorded. `leaf` is the record's, written at
 * utc_us; `beside` is what is kept beside it, or NULL. Adds to the correction what follows from it. A replay
 * must not call this.
 */
int corrected_check(ProjectionContext *context, const char *kind, const json_t *leaf, const json_t *beside,
	int64_t utc_us) _must_check_;
/**
 * A value of that type from a text as people write it; for the caller. What cannot be parsed stays a text,
 * and the field's check reports it. NULL: no memory.
 */
json_t *corrected_value(FieldType type, const char *text) _must_check_;
/**
 * Whether the days and times in a card, an incident or its report agree with each other and have passed; the
 * rules of a new record. `context` has the body and the personal data as they are corrected.
 */
int subject_times_check(ProjectionContext *context, const char *kind) _must_check_;

/** Refuses a body whose cycle is not on record: -ENOENT with the sentence. */
int cycle_refuse_unknown(ProjectionContext *context);

/**
 * Refuses a needle for a container of sharps (`container` of the body) that is full or was collected. One of
 * which nothing is on record counts as open. A replay checks nothing.
 */
int sharps_check(ProjectionContext *context) _must_check_;

/* ---- the clinic ---- */

/**
 * Finds what the station is in its clinic; the first column is the name of its log there. -ENOLINK with the
 * sentence when it belongs to none.
 */
int clinic_find_standing(ProjectionContext *context, sqlite3_stmt **ret) _must_check_;
/**
 * Completes a claim by the grant under which the station holds its cartridge, and one of a lot without
 * serials (`numbered`) by the lowest number that it holds. -EREMOTE: it holds none; -ENOLINK: the registry
 * has not confirmed this start; -EKEYREJECTED: the station is quarantined; each with the sentence.
 */
int clinic_take_held(ProjectionContext *context, bool numbered) _must_check_;
/** Whether a claim of the past was of a cartridge that was held by the grant in it. Only for a replay. */
int clinic_check_past_claim(ProjectionContext *context) _must_check_;

/** Whether the record was entered by another station of the clinic. */
bool shared_is_from_another(const ProjectionContext *context);
/**
 * Accepts such a record in place of the rules of its kind. -EEXIST with the number of the record in the
 * answer: it is here already.
 */
int shared_accept(ProjectionContext *context) _must_check_;

/* ---- twins ---- */

/** The start of a unit's serial; NULL when it has none. */
const char *twin_serial(const char *unit);
/**
 * Makes the key that all spellings of a unit's serial share, with its product. *ret is the caller's; NULL for
 * a unit without a serial.
 */
int twin_make(const char *unit, char **ret) _must_check_;
