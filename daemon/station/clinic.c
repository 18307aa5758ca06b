/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What comes from the clinic's registry. A record of another station takes effect exactly as one that was
 * entered here. An answer only lets a command go on that waits for it; nothing here may start, arm or
 * configure anything, or keep the needle from being stopped.
 */

#include "station/clinic.h"

#include <string.h>

#include "station/running.h"
#include "util/log.h"

#define ASK_LIMIT_US          (2 * USEC_PER_SEC)
#define REGISTRY_PATIENCE_US  (600 * USEC_PER_SEC) /* what the station holds serves it meanwhile */
#define CONTRADICTION_PACE_US (3600 * USEC_PER_SEC)

struct Arrival {
	Arrival *next;
	Station *station;
	const char *kind; /* static */
	json_t *body;
	LedgerDone done;
	void *userdata;
};

/* ---- requests that wait ---- */

static void registry_answered(Running *running, RegistryStatus status, const char *text)
{
	Command *command = &running->command;

	running->ticket = 0;
	command->registry = status;
	command->registry_asked++;
	snprintf(command->registry_text, sizeof command->registry_text, "%s", text);
	running_resume(running);
}

static bool waits_for_registry(const Running *running)
{
	return running->ticket && running->decision.kind == DECISION_EFFECT &&
	       running->decision.effect == EFFECT_ASK_REGISTRY;
}

void station_registry_answered(Station *station, uint32_t ticket, RegistryStatus status, const char *text)
{
	Running *running = station->runtime.first;

	/* a number that belongs to an order to the board must not let that command go on */
	while (running && !(waits_for_registry(running) && running->ticket == ticket))
		running = running->next;
	if (running)
		registry_answered(running, status, text);
}

void start_asking_registry(Running *running)
{
	const StationOptions *options = &running->station->options;
	StationAsk ask = { .ticket = running_ticket(running),
		.what = running->decision.ask,
		.body = running->decision.arguments };

	running->until_us = station_now_us(running->station) + ASK_LIMIT_US;
	if (!options->ask_registry || options->ask_registry(options->ask_userdata, &ask) < 0)
		registry_answered(running, REGISTRY_AWAY, "");
}

void clinic_watch(Station *station)
{
	int64_t now_us = station_now_us(station);
	Running *running = station->runtime.first;

	while (running) {
		if (!waits_for_registry(running) || now_us < running->until_us) {
			running = running->next;
			continue;
		}
		registry_answered(running, REGISTRY_AWAY, "");
		running = station->runtime.first; /* the list has changed */
	}
}

/* ---- records ---- */

static void record_arrival_free(Arrival *arrival)
{
	Arrival **link = &arrival->station->clinic.arrivals;

	while (*link && *link != arrival)
		link = &(*link)->next;
	if (*link)
		*link = arrival->next;
	json_decref(arrival->body);
	free(arrival);
}

static void arrival_recorded(void *userdata, const LedgerAnswer *answer)
{
	Arrival arrival = *(Arrival *)userdata;
	json_auto_t *body = json_incref(arrival.body);
	Station *station = arrival.station;
	bool is_leaf = strcmp(arrival.kind, "clinic.leaf") == 0;

	record_arrival_free(userdata);
	if (answer->error == 0) {
		station_commit(station, &(AppliedRecord){ .seq = answer->seq,
						.kind = arrival.kind,
						.actor = "station",
						.holder = "",
						.body = body });
		/* as after an entry at this station: what is mounted may be barred now */
		if (!is_leaf)
			facts_refresh(station);
	}
	arrival.done(arrival.userdata, answer);
}

int station_take_record(Station *station, const LedgerRecord *record, LedgerDone done, void *userdata)
{
	Arrival *arrival;
	int r;

	/* earlier events are recorded first */
	station_record_again(station);
	if (journal_owes(&station->journal))
		return -EAGAIN;
	arrival = calloc(1, sizeof *arrival);
	if (!arrival)
		return -ENOMEM;
	*arrival = (Arrival){ .next = station->clinic.arrivals,
		.station = station,
		.kind = record->kind,
		.body = json_incref(record->body),
		.done = done,
		.userdata = userdata };
	station->clinic.arrivals = arrival;
	r = ledger_append(station->options.ledger, record, arrival_recorded, arrival);
	if (r < 0)
		record_arrival_free(arrival);
	return r;
}

void clinic_forget(Station *station)
{
	while (station->clinic.arrivals)
		record_arrival_free(station->clinic.arrivals);
}

void station_leaf_refused(Station *station, json_t *body)
{
	json_auto_t *taken = body;
	const char *from = row_text(taken, "from"), *why = row_text(taken, "text");

	if (!taken)
		return;
	station_record(station, "clinic.refused", json_incref(taken));
	alert_again(&station->alerts, ALERT_SHARED); /* each concerns another thing */
	if (from[0])
		station_alert(station, ALERT_SHARED,
			"record %s of another station is not accepted here: %.600s", from, why);
	else
		station_alert(station, ALERT_SHARED,
			"what the clinic's registry signed is not accepted here: %.600s", why);
}

/* ---- how the link is ---- */

static void tell_quarantine(Station *station)
{
	if (!station->state.clinic.is_quarantined)
		station_alert_over(station, ALERT_QUARANTINED);
	else if (!station->alerts.raised_us[ALERT_QUARANTINED])
		station_alert(station, ALERT_QUARANTINED,
			"the clinic's registry has quarantined this station and no cartridge can be claimed: ask the administrator to enrol the station anew");
}

void clinic_leaf_came(Station *station, const AppliedRecord *record)
{
	tell_quarantine(station);
	station_notify(station, STATION_CHANGED_CLINIC);
}

void station_clinic_known(Station *station, const char *origin, const char *confirmed, bool is_quarantined)
{
	clinic_member_apply(&station->state, origin);
	clinic_boot_apply(&station->state, confirmed);
	clinic_quarantine_apply(&station->state, is_quarantined);
	tell_quarantine(station);
	station_notify(station, STATION_CHANGED_CLINIC);
}

/** Whoever repeats it cannot fill the record faster than once an hour. */
static void alert_contradiction(Station *station, const char *seen, const char *text)
{
	if (alert_was_raised_within(station, ALERT_REGISTRY, CONTRADICTION_PACE_US))
		return;
	log_warning("%s", seen);
	station_alert_about(station, ALERT_REGISTRY, text, NULL);
}

void station_registry_lied(Station *station, const char *text)
{
	alert_contradiction(station, text,
		"what came from the clinic's registry is not signed by it, so it is not taken: have the administrator compare [registry] key in stippled.conf with `stipple-clinicd keys`");
}

static void tell_contradiction(Station *station, uint32_t before, uint32_t now)
{
	static const uint32_t contradictions =
		REGISTRY_WARN_LOG | REGISTRY_WARN_DOUBLE | REGISTRY_WARN_TIMELINE;

	if (now & ~before & contradictions)
		alert_contradiction(station, station->state.clinic.report.text,
			"the clinic's registry contradicts what it signed before: `stipplectl doctor` says what was seen; tell the administrator");
}

void station_clinic_reported(Station *station, const ClinicReport *report)
{
	static const ClinicReport gone;
	ClinicReport now = report ? *report : gone;
	uint32_t before = station->clinic.warnings;

	if (memcmp(&now, &station->state.clinic.report, sizeof now) == 0)
		return;
	clinic_report_apply(&station->state, &now);
	if (report) {
		station->clinic.warnings = now.warnings;
		tell_contradiction(station, before, now.warnings);
	}
	station_notify(station, STATION_CHANGED_CLINIC);
}

void clinic_tick(Station *station)
{
	int64_t *since_us = &station->clinic.away_us, now_us = station_now_us(station);

	if (!station->options.config->registry_server[0] || rules_inert(&station->state.rules))
		return;
	if (station->state.clinic.report.is_connected)
		*since_us = 0;
	else if (*since_us == 0)
		*since_us = now_us;
	station_condition(station, "registry-away", *since_us && now_us - *since_us >= REGISTRY_PATIENCE_US,
		"the clinic's registry cannot be reached: what this station holds can still be used, and `stipplectl doctor` says why");
}
