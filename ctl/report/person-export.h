/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The command `person export`: everything on record about one client, in a folder that proves itself. */

#include "client.h"

/**
 * Writes the file of the client `arguments[0]` to the folder, or the .zip file, of -o; nothing may be there
 * yet. The station records each access. Waits for the disk. CTL_FAILED after printing why; then nothing is
 * left.
 */
int person_export_run(Ctl *ctl, int n, char **arguments);
