/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Copies of the running station's ledger are accesses to its record, and so they are recorded there. A copy
 * must not be made when the station refuses it.
 */

#include "client.h"

/**
 * Tells the station of a copy (`what`: backup, archive, export) of the ledger `path`, with `records` in it,
 * that is about to be `file`. CTL_FAILED after printing why: the caller is not allowed, and the copy must not
 * be made. CTL_DONE otherwise: recorded; or another ledger than the station's; or, after a warning, nobody is
 * there who could record it.
 */
int copies_tell(
	Ctl *ctl, const char *what, const char *path, const char *file, uint64_t records) _must_check_;

/**
 * The day before which records are past every term of the compliance profile that the station follows
 * ("YYYY-MM-DD"), and the profile's name and its longest term in days. CTL_FAILED after printing why.
 */
typedef struct CopiesTerm {
	char before[16], profile[64];
	int64_t days;
} CopiesTerm;

int copies_term(Ctl *ctl, CopiesTerm *ret) _must_check_;
