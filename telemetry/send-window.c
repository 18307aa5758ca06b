/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps count of the records that are in flight to the broker. It sends nothing, and its cursor must never
 * pass a record that is still in flight.
 */

#include "send-window.h"

#include <string.h>

void send_window_init(SendWindow *window, uint32_t limit, uint64_t cursor)
{
	memset(window, 0, sizeof *window);
	window->limit = limit < SEND_WINDOW_MAX ? limit : SEND_WINDOW_MAX;
	window->cursor = window->newest = cursor;
}

bool send_window_has_room(const SendWindow *window)
{
	return window->n < window->limit;
}

/** Moves the cursor past the oldest records that are done. */
static bool advance_acknowledged(SendWindow *window)
{
	uint32_t done = 0;

	while (done < window->n && window->under_way[done].acknowledged)
		done++;
	if (done == 0)
		return false;
	window->cursor = window->under_way[done - 1].seq;
	window->n -= done;
	memmove(window->under_way, window->under_way + done, window->n * sizeof window->under_way[0]);
	return true;
}

void send_window_sent(SendWindow *window, uint64_t seq, int message)
{
	window->under_way[window->n].seq = seq;
	window->under_way[window->n].message = message;
	window->under_way[window->n].acknowledged = false;
	window->n++;
	window->newest = seq;
}

void send_window_skipped(SendWindow *window, uint64_t seq)
{
	send_window_sent(window, seq, 0);
	window->under_way[window->n - 1].acknowledged = true;
	advance_acknowledged(window);
}

bool send_window_acknowledged(SendWindow *window, int message)
{
	for (uint32_t i = 0; i < window->n; i++)
		if (window->under_way[i].message == message && !window->under_way[i].acknowledged) {
			window->under_way[i].acknowledged = true;
			break;
		}
	return advance_acknowledged(window);
}

uint64_t send_window_find(const SendWindow *window, int message)
{
	for (uint32_t i = 0; i < window->n; i++)
		if (window->under_way[i].message == message && !window->under_way[i].acknowledged)
			return window->under_way[i].seq;
	return 0;
}

void send_window_restart(SendWindow *window)
{
	window->n = 0;
	window->newest = window->cursor;
}
