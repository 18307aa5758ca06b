/* SPDX-License-Identifier: Apache-2.0 */

/** Applies the records of a cartridge's claim, removal and reseating. Whether it may be used is the ledger's
 * to say. */

#include "apply/needle.h"

#include <stdio.h>
#include <string.h>

#include "apply/record-field.h"
#include "util/digest.h"

static ChipId chip_of(const AppliedRecord *record)
{
	const char *hex = record_text(record, "chip");
	size_t length = strlen(hex) / 2;
	ChipId chip = { 0 };

	if (length <= sizeof chip.bytes && hex_decode(hex, chip.bytes, length) == 0)
		chip.length = (uint8_t)length;
	return chip;
}

void needle_claimed_apply(State *state, const AppliedRecord *record)
{
	Cartridge *mounted = &state->needle.mounted;

	*mounted = (Cartridge){ .claim = record->seq, .chip = chip_of(record) };
	snprintf(mounted->unit, sizeof mounted->unit, "%s",
		record->unit ? record->unit : record_text(record, "unit"));
	snprintf(mounted->lot, sizeof mounted->lot, "%s", record_text(record, "lot"));
	snprintf(mounted->product, sizeof mounted->product, "%s", record_text(record, "gtin"));
	state->session.needles++;
}

void needle_reseated_apply(State *state, const AppliedRecord *record)
{
	if (strcmp(state->needle.removed.unit, record_text(record, "unit")) == 0)
		state->needle.mounted = state->needle.removed;
}

void needle_removed_apply(State *state, const AppliedRecord *record)
{
	Dot dot;

	(void)contact_end_apply(state, &dot);
	if (state->needle.mounted.claim == 0 ||
		strcmp(state->needle.mounted.unit, record_text(record, "unit")) != 0)
		return;
	state->needle.removed = state->needle.mounted;
	state->needle.mounted = (Cartridge){ 0 };
}
