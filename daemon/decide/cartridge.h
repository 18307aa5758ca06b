/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Cartridges: reading their labels by this station's rules, and the record of a removal. */

#include "decide/decision.h"

/** How this station reads a label. */
NeedleCodeOptions label_options(const State *state);
/** The code in the form for the record: some readers would not keep a scanner's control characters. */
void label_printable(const char *code, char *ret, size_t size);
/**
 * Reads the field `code` of a form about a cartridge and fills in the other fields from it. False, with the
 * refusal in `ret`, when it cannot be read.
 */
bool label_fill_form(const State *state, const Form *form, json_t *fields, Decision *ret);
/** The body of needle.removed. NULL when out of memory. */
json_t *needle_removed_body(const State *state, const char *reason);
