/* SPDX-License-Identifier: Apache-2.0 */

/** Encodes a code as DataMatrix. It only says which modules are dark, and draws nothing. */

#include "label/label-symbol.h"

#include <errno.h>
#include <string.h>

#include <zint.h>

static void symbol_freep(struct zint_symbol **symbol)
{
	if (*symbol)
		ZBarcode_Delete(*symbol);
}

int label_symbol_make(const NeedleLabelCode *code, LabelSymbol *ret, Error *error)
{
	_cleanup_(symbol_freep) struct zint_symbol *symbol = ZBarcode_Create();
	int side;

	if (!symbol)
		return error_set(error, -ENOMEM, "out of memory");
	symbol->symbology = BARCODE_DATAMATRIX;
	symbol->option_3 = DM_SQUARE;
	symbol->input_mode = code->is_gs1 ? GS1_MODE : DATA_MODE;
	symbol->scale = 0.5F; /* a pixel for each module */
	if (ZBarcode_Encode_and_Buffer(symbol, (const unsigned char *)code->symbol, 0, 0) >= ZINT_ERROR)
		return error_set(error, -EINVAL, "the code %.80s cannot be encoded: %.100s", code->text,
			symbol->errtxt);
	side = symbol->bitmap_width;
	if (side != symbol->width || side != symbol->bitmap_height || side > LABEL_SYMBOL_MAX)
		return error_set(error, -EINVAL, "the code %.80s is too long for a label: it has %d modules",
			code->text, side);
	*ret = (LabelSymbol){ .side = side };
	for (int row = 0; row < side; row++)
		for (int column = 0; column < side; column++)
			ret->modules[row][column] = symbol->bitmap[3 * (row * side + column)] < 128;
	return 0;
}
