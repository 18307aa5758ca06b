/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the symbology identifier that a scanner sends before a code. It does not read the code itself. */

#include "code/code-private.h"

#include <string.h>

/**
 * Symbology identifiers (ISO/IEC 15424) of symbols that may carry a cartridge's code: the letter, the
 * modifiers that mean GS1 data (FNC1 in the first place, or one of GS1's own symbols), and the modifiers that
 * do not: these symbols carry HIBC, a Digital Link or plain text. Symbols that are parts of a larger whole
 * are not listed.
 */
static const struct {
	char letter;
	const char *gs1, *others, *product_alone;
} symbologies[] = {
	{ 'A', "", "0123457", "" }, /* Code 39 */
	{ 'C', "1", "024", "" },    /* Code 128 */
	{ 'E', "", "", "0134" },    /* EAN/UPC */
	{ 'F', "", "0124", "" },    /* Codabar */
	{ 'G', "", "0", "" },       /* Code 93 */
	{ 'I', "", "0", "1" },      /* ITF */
	{ 'J', "14", "0235", "" },  /* DotCode */
	{ 'L', "3", "01245", "" },  /* PDF417, MicroPDF417 */
	{ 'O', "", "0456", "" },    /* Codablock */
	{ 'Q', "34", "01256", "" }, /* QR */
	{ 'U', "", "013", "" },     /* MaxiCode */
	{ 'd', "25", "01346", "" }, /* Data Matrix */
	{ 'e', "0123", "", "" },    /* GS1 DataBar, GS1 Composite */
	{ 'h', "", "01", "" },      /* Han Xin */
	{ 'z', "14", "0235C", "" }, /* Aztec */
};

static bool has_modifier(const char *modifiers, char c)
{
	return c != '\0' && strchr(modifiers, c);
}

bool code_is_gs1_symbol(const char *text)
{
	if (text[0] != ']' || text[1] == '\0')
		return false;
	for (size_t i = 0; i < ELEMENTS(symbologies); i++)
		if (text[1] == symbologies[i].letter)
			return has_modifier(symbologies[i].gs1, text[2]);
	return false;
}

bool code_take_symbology(CodeReader *reader)
{
	const char *text = reader->text;

	if (text[0] != ']')
		return false;
	reader->at = reader->length < 3 ? reader->length : 3;
	for (size_t i = 0; i < ELEMENTS(symbologies); i++) {
		bool gs1 = has_modifier(symbologies[i].gs1, text[1] ? text[2] : '\0');

		if (text[1] != symbologies[i].letter)
			continue;
		if (text[2] && has_modifier(symbologies[i].product_alone, text[2])) {
			code_error(reader, 0, "symbology",
				"is that of a code that names the product alone: scan the one with lot or serial");
			return false;
		}
		if (!gs1 && !has_modifier(symbologies[i].others, text[2]))
			continue;
		memcpy(reader->out->symbology, text, 3);
		return gs1;
	}
	code_error(reader, 0, "symbology",
		"the scanner's symbology identifier is not known: ]C1, ]d2, ]Q3 and ]e0 are GS1's, ]A0, ]C0, ]d1 and ]Q1 HIBC's");
	return false;
}
