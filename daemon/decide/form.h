/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What people enter into the record besides the steps of a session: stock, sterilisation, certificates,
 * incidents. A form is a kind of record with who may enter it, where, and whether it is signed; it and its
 * fields stand in records/. Pure; nothing blocks.
 */

#include <jansson.h>

#include "record/record.h"
#include "util/error.h"

typedef RecordForm Form;

enum { FORM_TEXT_MAX = 500 };

/** Static; NULL when `place` takes no such form. */
const Form *form_find(FormPlace place, const char *kind);
/** Whether a field is entered: the station fills in the others by itself. */
bool form_takes(const Form *form, const RecordField *field);
/**
 * Makes the body of a record of `fields`, an object of what a person or program entered. Text stands for
 * numbers, "yes" and "no", and lists (separated by commas) where the kind wants these. -EINVAL with a
 * sentence where a field is unknown, missing or does not fit; -ENOMEM. *ret_personal is NULL where the form
 * has none.
 */
int form_read(const Form *form, json_t *fields, json_t **ret_body, json_t **ret_personal,
	Error *error) _must_check_;
