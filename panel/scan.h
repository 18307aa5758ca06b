/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Tells a scanner that is a keyboard from a person that types, by how fast the keys come.
 *
 * A run is what comes with at most SCAN_GAP_MS from key to key. A run of SCAN_MIN keys and more is a code:
 * nobody types that fast. Enter or Tab end a run; they are never handed on, so a code whose Enter comes late,
 * and a person's Enter, do nothing at all. The same key over and over is one that is held down, and typing.
 * No GTK here, no clock: the time of each key is passed in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCAN_GAP_MS = 50, /* a scanner needs 1 to 20; a practised typist's fastest pairs take 60 and more */
	SCAN_MIN = 4,     /* keys; shorter is typing */
	SCAN_MAX = 512,   /* keys; what is longer is cut and refused by whoever reads it */
};

typedef struct Scan {
	char keys[SCAN_MAX + 1];
	size_t length;
	uint32_t time_ms; /* of the last key */
	bool caps_lock;   /* was on at one of the keys */
} Scan;

/** Whether a key at `time_ms`, which may wrap around, begins another run than the one that is kept. */
bool scan_is_over(const Scan *scan, uint32_t time_ms);
/** Takes a key, not '\n'. */
void scan_add(Scan *scan, char key, uint32_t time_ms, bool caps_lock);
/** Whether the run that is kept is a code; else somebody typed it. */
bool scan_is_code(const Scan *scan);
/** Gives the letters the case that the scanner meant: Caps Lock turns each into the other one. */
void scan_undo_caps_lock(Scan *scan);
/** Forgets the run: it may have been a PIN. */
void scan_clear(Scan *scan);
