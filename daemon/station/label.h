/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Cartridge labels as they arrive: what the station's own scanner read, and the two symbols of one label. */

#include "decide/command.h"
#include "station/station.h"

typedef struct Label {
	char half_code[NEEDLE_CODE_MAX + 1]; /* one of a label's two symbols, waiting for the other */
	bool half_scanned;
	int64_t half_us;
	char scanned_code[NEEDLE_CODE_MAX + 1]; /* the last code that the station's own scanner read */
	int64_t scanned_us;
} Label;

/**
 * Reads a code, together with the label's other symbol if that came just before. `scanned`: the caller says
 * that a scanner read it.
 */
void label_take(Station *station, const char *code, bool scanned, CommandLabel *ret);
