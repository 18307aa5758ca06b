/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reads compliance profiles from their folder, one NAME.conf each. Blocks on the disk. */

#include "config/profile.h"

/**
 * Reads `folder`/`name`.conf. On failure -EINVAL, or the errno of reading (-ENOENT: no such profile), with
 * file, line, key and what is allowed in `error`; `ret` is then untouched.
 */
int profile_load(const char *folder, const char *name, Profile *ret, Error *error) _must_check_;
