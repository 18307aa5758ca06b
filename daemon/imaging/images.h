/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The folder of photographs before a camera writes there. */

#include <jansson.h>

#include "util/cleanup.h"

/**
 * Deletes what a power cut left of photographs that were being written, and names those that are whole: an
 * array of strings, the caller's. Files that are named otherwise than the station names them are left alone.
 * Blocks on the disk. -ENOMEM, or why the folder cannot be read; one that is missing is empty.
 */
int images_find(const char *folder, json_t **ret) _must_check_;
