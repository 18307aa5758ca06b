/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The code of a label that the clinic prints for one cartridge of a lot whose cartridges have no serials: a
 * GS1 element string or a HIBC code where the lot has a product number, else (10)LOT#SERIAL. Pure.
 */

#include "code/needle-code.h"

typedef struct NeedleLabel {
	const char *product; /* GTIN, "hibc:" with labeller and item, or "" */
	const char *lot, *serial;
	const char *expiry; /* YYYY-MM-DD */
} NeedleLabel;

typedef struct NeedleLabelCode {
	char text[NEEDLE_CODE_MAX + 1];   /* as people type it, GS1 with its identifiers in round brackets */
	char symbol[NEEDLE_CODE_MAX + 1]; /* for the encoder, GS1 with its identifiers in square brackets,
					     which no value can hold */
	bool is_gs1;                      /* the symbol begins with FNC1 */
} NeedleLabelCode;

/**
 * Writes the code. -EINVAL with the sentence in `error`, and `ret` untouched, when it could not be read back
 * as this cartridge: an expiry more than 50 years ahead does not fit into two digits.
 */
int needle_label_write(const NeedleLabel *label, const NeedleCodeOptions *options, NeedleLabelCode *ret,
	Error *error) _must_check_;
