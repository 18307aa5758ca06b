/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Tells a scanner that acts as a keyboard from a person who types, by how fast the keys come.
 *
 * A run is a sequence of keys with at most SCAN_GAP_MS between them. A run of SCAN_MIN keys or more is a
 * code, because nobody types that fast. Enter or Tab ends a run and is never passed on: Enter alone does
 * nothing, whether it ends a code late or a person presses it. The same key over and over is a key that is
 * held down, and counts as typing. No GTK here and no clock: the time of each key is passed in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCAN_GAP_MS = 50, /* a scanner needs 1 to 20; a practised typist's fastest pairs take 60 and more */
	SCAN_MIN = 4,     /* keys; shorter is typing */
	SCAN_MAX = 512,   /* keys; a longer code is cut, and whoever reads it refuses it */
};

typedef struct Scan {
	char keys[SCAN_MAX + 1];
	size_t length;
	uint32_t time_ms; /* when the last key came */
	bool caps_lock;   /* Caps Lock was on during one of the keys */
} Scan;

/** Whether a key at `time_ms`, which may wrap around, begins a new run. */
bool scan_is_over(const Scan *scan, uint32_t time_ms);
/** Adds a key other than '\n' to the run. */
void scan_add(Scan *scan, char key, uint32_t time_ms, bool caps_lock);
/** Whether the present run is a code; otherwise somebody typed it. */
bool scan_is_code(const Scan *scan);
/** Restores the case of the letters that the scanner meant: Caps Lock inverts the case of each. */
void scan_undo_caps_lock(Scan *scan);
/** Forgets the run: it may have been a PIN. */
void scan_clear(Scan *scan);
