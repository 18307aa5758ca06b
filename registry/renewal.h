/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station renews its certificate by itself, with the one that it has: the key stays, the certificate's
 * file is replaced whole.
 */

#include <stdbool.h>
#include <stdint.h>

#include "station-files.h"

/** A certificate is due when a third of its time is left. Seconds since 1970. */
bool renewal_is_due(int64_t begins_s, int64_t ends_s, int64_t now_s);

/** Renews now. 0, or a negative errno with a sentence in `error`. Blocks as fetch() does. */
int certificate_renew(const char *server, const StationFiles *files, Error *error) _must_check_;

/**
 * Renews when it is due; to be called once a day, on a thread of a worker: it blocks as fetch() does.
 * `now_s`: seconds since 1970. Returns 0 not due, 1 renewed, or a negative errno with a sentence in `error`:
 * -EKEYEXPIRED the certificate has ended, so that only a new invitation helps; -ERANGE the clock is before
 * its beginning.
 */
int certificate_renew_if_due(
	const char *server, const StationFiles *files, int64_t now_s, Error *error) _must_check_;
