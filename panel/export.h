/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Files on a USB stick: the name of a new one, and a session's report as PDF. The panel draws no report
 * itself: stipplectl does.
 */

#include "panel.h"

/**
 * A name for a new file on the USB stick, or in the folder that was chosen in its place: such as
 * "/media/usb/stipple-report-7-20300131T120000Z.pdf" for the stem "report-7" and the ending "pdf". Freed by
 * the caller; NULL when no stick is mounted, which has been said then.
 */
char *export_path(Panel *panel, const char *stem, const char *ending);
/** Says that a file was written, or why it was not: `trouble` NULL when it was. */
void export_tell(Panel *panel, const char *path, const char *trouble);

/**
 * Writes the report of a session. It takes a few seconds, in a process of its own; how it ended is said as a
 * notice, also when the window was made anew meanwhile. One at a time.
 */
void export_report(Panel *panel, gint64 session);
