/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Names of the record in words: kinds, fields, queries and choices come from the station as they are kept.
 */

/**
 * "sterilization.cycle" is "Sterilization cycle", in the panel's language where it knows the words. Freed by
 * the caller.
 */
char *words_of(const char *name);
