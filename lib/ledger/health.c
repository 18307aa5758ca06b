/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Tells whether the ledger can be written, as far as other threads can know. The ledger thread notes when it
 * begins and ends a piece of work; other threads compare that with the clock. A disk that hangs gives no
 * answer, not even an error, and neither does a stuck thread.
 *
 * Nothing here waits for the disk, for the thread or for a lock, because its purpose is to detect a commit
 * that never ends.
 */

#include "ledger/ledger-private.h"

static const char *const texts[] = {
	[LEDGER_WELL] = "",
	[LEDGER_FAILING] = "the ledger cannot record: free disk space; it goes on by itself once it can",
	[LEDGER_SILENT] =
		"the disk of the ledger does not answer: check it; the station goes on by itself once it does",
	[LEDGER_MOVED] =
		"the file of the ledger was deleted or replaced: stop the station, then bring the file or a backup back",
};

/* ---- the thread's side ---- */

void health_begin(Ledger *ledger)
{
	atomic_store(&ledger->busy_since_us, clock_monotonic_us());
}

void health_end(Ledger *ledger)
{
	atomic_store(&ledger->busy_since_us, 0);
}

/* ---- whoever asks ---- */

void health_asked(Ledger *ledger)
{
	if (ledger->waiting == 0)
		atomic_store(&ledger->waiting_since_us, clock_monotonic_us());
}

void health_answered(Ledger *ledger)
{
	atomic_store(&ledger->waiting_since_us, ledger->waiting > 0 ? clock_monotonic_us() : 0);
}

int64_t ledger_silent_us(const Ledger *ledger)
{
	int64_t busy = atomic_load(&ledger->busy_since_us), waiting, now, silent = 0;

	if (ledger->read_only)
		return 0;
	waiting = ring_count(ledger->answers) == 0 ? atomic_load(&ledger->waiting_since_us) : 0;
	now = clock_monotonic_us();
	if (busy > 0)
		silent = now - busy;
	if (waiting > 0 && now - waiting > silent)
		silent = now - waiting;
	return silent > 0 ? silent : 0;
}

LedgerAilment ledger_ailment(const Ledger *ledger)
{
	if (atomic_load(&ledger->moved))
		return LEDGER_MOVED;
	if (ledger_silent_us(ledger) > ledger->commit_limit_us)
		return LEDGER_SILENT;
	return atomic_load(&ledger->healthy) ? LEDGER_WELL : LEDGER_FAILING;
}

const char *ledger_ailment_text(LedgerAilment ailment)
{
	return texts[ailment];
}

bool ledger_healthy(const Ledger *ledger)
{
	return ledger_ailment(ledger) == LEDGER_WELL;
}
