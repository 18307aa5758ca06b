/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One line of `stipplectl doctor`. */

enum { CHECK_TEXT_MAX = 256 };

typedef struct StationCheck {
	const char *check; /* "board", "lines", "ledger", "stock", "clock", "disk", "protocols",
			      "sterilization", ... */
	int level;         /* 0 good, 1 warning, 2 bad */
	char text[CHECK_TEXT_MAX];
	char advice[CHECK_TEXT_MAX]; /* "" when good */
} StationCheck;

enum { STATION_CHECKS_MAX = 16 };
