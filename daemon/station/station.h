/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station: what is signed in, in session, mounted and armed, and the one place where commands become
 * records. Commands come down as calls; facts come up from the control link and the ledger; whoever wants
 * to show them observes.
 *
 * Main thread only; nothing blocks. A call that changes the record answers through `done` after the
 * commit, exactly once, possibly before the call returns. Session steps are taken one at a time: a second
 * one meanwhile is refused with Error.Busy.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "code/needle-code.h"
#include "config/config.h"
#include "control/control.h"
#include "decide/breaks.h"
#include "decide/command.h"
#include "decide/doctor.h"
#include "decide/interlocks.h"
#include "ledger/ledger.h"
#include "state/state.h"
#include "util/clock.h"

typedef struct Station Station;

enum { STATION_TEXT_MAX = 1024, STATION_NAME_MAX = SESSION_NAME_MAX };

typedef struct StationReply {
	const char *error;             /* NULL: done; else a name, static */
	char text[STATION_TEXT_MAX];   /* sentence when error, else "" */
	uint64_t number;               /* session number, or ledger sequence number of the record made */
	char detail[STATION_TEXT_MAX]; /* unit claimed, operator's name, file written: as the call says */
	json_t *figures;               /* borrowed, or NULL: as the call says */
	int picture;                   /* of a preview or a photograph: a borrowed descriptor */
} StationReply;

typedef void (*StationDone)(void *userdata, const StationReply *reply);

/* ---- what observers see --------------------------------------------------------------------------- */

typedef enum StationChange {
	STATION_CHANGED_STATE = 1 << 0, /* session state, session, subject, fault */
	STATION_CHANGED_OPERATOR = 1 << 1,
	STATION_CHANGED_ZONE = 1 << 2,    /* zone, needle, pigment */
	STATION_CHANGED_LINES = 1 << 3,   /* pedal, emergency stop, board */
	STATION_CHANGED_COUNTS = 1 << 4,  /* strokes, dots, statistics: at most 10 times a second */
	STATION_CHANGED_RECORDS = 1 << 5, /* a record was committed: the outbox may have news */
	STATION_CHANGED_PROOFS = 1 << 6,  /* the verification's state, the signing key */
	/* what a record may change */
	STATION_CHANGED_ALL = STATION_CHANGED_STATE | STATION_CHANGED_OPERATOR | STATION_CHANGED_ZONE |
			      STATION_CHANGED_COUNTS,
} StationChange;

typedef struct StationObserver {
	void (*changed)(void *userdata, unsigned changes);                  /* StationChange bits */
	void (*alert)(void *userdata, const char *alert, const char *text); /* "depth-outside", ... */
	void *userdata;
} StationObserver;

/* ---- life cycle ----------------------------------------------------------------------------------- */

typedef struct StationOptions {
	const Config *config;            /* all outlive the station */
	const char *configuration_error; /* NULL, or why the station is inert */
	Ledger *ledger;                  /* NULL: could not be opened; then configuration_error says why */
	LedgerInfo ledger_info;
	Control *control;           /* NULL: no board */
	const char *board_error;    /* why control is NULL */
	const char *enrolment_code; /* NULL unless no administrator is enrolled; util/enrolment-code.h */
	const Clock *clock;
	/** Starts a capture, to be answered by station_picture(). -EAGAIN busy, -ENODEV no camera. */
	int (*capture)(void *userdata, const StationCapture *capture);
	void *capture_userdata;
	/** Deletes a photograph for good. Called on a thread of its own; blocks on the disk. 0, or -errno. */
	int (*erase_image)(void *userdata, const char *file);
	void *erase_userdata;
	/**
	 * Opens a photograph to be read, and says its digest. Called on a thread of its own; blocks on the
	 * disk. The descriptor, or -errno. NULL: there are none.
	 */
	int (*open_image)(void *userdata, const char *file, char ret_sha256[DIGEST_HEX_MAX]);
	void *open_userdata;
	json_t *images; /* NULL, or the names of the photographs that were there before the start */
} StationOptions;

int station_new(const StationOptions *options, Station **ret) _must_check_;
/** Flushes strokes to the ledger (not waiting). Accepts NULL; returns NULL. */
Station *station_free(Station *station);
DEFINE_CLEANUP(Station *, station_free, station_freep);

/**
 * At the start, before anything else is asked of it: takes up the session that was open when the station
 * stopped, from its records, paused; ends it on record where it cannot go on. Does nothing while the station
 * is inert. Blocks on the disk.
 */
void station_recover_session(Station *station);

/** picture: the photograph of this name, whose bytes are those that were recorded. */
void station_open_picture(Station *station, const char *file, StationDone done, void *userdata);

/** Up to 4 observers; kept by value. */
int station_observe(Station *station, const StationObserver *observer) _must_check_;
/** Tells the observers of `userdata` nothing any more: before they are freed. */
void station_unobserve(Station *station, const void *userdata);
/** All that is known. Borrowed until the loop goes on. */
const State *station_state(const Station *station);

/** Facts in: when control_fd() or ledger_fd() is readable; when a picture is ready; each second. */
void station_control_ready(Station *station);
/**
 * The control thread gives no sign of life, and can latch nothing: the fault is shown and put on record in
 * its place. The caller has dropped ENABLE and ends the process.
 */
void station_control_silent(Station *station);
/** From the request to arm until the order to stop; strokes may come in until that is answered. */
bool station_may_move(const Station *station);
void station_ledger_ready(Station *station);
void station_picture(Station *station, const StationPicture *picture);
void station_tick(Station *station);
/** At least every 100 ms: stops the needle when what it does can no longer be recorded in time. */
void station_watch(Station *station);
/** Readable when station_worker_ready() has a finished PIN check. */
int station_worker_fd(const Station *station);
void station_worker_ready(Station *station);

/* ---- who calls ------------------------------------------------------------------------------------- */

/**
 * A connection to the bus. It acts in the name of whoever is signed in only where it holds that sign-in or
 * has presented its token; elsewhere such calls are refused with Error.NotYourSignIn, and what it may do is
 * recorded without a badge.
 */
typedef struct StationCaller {
	const char *name; /* on the bus */
	const char *user; /* the account's, "" unknown */
	uint32_t uid;
	uint64_t sign_in; /* the sign-in whose token it presented; 0 none */
	bool is_known;    /* user and uid are: else station_caller_known() will say */
} StationCaller;

/**
 * What is called from now on is called by `caller`, which is copied; NULL: by the station itself, as from the
 * start. Records say the account as `user`. The bus sets it before each call, and back.
 */
void station_set_caller(Station *station, const StationCaller *caller);
/** Who it is that called before that was known. To be called for each of these, also when nobody can tell. */
void station_caller_known(Station *station, const StationCaller *caller);
/** Whether it holds the sign-in, or has presented its token. False while nobody is signed in. */
bool station_caller_signed_in(const Station *station, const StationCaller *caller);

/**
 * Stops the needle if it may move: at once, whoever asks, in any state, also while the station is inert or
 * busy. Only then is it recorded. What stops does this first, and judges afterwards.
 */
void station_stop_now(Station *station);

/** Stops the needle and records `station.stopped`; done after the commit. */
void station_shutdown(Station *station, StationDone done, void *userdata);

/* ---- people --------------------------------------------------------------------------------------- */

/**
 * `roles`: comma-separated of technician, supervisor, auditor, administrator. PIN: 4 to 12 digits. A
 * supervisor or administrator must be signed in; the roles supervisor and administrator are the
 * administrator's to give.
 */
void station_enrol(Station *station, const char *badge, const char *name, const char *pin, const char *roles,
	StationDone done, void *userdata);
/** The first administrator, while there is none: `code` is that of StationOptions. Five wrong ones end it. */
void station_enrol_first(Station *station, const char *code, const char *badge, const char *name,
	const char *pin, StationDone done, void *userdata);
/**
 * `badge`: "" or one's own, or as an administrator another's. `pin` is always that of whoever is signed in.
 */
void station_change_pin(Station *station, const char *badge, const char *pin, const char *new_pin,
	StationDone done, void *userdata);
/** `holder` is the bus name that holds the sign-in. detail: the operator's name. */
void station_sign_in(Station *station, const char *badge, const char *pin, const char *holder,
	StationDone done, void *userdata);
void station_sign_out(Station *station, StationDone done, void *userdata);
/** The bus name vanished: if it held the sign-in, the needle is disarmed and the operator signed out. */
void station_holder_vanished(Station *station, const char *holder);
/** True when the signed-in operator has one of `roles`, which are separated by blanks. */
bool station_has_role(const Station *station, const char *roles);

/* ---- session steps, in their order ---------------------------------------------------------------- */

/**
 * number: the session. `course_session` counts from 1. `is_new_person`: somebody said that the pseudonym is
 * that of a person who never was here; without it one that is not on record is refused, and with it one that
 * is.
 */
void station_begin(Station *station, const char *subject, const char *protocol, uint32_t course_session,
	bool is_new_person, StationDone done, void *userdata);
/** `answers`: object of booleans, each question of the protocol once. */
void station_screening(Station *station, json_t *answers, StationDone done, void *userdata);
/** `consent`: "treatment" or "photographs". */
void station_consent(Station *station, const char *consent, const char *version, bool given, StationDone done,
	void *userdata);
/** Disarms first when armed. `area_mm2` 1 to 100000. */
void station_select_zone(Station *station, const char *zone, const char *skin_type, uint32_t area_mm2,
	StationDone done, void *userdata);
/** What a code says, by this station's clock and its scanner's substitute for FNC1. Changes nothing. */
void station_read_code(const Station *station, const char *code, NeedleCode *ret);
/** detail: the unit claimed. Refused with the reason when it was used, is unknown, expired, ... */
/** `scanned`: the caller says that a scanner read it. What the station's own scanner read it knows itself. */
void station_mount_needle(Station *station, const char *code, bool scanned, StationDone done, void *userdata);
/** The station's own scanner read this. Changes nothing; the next claim of the same code came from there. */
void station_scanned(Station *station, const char *code);
void station_remove_needle(Station *station, const char *reason, StationDone done, void *userdata);
void station_load_pigment(Station *station, const char *brand, const char *colour, const char *lot,
	const char *expiry, StationDone done, void *userdata);
/** `phase`: "before" or "after". detail: the file; figures: focus, exposure, bytes, sha256. */
void station_take_picture(
	Station *station, const char *zone, const char *phase, StationDone done, void *userdata);
/**
 * What the camera sees now: nothing is kept or recorded. picture: the JPEG; detail: the verdict, "good" or as
 * of StationPicture, then with its sentence in `text`.
 */
void station_preview(Station *station, const char *zone, StationDone done, void *userdata);
/** detail: failed parts, "" none. */
void station_self_test(Station *station, StationDone done, void *userdata);
/** What refuses to arm now. Returns how many. */
size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX]);
void station_arm(Station *station, StationDone done, void *userdata);
/** Answers when the needle stands still and that is on record, also when it stood still before. */
void station_disarm(Station *station, StationDone done, void *userdata);
void station_pause(Station *station, StationDone done, void *userdata);
void station_resume(Station *station, StationDone done, void *userdata);
/** figures: totals of the session. */
void station_finish(Station *station, StationDone done, void *userdata);
/** Asks for the PIN again. `meaning`: what the signature stands for. Ends the session. */
void station_sign(Station *station, const char *pin, const char *meaning, StationDone done, void *userdata);
void station_abandon(Station *station, const char *reason, StationDone done, void *userdata);
/** Asks for the PIN again, then clears the latched fault. Refused while its cause still holds. */
void station_acknowledge(
	Station *station, const char *note, const char *pin, StationDone done, void *userdata);

/* ---- forms --------------------------------------------------------------------------------------- */

/**
 * Enters a record of a kind that record_forms has. `pin` is read where the form is signed. number: of the
 * record.
 */
void station_enter(Station *station, FormPlace place, const char *kind, json_t *fields, const char *pin,
	StationDone done, void *userdata);

/* ---- inventory, audit ----------------------------------------------------------------------------- */

enum { CERTIFICATE_MAX = 4 << 20 };

/** `lot`: object with the fields of `lot.received` (docs/ledger.md). */
void station_receive_lot(Station *station, json_t *lot, StationDone done, void *userdata);
/**
 * Keeps the file of a lot's sterilisation certificate in the ledger: 1 byte to CERTIFICATE_MAX. `fields`:
 * lot, file (its name), gtin and certificate (its number) where known. number: of the record.
 */
void station_attach_certificate(
	Station *station, json_t *fields, const void *data, size_t size, StationDone done, void *userdata);
/**
 * Streams to `fd` (owned from here); the access itself is recorded, with the caller's `uid` and `user`.
 * number: rows.
 */
void station_audit(Station *station, const StationCaller *caller, const char *query, json_t *arguments,
	int fd, StationDone done, void *userdata);
/** Lets an auditor see a photograph once that is on record. detail: its path. */
void station_audit_picture(
	Station *station, const StationCaller *caller, const char *file, StationDone done, void *userdata);
/**
 * Records that somebody copies the ledger's file to `file`, with `records` in it; `copy`: backup, archive or
 * export. Answers when a checkpoint covers that record, where there is a key to make one.
 */
void station_audit_copy(Station *station, const StationCaller *caller, const char *copy, const char *file,
	uint64_t records, StationDone done, void *userdata);

/** The proof that a record is in the log; the access is recorded. detail: empty; figures: proof, key. */
void station_prove(
	Station *station, const StationCaller *caller, uint64_t record, StationDone done, void *userdata);
/** Makes a new signing key, signed for by the old one. Asks for the role of administrator. */
void station_rotate_key(Station *station, StationDone done, void *userdata);

typedef enum VerificationState {
	VERIFICATION_NONE, /* since the start */
	VERIFICATION_RUNNING,
	VERIFICATION_SOUND,
	VERIFICATION_DAMAGED,
	VERIFICATION_PHOTOGRAPHS, /* the ledger is sound; photographs are missing or were replaced */
	VERIFICATION_FAILED,      /* it could not be done */
	VERIFICATION_MAX,
	VERIFICATION_INVALID = -EINVAL,
} VerificationState;

DECLARE_STRING_TABLE(verification_state, VerificationState);

typedef struct StationVerification {
	VerificationState state;
	uint64_t done, total;        /* records, while it runs */
	char text[STATION_TEXT_MAX]; /* the first finding, or why it failed; else "" */
} StationVerification;

/** Verifies the whole ledger in the background; refused while that runs. Answers once it has begun. */
void station_verify(Station *station, const StationCaller *caller, StationDone done, void *userdata);
void station_verification(const Station *station, StationVerification *ret);

/* ---- configuration -------------------------------------------------------------------------------- */

/** Whether all protocols of `folder` are sound: 0, or a negative errno with file, line and reason in `error`.
 */
int station_check_protocols(const char *folder, Error *error) _must_check_;
/** The same of the compliance profile that is configured. */
int station_check_profile(const Config *config, Error *error) _must_check_;
/** What went wrong where records are published: bits of station_broker_trouble(). */
typedef enum StationTrouble {
	STATION_TROUBLE_WITHHELD = 1 << 0,    /* the broker does not take some messages for what they are */
	STATION_TROUBLE_NAME = 1 << 1,        /* another station has this one's name */
	STATION_TROUBLE_CERTIFICATE = 1 << 2, /* one ends soon */
} StationTrouble;

/** What is wrong now, StationTrouble bits. What has begun is alerted, each at most once an hour. */
void station_broker_trouble(Station *station, unsigned trouble);

/** A new configuration was not taken: raises the alert, and the doctor says so until the daemon starts over.
 */
void station_reload_refused(Station *station, const char *reason, const char *advice);

/**
 * -EXDEV, with a sentence that says what records a change of names, unless `config` calls the station what
 * the record does (`recorded`: "<clinic>/<station>").
 */
int station_compare_names(const char *recorded, const Config *config, Error *error) _must_check_;

/**
 * Whether starting over with `config` would leave this station inert because of what its record knows: names
 * that are not on record, once somebody is enrolled, or another name of its log. -EXDEV or -EINVAL then, with
 * a sentence; 0 where that cannot be known before: the station is inert, as its ledger may be closed, or
 * `config` names another state folder.
 */
int station_check_record(const Station *station, const Config *config, Error *error) _must_check_;

/* ---- doctor --------------------------------------------------------------------------------------- */

/** Fills the checks that the core can make; main adds camera and broker. Returns how many. */
size_t station_doctor(Station *station, StationCheck ret[STATION_CHECKS_MAX]);
