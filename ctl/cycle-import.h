/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Importers of sterilisers' files: data in, records out. An importer reads the bytes of one file and gives
 * the fields of `cycle.recorded` (records/sterilization.toml), one row for each cycle. It asks no station,
 * opens no file and records nothing. docs/cycle-files.md describes what each of them reads.
 *
 * A new importer is a file cycle-NAME.c with a CycleImporter, and its row in cycle-import.c.
 */

#include "cycle-csv.h"

/** A file of a steriliser, or of the program that collects its reports. All borrowed. */
typedef struct CycleFile {
	const char *name; /* without its folder: some makers put facts into it */
	const char *data; /* NUL-terminated; the bytes as they are, which may contain NUL themselves */
	size_t size;
	const CycleMapping *mapping; /* of a table; of the others, only its zone and its constants */
} CycleFile;

typedef int (*CycleTake)(void *userdata, const CycleRow *row);

typedef struct CycleImporter {
	const char *name, *title; /* "dac-universal", "DAC Universal" */
	/** Whether the file looks like one of this kind. The last importer of the list takes any file. */
	bool (*recognises)(const CycleFile *file);
	/**
	 * Calls `take` for each cycle, in the order of the file. A non-zero answer ends the reading and is
	 * returned. A cycle that lacks something gives a bad row. Negative errno with `error` when the whole
	 * file cannot be used. Changes TZ while it runs: one thread only.
	 */
	int (*read)(const CycleFile *file, CycleTake take, void *userdata, Error *error);
} CycleImporter;

extern const CycleImporter cycle_import_csv, cycle_import_dac, cycle_import_lisa, cycle_import_melaview,
	cycle_import_statclave;

/** The importer of that name; NULL name: the first that recognises the file. NULL: there is none. */
const CycleImporter *cycle_importer_find(const char *name, const CycleFile *file);

/** The names of all importers, separated by ", ". */
const char *cycle_importer_names(void);
