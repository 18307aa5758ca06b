/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A copy of the running station's ledger is an access to its record, so the station records it. A copy must
 * not be made when the station refuses it.
 */

#include "client.h"

/**
 * Reports to the station that a copy (`what`: backup, archive, export) of the ledger `path`, with `records`
 * in it, is about to be written to `file`. CTL_FAILED after printing why: the caller is not allowed, and the
 * copy must not be made. CTL_DONE in all other cases: the station recorded it; the ledger is not the
 * station's; or, after a warning, there is no station that could record it.
 */
int copies_tell(
	Ctl *ctl, const char *what, const char *path, const char *file, uint64_t records) _must_check_;

/**
 * Finds the day ("YYYY-MM-DD") before which records are past every term of the station's compliance profile,
 * the profile's name, and its longest term in days. CTL_FAILED after printing why.
 */
typedef struct CopiesTerm {
	char before[16], profile[64];
	int64_t days;
} CopiesTerm;

int copies_term(Ctl *ctl, CopiesTerm *ret) _must_check_;
