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

/** Up to 4 observers; kept by value. */
int station_observe(Station *station, const StationObserver *observer) _must_check_;
/** Tells the observers of `userdata` nothing any more: before they are freed. */
void station_unobserve(Station *station, const void *userdata);
/** Reads clock and ledger anew into the state. Blocks on nothing. */
void station_look(Station *station);
/** All that is known, as of the last look. Borrowed until the loop goes on. */
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

/* ---- commands -------------------------------------------------------------------------------------- */

/**
 * A command of decide/command.h, where its arguments stand. Texts are copied; `asked` is taken. Zeroed where
 * nothing is said.
 */
typedef struct StationRequest {
	const CommandSpec *spec;
	json_t *asked; /* an object; NULL: nothing is asked */
	const char *pin, *new_pin;
	const char *code; /* of a label, or the one that enrols the first administrator */
	FormPlace place;  /* of a form */
	const void *data; /* an attachment */
	size_t size;
	int fd;           /* of command_audit: where rows go; owned from here */
	bool internal;    /* the station's own: not refused while it is inert, its failure is logged */
	StationDone done; /* NULL: nobody waits for a reply */
	void *userdata;
} StationRequest;

/**
 * `done` is called exactly once, possibly before this returns; false: it was refused before it began. The
 * reply's number is that of the record made, where none is said: of command_begin the session, of
 * command_audit the rows. Its detail: of command_mount the unit claimed, of command_sign_in the operator's
 * name, of command_picture the file, of command_preview the verdict ("good", or as of StationPicture, then
 * with its sentence in `text`), of command_self_test the failed parts. Its figures: of command_finish the
 * totals, of command_picture the record, of command_audit the names of the columns, of command_prove {proof,
 * key}.
 */
bool station_ask(Station *station, const StationRequest *request);
/** Stops the needle and records `station.stopped`; done after the commit. */
void station_shutdown(Station *station, StationDone done, void *userdata);

/** The bus name vanished: if it held the sign-in, the needle is disarmed and the operator signed out. */
void station_holder_vanished(Station *station, const char *holder);
/** True when the signed-in operator has one of `roles`, which are separated by blanks. */
bool station_has_role(const Station *station, const char *roles);
/** What refuses to arm now. Returns how many. */
size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX]);
/** What a code says, by this station's clock and its scanner's substitute for FNC1. Changes nothing. */
void station_read_code(const Station *station, const char *code, NeedleCode *ret);
/** The station's own scanner read this. Changes nothing; the next claim of the same code came from there. */
void station_scanned(Station *station, const char *code);

/* ---- verification ----------------------------------------------------------------------------------- */

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
