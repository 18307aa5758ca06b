/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reports each copy of the station's ledger to the station, and asks it how long records must be kept. It
 * must never start a station that is stopped.
 */

#include "copies.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "proof.h"

/* ---- which station the ledger belongs to ---- */

static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* ---- calls that SIGINT and SIGTERM interrupt, even while somebody is asked for a password ---- */

typedef struct Answer {
	sd_bus_message *reply; /* may be an error; NULL until it arrives */
	bool ended;
} Answer;

static int on_copy_told(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Answer *answer = userdata;

	answer->reply = sd_bus_message_ref(message);
	answer->ended = true;
	return 0;
}

/**
 * Calls the station without starting it: it may have been stopped for a reason. Returns NULL when there is
 * no answer. A signal that ended the call is delivered afterwards.
 */
static sd_bus_message *call_running(Ctl *ctl, sd_bus_message *message)
{
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	Answer answer = { 0 };
	sigset_t before;

	if (sd_bus_message_set_auto_start(message, false) < 0 ||
		sd_bus_message_set_allow_interactive_authorization(message, true) < 0 ||
		sd_bus_call_async(ctl->bus, &slot, message, on_copy_told, &answer, UINT64_MAX) < 0)
		return NULL;
	sigprocmask(SIG_BLOCK, NULL, &before);
	(void)!ctl_serve(ctl, &answer.ended);
	slot = sd_bus_slot_unref(slot);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return answer.reply;
}

static sd_bus_message *ask_to_record(Ctl *ctl, const char *what, const char *file, uint64_t records)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

	if (ctl_message_new(ctl, CTL_AUDIT, "RecordCopy", &message, "sst", what, file, records) < 0)
		return NULL;
	return call_running(ctl, message);
}

/* ---- reporting a copy ---- */

static int nobody_recorded(const char *what, const char *why)
{
	fprintf(stderr, "stipplectl: nobody recorded this %s: %s\n", what, why);
	return CTL_DONE;
}

/**
 * A user who may not read the station's record gets no copy of it. A station that cannot write its record
 * does not prevent the copy. `own`: the ledger is known to be the station's.
 */
static int judge_copy_told(const char *what, sd_bus_message *reply, bool own)
{
	const sd_bus_error *error = reply ? sd_bus_message_get_error(reply) : NULL;

	if (!reply)
		return ctl_fail("the station did not answer: nothing was copied");
	if (!error)
		return CTL_DONE;
	if (own && (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
			   sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)))
		return ctl_call_failed(error, 0);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return nobody_recorded(what, "no station is running");
	return nobody_recorded(what, error->message ? error->message : error->name);
}

int copies_tell(Ctl *ctl, const char *what, const char *path, const char *file, uint64_t records)
{
	const char *ledger = proof_station_ledger(ctl);
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

	if (ledger && !same_file(path, ledger))
		return CTL_DONE;
	if (!ctl->bus && ctl_connect_quietly(ctl, ctl->bus_name) < 0)
		return nobody_recorded(what, "there is no bus to a station");
	reply = ask_to_record(ctl, what, file, records);
	return judge_copy_told(what, reply, ledger != NULL);
}

/* ---- how long records are kept ---- */

/** Keeps the row with the longest term. */
static void keep_longest_term(void *userdata, json_t *row)
{
	CopiesTerm *term = userdata;
	json_int_t days = json_integer_value(json_object_get(row, "days"));
	const char *since = json_string_value(json_object_get(row, "keep_since"));
	const char *profile = json_string_value(json_object_get(row, "profile"));

	if (days <= term->days || !since || !profile)
		return;
	term->days = days;
	snprintf(term->before, sizeof term->before, "%s", since);
	snprintf(term->profile, sizeof term->profile, "%s", profile);
}

int copies_term(Ctl *ctl, CopiesTerm *ret)
{
	CopiesTerm term = { 0 };
	Ctl asking = *ctl;
	bool asked = true;

	/* Unless a profile is given, ask the station, also about another station's ledger. */
	if (!ctl->profile) {
		asked = ctl->bus || ctl_connect(ctl, ctl->bus_name) == CTL_DONE;
		asking.ledger = NULL;
		asking.bus = ctl->bus;
	}
	if (!asked || ctl_query(&asking, "retention", json_object(), keep_longest_term, &term) != CTL_DONE ||
		term.days == 0)
		return ctl_fail("without a station that says which compliance profile is in force it must be "
				"given, or the day: add --profile us-ca or before=YYYY-MM-DD");
	*ret = term;
	return CTL_DONE;
}
