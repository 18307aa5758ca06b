/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Files on a USB stick: the name of a new file, and a session's report as PDF. The panel does not lay out a
 * report itself: stipplectl does.
 */

#include "panel.h"

/**
 * A name for a new file on the USB stick, or in the folder that was configured instead, such as
 * "/media/usb/stipple-report-7-20300131T120000Z.pdf" for the stem "report-7" and the ending "pdf". Freed by
 * the caller. NULL when no stick is mounted; a notice then says so.
 */
char *export_path(Panel *panel, const char *stem, const char *ending);
/** Shows a notice that a file was written, or why not: `trouble` is NULL when it was written. */
void export_tell(Panel *panel, const char *path, const char *trouble);

/**
 * Writes the report of a session in a process of its own, which takes a few seconds. A notice shows the
 * result, even when the window was rebuilt meanwhile. One report at a time.
 */
void export_report(Panel *panel, gint64 session);
