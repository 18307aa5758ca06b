/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Packs what is sent, with gzip (RFC 1952). Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"

/** False, with the outputs untouched, when it would not get smaller or there is no memory. The caller frees.
 */
bool pack_body(const void *body, size_t size, void **ret, size_t *ret_size);
