/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The files of an exported folder, which may have been made to deceive whoever checks it. What cannot be read
 * is told as a finding. Only ordinary files below the folder are opened.
 */

#include "client.h"
#include "util/digest.h"

/** A folder under check. */
typedef struct ExportFolder {
	const Ctl *ctl;
	int fd;
	size_t findings;
} ExportFolder;

/** Tells one finding. */
void export_finding(ExportFolder *folder, const char *format, ...) _printf_(2, 3);

/** `type`: S_IFREG or S_IFDIR. What cannot be read is told, and -errno. */
int export_open_below(ExportFolder *folder, const char *name, unsigned type, int *ret);
int export_open_file(ExportFolder *folder, const char *name, FILE **ret);
int export_hash_file(ExportFolder *folder, const char *name, char ret[DIGEST_HEX_MAX]);
/** A text of at most `limit` bytes without NUL; the caller's. */
int export_read_file(ExportFolder *folder, const char *name, size_t limit, char **ret, size_t *ret_size);

/** The lines of a file, one at a time, without their newlines. */
typedef struct ExportLines {
	FILE *file;
	char *text; /* NUL-terminated */
	size_t size, capacity;
	uint64_t n;
} ExportLines;

/** A cleanup function. */
void export_lines_done(ExportLines *lines);
/** True with a line; false at the end, or with a negative errno in `r`. */
bool export_next_line(ExportLines *lines, int *r);
