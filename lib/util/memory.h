/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The process's memory, held where it is: no page that was used once is fetched from a disk again. */

#include "util/cleanup.h"

/**
 * Locks what is mapped and what will be, each page when it is used for the first time, so that nothing is
 * locked that nobody uses. Children of fork() and programs of exec() inherit nothing. -EPERM: not allowed;
 * -ENOMEM: the address space is larger than RLIMIT_MEMLOCK, which counts all that is mapped and not what is
 * used.
 */
int memory_lock(void) _must_check_;

/** Reads a byte of each page of the program's own code, so that none is fetched when a stop needs it first.
 */
void memory_touch_code(void);
