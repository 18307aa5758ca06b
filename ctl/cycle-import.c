/* SPDX-License-Identifier: Apache-2.0 */

/** The list of importers of sterilisers' files. It reads no file itself. */

#include "cycle-import.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

static int read_csv_file(const CycleFile *file, CycleTake take, void *userdata, Error *error)
{
	_cleanup_(fclosep) FILE *stream = NULL;

	if (file->size == 0)
		return error_set(error, -EINVAL, "the file is empty");
	stream = fmemopen((void *)file->data, file->size, "r");
	if (!stream)
		return error_set(error, -errno, "out of memory");
	return cycle_csv_read(stream, file->mapping, take, userdata, error);
}

static bool recognise_any(const CycleFile *file)
{
	return true;
}

const CycleImporter cycle_import_csv = { "csv", "table (CSV)", recognise_any, read_csv_file };

/* The order matters: a folder of MELAview may hold reports of a DAC Universal. */
static const CycleImporter *const importers[] = {
	&cycle_import_dac,
	&cycle_import_statclave,
	&cycle_import_lisa,
	&cycle_import_melaview,
	&cycle_import_csv,
};

const CycleImporter *cycle_importer_find(const char *name, const CycleFile *file)
{
	for (size_t i = 0; i < ELEMENTS(importers); i++)
		if (name ? strcmp(importers[i]->name, name) == 0 : importers[i]->recognises(file))
			return importers[i];
	return NULL;
}

const char *cycle_importer_names(void)
{
	static char names[96];

	if (!names[0])
		for (size_t i = 0, used = 0; i < ELEMENTS(importers); i++)
			used += (size_t)snprintf(
				names + used, sizeof names - used, "%s%s", i ? ", " : "", importers[i]->name);
	return names;
}
