/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The recovery code: 25 characters of 5 bits that people keep on paper. Backups contain the server's keys
 * encrypted with it (AES-256-GCM, the key by PBKDF2), so that a lost disk gives nobody's identity away.
 */

#include <stddef.h>

#include "util/error.h"

enum { RECOVERY_SIGNS = 25, RECOVERY_CODE_MAX = RECOVERY_SIGNS + RECOVERY_SIGNS / 5 };

/** -EIO when the system gives no random bytes. */
int recovery_code_make(char ret[RECOVERY_CODE_MAX]) _must_check_;
/** The code as it is kept: in capitals and groups. -EINVAL when what was typed is none. */
int recovery_code_read(const char *typed, char ret[RECOVERY_CODE_MAX]) _must_check_;

/** Encrypts; the caller owns *ret. -ENOMEM, -EIO. */
int recovery_seal(const char *code, const void *data, size_t size, void **ret, size_t *ret_size,
	Error *error) _must_check_;
/** Decrypts; *ret ends in a NUL and the caller owns it. -EBADMSG: another code, or damaged. */
int recovery_open(const char *code, const void *sealed, size_t size, char **ret, size_t *ret_size,
	Error *error) _must_check_;
