/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Any bytes as a table of a steriliser's cycles: each row has its fields or a reason, and a table that cannot
 * be used is refused with a sentence.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cycle-csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A row has its fields or a reason, never both, and lines never go back. */
static int take_row(void *userdata, const CycleRow *row)
{
	size_t *line = userdata;

	if (!row->fields == !row->bad || row->line < *line || !row->line || (row->bad && !row->bad[0]))
		abort();
	if (row->fields && !json_is_string(json_object_get(row->fields, "cycle")))
		abort();
	*line = row->line;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
	_cleanup_(fclosep) FILE *file = size > 0 ? fmemopen((void *)data, size, "r") : NULL;
	Error error = { 0 };
	size_t line = 0;

	if (!file || cycle_mapping_load(NULL, &mapping, &error) < 0)
		return 0;
	if (cycle_csv_read(file, mapping, take_row, &line, &error) < 0 && !error.text[0])
		abort();
	return 0;
}
