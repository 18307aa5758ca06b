/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The files of photographs: finding them, and opening one to hand it out. imaging.h takes photographs. */

#include <jansson.h>

#include "util/cleanup.h"
#include "util/digest.h"

/**
 * Deletes the remains of photographs whose writing a power cut interrupted, and lists the complete ones: an
 * array of strings, owned by the caller. Ignores files whose names the station would not make. Blocks on the
 * disk. -ENOMEM, or the errno of reading the folder; a missing folder counts as empty.
 */
int images_find(const char *folder, json_t **ret) _must_check_;

/**
 * Opens a photograph and computes its SHA-256. The returned descriptor is the hashed file, whatever the name
 * leads to later. It is at the file's beginning and owned by the caller; -errno, or -EINVAL for anything but
 * a regular file. Blocks on the disk.
 */
int images_open(const char *path, char ret_sha256[DIGEST_HEX_MAX]) _must_check_;
