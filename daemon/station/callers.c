/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Identifies callers, checks whether the sign-in is theirs, and handles commands whose caller has gone or has
 * waited too long. It must not advance a command beyond what it would do by itself.
 */

#include "station/running.h"

#include <string.h>

void runtime_holder_vanished(Station *station, const char *holder)
{
	for (Running *running = station->runtime.first; running; running = running->next)
		if (strcmp(running->command.caller, holder) == 0)
			running->command.caller_left = true;
}

/* ---- a ledger that does not answer ---- */

/** A `done` for commands whose caller already has an answer. */
static void answer_nobody(void *userdata, const StationReply *reply)
{
}

static void give_up(Running *running)
{
	StationReply reply = { .error = STATION_ERROR_LEDGER };
	StationDone told = running->done;

	snprintf(reply.text, sizeof reply.text,
		"the disk does not answer: what was asked for may still be recorded once it does; look before you try again");
	running->given_up = running->pin_check.given_up = true;
	running->done = answer_nobody;
	told(running->userdata, &reply);
}

void runtime_give_up(Station *station)
{
	bool found = true;

	/* telling one caller may end other commands */
	while (found) {
		found = false;
		for (Running *running = station->runtime.first; running && !found; running = running->next) {
			bool waits =
				running->at_ledger || running->pin_check.at_ledger || running->awaits_stop;

			found = waits && running->done && !running->given_up;
			if (found)
				give_up(running);
		}
	}
}

bool running_still_asked(Running *running)
{
	running->at_ledger = false;
	if (!running->given_up)
		return true;
	running_fail(running, STATION_ERROR_LEDGER, "the disk did not answer in time");
	return false;
}

/* ---- who calls ---- */

bool station_caller_signed_in(const Station *station, const StationCaller *caller)
{
	const People *people = &station->state.people;

	return people->signed_in.badge[0] &&
	       ((people->holder[0] && strcmp(caller->name, people->holder) == 0) ||
		       (caller->sign_in && caller->sign_in == people->sign_in));
}

/** Writes what records say about the account. */
static void describe_user(const StationCaller *caller, char ret[SESSION_NAME_MAX])
{
	ret[0] = '\0';
	if (caller->is_known && caller->user[0])
		snprintf(ret, SESSION_NAME_MAX, "%s", caller->user);
	else if (caller->is_known)
		snprintf(ret, SESSION_NAME_MAX, "uid %u", caller->uid);
}

void station_set_caller(Station *station, const StationCaller *caller)
{
	CurrentCaller *current = &station->runtime.caller;

	memset(current, 0, sizeof *current);
	if (!caller)
		return;
	snprintf(current->name, sizeof current->name, "%s", caller->name);
	describe_user(caller, current->user);
	snprintf(current->account, sizeof current->account, "%s", caller->user);
	current->uid = caller->uid;
	current->is_stranger = !station_caller_signed_in(station, caller);
}

void station_caller_known(Station *station, const StationCaller *caller)
{
	Running *running = station->runtime.first;

	while (running) {
		Command *command = &running->command;

		if (command->user[0] || command->caller_known || strcmp(command->caller, caller->name) != 0) {
			running = running->next;
			continue;
		}
		describe_user(caller, command->user);
		command->caller_known = true;
		if (!running->awaits_caller)
			continue;
		running->awaits_caller = false;
		running_resume(running);
		running = station->runtime.first; /* the list may have changed */
	}
}
