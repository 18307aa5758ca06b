/* SPDX-License-Identifier: Apache-2.0 */

/** Asks fontconfig for the letters that are installed. It must not choose a font: the style sheet does. */

#include "report/fonts.h"

#include <fontconfig/fontconfig.h>

/** The letters of all fonts. NULL: there is no font. The caller frees it. */
static FcCharSet *installed_letters(void)
{
	FcPattern *all = FcPatternCreate();
	FcObjectSet *wanted = FcObjectSetBuild(FC_CHARSET, NULL);
	FcFontSet *fonts = FcFontList(NULL, all, wanted);
	FcCharSet *letters = NULL;

	for (int i = 0; fonts && i < fonts->nfont; i++) {
		FcCharSet *of_font;

		if (FcPatternGetCharSet(fonts->fonts[i], FC_CHARSET, 0, &of_font) != FcResultMatch)
			continue;
		if (!letters)
			letters = FcCharSetCreate();
		(void)FcCharSetMerge(letters, of_font, NULL);
	}
	if (fonts)
		FcFontSetDestroy(fonts);
	FcObjectSetDestroy(wanted);
	FcPatternDestroy(all);
	return letters;
}

gunichar fonts_lack(const char *text)
{
	FcCharSet *letters = installed_letters();
	gunichar lacking = 0;

	for (const char *s = text; letters && *s && !lacking; s = g_utf8_next_char(s)) {
		gunichar letter = g_utf8_get_char(s);

		if (letter > 0x7f && g_unichar_isgraph(letter) && !g_unichar_iszerowidth(letter) &&
			!FcCharSetHasChar(letters, letter))
			lacking = letter;
	}
	if (letters)
		FcCharSetDestroy(letters);
	FcFini();
	return lacking;
}
