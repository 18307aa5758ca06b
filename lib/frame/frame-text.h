/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Texts within frames. Nothing outside this folder includes it. */

#include <stdbool.h>
#include <stddef.h>

/**
 * Makes a text in a field of `size` bytes fit to be shown, in place: text_repair(), and '?' for control
 * characters. False when it does not end within its field.
 */
bool frame_clean_text(char *text, size_t size);
