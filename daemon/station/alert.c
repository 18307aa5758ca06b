/* SPDX-License-Identifier: Apache-2.0 */

/** Raises alerts. Other files judge whether there is a reason for one. */

#include "station/parts.h"

#include <stdarg.h>

#include "decide/decision.h"
#include "util/log.h"

enum { BROKER_PACE_S = 3600 };

static const char *const alert_names[] = {
	[ALERT_DEPTH] = "depth-outside",
	[ALERT_FORCE] = "force-high",
	[ALERT_BREAK] = "break-due",
	[ALERT_LENGTH] = "session-long",
	[ALERT_CLOCK] = "clock-behind",
	[ALERT_JUMP] = "clock-jumped",
	[ALERT_LEDGER] = "ledger-unhealthy",
	[ALERT_DISK] = "disk-low",
	[ALERT_RELOAD] = "reload-refused",
	[ALERT_STOCK] = "stock-low",
	[ALERT_BARRED] = "barred",
	[ALERT_WEAR] = "needle-wear",
	[ALERT_WORN] = "needle-worn",
	[ALERT_TEST_DUE] = "sterilization-due",
	[ALERT_TEST_OVERDUE] = "sterilization-overdue",
	[ALERT_DAMAGED] = "ledger-damaged",
	[ALERT_PHOTOGRAPHS] = "photographs-damaged",
	[ALERT_WITHHELD] = "messages-withheld",
	[ALERT_NAME] = "name-taken",
	[ALERT_CERTIFICATE] = "certificate-ends",
};
_Static_assert(ELEMENTS(alert_names) == ALERT_MAX, "every alert has a name");

void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about)
{
	json_auto_t *taken = about;
	json_t *body = body_with_session(
		&station->state, json_pack("{s:s, s:s}", "alert", alert_names[alert], "text", text));

	if (body && taken)
		(void)!json_object_update_missing(body, taken);
	station->alerts.raised_us[alert] = station_now_us(station);
	station_record(station, "alert.raised", body);
	station_notify_alert(station, alert_names[alert], text);
}

static bool was_raised_within(const Station *station, StationAlert alert, int64_t pace_us)
{
	int64_t raised_us = station->alerts.raised_us[alert];

	return raised_us && station_now_us(station) - raised_us < pace_us;
}

void station_alert(Station *station, StationAlert alert, const char *format, ...)
{
	char text[STATION_TEXT_MAX];
	va_list arguments;

	if (was_raised_within(station, alert, ALERT_PACE_US))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	log_warning("%s", text);
	station_alert_about(station, alert, text, NULL);
}

void alert_again(Alerts *alerts, StationAlert alert)
{
	alerts->raised_us[alert] = 0;
}

void alerts_new_session(Alerts *alerts)
{
	static const StationAlert of_session[] = { ALERT_BREAK, ALERT_LENGTH, ALERT_DEPTH, ALERT_FORCE };

	for (size_t i = 0; i < ELEMENTS(of_session); i++)
		alert_again(alerts, of_session[i]);
}

/* ---- what others say of themselves ---- */

void station_broker_trouble(Station *station, unsigned trouble)
{
	static const struct {
		StationTrouble trouble;
		StationAlert alert;
		const char *text;
	} troubles[] = {
		{ STATION_TROUBLE_WITHHELD, ALERT_WITHHELD,
			"the clinic's broker does not take some messages: `stipplectl doctor` says which and why" },
		{ STATION_TROUBLE_NAME, ALERT_NAME,
			"the broker takes the connection away again and again, as when another station has this one's name: check [station] clinic and station on both" },
		{ STATION_TROUBLE_CERTIFICATE, ALERT_CERTIFICATE,
			"a certificate of the clinic's broker or of this station ends within 30 days: renew it" },
	};
	unsigned begun = trouble & ~station->alerts.broker_trouble;

	station->alerts.broker_trouble = trouble;
	/* whoever toggles what it reports cannot fill the record faster than this */
	for (size_t i = 0; i < ELEMENTS(troubles); i++)
		if ((begun & troubles[i].trouble) &&
			!was_raised_within(station, troubles[i].alert, BROKER_PACE_S * USEC_PER_SEC))
			station_alert_about(station, troubles[i].alert, troubles[i].text, NULL);
}

void station_reload_refused(Station *station, const char *reason, const char *advice)
{
	Alerts *alerts = &station->alerts;

	snprintf(
		alerts->reload_refused, sizeof alerts->reload_refused, "the old one is in force: %s", reason);
	snprintf(alerts->reload_advice, sizeof alerts->reload_advice, "%s", advice);
	station_alert_about(station, ALERT_RELOAD, alerts->reload_refused, NULL);
}
