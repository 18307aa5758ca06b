/* SPDX-License-Identifier: Apache-2.0 */

/** Texts within frames, which another process filled in. It must not read beyond a field. */

#include "frame/frame-text.h"

#include <string.h>

#include "util/text.h"

bool frame_clean_text(char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		return false;
	text_repair(text);
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	return true;
}
