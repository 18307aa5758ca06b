/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Applies the records of a cartridge's claim, removal and reseating. The ledger decides whether it may be
 * used.
 */

#include "apply/cartridge.h"

#include <stdio.h>
#include <string.h>

#include "apply/record-field.h"
#include "state/work.h"
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

/** Starts the wear of a cartridge that is now mounted and has already worked for `before_us`. */
static void begin_wear(State *state, const AppliedRecord *record, int64_t before_us)
{
	state->work.needle_since_us = work_time_us(&state->work, record->monotonic_us) - before_us;
}

void needle_claimed_apply(State *state, const AppliedRecord *record)
{
	Cartridge *mounted = &state->needle.mounted;

	*mounted = (Cartridge){ .claim = record->seq, .chip = chip_of(record) };
	snprintf(mounted->unit, sizeof mounted->unit, "%s",
		record->unit ? record->unit : record_text(record, "unit"));
	snprintf(mounted->lot, sizeof mounted->lot, "%s", record_text(record, "lot"));
	snprintf(mounted->product, sizeof mounted->product, "%s", record_text(record, "gtin"));
	snprintf(mounted->configuration, sizeof mounted->configuration, "%s",
		record->configuration ? record->configuration : record_text(record, "configuration"));
	state->session.needles++;
	begin_wear(state, record, 0);
}

void needle_reseated_apply(State *state, const AppliedRecord *record)
{
	if (strcmp(state->needle.removed.unit, record_text(record, "unit")) != 0)
		return;
	state->needle.mounted = state->needle.removed;
	begin_wear(state, record, state->work.removed_worked_us);
}

void needle_removed_apply(State *state, const AppliedRecord *record)
{
	Dot dot;

	(void)contact_end_apply(state, &dot);
	if (state->needle.mounted.claim == 0 ||
		strcmp(state->needle.mounted.unit, record_text(record, "unit")) != 0)
		return;
	state->work.removed_us = record->monotonic_us;
	state->work.removed_worked_us =
		work_time_us(&state->work, record->monotonic_us) - state->work.needle_since_us;
	state->needle.removed = state->needle.mounted;
	state->needle.mounted = (Cartridge){ 0 };
}
