/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A file that appears under its name only when it is complete: a truncated document looks like a whole one.
 */

#include <stddef.h>

#include "util/error.h"

/** Writes the content to `fd`. Negative errno with the sentence in `error`. */
typedef int (*PartFileWrite)(const void *content, int fd, Error *error);

/**
 * Writes beside the file, and renames when complete. Returns what `write` returns, or -EIO or -ENOMEM, with
 * the sentence in `error`; then there is no new file, and an old one stays as it is. Blocks on the disk.
 */
int part_file_write(const char *file, PartFileWrite write, const void *content, Error *error) _must_check_;
/** Writes `size` bytes. -EIO with the sentence in `error`. */
int part_file_bytes(int fd, const void *bytes, size_t size, Error *error) _must_check_;
