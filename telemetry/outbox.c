/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps count of the records that are under way to the broker. It sends nothing, and its cursor must never
 * pass a record that is still under way.
 */

#include "outbox.h"

#include <string.h>

void outbox_init(Outbox *outbox, uint32_t window, uint64_t cursor)
{
	memset(outbox, 0, sizeof *outbox);
	outbox->window = window < OUTBOX_WINDOW_MAX ? window : OUTBOX_WINDOW_MAX;
	outbox->cursor = outbox->newest = cursor;
}

bool outbox_has_room(const Outbox *outbox)
{
	return outbox->n < outbox->window;
}

static void append_message(Outbox *outbox, uint64_t seq, int message, bool acknowledged)
{
	outbox->under_way[outbox->n].seq = seq;
	outbox->under_way[outbox->n].message = message;
	outbox->under_way[outbox->n].acknowledged = acknowledged;
	outbox->n++;
	outbox->newest = seq;
}

/** Moves the cursor over what is done from the oldest on. */
static bool advance_acknowledged(Outbox *outbox)
{
	uint32_t done = 0;

	while (done < outbox->n && outbox->under_way[done].acknowledged)
		done++;
	if (done == 0)
		return false;
	outbox->cursor = outbox->under_way[done - 1].seq;
	outbox->n -= done;
	memmove(outbox->under_way, outbox->under_way + done, outbox->n * sizeof outbox->under_way[0]);
	return true;
}

void outbox_sent(Outbox *outbox, uint64_t seq, int message)
{
	append_message(outbox, seq, message, false);
}

void outbox_skipped(Outbox *outbox, uint64_t seq)
{
	append_message(outbox, seq, 0, true);
	advance_acknowledged(outbox);
}

bool outbox_acknowledged(Outbox *outbox, int message)
{
	for (uint32_t i = 0; i < outbox->n; i++)
		if (outbox->under_way[i].message == message && !outbox->under_way[i].acknowledged) {
			outbox->under_way[i].acknowledged = true;
			break;
		}
	return advance_acknowledged(outbox);
}

uint64_t outbox_find(const Outbox *outbox, int message)
{
	for (uint32_t i = 0; i < outbox->n; i++)
		if (outbox->under_way[i].message == message && !outbox->under_way[i].acknowledged)
			return outbox->under_way[i].seq;
	return 0;
}

void outbox_restart(Outbox *outbox)
{
	outbox->n = 0;
	outbox->newest = outbox->cursor;
}
