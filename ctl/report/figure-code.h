/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A QR code as a drawing. */

#include <stdbool.h>
#include <stdio.h>

/**
 * False: the text is too long for a QR code, and nothing is written. `words` describe the drawing for people
 * who cannot see it.
 */
bool figure_code(FILE *stream, const char *text, const char *words);
bool figure_code_fits(const char *text);
