/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A barcode scanner of the station's own. The plugin's thread puts codes into a ring; the main thread takes
 * them out. All functions are for the main thread and none blocks but scanner_free().
 */

#include "stipple/plugin.h"
#include "util/cleanup.h"

typedef struct Scanner Scanner;

/** Codes that may wait; further ones are dropped and counted. */
enum { SCANNER_CODES_MAX = 16 };

typedef struct ScannerEvent {
	bool is_code;                       /* else the device came or went */
	bool present;                       /* of the device */
	char text[STIPPLE_SCANNED_MAX + 1]; /* the code, or the sentence */
} ScannerEvent;

/** Opens the plugin; `vtable` and `host` must live as long. Errors of its open(), with the reason in `error`.
 */
int scanner_new(const StippleScannerVtable *vtable, const StippleHost *host, Scanner **ret,
	char error[STIPPLE_ERROR_MAX]) _must_check_;
/** Waits for the plugin's thread to end. Accepts NULL; returns NULL. */
Scanner *scanner_free(Scanner *scanner);
DEFINE_CLEANUP(Scanner *, scanner_free, scanner_freep);

/** Readable when scanner_take() has something; then take until there is nothing more. */
int scanner_fd(const Scanner *scanner);
/** The oldest event. False: there is none. */
bool scanner_take(Scanner *scanner, ScannerEvent *ret) _must_check_;

/** Codes dropped because nobody took the earlier ones. */
unsigned scanner_dropped(const Scanner *scanner);
