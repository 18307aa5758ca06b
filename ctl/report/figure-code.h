/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A QR code as a drawing. */

#include <stdbool.h>
#include <stdio.h>

/** False: the text is too long for one; nothing is written. `words` tell what is to be seen. */
bool figure_code(FILE *stream, const char *text, const char *words);
bool figure_code_fits(const char *text);
