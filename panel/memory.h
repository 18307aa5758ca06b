/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the panel remembers from one day to the next: language, colours, what was entered last. Nothing about
 * the people treated. A file that cannot be read or written is as if nothing were remembered.
 */

/** NULL when nothing is remembered. Valid until the next memory_set(). */
const char *memory_get(const char *key);
void memory_set(const char *key, const char *value);
