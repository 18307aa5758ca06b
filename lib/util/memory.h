/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Keeps the process's memory in place, so that no page is fetched from a disk twice. */

#include "util/cleanup.h"

/**
 * Locks current and future mappings, each page when it is first used, so that unused pages are not locked.
 * Children of fork() and programs of exec() do not inherit this. -EPERM: not allowed; -ENOMEM: the address
 * space exceeds RLIMIT_MEMLOCK, which counts everything that is mapped, not only what is used.
 */
int memory_lock(void) _must_check_;

/**
 * Reads a byte of each page of the program's own code, so that an emergency stop does not have to load one
 * first.
 */
void memory_touch_code(void);
