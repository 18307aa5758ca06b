/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Whether the fonts of this machine have the letters of a report. */

#include <stdbool.h>

#include <glib.h>

/**
 * The first letter of a UTF-8 text that no installed font has: the printing program would draw a box in its
 * place. 0: all are there, or the machine has no font at all, which the printing program reports itself.
 * Blocks on the disk while the fonts are listed.
 */
gunichar fonts_lack(const char *text);
