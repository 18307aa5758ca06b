/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A DataMatrix (ISO/IEC 16022, ECC 200), by libzint. */

#include "label/label.h"

enum { LABEL_SYMBOL_MAX = 144 };

typedef struct LabelSymbol {
	int side; /* modules in a row and in a column; it is square, and has no quiet zone */
	bool modules[LABEL_SYMBOL_MAX][LABEL_SYMBOL_MAX]; /* [row][column], dark: true */
} LabelSymbol;

/** -EINVAL with the sentence in `error` when the code cannot be encoded. */
int label_symbol_make(const NeedleLabelCode *code, LabelSymbol *ret, Error *error) _must_check_;
