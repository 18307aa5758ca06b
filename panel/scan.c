/* SPDX-License-Identifier: Apache-2.0 */

/** Groups keys into runs, and decides which runs a scanner typed. It must not know what a code is for. */

#include "scan.h"

#include <string.h>

#include "util/scan.h"

bool scan_is_over(const Scan *scan, uint32_t time_ms)
{
	return scan->length > 0 && (int32_t)(time_ms - scan->time_ms) > SCAN_GAP_MS;
}

void scan_add(Scan *scan, char key, uint32_t time_ms, bool caps_lock)
{
	scan->time_ms = time_ms;
	scan->caps_lock |= caps_lock;
	if (scan->length < SCAN_MAX)
		scan->keys[scan->length++] = key;
}

bool scan_is_code(const Scan *scan)
{
	if (scan->length < SCAN_MIN)
		return false;
	/* a key that is held down repeats as fast as a scanner types */
	return strspn(scan->keys, (char[]){ scan->keys[0], '\0' }) < scan->length;
}

void scan_undo_caps_lock(Scan *scan)
{
	(void)!code_undo_caps_lock(scan->keys, scan->caps_lock);
}

void scan_clear(Scan *scan)
{
	explicit_bzero(scan, sizeof *scan);
}
