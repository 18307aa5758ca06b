/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The station's own barcode scanner: a queue from the plugin's thread to the main thread. The plugin's thread
 * must not wait: a code that finds no room is dropped and counted. The station interprets the codes.
 */

#include "scanner/scanner.h"

#include <stdatomic.h>
#include <string.h>

#include "util/ring.h"

struct Scanner {
	const StippleScannerVtable *vtable;
	StippleScannerSink sink;
	void *plugin;
	Ring *ring;
	atomic_uint dropped;
};

/* ---- on the plugin's thread ---- */

static void push(Scanner *scanner, const ScannerEvent *event)
{
	if (!ring_push(scanner->ring, event))
		atomic_fetch_add(&scanner->dropped, 1);
}

static void on_code(void *context, const char *code, size_t length)
{
	ScannerEvent event = { .is_code = true, .present = true };

	if (length == 0 || length > STIPPLE_SCANNED_MAX || memchr(code, '\0', length))
		return;
	memcpy(event.text, code, length);
	push(context, &event);
}

static void on_present(void *context, bool present, const char *text)
{
	ScannerEvent event = { .present = present };

	snprintf(event.text, sizeof event.text, "%s", text);
	push(context, &event);
}

/* ---- on the main thread ---- */

int scanner_new(const StippleScannerVtable *vtable, const StippleHost *host, Scanner **ret,
	char error[STIPPLE_ERROR_MAX])
{
	_cleanup_(scanner_freep) Scanner *scanner = calloc(1, sizeof *scanner);
	int r;

	r = scanner ? ring_new(SCANNER_CODES_MAX, sizeof(ScannerEvent), &scanner->ring) : -ENOMEM;
	if (r < 0) {
		snprintf(error, STIPPLE_ERROR_MAX,
			"the scanner's queue cannot be made (%s): close other programs", strerror(-r));
		return r;
	}
	scanner->sink = (StippleScannerSink){
		.size = sizeof scanner->sink,
		.context = scanner,
		.code = on_code,
		.present = on_present,
	};
	r = vtable->open(host, &scanner->sink, &scanner->plugin, error);
	if (r < 0)
		return r;
	scanner->vtable = vtable;
	*ret = TAKE_PTR(scanner);
	return 0;
}

Scanner *scanner_free(Scanner *scanner)
{
	if (!scanner)
		return NULL;
	if (scanner->vtable)
		scanner->vtable->close(scanner->plugin);
	ring_free(scanner->ring);
	free(scanner);
	return NULL;
}

int scanner_fd(const Scanner *scanner)
{
	return ring_fd(scanner->ring);
}

bool scanner_take(Scanner *scanner, ScannerEvent *ret)
{
	/* before taking, so that no wake-up is lost */
	ring_clear(scanner->ring);
	return ring_pop(scanner->ring, ret);
}

unsigned scanner_dropped(const Scanner *scanner)
{
	return atomic_load(&scanner->dropped);
}
