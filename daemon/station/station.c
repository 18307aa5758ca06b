/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The station as a whole: its start and end, and the actions that follow from a record. It must not wait for
 * the ledger, the board or a caller: each answers later. Only its start reads files.
 */

#include "station/parts.h"

#include <string.h>
#include <strings.h>

#include "decide/decision.h"
#include "decide/interlock-facts.h"
#include "station/rules.h"
#include "station/running.h"
#include "util/log.h"

/* ---- what a record brings about ---- */

/** Signs the operator out without a request: records that, and disarms the needle. */
static void send_away(Station *station, const char *reason)
{
	char badge[SESSION_NAME_MAX];
	bool is_leaving = station->state.people.is_leaving;

	memcpy(badge, station->state.people.signed_in.badge, sizeof badge);
	if (work_may_move(&station->state.work))
		runtime_stop(station, true); /* nobody asked for it */
	log_notice("%s is signed out: %s", badge, reason);
	if (!is_leaving)
		station_record(station, "operator.signed-out",
			json_pack("{s:s, s:s}", "badge", badge, "reason", reason));
	signed_out_apply(&station->state);
	station_notify(station, STATION_CHANGED_OPERATOR);
}

void station_holder_vanished(Station *station, const char *holder)
{
	const char *held_by = station->state.people.holder;

	alert_sounder_vanished(station, holder);
	/* a sign-in of this program that is still being recorded ends as soon as it is recorded */
	runtime_holder_vanished(station, holder);
	if (held_by[0] && strcmp(held_by, holder) == 0)
		send_away(station, HOLDER_GONE);
}

static void somebody_signed_in(Station *station, const AppliedRecord *record)
{
	if (!record->holder[0])
		station_record(station, "operator.signed-out",
			json_pack("{s:s, s:s}", "badge", row_text(record->body, "badge"), "reason",
				HOLDER_GONE));
}

static void badge_was_revoked(Station *station, const AppliedRecord *record)
{
	const char *badge = station->state.people.signed_in.badge;

	if (badge[0] && strcasecmp(badge, row_text(record->body, "badge")) == 0)
		send_away(station, "the badge was revoked");
}

static void needle_was_claimed(Station *station, const AppliedRecord *record)
{
	facts_refresh_one(station, FACT_LOW_STOCK); /* nobody needs to wait for it */
}

static void needle_was_removed(Station *station, const AppliedRecord *record)
{
	station->strokes.chunk_dots = 0; /* the next dots belong to another cartridge */
}

static void needle_was_refused(Station *station, const AppliedRecord *record)
{
	log_line(LOG_NOTICE, LOG_ID_NEEDLE_REFUSED, "%s", row_text(record->body, "text"));
}

static void zone_was_chosen(Station *station, const AppliedRecord *record)
{
	strokes_reset(&station->strokes);
	strokes_tell_density(station);
}

/** Another area makes another density of the same dots. */
static void area_was_measured(Station *station, const AppliedRecord *record)
{
	Zone zone = station->state.session.zone;

	if ((int)zone >= 0 && strcmp(row_text(record->body, "zone"), zone_to_string(zone)) == 0)
		strokes_tell_density(station);
}

static void anaesthetic_was_applied(Station *station, const AppliedRecord *record)
{
	double percent = json_number_value(json_object_get(record->body, "percent"));
	json_int_t free_percent = json_integer_value(json_object_get(record->body, "free_percent"));

	if (free_percent == 0 || percent <= (double)free_percent)
		return;
	alert_again(&station->alerts, ALERT_ANAESTHETIC);
	/* alerts leave the station: what the client got stays in the record that raised this one */
	station_alert(station, ALERT_ANAESTHETIC,
		"the anaesthetic is stronger than what is sold freely: make sure that it was prescribed");
}

static void another_session(Station *station, const AppliedRecord *record)
{
	station->strokes.told_zone = ZONE_INVALID;
	strokes_reset(&station->strokes);
	alerts_new_session(station);
}

static void person_was_erased(Station *station, const AppliedRecord *record)
{
	erase_images(station);
}

static const struct {
	const char *kind;
	void (*follow)(Station *station, const AppliedRecord *record);
} consequences[] = {
	{ "operator.signed-in", somebody_signed_in },
	{ "operator.revoked", badge_was_revoked },
	{ "needle.claimed", needle_was_claimed },
	{ "needle.removed", needle_was_removed },
	{ "needle.refused", needle_was_refused },
	{ "session.zone", zone_was_chosen },
	{ "zone.area", area_was_measured },
	{ "anaesthetic.applied", anaesthetic_was_applied },
	{ "session.begun", another_session },
	{ "session.signed", another_session },
	{ "session.abandoned", another_session },
	{ "personal.erased", person_was_erased },
	{ "clinic.leaf", clinic_leaf_came },
};

static void follow_record(Station *station, const AppliedRecord *record)
{
	for (size_t i = 0; i < ELEMENTS(consequences); i++)
		if (strcmp(consequences[i].kind, record->kind) == 0)
			consequences[i].follow(station, record);
}

/**
 * Handles records that failed. An erasure could not find an unrecorded photograph, so it is deleted; a
 * refused cartridge is logged.
 */
static void not_recorded(Station *station, const char *kind, const json_t *body)
{
	if (strcmp(kind, "image.captured") == 0)
		erase_unrecorded(station, row_text(body, "file"));
	else if (strcmp(kind, "needle.refused") == 0)
		log_line(LOG_NOTICE, LOG_ID_NEEDLE_REFUSED, "%s", row_text(body, "text"));
}

/** The facts have changed: something may be barred now, and commands may wait for them. */
static void facts_came(Station *station)
{
	watch_barred(station);
	runtime_facts_came(station);
}

/* ---- start ---- */

/**
 * Records names that were configured before anybody was enrolled: a new station starts with those of its
 * package.
 */
static void record_names(Station *station)
{
	const LedgerInfo *info = &station->options.ledger_info;
	const Config *config = station->options.config;

	if (info->names[0] && info->administrators == 0 &&
		strcmp(info->names, station->state.people.names) != 0)
		station_record(station, "station.renamed",
			json_pack("{s:s, s:s}", "clinic", config->clinic, "station", config->station));
}

static void record_start(Station *station)
{
	const LedgerInfo *info = &station->options.ledger_info;
	bool inert = rules_inert(&station->state.rules) != NULL;
	json_t *body = json_pack("{s:s}", "version", STIPPLE_VERSION);

	/* so that a file that claims an older version than its records do is noticed */
	if (body && info->schema)
		json_object_set_new(body, "schema", json_integer(info->schema));
	if (info->newest_seq)
		body_set_optional(body, "previous", info->open_session ? "interrupted" : "clean");
	if (body && !inert)
		json_object_set_new(body, "rules", rules_in_force(&station->state));
	station_record(station, "station.started", body);
	if (!inert)
		record_names(station);
}

static void start_parts(Station *station)
{
	const StationOptions *options = &station->options;

	station->runtime.effects = &station_effects;
	station->follow = follow_record;
	station->unrecorded = not_recorded;
	station->facts_came = facts_came;
	station->watch.ledger_was_healthy = true;
	station_look(station);
	start_apply(&station->state, options->config, options->control != NULL, options->enrolment_code,
		options->ledger_info.next_session);
	station->verifier.started_us = station->pins.started_us = station_now_us(station);
	stroke_chunk_clear(&station->strokes.chunk);
	if (options->board_error)
		board_down_apply(&station->state, options->board_error);
	if (options->configuration_error)
		inert_apply(&station->state, options->configuration_error);
	else
		rules_load(station);
	if (!options->ledger)
		inert_apply(&station->state, "the ledger could not be opened: run `stipplectl doctor`");
}

int station_new(const StationOptions *options, Station **ret)
{
	_cleanup_(station_freep) Station *station = calloc(1, sizeof *station);
	int r;

	if (!station)
		return -ENOMEM;
	station->options = *options;
	r = worker_new(&station->worker);
	if (r < 0)
		return r;
	start_parts(station);
	station->options.enrolment_code = NULL;
	station->options.images = NULL;
	if (options->ledger)
		record_start(station);
	if (options->ledger && !rules_inert(&station->state.rules)) {
		station->eraser.images = json_incref(options->images);
		erase_images(station);
	}
	station_tick(station);
	*ret = TAKE_PTR(station);
	return 0;
}

Station *station_free(Station *station)
{
	if (!station)
		return NULL;
	if (station->options.ledger)
		station_flush_strokes(station);
	journal_forget(&station->journal);
	clinic_forget(station);
	worker_free(station->worker);
	cosigned_forget(&station->cosigning);
	runtime_free(station);
	state_clear(&station->state);
	json_decref(station->eraser.images);
	json_decref(station->pins.refused_us);
	free(station);
	return NULL;
}

/* ---- its end ---- */

void station_shutdown(Station *station, StationDone done, void *userdata)
{
	StationReply reply = { 0 };

	/* the answer is not awaited: the needle stands still before the board is even asked */
	if (station->options.control)
		(void)!control_disarm(station->options.control, 0);
	if (!station->options.ledger) {
		done(userdata, &reply);
		return;
	}
	station_end_contact(station);
	station_flush_strokes(station);
	station_ask(station,
		&(StationRequest){
			.spec = &command_shutdown, .internal = true, .done = done, .userdata = userdata });
}

/* ---- reading it ---- */

size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX])
{
	station_look(station);
	return refusals_of(&station->state, ret);
}

const State *station_state(const Station *station)
{
	return &station->state;
}

bool station_may_move(const Station *station)
{
	return work_may_move(&station->state.work);
}

bool station_has_role(const Station *station, const char *roles)
{
	return people_have_role(&station->state.people, roles);
}

int station_worker_fd(const Station *station)
{
	return worker_fd(station->worker);
}

void station_worker_ready(Station *station)
{
	worker_dispatch(station->worker);
}

/** Fills in the ledger's part of the doctor. */
static void describe_ledger(const Station *station, StationCheck *check)
{
	const char *folder = station->options.config->state_folder;

	switch (station->options.ledger ? ledger_ailment(station->options.ledger) : LEDGER_FAILING) {
	case LEDGER_WELL:
		snprintf(check->text, sizeof check->text, "writable");
		break;
	case LEDGER_FAILING:
		snprintf(check->text, sizeof check->text, "cannot be written");
		snprintf(check->advice, sizeof check->advice, "free disk space on %.200s", folder);
		break;
	case LEDGER_SILENT:
		snprintf(check->text, sizeof check->text, "the disk does not answer, for %lld s now",
			(long long)(ledger_silent_us(station->options.ledger) / USEC_PER_SEC));
		snprintf(check->advice, sizeof check->advice,
			"check the disk of %.120s; do not restart: what waits in memory would be lost",
			folder);
		break;
	case LEDGER_MOVED:
		snprintf(check->text, sizeof check->text, "its file was deleted or replaced");
		snprintf(check->advice, sizeof check->advice,
			"`systemctl stop stippled`, then bring back ledger.db with what lies beside it, or a backup");
		break;
	case LEDGER_AILMENT_MAX:
	case LEDGER_AILMENT_INVALID:
		break;
	}
}

size_t station_doctor(Station *station, StationCheck ret[STATION_CHECKS_MAX])
{
	ControlCounters link;
	DoctorInput input = {
		.reload_refused = station->alerts.reload_refused,
		.reload_advice = station->alerts.reload_advice,
	};

	if (station->options.control) {
		link = control_counters(station->options.control);
		input.link = &link;
	}
	describe_ledger(station, &input.ledger);
	station_look(station);
	return doctor_check(&station->state, &input, ret);
}
