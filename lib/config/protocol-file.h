/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reads treatment protocols from their folder, one NAME.conf each. Blocks on the disk. */

#include "config/ini-file.h"
#include "config/protocol.h"

/**
 * Reads `folder`/`name`.conf. On failure -EINVAL, or the errno of reading (-ENOENT: no such protocol), with
 * file, line, key and what is allowed in `error`. The result is freed with free().
 */
int protocol_load(const char *folder, const char *name, Protocol **ret, Error *error) _must_check_;

/**
 * Lists the protocols in `folder` by name, in byte order, as an array that ends with NULL. Only
 * protocol_load() shows whether they are valid. Returns their number, or the negative errno of reading the
 * folder. Free it with ini_names_free().
 */
int protocol_list(const char *folder, char ***ret_names) _must_check_;
