/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The bodies that are sent to a mirror, made of the ledger's log. Errors are negative errno; the caller owns
 * what is returned. Blocks on the disk.
 */

#include "ledger/outbox.h"

/** Of add-checkpoint: from `old_size` to the sealed size. */
int uplink_write_checkpoint(
	LedgerOutbox *ledger, const LedgerSealed *sealed, uint64_t old_size, char **ret) _must_check_;

/**
 * Of add-entries: the packages from entry `start` on, at most UPLINK_BYTES_MAX of them or one package.
 * `origin`: of the log.
 */
int uplink_write_entries(LedgerOutbox *ledger, const LedgerSealed *sealed, const char *origin, uint64_t start,
	char **ret, size_t *ret_size) _must_check_;

enum { UPLINK_BYTES_MAX = 4 << 20 };
