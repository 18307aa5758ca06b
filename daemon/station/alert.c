/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Raises alerts and alarms, and ends them. Other files judge whether there is a reason for an alert. No lamp
 * and no stop of the needle may depend on what sounds the alarms.
 */

#include "station/parts.h"

#include <stdarg.h>
#include <string.h>

#include "decide/alarm.h"
#include "decide/decision.h"
#include "util/log.h"

enum { BROKER_PACE_S = 3600 };

#define BROKER_PATIENCE_US (60 * USEC_PER_SEC) /* a broker may be away this long before it is an alarm */
#define SOUND_PATIENCE_US  (10 * USEC_PER_SEC) /* a panel that starts anew is back within this */

static const char *const alert_names[] = {
	[ALERT_DEPTH] = "depth-outside",
	[ALERT_FORCE] = "force-high",
	[ALERT_ANGLE] = "angle-outside",
	[ALERT_DENSITY_NEAR] = "density-near",
	[ALERT_DENSITY] = "density-reached",
	[ALERT_BREAK] = "break-due",
	[ALERT_LENGTH] = "session-long",
	[ALERT_ANAESTHETIC] = "anaesthetic-strong",
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
	[ALERT_REPORT_DUE] = "report-due",
	[ALERT_REPORT_OVERDUE] = "report-overdue",
	[ALERT_DAMAGED] = "ledger-damaged",
	[ALERT_PHOTOGRAPHS] = "photographs-damaged",
	[ALERT_WITHHELD] = "messages-withheld",
	[ALERT_NAME] = "name-taken",
	[ALERT_CERTIFICATE] = "certificate-ends",
	[ALERT_QUARANTINED] = "quarantined",
	[ALERT_REGISTRY] = "registry-contradicts",
	[ALERT_SHARED] = "shared-refused",
};
_Static_assert(ELEMENTS(alert_names) == ALERT_MAX, "every alert has a name");

DEFINE_STRING_TABLE(station_alert, StationAlert, alert_names);

/* ---- alarms ---- */

static void alarms_changed(Station *station)
{
	station_lamps(station);
	station_notify(station, STATION_CHANGED_ALARMS);
}

/** Every alert and condition has a row in the table of alarms; tests/unit/test-alarm.c holds it to that. */
static void raise_alarm(Station *station, const AlarmCause *cause, const char *text)
{
	if (!cause)
		return;
	alarm_raised_apply(&station->state, cause, text, station_now_us(station));
	alarms_changed(station);
}

static void end_alarm(Station *station, const AlarmCause *cause)
{
	if (cause && alarm_over_apply(&station->state, cause))
		alarms_changed(station);
}

void station_condition(Station *station, const char *name, bool is_there, const char *text)
{
	const AlarmCause *cause = alarm_cause("station", name);

	if (!is_there)
		end_alarm(station, cause);
	else if (cause && !alarm_active(&station->state, cause->id))
		raise_alarm(station, cause, text);
}

/* ---- alerts ---- */

void station_alert_about(Station *station, StationAlert alert, const char *text, json_t *about)
{
	json_auto_t *taken = about;
	const AlarmCause *cause = alarm_cause("alert", alert_names[alert]);
	json_t *body = body_with_session(&station->state,
		json_pack("{s:s, s:s, s:s*}", "alert", alert_names[alert], "text", text, "priority",
			cause ? alarm_priority_to_string(cause->priority) : NULL));

	if (body && taken)
		(void)!json_object_update_missing(body, taken);
	station->alerts.raised_us[alert] = station_now_us(station);
	station_record(station, "alert.raised", body);
	raise_alarm(station, cause, text);
	station_notify_alert(station, alert_names[alert], text);
}

bool alert_was_raised_within(const Station *station, StationAlert alert, int64_t pace_us)
{
	int64_t raised_us = station->alerts.raised_us[alert];

	return raised_us && station_now_us(station) - raised_us < pace_us;
}

void station_alert(Station *station, StationAlert alert, const char *format, ...)
{
	char text[STATION_TEXT_MAX];
	va_list arguments;

	if (alert_was_raised_within(station, alert, ALERT_PACE_US))
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

void station_alert_over(Station *station, StationAlert alert)
{
	alert_again(&station->alerts, alert);
	end_alarm(station, alarm_cause("alert", alert_names[alert]));
}

void alerts_new_session(Station *station)
{
	static const StationAlert of_session[] = { ALERT_BREAK, ALERT_LENGTH, ALERT_DEPTH, ALERT_FORCE,
		ALERT_ANGLE, ALERT_DENSITY_NEAR, ALERT_DENSITY };

	for (size_t i = 0; i < ELEMENTS(of_session); i++)
		station_alert_over(station, of_session[i]);
}

/* ---- how the station is ---- */

/** Whether it has been so for a while. `*since_us`: since when, monotonic; 0: it is not so. */
static bool lasts(int64_t *since_us, bool is_so, int64_t now_us, int64_t patience_us)
{
	if (!is_so)
		*since_us = 0;
	else if (*since_us == 0)
		*since_us = now_us;
	return is_so && now_us - *since_us >= patience_us;
}

void alert_tick(Station *station)
{
	const State *state = &station->state;
	const char *inert = rules_inert(&state->rules);
	bool unsounded = state->session.number && !state->alarms.sounder.name[0];

	station_condition(station, "inert", inert != NULL, inert ? inert : "");
	station_condition(station, "board-away", state->board.is_there && !state->board.connected,
		state->board.error[0] ? state->board.error
				      : "no answer from the board: check cable and power");
	station_condition(station, "sound-away",
		lasts(&station->alerts.unsounded_us, unsounded, station_now_us(station), SOUND_PATIENCE_US),
		"no panel sounds the alarms: start stipple-panel on the display at the chair");
}

void station_broker_away(Station *station, bool is_away)
{
	station_condition(station, "broker-away",
		lasts(&station->alerts.broker_away_us, is_away, station_now_us(station), BROKER_PATIENCE_US),
		"the clinic's broker cannot be reached; nothing is lost, and `stipplectl doctor` says why");
}

bool station_sounded(Station *station, const char *sounder, const char *cause, const char *error)
{
	const Sounder *known = &station->state.alarms.sounder;

	if (known->name[0] ? strcmp(known->name, sounder) != 0 : strcmp(cause, "start") != 0)
		return false;
	if (error[0] && strcmp(known->error, error) != 0)
		log_warning("the panel cannot sound the alarms: %s", error);
	sounder_apply(&station->state, sounder, cause, error, station_now_us(station));
	alert_tick(station);
	return true;
}

void alert_sounder_vanished(Station *station, const char *name)
{
	if (strcmp(station->state.alarms.sounder.name, name) == 0)
		sounder_gone_apply(&station->state);
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

	unsigned ended = station->alerts.broker_trouble & ~trouble;

	station->alerts.broker_trouble = trouble;
	/* whoever toggles what it reports cannot fill the record faster than this */
	for (size_t i = 0; i < ELEMENTS(troubles); i++)
		if ((begun & troubles[i].trouble) &&
			!alert_was_raised_within(station, troubles[i].alert, BROKER_PACE_S * USEC_PER_SEC))
			station_alert_about(station, troubles[i].alert, troubles[i].text, NULL);
	for (size_t i = 0; i < ELEMENTS(troubles); i++)
		if (ended & troubles[i].trouble)
			end_alarm(station, alarm_cause("alert", alert_names[troubles[i].alert]));
}

void station_reload_refused(Station *station, const char *reason, const char *advice)
{
	Alerts *alerts = &station->alerts;

	snprintf(
		alerts->reload_refused, sizeof alerts->reload_refused, "the old one is in force: %s", reason);
	snprintf(alerts->reload_advice, sizeof alerts->reload_advice, "%s", advice);
	station_alert_about(station, ALERT_RELOAD, alerts->reload_refused, NULL);
}
