/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Records that people enter besides the steps of a session: stock, sterilisation, certificates, incidents. A
 * form adds to a kind of record who may enter it, where, and whether it is signed. records/ defines forms and
 * fields. Pure; nothing blocks.
 */

#include <jansson.h>

#include "record/record.h"
#include "util/error.h"

typedef RecordForm Form;

enum { FORM_TEXT_MAX = 500 };

/** Static; NULL when `place` takes no such form. */
const Form *form_find(FormPlace place, const char *kind);
/** Static; NULL when people do not enter the kind. */
const Form *form_of_kind(const char *kind);
/** The items of a text with commas between; NULL when out of memory. */
json_t *form_list(const char *text) _must_check_;
/** Whether people enter the field; the station fills in the others itself. */
bool form_takes(const Form *form, const RecordField *field);
/**
 * Makes a record's body from `fields`, an object of what a person or program entered. Text is accepted for
 * numbers, for yes and no, and for lists (separated by commas) where the kind needs these. -EINVAL with a
 * sentence when a field is unknown, missing or does not fit; -ENOMEM. *ret_personal is NULL when the form has
 * none.
 */
int form_read(const Form *form, json_t *fields, json_t **ret_body, json_t **ret_personal,
	Error *error) _must_check_;
