/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Names of the record in words. The station reports kinds, fields, queries and choices by their recorded
 * names.
 */

/**
 * Turns "sterilization.cycle" into "Sterilization cycle", in the panel's language where it has the words.
 * Freed by the caller.
 */
char *words_of(const char *name);
