/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Commands to the station, and the decisions about them. A command is decided, then the runtime waits for
 * what the decision asks for, and the command is decided again with the result, until it is done or refused.
 * So each decision uses the current state. Deciding is pure: state and command in, decision out.
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
#include "frame/registry-frame.h"
#include "state/state.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/pin.h"

enum { DECISION_TEXT_MAX = 1024, COMMAND_REVOKED_MAX = 256, COMMAND_DETAIL_MAX = 96 };

/** Why a sign-in ends when its program has gone. */
#define HOLDER_GONE "the program that held the sign-in went away"

typedef enum PinVerdict {
	PIN_UNCHECKED,
	PIN_RIGHT,
	PIN_WRONG,
	PIN_UNSEEN, /* accepted unchecked after many wrong PINs: nobody has signed */
} PinVerdict;

/** The last answer of the ledger or the board. */
typedef struct CommandAnswer {
	int error;                       /* 0, or a negative errno */
	uint64_t number;                 /* number of the new record, or number of rows written */
	char text[ERROR_TEXT_MAX];       /* the ledger's sentence, when error */
	char detail[COMMAND_DETAIL_MAX]; /* of needle.claimed: the unit, with its number within the lot */
	bool lingers;                    /* of an erasure: a reader still keeps the erased data */
	json_t *figures;                 /* depends on the effect; owned by the runtime */
	BoardResult result;              /* from the board, when it answered */
	uint32_t self_test;              /* failed SelfTestBits */
} CommandAnswer;

/** A cartridge's label; both symbols when it has two. */
typedef struct CommandLabel {
	NeedleCode code;
	char text[NEEDLE_CODE_MAX + 1]; /* as received */
	bool too_long, scanned;
} CommandLabel;

/** Owned by the runtime. Each command's own function knows which fields of `asked` exist. */
typedef struct Command {
	uint64_t id; /* from 1, unique */
	/* who asked */
	char actor[SESSION_NAME_MAX];                          /* badge; "" the station itself */
	char caller[SESSION_NAME_MAX], user[SESSION_NAME_MAX]; /* bus name; account. "" for the station; user
								  "" also while unknown */
	bool is_stranger;               /* the caller is not the one who is signed in */
	char account[SESSION_NAME_MAX]; /* the account as the bus reports it; "" not known */
	uint32_t uid;
	bool caller_left; /* it has left the bus */
	/* what was asked */
	json_t *asked;
	const Form *form;
	CommandLabel label;
	const char *pin, *new_pin; /* wiped by the runtime */
	const void *attachment;    /* the caller's; only for the first decision */
	size_t attachment_size;
	/* the results so far */
	unsigned stage;    /* completed waits so far: effects, and records after which the command is decided
			      again */
	unsigned recorded; /* how many of these are records */
	bool refreshed;    /* the facts include what was recorded */
	bool caller_known; /* as far as anybody can tell */
	bool stopped;      /* the needle stands still, and its last strokes have arrived */
	SessionState from; /* the phase before the stop */
	json_t *rows;      /* an object from each question that was looked up to its rows */
	PinVerdict pin_verdict;
	PinVerdict code_verdict;           /* of the code that enrols the first administrator */
	Operator who;                      /* whose PIN was checked */
	char revoked[COMMAND_REVOKED_MAX]; /* "", or why the badge is no longer valid */
	char hash[PIN_HASH_MAX];           /* of the new PIN; "" it could not be computed */
	const StationPicture *picture;     /* only for the decision right after the picture was taken */
	int opened;                        /* of a photograph: the error of opening it, or 0 */
	char opened_sha256[DIGEST_HEX_MAX];
	CommandAnswer answer;
	unsigned registry_asked;             /* how often the clinic's registry was asked */
	RegistryStatus registry;             /* its last answer */
	char registry_text[CLINIC_TEXT_MAX]; /* ... as a sentence, which nobody vouches for; "" none */
} Command;

/** What must be awaited before the command is decided again. After the colon: the results. */
typedef enum EffectKind {
	EFFECT_LOOK_UP,          /* `question` with `arguments`: rows */
	EFFECT_READ_LABEL,       /* reads the code, together with the other symbol of its label: label */
	EFFECT_STOP,             /* stops the needle and waits for its last strokes: stopped, from */
	EFFECT_AWAIT_STOP,       /* waits for the record of a stop by the station; the command then ends */
	EFFECT_AWAIT_CALLER,     /* waits until the caller's account is known: user */
	EFFECT_CHECK_PIN,        /* checks pin against that of who.badge: pin_verdict, who, revoked */
	EFFECT_CHECK_PIN_URGENT, /* the same without the delay after wrong PINs, with PIN_UNSEEN instead */
	EFFECT_COMPARE_CODE, /* compares the first administrator's code, counts a wrong one: code_verdict */
	EFFECT_HASH_PIN,     /* hashes new_pin, or pin when there is none: hash */
	EFFECT_CONFIGURE,    /* configures the board with `settings`, the first step of arming: answer */
	EFFECT_ARM,          /* arms the board with `arm`: answer */
	EFFECT_ACKNOWLEDGE,  /* clears the board's fault: answer */
	EFFECT_SELF_TEST,    /* answer */
	EFFECT_CAPTURE,      /* `capture`: picture */
	EFFECT_OPEN_PICTURE, /* opens the file `detail`: opened, opened_sha256 */
	EFFECT_DELETE_PICTURES, /* deletes the files in the rows of `question`; each row gets `result`, 0 or
				   an errno */
	EFFECT_REFRESH_FACTS,   /* waits until the facts include what was recorded */
	EFFECT_FIND_QUERY,      /* finds the query: is_known, and the profile's figures in its arguments */
	EFFECT_STREAM,          /* writes rows of `question` with `arguments` to the caller's file: answer */
	EFFECT_PROVE,           /* proves record `number`: answer with figures */
	EFFECT_ROTATE_KEY,      /* answer */
	EFFECT_VERIFY,          /* starts a verification of the ledger: answer */
	EFFECT_ASK_REGISTRY,    /* asks `ask` with `arguments`, for at most 2 s: registry, registry_text */
	EFFECT_MAX,
} EffectKind;

typedef enum DecisionKind {
	DECISION_NONE, /* nothing was decided: a bug */
	DECISION_DONE,
	DECISION_REFUSED,
	DECISION_EFFECT,
	DECISION_RECORD,
} DecisionKind;

/** Starts zeroed. The runtime takes over what it owns. */
typedef struct Decision {
	DecisionKind kind;
	/* a refusal; with a record: after that is committed */
	const char *error;            /* a name from decide/error-name.h or of an interlock; static */
	char text[DECISION_TEXT_MAX]; /* also the text of a successful reply */
	/* an effect */
	EffectKind effect;
	const char *question, *unread; /* static; unread: what could not be read, when it fails */
	RegistryWhat ask;
	json_t *arguments; /* owned */
	BoardSettings settings;
	ArmPayload arm;
	StationCapture capture;
	/* a record; first: one that precedes it and takes effect at once */
	const char *first;       /* its kind, static; NULL none */
	json_t *first_body;      /* owned */
	const char *record;      /* its kind, static */
	json_t *body, *personal; /* owned */
	const void *attachment;
	size_t attachment_size;
	unsigned fault; /* of fault.acknowledged: the number of that fault */
	bool again;  /* decide once more when the record is committed; otherwise the command is then done */
	bool judged; /* ... and also when the ledger refuses it: answer.error */
	bool arms;   /* the board may run from now on, before the record is committed */
	bool leaves; /* the operator signs out: nothing may be signed until the record is committed */
	bool is_nobodys; /* the actor is the station, whoever is signed in */
	/* the reply when the command is done, at once or after its record */
	bool is_counted; /* `number` counts rows, even if it is 0 */
	uint64_t number; /* of EFFECT_PROVE: which record; of the reply: 0 for the new record's number */
	char detail[DECISION_TEXT_MAX];
	json_t *figures; /* owned */
} Decision;

typedef struct CommandSpec {
	void (*decide)(const State *state, const Command *command, Decision *ret);
	bool is_step;             /* a step of the session; only one may run at a time */
	bool stops;               /* the needle is stopped first, even if the command is then refused */
	const char *stops_unless; /* NULL, or the argument that prevents the stop */
} CommandSpec;

/* Behind each: its fields in `asked`; after the semicolon, other inputs. */
extern const CommandSpec command_begin, /* subject, protocol, course_session, new */
	command_client,                 /* subject, protocol, course_session: the zones before it begins */
	command_screening, /* answers: an object of booleans, each question of protocol and profile once */
	command_questions, /* what is asked, with the answers of this session and of the one before */
	command_consent,   /* consent: a name of a ConsentForm; version, given: on paper, or withdrawn */
	command_signature, /* consent, version, language, sha256, signature: on the screen */
	command_zone,      /* zone, skin_type, area_mm2 */
	command_pause, command_resume, command_finish, command_sign, /* meaning; pin. Ends the session. */
	command_abandon;                                             /* reason */
extern const CommandSpec command_show_client; /* subject. Shows the card, recipes and last answers. */
extern const CommandSpec command_mount,       /* scanned; label */
	command_remove,                       /* reason */
	command_pigment;                      /* brand, colour, lot, expiry */
extern const CommandSpec command_picture,     /* zone, phase: "before" or "after" */
	command_preview,                      /* zone: what the camera sees now; nothing is kept */
	command_open_picture,  /* file: the photograph of this name, if its bytes are the recorded ones */
	command_audit_picture; /* file: the same for an auditor, after the access is on record */
/* whether the needle may move; the station itself issues the last three */
extern const CommandSpec command_arm, command_disarm, command_stopped, command_stop_again, command_shutdown;
extern const CommandSpec command_acknowledge, /* note; pin. Clears the latched fault. */
	command_self_test,
	command_acknowledge_alarm;      /* alarm: the id of one that is active; since: its time, in us */
extern const CommandSpec command_enrol, /* badge, name, roles (comma-separated); pin */
	command_enrol_first,            /* badge, name; pin, code */
	command_change_pin,             /* badge ("": one's own); pin, new_pin */
	command_sign_in,                /* badge; pin. The caller holds the sign-in. */
	command_sign_out;
extern const CommandSpec command_form, /* kind, fields; pin where it is signed */
	command_receive_lot,           /* lot: an object with the fields of lot.received */
	command_certificate,           /* fields: lot, file, gtin, certificate; the file as attachment */
	command_attach,                /* kind, fields; the file as attachment */
	command_label_units,           /* fields: lot, gtin, count: new serials */
	command_label_again, /* fields: lot, gtin, first, count, reason: the same serials once more */
	command_label_packs; /* fields: sterilizer, cycle, series, items, reason */
extern const CommandSpec command_hold_units, /* codes: a text, one a line: the station gets the cartridges */
	command_move_units,                  /* to: the name of another station; codes */
	command_held_units;                  /* the cartridges that this station holds */
/* for auditors: the access itself is recorded, with the caller's account */
extern const CommandSpec command_audit,     /* query, arguments; streams to the request's fd */
	command_audit_copy,                 /* copy: "backup", "archive" or "export"; file, records */
	command_prove,                      /* record */
	command_rotate_key, command_verify; /* done once the verification has begun */
/* for the station itself: photographs to be deleted */
extern const CommandSpec command_erase, /* after: the number of a record */
	command_discard,                /* pictures */
	command_discard_unnamed;        /* files */
