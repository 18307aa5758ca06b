/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A signature that was written with a finger, as a drawing. */

#include <stdbool.h>
#include <stdio.h>

/** False: `text` is no signature (util/signature.h), and nothing is written. */
bool figure_signature(FILE *stream, const char *text, const char *words);
