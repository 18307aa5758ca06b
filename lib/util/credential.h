/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Secrets that systemd passes as files (systemd.exec(5), LoadCredential=). */

#include "util/cleanup.h"

enum { CREDENTIAL_MAX = 4096 }; /* bytes */

/**
 * Reads the credential of that name, owned by the caller; NULL when there is none. Blocks on the disk. 0 or
 * -errno.
 */
int credential_read(const char *name, char **ret) _must_check_;
/** Overwrites the text, then frees it. Accepts NULL. */
void credential_erasep(char **text);
