/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the panel remembers between days: language, colours, and what was entered last; nothing about the
 * people treated. If the file cannot be read or written, the panel works as if nothing were remembered.
 */

/** NULL when nothing is remembered. Valid until the next memory_set(). */
const char *memory_get(const char *key);
void memory_set(const char *key, const char *value);
