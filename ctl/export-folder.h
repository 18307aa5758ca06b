/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads the files of an exported folder, which may have been made to deceive the reader. A file that cannot
 * be read is reported as a finding. Only ordinary files below the folder are opened.
 */

#include "client.h"
#include "util/digest.h"

/** A folder that is being checked. */
typedef struct ExportFolder {
	const Ctl *ctl;
	int fd;
	size_t findings;
} ExportFolder;

/** Reports one finding. */
void export_finding(ExportFolder *folder, const char *format, ...) _printf_(2, 3);

/** Opens a file or folder. `type`: S_IFREG or S_IFDIR. On failure it reports a finding and returns -errno. */
int export_open_below(ExportFolder *folder, const char *name, unsigned type, int *ret);
int export_open_file(ExportFolder *folder, const char *name, FILE **ret);
int export_hash_file(ExportFolder *folder, const char *name, char ret[DIGEST_HEX_MAX]);
/** Reads a text of at most `limit` bytes without NUL; the caller frees it. */
int export_read_file(ExportFolder *folder, const char *name, size_t limit, char **ret, size_t *ret_size);

/** Reads the lines of a file one at a time, without their newlines. */
typedef struct ExportLines {
	FILE *file;
	char *text; /* NUL-terminated */
	size_t size, capacity;
	uint64_t n;
} ExportLines;

/** A cleanup function. */
void export_lines_done(ExportLines *lines);
/** True with a line. False at the end, or on an error: then `r` is a negative errno. */
bool export_next_line(ExportLines *lines, int *r);
