/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What somebody asks of the station, and what is decided about it. A command is decided again after each
 * thing that had to be awaited, with what came of it, until it is done or refused: so each judgement is made
 * of the state as it is then. Deciding is pure: state and command in, decision out.
 *
 *     asked -> decide -> effect, awaited -> decide -> record, committed -> decide -> done
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "code/needle-code.h"
#include "decide/error-name.h"
#include "decide/form.h"
#include "decide/picture.h"
#include "state/state.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/pin.h"

enum { DECISION_TEXT_MAX = 1024, COMMAND_REVOKED_MAX = 256, COMMAND_DETAIL_MAX = 96 };

/** Why a sign-in ends whose program has gone. */
#define HOLDER_GONE "the program that held the sign-in went away"

typedef enum PinVerdict {
	PIN_UNCHECKED,
	PIN_RIGHT,
	PIN_WRONG,
	PIN_UNSEEN, /* taken without a look at it, after many wrong ones: nobody has signed */
} PinVerdict;

/** What the ledger or the board said last. */
typedef struct CommandAnswer {
	int error;                       /* 0, or a negative errno */
	uint64_t number;                 /* of the record made, or of the rows that were written */
	char text[ERROR_TEXT_MAX];       /* the ledger's sentence, when error */
	char detail[COMMAND_DETAIL_MAX]; /* of needle.claimed: the unit, with the number within its lot */
	bool lingers;                    /* of an erasure: what it erased is still kept by a reader */
	json_t *figures;                 /* as the effect says; owned by the runtime */
	BoardResult result;              /* of the board, when it answered */
	uint32_t self_test;              /* failed SelfTestBits */
} CommandAnswer;

/** A cartridge's label: of two symbols both. */
typedef struct CommandLabel {
	NeedleCode code;
	char text[NEEDLE_CODE_MAX + 1]; /* as it came */
	bool too_long, scanned;
} CommandLabel;

/** Owned by the runtime. Which fields of `asked` there are each command's own function knows. */
typedef struct Command {
	uint64_t id; /* from 1, no other command's */
	/* who asked */
	char actor[SESSION_NAME_MAX];                          /* whose badge, "" the station itself */
	char caller[SESSION_NAME_MAX], user[SESSION_NAME_MAX]; /* on the bus, and the account; both "" for the
								  station itself, user "" also while it is
								  not known */
	bool is_stranger;                                      /* the caller acts in nobody's name */
	char account[SESSION_NAME_MAX];                        /* as the bus calls it; "" not known */
	uint32_t uid;
	bool caller_left; /* it is not on the bus any more */
	/* what was asked */
	json_t *asked;
	const Form *form;
	CommandLabel label;
	const char *pin, *new_pin; /* wiped by the runtime */
	const void *attachment;    /* the caller's, only for the first decision */
	size_t attachment_size;
	/* what came of it so far */
	unsigned stage;    /* what was awaited so far: effects, and records that are to be decided again */
	unsigned recorded; /* those records */
	bool refreshed;    /* the facts know of them */
	bool caller_known; /* as far as anybody can tell */
	bool stopped;      /* the needle stands still, and its strokes have come in */
	SessionState from; /* the phase before that */
	json_t *rows;      /* an object, from each question that was looked up to its rows */
	PinVerdict pin_verdict;
	PinVerdict code_verdict;           /* of the code that enrols the first administrator */
	Operator who;                      /* whose PIN was checked */
	char revoked[COMMAND_REVOKED_MAX]; /* "", or why the badge is not valid any more */
	char hash[PIN_HASH_MAX];           /* of the new PIN; "" it could not be made */
	const StationPicture *picture;     /* only for the decision after it was taken */
	int opened;                        /* of a photograph: its error, or 0 */
	char opened_sha256[DIGEST_HEX_MAX];
	CommandAnswer answer;
} Command;

/** What must be awaited before it can be decided again. */
typedef enum EffectKind {
	EFFECT_LOOK_UP,          /* `question` with `arguments`: rows */
	EFFECT_READ_LABEL,       /* the code, with the other symbol of its label: label */
	EFFECT_STOP,             /* stop the needle, and wait for its last strokes: stopped, from */
	EFFECT_AWAIT_STOP,       /* the record of a stop by the station itself, with which the command ends */
	EFFECT_AWAIT_CALLER,     /* until it is known which account asked: user */
	EFFECT_CHECK_PIN,        /* pin against that of who.badge: pin_verdict, who, revoked */
	EFFECT_CHECK_PIN_URGENT, /* the same without a delay after wrong ones: PIN_UNSEEN instead */
	EFFECT_COMPARE_CODE,     /* of the first administrator; a wrong one counts: code_verdict */
	EFFECT_HASH_PIN,         /* new_pin, or pin where there is none: hash */
	EFFECT_CONFIGURE,        /* the board with `settings`, as the first step of arming: answer */
	EFFECT_ARM,              /* the board with `arm`: answer */
	EFFECT_ACKNOWLEDGE,      /* clear the board's fault: answer */
	EFFECT_SELF_TEST,        /* answer */
	EFFECT_CAPTURE,          /* `capture`: picture */
	EFFECT_OPEN_PICTURE,     /* the file `detail`: opened, opened_sha256 */
	EFFECT_DELETE_PICTURES,  /* of the rows of `question`, each of which gets `result`, 0 or an errno */
	EFFECT_REFRESH_FACTS,    /* until they know of what was recorded */
	EFFECT_FIND_QUERY, /* the query that is asked: is_known, and the profile's figures in its arguments */
	EFFECT_STREAM,     /* rows of `question` with `arguments` to the caller's file: answer */
	EFFECT_PROVE,      /* record `number`: answer with figures */
	EFFECT_ROTATE_KEY, /* answer */
	EFFECT_VERIFY,     /* begin to verify the ledger: answer */
	EFFECT_MAX,
} EffectKind;

typedef enum DecisionKind {
	DECISION_NONE, /* nothing was decided, which is a fault of the program */
	DECISION_DONE,
	DECISION_REFUSED,
	DECISION_EFFECT,
	DECISION_RECORD,
} DecisionKind;

/** Begins zeroed. The runtime takes what it owns. */
typedef struct Decision {
	DecisionKind kind;
	/* refused; of a record: once that is committed */
	const char *error;            /* a name of decide/error-name.h or of an interlock; static */
	char text[DECISION_TEXT_MAX]; /* also the reply's, of what is done */
	/* an effect */
	EffectKind effect;
	const char *question, *unread; /* static; unread: what could not be read when it fails */
	json_t *arguments;             /* owned */
	BoardSettings settings;
	ArmPayload arm;
	StationCapture capture;
	/* a record; first: one that goes before it, and is in force at once */
	const char *first;       /* its kind, static; NULL none */
	json_t *first_body;      /* owned */
	const char *record;      /* its kind, static */
	json_t *body, *personal; /* owned */
	const void *attachment;
	size_t attachment_size;
	unsigned fault;  /* of fault.acknowledged: the number of that fault */
	bool again;      /* decide once more when it is committed; else the command is done then */
	bool judged;     /* ... also when the ledger refuses it: answer.error */
	bool arms;       /* the board may run from now on, before the record is committed */
	bool leaves;     /* the operator signs out: nothing may be signed until it is committed */
	bool is_nobodys; /* the actor is the station, whoever is signed in */
	/* the reply, once it is done; also of a record after which it is done */
	bool is_counted; /* number: of rows, also none */
	uint64_t number; /* of EFFECT_PROVE: which record; of the reply, 0: that of the record */
	char detail[DECISION_TEXT_MAX];
	json_t *figures; /* owned */
} Decision;

typedef struct CommandSpec {
	void (*decide)(const State *state, const Command *command, Decision *ret);
	bool is_step;             /* of the session: one at a time */
	bool stops;               /* the needle is stopped first, also when the command is refused */
	const char *stops_unless; /* NULL, or what is asked with which it does not stop */
} CommandSpec;

/* Behind each: what is asked, and what besides. */
extern const CommandSpec command_begin, /* subject, protocol, course_session, new */
	command_screening, /* answers: an object of booleans, each question of the protocol once */
	command_consent,   /* consent: "treatment" or "photographs"; version, given */
	command_zone,      /* zone, skin_type, area_mm2 */
	command_pause, command_resume, command_finish, command_sign, /* meaning; pin. Ends the session. */
	command_abandon;                                             /* reason */
extern const CommandSpec command_mount,                              /* scanned; label */
	command_remove,                                              /* reason */
	command_pigment;                                             /* brand, colour, lot, expiry */
extern const CommandSpec command_picture,                            /* zone, phase: "before" or "after" */
	command_preview,       /* zone: what the camera sees now; nothing is kept */
	command_open_picture,  /* file: the photograph of this name, whose bytes were recorded */
	command_audit_picture; /* file: the same for an auditor, once that is on record */
/* that the needle may move, and that it may not; of the last three the station itself asks */
extern const CommandSpec command_arm, command_disarm, command_stopped, command_stop_again, command_shutdown;
extern const CommandSpec command_acknowledge, /* note; pin. Clears the latched fault. */
	command_self_test;
extern const CommandSpec command_enrol, /* badge, name, roles (comma-separated); pin */
	command_enrol_first,            /* badge, name; pin, code */
	command_change_pin,             /* badge ("": one's own); pin, new_pin */
	command_sign_in,                /* badge; pin. The caller holds it. */
	command_sign_out;
extern const CommandSpec command_form, /* kind, fields; pin where it is signed */
	command_receive_lot,           /* lot: an object with the fields of lot.received */
	command_certificate;           /* fields: lot, file, gtin, certificate; the file as attachment */
/* of auditors: the access itself goes on record, with the caller's account */
extern const CommandSpec command_audit,     /* query, arguments; streams to the request's fd */
	command_audit_copy,                 /* copy: "backup", "archive" or "export"; file, records */
	command_prove,                      /* record */
	command_rotate_key, command_verify; /* done once it has begun */
/* of the station itself: photographs that are to be gone */
extern const CommandSpec command_erase, /* after: the number of a record */
	command_discard,                /* pictures */
	command_discard_unnamed;        /* files */
