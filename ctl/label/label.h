/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What stands on a label: lines of text, and a DataMatrix. */

#include <stdbool.h>

#include <jansson.h>

#include "code/needle-label.h"
#include "util/error.h"

enum { LABEL_LINES_MAX = 6, LABEL_LINE_MAX = 160 };

typedef struct LabelLine {
	char text[LABEL_LINE_MAX];
	bool strong; /* larger, and bold */
	bool whole;  /* never cut: without it, a line that is too long ends in "..." */
} LabelLine;

typedef struct Label {
	LabelLine lines[LABEL_LINES_MAX];
	size_t n_lines;
	NeedleLabelCode code;
} Label;

/**
 * The label of one cartridge, from a row of the reply of LabelUnits (docs/ledger.md, query labels).
 * `options`: the year, and no substitute for FNC1. -EINVAL with the sentence in `error` when it has no code.
 */
int label_of_unit(const json_t *row, const NeedleCodeOptions *options, Label *ret, Error *error) _must_check_;
/**
 * The label of a sterile pack, from a row of the reply of LabelPacks (query packs). The time of sterilisation
 * is written in the time zone of this program. -EINVAL with the sentence in `error` when it has no code.
 */
int label_of_pack(const json_t *row, Label *ret, Error *error) _must_check_;
