/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the station share. Nothing but these and their tests may include it. */

#include "apply/apply.h"
#include "core/form.h"
#include "config/profile.h"
#include "core/station.h"
#include "state/stroke-chunk.h"
#include "util/enrolment-code.h"
#include "util/pin.h"
#include "util/worker.h"

#define STATION_BAD_SUBJECT "the subject must be a pseudonym of 1 to 64 letters, digits, '-', '_' or '.'"

enum {
	STATION_OBSERVERS_MAX = 4,
	STATION_STATISTICS_US = 10 * USEC_PER_SEC, /* between two records of a zone's statistics */
	STATION_CONTACT_US = USEC_PER_SEC / 4,     /* without any stroke: a contact is over */
	STATION_COUNTS_US = USEC_PER_SEC / 10,     /* between two notices of changed counts */
	STATION_BROKER_ALERT_US = INT64_C(3600) * USEC_PER_SEC,
	STATION_ALERT_US = 30 * USEC_PER_SEC, /* between two alerts of the same kind */
	STATION_STREAK = 3,                   /* dots in a row outside the window before it is an alert */
	STATION_KEPT_MAX = 4096,
	STATION_ERASE_AGAIN_US = 60 * USEC_PER_SEC, /* after an erasure of photographs that failed */
	STATION_CODE_ATTEMPTS = 5,                  /* at the enrolment code, until the daemon starts over */
	STATION_CLOCK_JUMP_US = 60 * USEC_PER_SEC,  /* ahead of time's own course: more is an event */
	STATION_CLOCK_SLACK_US = 2 * USEC_PER_SEC,  /* NTP may slew back this much without being an event */
};

/* between two starts; more is an event where no time server confirms it */
#define STATION_CLOCK_AWAY_US (4 * USEC_PER_DAY)

typedef enum StationAlert {
	STATION_ALERT_DEPTH,
	STATION_ALERT_FORCE,
	STATION_ALERT_BREAK,
	STATION_ALERT_LENGTH,
	STATION_ALERT_CLOCK,
	STATION_ALERT_JUMP,
	STATION_ALERT_LEDGER,
	STATION_ALERT_DISK,
	STATION_ALERT_RELOAD,
	STATION_ALERT_STOCK,
	STATION_ALERT_BARRED,
	STATION_ALERT_WEAR,
	STATION_ALERT_WORN,
	STATION_ALERT_TEST_DUE,
	STATION_ALERT_TEST_OVERDUE,
	STATION_ALERT_DAMAGED,
	STATION_ALERT_PHOTOGRAPHS,
	STATION_ALERT_WITHHELD,
	STATION_ALERT_NAME,
	STATION_ALERT_CERTIFICATE,
	STATION_ALERT_MAX,
} StationAlert;

typedef struct Operation Operation;

/** A call under way: from the request until `done` has been called. */
struct Operation {
	Station *station;
	Operation *next; /* in station->operations */
	StationDone done;
	void *userdata;
	bool is_step;
	bool internal;           /* the station's own; nobody waits for a reply */
	bool at_ledger;          /* waits for the ledger's answer */
	bool given_up;           /* ... for longer than its caller did: it was told so */
	LedgerDone recorded;     /* of operation_append() */
	const char *kind;        /* of the record that it is making; static */
	bool is_preview;         /* waits for a picture that is not recorded */
	uint32_t ticket;         /* of the board command or picture that it waits for; 0 none */
	json_t *body, *personal; /* of the record that it is making */
	const void *attachment;  /* goes with it: the caller's, until operation_record() returns */
	size_t attachment_size;
	SessionState from, to; /* of the transition that it records */
	SessionEvent event;
	unsigned fault_number; /* of the fault that it acknowledges */
	void (*committed)(Operation *operation, const LedgerAnswer *answer);
	void (*answered)(Operation *operation, const ControlFact *fact);
	void (*disarmed)(Operation *operation);
	void (*pin_checked)(Operation *operation);
	void (*accepted)(Operation *operation);
	StationReply reply;
	char actor[STATION_NAME_MAX]; /* whose badge asked for it, "" the station itself */
	/* who called: on the bus, and the account, "" not known yet; both "" for the station itself */
	char caller[STATION_NAME_MAX], user[STATION_NAME_MAX];
	bool is_stranger;      /* the caller acts in nobody's name */
	bool awaits_user;      /* goes on with `disarmed` when it is known who called */
	const Operation *stop; /* waits until that one is on record */
	/* sign-in and signature; wiped with the operation */
	char badge[STATION_NAME_MAX], name[STATION_NAME_MAX], roles[STATION_NAME_MAX],
		holder[STATION_NAME_MAX];
	char pin[PIN_DIGITS_MAX + 1], new_pin[PIN_DIGITS_MAX + 1], hash[PIN_HASH_MAX];
	bool pin_right;
	int picture_fd; /* of a photograph that was opened for it, or -errno; and its digest */
	char picture_sha256[DIGEST_HEX_MAX];
	bool pin_waits;           /* for its turn, where others are refused */
	uint32_t attempts;        /* wrong ones before */
	bool urgent;              /* what it signs for must not wait */
	bool pin_unseen;          /* accepted without a look at the PIN: it signs nothing */
	StationDone capture_done; /* `done` and `userdata` of the caller, while its picture is recorded */
	void *capture_userdata;
	char revoked[256]; /* "", or why the badge is not valid any more */
	/* form */
	const Form *form;
	bool awaits_facts;
	bool is_new_person; /* who names one says that the pseudonym is no slip */
	/* audit */
	int fd;
	char query[STATION_NAME_MAX];
	/* needle */
	NeedleCode code;
	char code_text[NEEDLE_CODE_MAX + 1]; /* as it came; of two symbols both */
	bool scanned;
	ChipId chip;
};

typedef struct KeptRecord KeptRecord;

/** A StationCaller as the station keeps it for the call. */
typedef struct CurrentCaller {
	char name[STATION_NAME_MAX], user[STATION_NAME_MAX]; /* "" the station itself; "" not known yet */
	bool is_stranger;
} CurrentCaller;

/** What the record says that interlocks need: rows of a query each, see station-facts.c. */
typedef enum StationFact {
	STATION_FACT_CERTIFICATIONS, /* the newest of each badge and certificate */
	STATION_FACT_BARRED,         /* lots that are not released */
	STATION_FACT_LOW_STOCK,
	STATION_FACT_HANDPIECES,
	STATION_FACT_DUE, /* biological tests, the most pressing first */
	STATION_FACT_MAX,
} StationFact;

typedef struct StationFactSlot {
	Station *station;
	json_t *rows; /* NULL: not known yet */
	bool asked, stale;
} StationFactSlot;

/** Photographs of people whose data was erased, on their way out. */
typedef struct StationErasure {
	bool wanted; /* there may be some that are not being erased yet */
	bool running;
	int64_t not_before_us; /* monotonic: after a failure */
	json_int_t after;      /* the record of the last one that was looked at */
	json_t *pictures;      /* they are deleted, which is to be recorded */
} StationErasure;

struct Station {
	StationOptions options;
	StationView view;
	StationObserver observers[STATION_OBSERVERS_MAX];
	size_t n_observers;
	Worker *worker;
	Operation *operations; /* all under way */
	Operation *step;       /* the session step among them */
	Operation *arming; /* from the request to arm until its record is committed, or the needle stopped */
	Operation *stop; /* the newest that stops the needle by itself, until that is on record; NULL none */
	CurrentCaller caller;
	unsigned fault_number; /* counts what was latched */
	uint32_t next_ticket;
	uint64_t next_session;
	char inert_text[STATION_TEXT_MAX];

	State state; /* written by daemon/apply/ alone */
	Profile profile;

	/* the session */
	SessionState resume_to;
	int64_t begun_us, last_break_us; /* monotonic */
	int64_t working_since_us, worked_us;

	/* the needle */
	char half_code[NEEDLE_CODE_MAX + 1]; /* one of a label's two symbols, which waits for the other */
	bool half_scanned;
	int64_t half_us;
	char scanned_code[NEEDLE_CODE_MAX + 1]; /* what the station's own scanner read last */
	int64_t scanned_us;
	int64_t needle_since_us; /* of worked_us, when its own work began */
	bool wear_warned, wear_stopped;
	int64_t removed_us, removed_worked_us;

	/* strokes on their way to the ledger */
	StrokeChunk chunk;
	uint64_t chunk_dots;
	int64_t flushed_us, counts_us, samples_us;
	int64_t statistics_us;  /* when those of the zone were recorded last */
	bool statistics_stale;  /* strokes were recorded since */
	int64_t chunk_since_us; /* of CLOCK_MONOTONIC, the machine's own: when the first stroke of the chunk
				   came */
	unsigned depth_streak, force_streak;
	int64_t alerted_us[STATION_ALERT_MAX];
	unsigned broker_trouble;      /* StationTrouble bits that it was told of last */
	char names[LEDGER_NAMES_MAX]; /* "<clinic>/<station>": what the next start has to find in [station] */
	char reload_refused[ERROR_TEXT_MAX], reload_advice[STIPPLE_ERROR_MAX]; /* "": none was */
	bool ledger_was_healthy;
	int64_t unhealthy_since_us;
	char stop_reason[STATION_TEXT_MAX]; /* of the next CONTROL_FAULT_HOST, "" not known */
	KeptRecord *kept; /* records of the station's own that are not committed yet, oldest first */
	size_t n_kept;

	/* sign-in */
	char enrolment_code[ENROLMENT_CODE_MAX]; /* "": an administrator is enrolled */
	unsigned enrolment_refused;
	Operation *pin_check; /* under way; NULL none */
	Operation *pin_next;  /* whose turn is next; NULL none */
	uint64_t sign_ins;    /* since the start */
	int64_t started_us;   /* monotonic */
	json_t *refused_us; /* from each badge to the monotonic time of its last wrong PIN since the start */
	ClockReading clock_seen; /* last second; utc_us 0: not yet */

	StationFactSlot facts[STATION_FACT_MAX];
	int64_t facts_us; /* monotonic, when they were last asked for */

	char told_of_test[320]; /* what the last reminder of a biological test said, "" none */
	StationVerification verification;
	char damage[STATION_TEXT_MAX]; /* what one found, "" nothing; no later one takes it back */
	int64_t verified_us;           /* monotonic, when it ended last; 0 not yet */

	StationErasure erasure;
	json_t *images; /* that were there before the start, until it was asked which no record names */

	uint64_t disk_free;
};

/* station.c */
int64_t station_now_us(const Station *station); /* monotonic, of the injected clock */
void station_notify(Station *station, unsigned changes);
void station_lamps(Station *station);
/** The first reason stays. */
void station_become_inert(Station *station, const char *reason);
/** Shows and records an alert, at most every STATION_ALERT_US of its kind. */
void station_alert(Station *station, StationAlert alert, const char *format, ...) _printf_(3, 4);
/** Shows and records an alert each time, with the fields of `about` (taken; NULL none) beside its text. */
void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about);
/** Adds `session` to a body when one is open. */
json_t *station_with_session(const Station *station, json_t *body);
void station_session_reset(Station *station);

/* station-record.c */
/** A record was committed: the state follows it, and observers hear of it. Strokes count as they come. */
void station_apply(Station *station, const char *kind, const json_t *body, const LedgerAnswer *answer);
/**
 * A record of the station's own that nobody waits for. Takes `body`; `kind` is static. What the ledger could
 * not take is kept, and all that follows waits behind it.
 */
void station_record(Station *station, const char *kind, json_t *body);
/** The same of one that is in force at once: the needle does not wait for it. Its commit changes nothing
 * more.
 */
void station_record_in_force(Station *station, const char *kind, json_t *body);
/** The same with `size` bytes, which are copied. -ENOMEM, or -ENOBUFS when STATION_KEPT_MAX are waiting: not
 * kept. */
int station_record_attached(
	Station *station, const char *kind, json_t *body, const void *data, size_t size) _must_check_;
/** The same of `strokes` strokes, the oldest of which came at `since_us`, the machine's monotonic time. */
int station_record_strokes(
	Station *station, json_t *body, const StrokeChunk *chunk, int64_t since_us) _must_check_;
/**
 * Strokes that the ledger has not recorded yet, beside those of the chunk; `ret_since_us` gets the machine's
 * monotonic time at which the oldest of them came, and is untouched when there are none.
 */
uint64_t station_strokes_kept(const Station *station, int64_t *ret_since_us);
/** Whether something is kept that has to be handed over again. */
bool station_owes_records(const Station *station);
/** Hands over again what is kept, in its order; not before the ledger has answered to all that it has. */
void station_record_again(Station *station);
/** At the end: logs how many are lost. */
void station_forget_records(Station *station);

/** The time by which dates are judged: the clock's, and never one before the newest record. UTC microseconds.
 */
int64_t station_today_us(const Station *station);
/** Fails the operation and returns false while that is a time that cannot be: no date can be judged then. */
bool operation_clock_set(Operation *operation);
/** Whether a last day, YYYY-MM-DD, is over: never judged by a time before the newest record. NULL: no. */
bool station_is_past(const Station *station, const char *last_day);

/* station-erase.c */
/**
 * Deletes the photographs whose erasure is on record, and records that they are gone: now, or when the ledger
 * is well and what failed before has had time.
 */
void station_erase_images(Station *station);
/** Goes on with it where that waits. */
void station_erase_tick(Station *station);
/** Deletes photographs that no record names: an array of objects with `file`, which it takes. */
void station_discard_images(Station *station, json_t *pictures);
/** The same of those that were there before the start; once, when the ledger can tell. */
void station_discard_unnamed(Station *station);

/* station-facts.c */
/** Asks for one of them again. */
void station_fact_refresh(Station *station, StationFact fact);
/** Asks for all facts again. */
void station_facts_refresh(Station *station);
/** Does so at the start and once a minute. */
void station_facts_tick(Station *station);
/** Ends `operation` when the facts know of its record. */
void station_facts_then_done(Operation *operation);
/** Borrowed until the loop goes on; an array of objects, NULL while it is not known. */
json_t *station_fact(const Station *station, StationFact fact);
/** Before the first answers nothing may be armed. */
bool station_facts_known(const Station *station);
void station_facts_free(Station *station);

/* station-compliance.c */
int station_load_profile(Station *station, Error *error) _must_check_;
/** Puts in what `query` takes of the profile's figures, in place of what was given. -ENOMEM. */
int station_profile_arguments(const Station *station, const char *query, json_t *arguments) _must_check_;
/** Puts in the fields of the kind that are FROM_PROFILE. -ENOMEM. */
int station_with_profile(const Station *station, const Form *form, json_t *body) _must_check_;
/**
 * Profile and protocols in force with the digests of their files, and the settings that bear on safety and
 * compliance. A new reference; NULL when out of memory. Reads the files.
 */
json_t *station_rules(const Station *station);
/** Which certificates of the operator signed in stand against treating. Borrowed from facts and profile. */
void station_certificate_facts(const Station *station, InterlockFacts *facts);
/** Whether a biological test is overdue; of which steriliser, and since when. Borrowed from the facts. */
bool station_test_overdue(const Station *station, const char **ret_sterilizer, const char **ret_due);
/** Raises the alerts of a test that is due or overdue, once each. */
void station_watch_tests(Station *station);
void station_check_tests(const Station *station, StationCheck *check);

/* station-audit.c */
/** Verifies the ledger when it is time to. */
void station_verify_tick(Station *station);

/* station-operation.c */
/**
 * NULL when refused or out of memory: `done` was called, and with it the caller's arguments may be gone. A
 * step is refused while another one is under way.
 */
Operation *operation_new(Station *station, bool is_step, StationDone done, void *userdata);
/** An operation of the station's own: its failure is logged. Not a step. NULL when out of memory. */
Operation *operation_new_internal(Station *station);
void operation_fail(Operation *operation, const char *error, const char *format, ...) _printf_(3, 4);
void operation_done(Operation *operation);
/** For operation_record() where the commit ends the operation. */
void operation_committed(Operation *operation, const LedgerAnswer *answer);
/** Puts the account of whoever called into a record's body, as `user`. -ENOMEM. */
int operation_add_user(const Operation *operation, json_t *body) _must_check_;
/** Hands a record to the ledger as ledger_append() does, behind what the station keeps of its own. */
int operation_append(Operation *operation, const LedgerRecord *record, LedgerDone answered) _must_check_;
/** Appends a record made of `body` (taken), then calls `committed`. Fails the operation otherwise. */
void operation_record(Operation *operation, const char *kind, json_t *body, json_t *personal,
	void (*committed)(Operation *operation, const LedgerAnswer *answer));
/** The same with the body that operation->body holds already. */
void operation_record_prepared(Operation *operation, const char *kind,
	void (*committed)(Operation *operation, const LedgerAnswer *answer));
/**
 * As operation_new() of a step that begins with stopping the needle: that happens first, also when the step
 * is refused.
 */
Operation *operation_new_stop(Station *station, StationDone done, void *userdata);
/** Records `session.state` for `event`, applies it, then ends the operation. */
void operation_transition(Operation *operation, SessionEvent event);
/** Records the step from operation->from to operation->to, then calls `committed`. */
void operation_record_state(
	Operation *operation, void (*committed)(Operation *operation, const LedgerAnswer *answer));
/** Stops the needle at once if it may move; `next` is called when the last strokes have come in, also those
 * of an earlier stop. */
void operation_disarm_then(Operation *operation, void (*next)(Operation *operation));
/** Gives the operation a ticket for a board command; `answered` runs with its answer. */
uint32_t operation_await(
	Operation *operation, void (*answered)(Operation *operation, const ControlFact *fact));
/** True, and the operation failed, when the command could not be handed to the board. */
bool operation_board_failed(Operation *operation, int error);
/** True, and the operation failed, unless the board's answer to `verb` is yes. */
bool operation_board_refused(Operation *operation, const char *verb, const ControlFact *fact);
/** Fails the operation and returns false unless `event` is possible in the present state. */
bool operation_allowed(Operation *operation, SessionEvent event);
/** Fails the operation and returns false unless a session is open in one of these states (bits). */
bool operation_in_states(Operation *operation, unsigned states);
/** Fails the operation and returns false unless `text` is printable UTF-8 of at most `limit` bytes. */
bool operation_text_ok(Operation *operation, const char *what, const char *text, size_t limit);
/** Fails the operation and returns false when somebody is signed in whose sign-in is not the caller's. */
bool operation_is_own(Operation *operation);
/** Fails the operation and returns false unless somebody with one of these roles (separated by blanks) is
 * signed in, and called. */
bool operation_signed_in(Operation *operation, const char *roles);
void operations_free(Station *station);
/** Tells all who wait for the ledger that it does not answer. What they asked for takes effect once it does.
 */
void operations_give_up(Station *station);
/** True, and the operation failed, when its caller was told so meanwhile. Ends a question to the ledger. */
bool operation_given_up(Operation *operation);
Operation *operation_by_ticket(Station *station, uint32_t ticket);

#define STATE_BIT(state) (1u << (state))

/* station-enrol.c */
/** Fails the operation and returns false unless `pin` can be one. */
bool operation_new_pin_ok(Operation *operation, const char *pin);
/** Fails the operation and returns false unless `roles` are known ones, at least one. */
bool operation_roles_ok(Operation *operation, const json_t *roles);

/* station-picture.c */
/** Ends the operation with the open file in reply.picture, if it is the one that was recorded. */
void operation_open_picture(Operation *operation, const char *file);

/* station-people.c */
/**
 * The same as operation_sign(), but no delay after wrong PINs applies. After many of them `accepted` is
 * called with pin_unseen set: nobody has signed.
 */
void operation_sign_urgently(Operation *operation, const char *pin, void (*accepted)(Operation *operation));
/** Runs `work` on the worker's thread, then `done` on this one; fails the operation when too many wait. */
void operation_work(Operation *operation, void (*work)(void *), void (*done)(void *));
/** Checks `pin` against the operator's record, then calls `checked` with pin_right set. */
void operation_check_pin(
	Operation *operation, const char *badge, const char *pin, void (*checked)(Operation *operation));
/** Begins with the PIN that waits for its turn, if it can. */
void station_check_next_pin(Station *station);
/** Asks whoever is signed in for the PIN again, then calls `accepted`; fails the operation when it is wrong.
 */
void operation_sign(Operation *operation, const char *pin, void (*accepted)(Operation *operation));
/** When such a record is committed: whoever is signed in may be concerned. */
void station_badge_revoked(Station *station, const char *badge);
void station_roles_changed(Station *station, const char *badge, const json_t *roles);
/**
 * A slip of the keyboard must not make another person: fails the operation and returns false unless `rows`,
 * the answer to the question "person", knows `subject`, or is_new_person is set and they do not. What the
 * caller has to do for that is said in the caller's words: `say` for a new person, `leave` for one on record.
 */
bool operation_person_ok(
	Operation *operation, const char *subject, const json_t *rows, const char *say, const char *leave);

/* station-recover.c */
/** Fails the operation and returns false unless a session that survived a stop of the station may go on. */
bool operation_goes_on(Operation *operation);

/* station-strokes.c */
void station_strokes_reset(Station *station);
void station_take_samples(Station *station, const StrokeSample *samples, uint32_t n);
/** Hands what was collected to the ledger: the chunk, and the zone's statistics. */
void station_flush_strokes(Station *station);
/** Hands over the chunk when it is due, and stops the needle when more waits than may be lost. */
void station_watch_strokes(Station *station);
/** Each second: ends a contact after which no more strokes came. */
void station_watch_contact(Station *station);
/** Ends a contact under way: the board has stopped, or the zone changes. Not when the pedal is released or a
 * fault is latched, as the needle's last strokes come after that. */
void station_end_contact(Station *station);

/* station-arm.c */
/** Stops the needle with a latched fault, which `reason`, a sentence without its end, explains. */
void station_stop_by_host(Station *station, const char *reason);
/** ENABLE drops, and the session is no longer ready. The ticket and errors are those of control_disarm(). */
int station_stop_needle(Station *station, uint32_t ticket) _must_check_;
/** The session is in `to` from now on: under a latched fault once that is acknowledged. */
void station_arrive(Station *station, SessionState to);
/** Disarms beside whatever is under way, and records that. The needle stands still before it returns. */
void station_disarm_by_itself(Station *station);

/* station-stock.c */
/** What is barred of what is mounted or loaded, and the handpiece. Borrowed until the loop goes on. */
void station_stock_facts(const Station *station, InterlockFacts *facts);
/** Disarms when that has changed while armed. */
void station_watch_barred(Station *station);
/** Alerts once for each lot that is low `now` and was not `before`. */
void station_stock_changed(Station *station, const json_t *before, const json_t *now);
void station_check_stock(const Station *station, StationCheck *check);

/* station-wear.c */
/** How long the mounted cartridge has worked. */
int64_t station_needle_worked_us(const Station *station);
/** It is mounted now, and had worked for `before_us` before. */
void station_wear_begins(Station *station, int64_t before_us);
void station_wear_facts(const Station *station, InterlockFacts *facts);
/** Warns of wear, and stops the needle past the limit. */
void station_watch_wear(Station *station);

/* station-needle.c */
/**
 * Puts what the field `code` of a form about a cartridge says into its other fields. False, and the operation
 * failed, when it cannot be read.
 */
bool station_identify_needle(Operation *operation, json_t *fields);
/** Records that the mounted cartridge was taken out. */
void station_needle_removed(Station *station, const char *reason);
