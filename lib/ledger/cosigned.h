/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The newest checkpoint that witnesses cosigned, in a file beside the ledger. It vouches for all records
 * before it. It can be lost without harm: witnesses cosign the next one. Both functions block on the disk.
 */

#include "tlog/checkpoint.h"

/** What the file's name adds to the ledger's. */
#define COSIGNED_SUFFIX ".cosigned"

/**
 * Reads the note, owned by the caller, and what it says; its signatures are not checked. -ENOENT: there is
 * none, -EINVAL: it is no checkpoint.
 */
int cosigned_read(const char *path, char **ret, Checkpoint *ret_checkpoint) _must_check_;

/** Puts a note in its place; a power cut leaves the old or the new one. The caller has checked its
 * signatures. */
int cosigned_write(const char *path, const char *note) _must_check_;
