/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What every report says of the clinic and its station. */

#include "client.h"
#include "report/letterhead.h"

/** Asks for the identifiers of the clinic and the station. CTL_DONE, or CTL_FAILED after printing why. */
int gather_names(Ctl *ctl, char **ret_clinic, char **ret_station) _must_check_;
/** The present time, RFC 3339 in UTC; NULL when out of memory. The caller frees it. */
char *gather_now(void);
/**
 * Asks for the clinic's name, address, telephone and logo. A logo that cannot be read is reported and left
 * out. Free the letterhead with letterhead_clear(). Returns as gather_names().
 */
int letterhead_gather(Ctl *ctl, Letterhead *letterhead) _must_check_;
