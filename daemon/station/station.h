/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station: who is signed in, what is in session, mounted and armed. It is the one place where commands
 * become records. Commands arrive as calls; facts arrive from the control link and the ledger; observers show
 * them.
 *
 * Main thread only; nothing blocks. A call that changes the record answers through `done` after the commit,
 * exactly once, possibly before the call returns. Session steps run one at a time: a second one is refused
 * with Error.Busy.
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
	const char *error;             /* NULL: done; else a name of a refusal, static */
	char text[STATION_TEXT_MAX];   /* sentence when error, else "" */
	uint64_t number;               /* session number, or sequence number of the new record */
	char detail[STATION_TEXT_MAX]; /* unit claimed, operator's name, file written: by command */
	json_t *figures;               /* borrowed, or NULL: depends on the command */
	int picture;                   /* of a preview or a photograph: a descriptor, borrowed */
} StationReply;

typedef void (*StationDone)(void *userdata, const StationReply *reply);

/* ---- what observers see --------------------------------------------------------------------------- */

typedef enum StationChange {
	STATION_CHANGED_STATE = 1 << 0, /* session state, session, subject, fault */
	STATION_CHANGED_OPERATOR = 1 << 1,
	STATION_CHANGED_ZONE = 1 << 2,    /* zone, needle, pigment */
	STATION_CHANGED_LINES = 1 << 3,   /* pedal, emergency stop, board */
	STATION_CHANGED_COUNTS = 1 << 4,  /* strokes, dots, statistics: at most 10 times a second */
	STATION_CHANGED_RECORDS = 1 << 5, /* a record was committed: there may be something to publish */
	STATION_CHANGED_PROOFS = 1 << 6,  /* state of the verification, or the signing key */
	STATION_CHANGED_ALARMS = 1 << 7,  /* the alarms that are active */
	STATION_CHANGED_CLINIC = 1 << 8,  /* the link to the clinic's registry */
	/* everything that a record may change */
	STATION_CHANGED_ALL = STATION_CHANGED_STATE | STATION_CHANGED_OPERATOR | STATION_CHANGED_ZONE |
			      STATION_CHANGED_COUNTS | STATION_CHANGED_ALARMS,
} StationChange;

typedef struct StationObserver {
	void (*changed)(void *userdata, unsigned changes);                  /* StationChange bits */
	void (*alert)(void *userdata, const char *alert, const char *text); /* "depth-outside", ... */
	void *userdata;
} StationObserver;

/* ---- the clinic's registry ------------------------------------------------------------------------ */

/** A request to the registry. Borrowed during the call. */
typedef struct StationAsk {
	uint32_t ticket; /* of the answer; another one for each request of this process */
	RegistryWhat what;
	json_t *body;
} StationAsk;

/**
 * The registry has answered the request with this ticket. `text`: one sentence, which nobody vouches for; it
 * is only shown, and says nothing about what may be claimed. Without effect when no command waits for it,
 * which it does for 2 s at most.
 */
void station_registry_answered(Station *station, uint32_t ticket, RegistryStatus status, const char *text);
/** What is known of the link to the clinic; NULL: stipple-registryd has gone. Raises and ends its alarms. */
void station_clinic_reported(Station *station, const ClinicReport *report);
/**
 * At the start, from the record: the name of the station's log, when the registry confirmed this boot ("" not
 * yet), and whether it quarantined the station.
 */
void station_clinic_known(Station *station, const char *origin, const char *confirmed, bool is_quarantined);
/**
 * Records what came from the registry: a kind that stations share, or clinic.leaf, whose leaf the caller has
 * verified. The record is applied before `done` is called. The kind is static. Errors as of ledger_append();
 * also -EAGAIN while earlier records of the station wait.
 */
int station_take_record(
	Station *station, const LedgerRecord *record, LedgerDone done, void *userdata) _must_check_;
/**
 * A leaf, or the record of another station in it, contradicts what is on record here: records that, and
 * alerts a person. `body`: of clinic.refused; taken.
 */
void station_leaf_refused(Station *station, json_t *body);
/**
 * A checkpoint of this station's log that witnesses cosigned, of `size` bytes: it is kept beside the ledger
 * when this station has signed it. One that comes while another is being kept is dropped, as a later one
 * covers it.
 */
void station_cosigned(Station *station, const char *note, size_t size);
/** What came as a leaf is not what the registry signed. `text`: a sentence. */
void station_registry_lied(Station *station, const char *text);

/* ---- life cycle ----------------------------------------------------------------------------------- */

typedef struct StationOptions {
	const Config *config;            /* all of these outlive the station */
	const char *configuration_error; /* NULL, or why the station is inert */
	Ledger *ledger;                  /* NULL: could not be opened; then configuration_error says why */
	LedgerInfo ledger_info;
	Control *control;           /* NULL: no board */
	const char *board_error;    /* why control is NULL */
	const char *enrolment_code; /* NULL unless no administrator is enrolled; util/enrolment-code.h */
	const Clock *clock;
	/** Starts a capture; station_picture() gets the result. -EAGAIN busy, -ENODEV no camera. */
	int (*capture)(void *userdata, const StationCapture *capture);
	void *capture_userdata;
	/** Deletes a photograph permanently. Called on another thread; blocks on the disk. 0, or -errno. */
	int (*erase_image)(void *userdata, const char *file);
	void *erase_userdata;
	/**
	 * Opens a photograph for reading and computes its digest. Called on another thread; blocks on the
	 * disk. The descriptor, or -errno. NULL: there are no photographs.
	 */
	int (*open_image)(void *userdata, const char *file, char ret_sha256[DIGEST_HEX_MAX]);
	void *open_userdata;
	json_t *images; /* NULL, or the names of the photographs that existed before the start */
	/**
	 * Sends a request to the clinic's registry; station_registry_answered() gets the answer. -ENOTCONN:
	 * nobody carries it now. NULL: there is no registry.
	 */
	int (*ask_registry)(void *userdata, const StationAsk *ask);
	void *ask_userdata;
} StationOptions;

int station_new(const StationOptions *options, Station **ret) _must_check_;
/** Passes strokes to the ledger without waiting. Accepts NULL; returns NULL. */
Station *station_free(Station *station);
DEFINE_CLEANUP(Station *, station_free, station_freep);

/**
 * Call at the start, before any other request. Rebuilds the session that was open when the station stopped,
 * from its records, and leaves it paused; if it cannot go on, ends it on record. Does nothing while the
 * station is inert. Blocks on the disk.
 */
void station_recover_session(Station *station);

/** Up to 4 observers; kept by value. */
int station_observe(Station *station, const StationObserver *observer) _must_check_;
/** Removes the observers with this `userdata`; call it before they are freed. */
void station_unobserve(Station *station, const void *userdata);
/** Reads clock and ledger into the state again. Never blocks. */
void station_look(Station *station);
/** Everything that is known, as of the last look. Borrowed until control returns to the event loop. */
const State *station_state(const Station *station);

/** Call these when control_fd() or ledger_fd() is readable, when a picture is ready, and every second. */
void station_control_ready(Station *station);
/**
 * Call when the control thread gives no sign of life and cannot latch a fault itself: shows and records the
 * fault in its place. The caller has dropped ENABLE and then ends the process.
 */
void station_control_silent(Station *station);
/** True from the request to arm until the order to stop; strokes may arrive until that order is answered. */
bool station_may_move(const Station *station);
void station_ledger_ready(Station *station);
void station_picture(Station *station, const StationPicture *picture);
void station_tick(Station *station);
/** Call at least every 100 ms: stops the needle when its strokes can no longer be recorded in time. */
void station_watch(Station *station);
/** Readable when station_worker_ready() has a finished PIN check. */
int station_worker_fd(const Station *station);
void station_worker_ready(Station *station);

/* ---- who calls ------------------------------------------------------------------------------------- */

/**
 * A connection to the bus. It acts for the signed-in operator only if it holds that sign-in or has presented
 * its token. Otherwise operator calls are refused with Error.NotYourSignIn, and what it may do is recorded
 * without a badge.
 */
typedef struct StationCaller {
	const char *name; /* unique name on the bus */
	const char *user; /* name of the account, "" unknown */
	uint32_t uid;
	uint64_t sign_in; /* the sign-in whose token it presented; 0 none */
	bool is_known;    /* user and uid are known: otherwise station_caller_known() will tell */
} StationCaller;

/**
 * Sets the caller of the following calls, which is copied; NULL: the station itself, as at the start. Records
 * name the account as `user`. The bus sets it before each call and resets it afterwards.
 */
void station_set_caller(Station *station, const StationCaller *caller);
/**
 * Tells who an earlier unknown caller is. Call it for each of these, even when its identity cannot be found.
 */
void station_caller_known(Station *station, const StationCaller *caller);
/** Whether the caller holds the sign-in or has presented its token. False while nobody is signed in. */
bool station_caller_signed_in(const Station *station, const StationCaller *caller);

/**
 * Stops the needle at once if it may move, whoever asks and in any state, even while the station is inert or
 * busy. The record is made afterwards. Commands that stop call this first, and decide afterwards.
 */
void station_stop_now(Station *station);

/* ---- commands -------------------------------------------------------------------------------------- */

/**
 * A command of decide/command.h, which describes its arguments. Texts are copied; `asked` is taken. Zero the
 * unused members.
 */
typedef struct StationRequest {
	const CommandSpec *spec;
	json_t *asked; /* an object; NULL: no arguments */
	const char *pin, *new_pin;
	const char *code; /* a label's code, or the code that enrols the first administrator */
	FormPlace place;  /* of a form */
	const void *data; /* attachment */
	size_t size;
	int fd;           /* of command_audit: gets the rows; owned from here on */
	bool internal;    /* from the station itself: accepted while it is inert; a failure is logged */
	StationDone done; /* NULL: nobody waits for a reply */
	void *userdata;
} StationRequest;

/**
 * Calls `done` exactly once, possibly before this returns; false: the command was refused before it began.
 *
 * The reply's `number` is the new record's, except: the session for command_begin, the number of rows for
 * command_audit. `detail`: the claimed unit for command_mount, the operator's name for command_sign_in, the
 * file for command_picture, the verdict for command_preview ("good", or as in StationPicture with its
 * sentence in `text`), the failed parts for command_self_test. `figures`: the totals for command_finish, the
 * record for command_picture, the column names for command_audit, {proof, key} for command_prove.
 */
bool station_ask(Station *station, const StationRequest *request);
/** Stops the needle and records `station.stopped`; `done` is called after the commit. */
void station_shutdown(Station *station, StationDone done, void *userdata);

/** The bus name vanished: if it held the sign-in, disarms the needle and signs the operator out. */
void station_holder_vanished(Station *station, const char *holder);
/** Whether the signed-in operator has one of `roles`, separated by blanks. */
bool station_has_role(const Station *station, const char *roles);
/** The interlocks that refuse arming now. Returns their number. */
size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX]);
/** Reads a code by this station's clock and its scanner's FNC1 substitute. Changes nothing. */
void station_read_code(const Station *station, const char *code, NeedleCode *ret);
/**
 * Notes that the station's own scanner read this code. Changes nothing, but the next claim of the same code
 * counts as scanned.
 */
void station_scanned(Station *station, const char *code);

/* ---- verification ----------------------------------------------------------------------------------- */

typedef enum VerificationState {
	VERIFICATION_NONE, /* none since the start */
	VERIFICATION_RUNNING,
	VERIFICATION_SOUND,
	VERIFICATION_DAMAGED,
	VERIFICATION_PHOTOGRAPHS, /* the ledger is sound; photographs are missing or were replaced */
	VERIFICATION_FAILED,      /* the verification could not be done */
	VERIFICATION_MAX,
	VERIFICATION_INVALID = -EINVAL,
} VerificationState;

DECLARE_STRING_TABLE(verification_state, VerificationState);

typedef struct StationVerification {
	VerificationState state;
	uint64_t done, total;        /* records so far and in total, while it runs */
	char text[STATION_TEXT_MAX]; /* the first finding, or why the verification failed; else "" */
} StationVerification;

void station_verification(const Station *station, StationVerification *ret);

/* ---- configuration -------------------------------------------------------------------------------- */

/**
 * Checks that all protocols in `folder` are valid: 0, or a negative errno with file, line and reason in
 * `error`.
 */
int station_check_protocols(const char *folder, Error *error) _must_check_;
/** Checks the texts that clients sign in the same way. */
int station_check_consents(const char *folder, Error *error) _must_check_;
/** Checks the configured compliance profile in the same way. */
int station_check_profile(const Config *config, Error *error) _must_check_;
/** Trouble with publishing records: bits of station_broker_trouble(). */
typedef enum StationTrouble {
	STATION_TROUBLE_WITHHELD = 1 << 0,    /* the broker rejects some messages for their content */
	STATION_TROUBLE_NAME = 1 << 1,        /* another station uses this one's name */
	STATION_TROUBLE_CERTIFICATE = 1 << 2, /* a certificate expires soon */
} StationTrouble;

/** Sets the current StationTrouble bits. A new one raises an alert, each at most once an hour. */
void station_broker_trouble(Station *station, unsigned trouble);

/** Every second where a broker is configured: whether it cannot be reached. It is an alarm after a while. */
void station_broker_away(Station *station, bool is_away);

/**
 * The program `sounder` (its name on the bus) has begun to sound the alarm `cause`, or could not: then
 * `error` says why, else it is "". `cause` is the alarm's id, or "test" of a sound that is none. Texts are
 * copied. False: it does not count, because another program sounds the alarms, or because none does and
 * `cause` is not "start".
 */
bool station_sounded(Station *station, const char *sounder, const char *cause, const char *error);

/** A new configuration was rejected: raises the alert, and `doctor` reports it until the daemon restarts. */
void station_reload_refused(Station *station, const char *reason, const char *advice);

/**
 * Compares the station's names in `config` with those on record (`recorded`: "<clinic>/<station>"). -EXDEV
 * when they differ, with a sentence that says which record changes the names.
 */
int station_compare_names(const char *recorded, const Config *config, Error *error) _must_check_;

/**
 * Whether a restart with `config` would leave this station inert because of its records: its names differ
 * from those on record once somebody is enrolled, or the log has another name. Then -EXDEV or -EINVAL with a
 * sentence. 0 also when it cannot be known in advance: the station is inert, so its ledger may be closed, or
 * `config` names another state folder.
 */
int station_check_record(const Station *station, const Config *config, Error *error) _must_check_;

/* ---- doctor --------------------------------------------------------------------------------------- */

/** Makes the checks of the core; main adds those of camera and broker. Returns their number. */
size_t station_doctor(Station *station, StationCheck ret[STATION_CHECKS_MAX]);
