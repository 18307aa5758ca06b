/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Whether a station's checkpoints are of two logs. Pure. */

#include <stdbool.h>

#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

/**
 * Whether a proof that does not lead from `old`, which the station signed, to `new_one`, which it signed too,
 * shows that these are two logs: it leads from another root of that size to the new one. Where the old size
 * is a power of two a proof does not contain that root; then the proof's length must be right. A proof that
 * fits neither is broken, and shows nothing.
 */
bool mirror_is_fork(const Checkpoint *old, const Checkpoint *new_one, const MerklePath *proof);
