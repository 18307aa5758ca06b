/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Cartridges: what their labels say, by this station's rules, and the record of a removal. */

#include "decide/decision.h"

/** How this station reads a label. */
NeedleCodeOptions label_options(const State *state);
/** The code as the record keeps it: a scanner's control characters would not survive every reader. */
void label_printable(const char *code, char *ret, size_t size);
/**
 * Puts what the field `code` of a form about a cartridge says into its other fields. False, and the refusal
 * decided, when it cannot be read.
 */
bool label_fill_form(const State *state, const Form *form, json_t *fields, Decision *ret);
/** The body of needle.removed. NULL when out of memory. */
json_t *needle_removed_body(const State *state, const char *reason);
