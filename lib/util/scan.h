/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Undoes the effect of Caps Lock on a code when a scanner types like a keyboard. Pure; nothing blocks. */

#include <stdbool.h>

/**
 * Undoes a Caps Lock that was on while a scanner typed `code`: a scanner presses Shift for each capital, so
 * all letters arrive in the wrong case. `caps_lock`: the toolkit reports that it is on. Otherwise it is
 * recognised by a symbology identifier (ISO/IEC 15424) in the wrong case ("]D2"), or by a HIBC in small
 * letters, which a HIBC never has. Works in place. Returns whether it changed anything.
 */
bool code_undo_caps_lock(char *code, bool caps_lock);
