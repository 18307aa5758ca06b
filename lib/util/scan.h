/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Undoes what Caps Lock does to a code when a scanner types like a keyboard. It is pure; nothing blocks. */

#include <stdbool.h>

/**
 * Undoes a Caps Lock that was on while a scanner typed `code`: a scanner presses Shift for each capital, so
 * that all letters come in the other case. `caps_lock`: the toolkit says that it is on. Without that it shows
 * where a symbology identifier (ISO/IEC 15424) came in the wrong case ("]D2"), and where a HIBC, which has
 * capitals only, has none. Works in place. Returns whether it changed anything.
 */
bool code_undo_caps_lock(char *code, bool caps_lock);
