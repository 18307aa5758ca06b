/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** SHA-256 of files of any size. */

#include "util/digest.h"

/** Reads `fd` to its end, in constant memory. -EIO also when libcrypto fails. Blocks on the disk. */
int digest_file(int fd, char ret[DIGEST_HEX_MAX]) _must_check_;
