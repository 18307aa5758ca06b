/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** SHA-256 of files of any size. */

#include <stdatomic.h>

#include "util/digest.h"

/** Reads `fd` to its end, in constant memory. Blocks on the disk. */
int digest_file(int fd, char ret[DIGEST_HEX_MAX]) _must_check_;

/**
 * The same for a file of at most `most` bytes: -EFBIG for a larger one. `leave`: NULL, or a flag that ends it
 * early with -ECANCELED.
 */
int digest_file_part(int fd, uint64_t most, const atomic_bool *leave, char ret[DIGEST_HEX_MAX]) _must_check_;
