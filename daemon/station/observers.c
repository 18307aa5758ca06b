/* SPDX-License-Identifier: Apache-2.0 */

/** Watches the machine, and reports changes to observers and lamps. */

#include "station/parts.h"

int64_t station_now_us(const Station *station)
{
	return clock_read(station->options.clock).monotonic_us;
}

void station_look(Station *station)
{
	const Ledger *ledger = station->options.ledger;
	LedgerAilment ailment = ledger ? ledger_ailment(ledger) : LEDGER_FAILING;
	Host host = {
		.now = clock_read(station->options.clock),
		.newest_utc_us = ledger ? ledger_newest_utc(ledger) : 0,
		.has_ledger = ledger != NULL,
		.ledger_ailment = ailment == LEDGER_WELL ? NULL : ledger_ailment_text(ailment),
		.disk_free = station->state.host.disk_free,
	};

	host_apply(&station->state, &host);
}

int station_observe(Station *station, const StationObserver *observer)
{
	Notice *notice = &station->notice;

	if (notice->n == STATION_OBSERVERS_MAX)
		return -ENOBUFS;
	notice->observers[notice->n++] = *observer;
	return 0;
}

void station_unobserve(Station *station, const void *userdata)
{
	Notice *notice = &station->notice;
	size_t kept = 0;

	for (size_t i = 0; i < notice->n; i++)
		if (notice->observers[i].userdata != userdata)
			notice->observers[kept++] = notice->observers[i];
	notice->n = kept;
}

void station_notify(Station *station, unsigned changes)
{
	const Notice *notice = &station->notice;

	station_look(station);
	for (size_t i = 0; i < notice->n; i++)
		if (notice->observers[i].changed)
			notice->observers[i].changed(notice->observers[i].userdata, changes);
}

void station_notify_alert(Station *station, const char *alert, const char *text)
{
	const Notice *notice = &station->notice;

	for (size_t i = 0; i < notice->n; i++)
		if (notice->observers[i].alert)
			notice->observers[i].alert(notice->observers[i].userdata, alert, text);
}

void station_lamps(Station *station)
{
	SessionState phase = station->state.work.phase;

	if (station->options.control && station->state.board.connected)
		(void)!control_lamps(station->options.control, phase == SESSION_READY,
			phase == SESSION_WORKING, alarms_priority(&station->state.alarms));
}
