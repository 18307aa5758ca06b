/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Texts from the network, before they are shown or logged. */

#include "util/text.h"

/** Makes a text valid UTF-8 without control characters, in place. */
static inline void plain_text(char *text)
{
	text_repair(text);
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}
