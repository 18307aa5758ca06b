/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One request to the registry while it is answered. Nothing outside registry*.c includes this. */

#include <jansson.h>

#include "registry-log.h"
#include "registry.h"
#include "route.h"
#include "unit-name.h"

enum { NUMBER_MAX = 24 };

typedef enum AskKind {
	ASK_HOLD,
	ASK_TOP_UP,
	ASK_CLAIM,
	ASK_MOVE,
	ASK_BOOT,
	ASK_HANDOVER,
} AskKind;

typedef struct Ask {
	Request *request; /* to be woken; NULL: somebody asks without the network */
	AskKind kind;
	char name[REQUEST_NAME_MAX];  /* of the station */
	char giver[REQUEST_NAME_MAX]; /* of a hand-over: the name of the station that gave */
	json_t *body;
	const char *number;      /* of the request, within the body */
	unsigned long long seen; /* the newest size of the registry's log that the station saw */
	struct Ask *next;

	/* the answer; status 0: none yet */
	bool answered; /* `answer` is there */
	Answer answer;
	unsigned status;
	json_t *result;
	bool kept;              /* the answer was given before, or need not be kept */
	const char *proof_name; /* NULL, or where in the result the proof of leaf `proof` goes */
	uint64_t proof;
} Ask;

/** Reads a request's body. NULL with the refusal in `ret_refusal`. */
Ask *ask_new(AskKind kind, const Request *request, Answer *ret_refusal);
/** Accepts NULL; returns NULL. */
Ask *ask_free(Ask *ask);

/** Refuses "units" that is no list of 1 to REGISTRY_UNITS_MAX printable names. */
Answer ask_check_units(const Ask *ask);
const char *ask_text(const Ask *ask, const char *name);
/** The unit, units or NULL that it is about: an array of texts, borrowed. */
const json_t *ask_units(const Ask *ask);

/** What it is answered; `result` (taken) is the body, NULL: no memory. */
void ask_answer(Ask *ask, unsigned status, json_t *result);
/** A problem that is kept and answered again. */
void ask_refuse(Ask *ask, unsigned status, const char *title, const char *sentence);
/** A problem that is not kept: ask again. */
void ask_fail(Ask *ask, const Error *error);
/** Answers with a body of JSON (taken). */
void ask_finish_text(Ask *ask, unsigned status, char *body, unsigned timeline);
/** Makes the body of what ask_answer() was given. */
void ask_finish(Ask *ask, unsigned timeline);
