/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Puts the registry's answer to a request into one sentence. Pure; trusts nothing of it. */

#include "https.h"

/**
 * Whether the server did what was asked; `what`: the last part of the path. To hold cartridges that one holds
 * already is done, to move none is not. `ret_next`: the number after the leaf that did it, 0 when there is
 * none; `ret` gets a sentence of at most `size` bytes with its NUL.
 */
bool request_answer_read(
	const char *what, const HttpsAnswer *answer, uint64_t *ret_next, char *ret, size_t size);
