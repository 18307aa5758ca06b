/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The table of records itself, and the records of the station: starts, faults, alerts, the clock, and who
 * read. A record must not be changed or deleted: triggers refuse both.
 */

#include "ledger/area.h"

/* the records of each day, so that a question about a time need not read all; a clock that was set back may
 * let days overlap */
#define DAYS                                                                                               \
	"INSERT INTO record_day(day, first_seq, last_seq) SELECT utc_us / 86400000000, min(seq), max(seq)" \
	" FROM record GROUP BY 1;"

static const char *const tables[] = { "record_day", NULL };

static const Projection projections[] = { { NULL } };

const LedgerArea area_station = { tables, projections, .rebuild = DAYS };
