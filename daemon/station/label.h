/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Labels of cartridges as they come: what the station's own scanner read, and the two symbols of one label.
 */

#include "decide/command.h"
#include "station/station.h"

typedef struct Label {
	char half_code[NEEDLE_CODE_MAX + 1]; /* one of a label's two symbols, which waits for the other */
	bool half_scanned;
	int64_t half_us;
	char scanned_code[NEEDLE_CODE_MAX + 1]; /* what the station's own scanner read last */
	int64_t scanned_us;
} Label;

/** Reads a code, with the label's other symbol where that came just before. `scanned`: as the caller says. */
void label_take(Station *station, const char *code, bool scanned, CommandLabel *ret);
