/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What people enter into the record besides the steps of a session: stock, sterilisation, certificates,
 * incidents. A form is a kind of record with who may enter it, where, and whether it is signed; the fields
 * are the kind's own (docs/ledger.md). Pure; nothing blocks.
 */

#include <stddef.h>

#include <jansson.h>

#include "ledger/ledger.h"
#include "util/text.h"

/** The D-Bus interface that takes it, and with it the polkit action. */
typedef enum FormPlace {
	FORM_STATION,
	FORM_INVENTORY,
	FORM_SESSION,
	FORM_PLACE_MAX,
	FORM_PLACE_INVALID = -EINVAL,
} FormPlace;

DECLARE_STRING_TABLE(form_place, FormPlace); /* "station", "inventory", "session" */

typedef enum FormSession {
	FORM_ANYTIME,         /* has nothing to do with a session */
	FORM_SESSION_IF_OPEN, /* bears the number of the session, if one is open */
	FORM_SESSION_NAMED, /* that which is entered, or else that of the open one if it is about its subject
			     */
	FORM_SESSION_ONLY,  /* refused outside a session */
} FormSession;

typedef struct Form {
	const char *kind;
	FormPlace place;
	const char *roles;    /* one of them is needed; separated by blanks */
	const char *signs;    /* NULL, or what the PIN stands for that is asked again: kept as `signed` */
	const char *personal; /* NULL, or fields of text that are kept beside the leaf; separated by blanks */
	FormSession session;
} Form;

enum { FORM_ERROR_MAX = 256, FORM_TEXT_MAX = 500 };

/** Static; NULL when `place` takes no such form. */
const Form *form_find(FormPlace place, const char *kind);
/** All of them, in an order that stays. Returns how many. */
size_t forms(const Form **ret);
/** Whether the station fills a field in by itself: it cannot be entered. */
bool form_fills_in(const Form *form, const char *field);
/** Whether a field holds what the compliance profile said when the record was made. */
bool form_is_from_profile(const char *field);
/**
 * Makes the body of a record of `fields`, an object of what a person or program entered. Text stands for
 * numbers, "yes" and "no", and lists (separated by commas) where the kind wants these. -EINVAL with a
 * sentence where a field is unknown, missing or does not fit; -ENOMEM. *ret_personal is NULL where the form
 * has none.
 */
int form_read(const Form *form, json_t *fields, json_t **ret_body, json_t **ret_personal,
	char error[FORM_ERROR_MAX]) _must_check_;
