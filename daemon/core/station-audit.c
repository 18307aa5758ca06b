/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What an auditor asks of the station: rows, photographs, proofs, copies and verification; and a change of
 * the signing key. No row, photograph or proof may leave the station before the access is on record. A
 * verification repairs nothing.
 */

#include "core/station-private.h"

#include <limits.h>
#include <string.h>

#include "util/log.h"

/* a full verification at once would compete with the start */
#define FIRST_VERIFICATION_US (60 * USEC_PER_SEC)

static const char *const verification_state_names[] = {
	[VERIFICATION_NONE] = "none",
	[VERIFICATION_RUNNING] = "running",
	[VERIFICATION_SOUND] = "sound",
	[VERIFICATION_DAMAGED] = "damaged",
	[VERIFICATION_PHOTOGRAPHS] = "photographs",
	[VERIFICATION_FAILED] = "failed",
};
_Static_assert(ELEMENTS(verification_state_names) == VERIFICATION_MAX, "every state has a name");

DEFINE_STRING_TABLE(verification_state, VerificationState, verification_state_names);

/* ---- who reads ---- */

/** Takes `arguments`. `rows`: of what was copied; -1 none. */
static void record_access(Operation *operation, const StationCaller *caller, const char *query,
	json_t *arguments, int64_t rows, void (*committed)(Operation *operation, const LedgerAnswer *answer))
{
	json_t *body = json_pack("{s:s, s:o, s:I, s:s*}", "query", query, "arguments", arguments, "uid",
		(json_int_t)caller->uid, "user", caller->user[0] ? caller->user : NULL);

	/* another program beside the one that somebody signed in with may be anybody's */
	if (!station_caller_signed_in(operation->station, caller))
		operation->actor[0] = '\0';
	if (body && rows >= 0)
		json_object_set_new(body, "rows", json_integer(rows));
	operation_record(operation, "audit.read", body, NULL, committed);
}

/* ---- rows ---- */

static void audit_streamed(void *userdata, const LedgerAnswer *answer)
{
	Operation *operation = userdata;

	operation->reply.number = answer->seq;
	operation->reply.figures = json_incref(answer->columns);
	if (answer->error < 0)
		operation_fail(operation,
			answer->error == -EINVAL   ? STATION_ERROR_INVALID
			: answer->error == -ENOENT ? STATION_ERROR_UNKNOWN
						   : STATION_ERROR_LEDGER,
			"%s", answer->text);
	else
		operation_done(operation);
}

/** The access is on record before the first row leaves. */
static void audit_recorded(Operation *operation, const LedgerAnswer *answer)
{
	int r = ledger_stream(operation->station->options.ledger, operation->query,
		json_object_get(operation->body, "arguments"), TAKE_FD(operation->fd), audit_streamed,
		operation);

	if (r == -EBUSY)
		operation_fail(operation, STATION_ERROR_BUSY, "four queries are running already: try again");
	else if (r < 0)
		operation_fail(
			operation, STATION_ERROR_LEDGER, "the query could not be started: %s", strerror(-r));
}

static bool query_known(const char *query)
{
	for (const char *const *name = ledger_query_names(); *name; name++)
		if (strcmp(*name, query) == 0)
			return true;
	return false;
}

void station_audit(Station *station, const StationCaller *caller, const char *query, json_t *arguments,
	int fd, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (!operation) {
		closep(&fd);
		return;
	}
	operation->fd = fd;
	if (!query_known(query)) {
		operation_fail(operation, STATION_ERROR_UNKNOWN,
			"there is no query \"%.32s\": `stipplectl audit list` names those that there are",
			query);
		return;
	}
	if (station_profile_arguments(station, query, arguments) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	snprintf(operation->query, sizeof operation->query, "%s", query);
	record_access(operation, caller, query, json_incref(arguments), -1, audit_recorded);
}

/** The record is durable before the photograph leaves. */
static void picture_recorded(Operation *operation, const LedgerAnswer *answer)
{
	char file[STATION_NAME_MAX];

	snprintf(file, sizeof file, "%s",
		json_string_value(json_object_get(json_object_get(operation->body, "arguments"), "file")));
	operation_open_picture(operation, file);
}

void station_audit_picture(
	Station *station, const StationCaller *caller, const char *file, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (!operation)
		return;
	if (!text_is_identifier(file, STATION_NAME_MAX - 1)) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"this is no name of a photograph: `stipplectl audit images` lists them");
		return;
	}
	record_access(operation, caller, "picture", json_pack("{s:s}", "file", file), -1, picture_recorded);
}

/* ---- copies ---- */

/** Without a key there is no checkpoint, and the copy is on record all the same. */
static void copy_sealed(void *userdata, int error, json_t *proof)
{
	operation_done(userdata);
}

/** A checkpoint at once: what an export shows is then what it proves, down to its own record. */
static void copy_recorded(Operation *operation, const LedgerAnswer *answer)
{
	if (ledger_prove(operation->station->options.ledger, answer->seq, copy_sealed, operation) < 0)
		operation_done(operation);
}

static bool is_copy(const char *copy)
{
	return strcmp(copy, "backup") == 0 || strcmp(copy, "archive") == 0 || strcmp(copy, "export") == 0;
}

void station_audit_copy(Station *station, const StationCaller *caller, const char *copy, const char *file,
	uint64_t records, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (!operation)
		return;
	if (!is_copy(copy))
		operation_fail(operation, STATION_ERROR_INVALID,
			"\"%.32s\" is no copy of the ledger: backup, archive or export", copy);
	else if (!text_is_printable(file, PATH_MAX - 1) || records > INT64_MAX)
		operation_fail(operation, STATION_ERROR_INVALID,
			"the copy's file needs a name of printable characters");
	else
		record_access(operation, caller, copy, json_pack("{s:s}", "file", file), (int64_t)records,
			copy_recorded);
}

/* ---- proofs ---- */

static void proved(void *userdata, int error, json_t *proof)
{
	Operation *operation = userdata;
	uint64_t seq = (uint64_t)json_integer_value(
		json_object_get(json_object_get(operation->body, "arguments"), "record"));

	operation->reply.figures = json_incref(proof);
	if (error == 0)
		operation_done(operation);
	else if (error == -ENOENT || error == -ENODATA)
		operation_fail(
			operation, STATION_ERROR_UNKNOWN, "there is no record %llu", (unsigned long long)seq);
	else
		operation_fail(operation, STATION_ERROR_LEDGER,
			"record %llu cannot be proved (%s): verify the ledger", (unsigned long long)seq,
			strerror(-error));
}

static void prove_recorded(Operation *operation, const LedgerAnswer *answer)
{
	uint64_t seq = (uint64_t)json_integer_value(
		json_object_get(json_object_get(operation->body, "arguments"), "record"));
	int r = ledger_prove(operation->station->options.ledger, seq, proved, operation);

	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the ledger takes no more questions now (%s): try again", strerror(-r));
}

void station_prove(
	Station *station, const StationCaller *caller, uint64_t record, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (operation)
		record_access(operation, caller, "prove", json_pack("{s:I}", "record", (json_int_t)record),
			-1, prove_recorded);
}

/* ---- the key ---- */

static void key_rotated(void *userdata, const LedgerAnswer *answer)
{
	Operation *operation = userdata;

	operation->reply.number = answer->seq;
	if (answer->error == 0) {
		log_notice("the station signs with a new key from record %llu on",
			(unsigned long long)answer->seq);
		station_notify(operation->station, STATION_CHANGED_RECORDS | STATION_CHANGED_PROOFS);
		operation_done(operation);
		return;
	}
	operation_fail(operation, answer->error == -EINVAL ? STATION_ERROR_INVALID : STATION_ERROR_LEDGER,
		"%s", answer->text);
}

void station_rotate_key(Station *station, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	int r;

	if (!operation || !operation_signed_in(operation, "administrator"))
		return;
	r = ledger_rotate_key(station->options.ledger, station->view.badge, key_rotated, operation);
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the ledger takes no more records now (%s): try again", strerror(-r));
}

/* ---- verification ---- */

/**
 * A session under way is brought to its end, so that its record is whole; no other is begun. Nothing is
 * repaired.
 */
static void found_damaged(Station *station, const LedgerAnswer *answer)
{
	snprintf(station->damage, sizeof station->damage, "%s", answer->text);
	station_alert(station, STATION_ALERT_DAMAGED,
		"the ledger is damaged (%s%s): keep the file as evidence and bring back a backup",
		answer->text, answer->seq > 1 ? ", and more" : "");
}

/** A photograph is evidence, and nobody's safety hangs on it: that one is gone bars no treatment. */
static void found_photographs(Station *station, const LedgerAnswer *answer)
{
	station_alert(station, STATION_ALERT_PHOTOGRAPHS,
		"photographs are not as they were recorded (%s%s): `stipplectl audit verify` lists them; bring back a copy"
		" of them",
		answer->text, answer->seq > 1 ? ", and more" : "");
}

static void verified(void *userdata, const LedgerAnswer *answer)
{
	Station *station = userdata;
	StationVerification *verification = &station->verification;

	station->verified_us = station_now_us(station);
	if (answer->error == 0) {
		verification->state = VERIFICATION_SOUND;
		verification->text[0] = '\0';
		log_info("the ledger was verified and is sound");
	} else if (answer->error == -EUCLEAN) {
		verification->state = VERIFICATION_DAMAGED;
		snprintf(verification->text, sizeof verification->text, "%s", answer->text);
		found_damaged(station, answer);
	} else if (answer->error == -ENOMEDIUM) {
		verification->state = VERIFICATION_PHOTOGRAPHS;
		snprintf(verification->text, sizeof verification->text, "%s", answer->text);
		found_photographs(station, answer);
	} else {
		verification->state = VERIFICATION_FAILED;
		snprintf(verification->text, sizeof verification->text, "%s", answer->text);
		log_warning("the ledger was not verified: %s", answer->text);
	}
	station_notify(station, STATION_CHANGED_PROOFS);
}

static int begin_verification(Station *station)
{
	int r = ledger_verify_start(station->options.ledger, verified, station);

	if (r < 0)
		return r;
	station->verification = (StationVerification){ .state = VERIFICATION_RUNNING };
	station_notify(station, STATION_CHANGED_PROOFS);
	return 0;
}

void station_verify(Station *station, const StationCaller *caller, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	int r;

	if (!operation)
		return;
	r = begin_verification(station);
	if (r == -EBUSY)
		operation_fail(operation, STATION_ERROR_BUSY,
			"the ledger is being verified already: wait for its end");
	else if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER, "the verification could not be started: %s",
			strerror(-r));
	else
		record_access(operation, caller, "verify", json_object(), -1, operation_committed);
}

void station_verification(const Station *station, StationVerification *ret)
{
	*ret = station->verification;
	if (station->options.ledger)
		ledger_verify_progress(station->options.ledger, &ret->done, &ret->total);
}

static bool verification_due(const Station *station)
{
	int64_t hours = station->options.config->verify_hours, now = station_now_us(station);

	if (!station->options.ledger || hours == 0 || station->state.session.number ||
		station->verification.state == VERIFICATION_RUNNING)
		return false;
	if (station->verified_us == 0)
		return now - station->started_us > FIRST_VERIFICATION_US;
	return now - station->verified_us > hours * 3600 * USEC_PER_SEC;
}

void station_verify_tick(Station *station)
{
	if (station->damage[0] && !station->state.session.number && !station->view.inert) {
		char text[STATION_TEXT_MAX];

		snprintf(text, sizeof text, "the ledger is damaged (%.900s): bring back a backup",
			station->damage);
		station_become_inert(station, text);
		station_notify(station, STATION_CHANGED_STATE);
	}
	if (verification_due(station) && begin_verification(station) < 0)
		station->verified_us = station_now_us(station); /* not again each second */
}
