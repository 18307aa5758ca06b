/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A folder becomes a .zip file. */

#include <stdbool.h>

#include "util/cleanup.h"

/** Whether the name ends in .zip. */
bool pack_is_zip(const char *output);
/**
 * Packs the folder's contents into the new file `part`, whose name ends in .zip. Waits for the program zip.
 * CTL_FAILED after printing why.
 */
int pack_zip(const char *folder, const char *part) _must_check_;
/** Removes a folder and all that is in it, if it is there. */
void pack_remove_folder(const char *folder);
