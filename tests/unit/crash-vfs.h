/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A disk that loses power, as a layer of SQLite: what was written and not synced is in memory only. When the
 * power goes, each sector of each such write reaches the disk or does not, as the seed decides, so that
 * writes are lost, torn and reordered. Or it fails: operations return an I/O error for a while.
 */

#include <stdbool.h>

/** Makes it the layer that every database of this process is opened through. */
void crash_vfs_install(void);

/** After `operations` writes, syncs and truncations the power goes: the process ends with CRASH_VFS_STATUS.
 */
void crash_vfs_cut(unsigned operations, unsigned seed);
/** After `operations` of them the next `failures` fail. */
void crash_vfs_fail(unsigned operations, unsigned failures);

enum { CRASH_VFS_STATUS = 99 };
