/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's own barcode scanner. The plugin's thread puts codes into a ring; the main thread takes them
 * out. All functions are for the main thread; only scanner_free() blocks.
 */

#include "stipple/plugin.h"
#include "util/cleanup.h"

typedef struct Scanner Scanner;

/** Codes that may wait; any more are dropped and counted. */
enum { SCANNER_CODES_MAX = 16 };

typedef struct ScannerEvent {
	bool is_code;                       /* otherwise the device appeared or vanished */
	bool present;                       /* of the device */
	char text[STIPPLE_SCANNED_MAX + 1]; /* the code, or a sentence about the device */
} ScannerEvent;

/**
 * Opens the plugin; `vtable` and `host` must outlive the scanner. Returns the errors of its open(), with the
 * reason in `error`.
 */
int scanner_new(const StippleScannerVtable *vtable, const StippleHost *host, Scanner **ret,
	char error[STIPPLE_ERROR_MAX]) _must_check_;
/** Waits for the plugin's thread to end. Accepts NULL; returns NULL. */
Scanner *scanner_free(Scanner *scanner);
DEFINE_CLEANUP(Scanner *, scanner_free, scanner_freep);

/** Readable when scanner_take() has events; then take until there are no more. */
int scanner_fd(const Scanner *scanner);
/** Takes the oldest event. False: there is none. */
bool scanner_take(Scanner *scanner, ScannerEvent *ret) _must_check_;

/** Number of codes dropped because nobody took the earlier ones. */
unsigned scanner_dropped(const Scanner *scanner);
