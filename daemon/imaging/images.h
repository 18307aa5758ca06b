/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The files of photographs: finding them, and opening one to hand it out. Taking photographs is left to
 * imaging.h.
 */

#include <jansson.h>

#include "util/cleanup.h"
#include "util/digest.h"

/**
 * Deletes what a power cut left of photographs that were being written, and names those that are whole: an
 * array of strings, the caller's. Files that are named otherwise than the station names them are left alone.
 * Blocks on the disk. -ENOMEM, or why the folder cannot be read; one that is missing is empty.
 */
int images_find(const char *folder, json_t **ret) _must_check_;

/**
 * Opens a photograph and computes its SHA-256: what is hashed is what is handed out, whatever the name leads
 * to later. A descriptor at the file's beginning, the caller's; -errno, or -EINVAL of what is no ordinary
 * file. Blocks on the disk.
 */
int images_open(const char *path, char ret_sha256[DIGEST_HEX_MAX]) _must_check_;
