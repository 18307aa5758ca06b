/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Carries commands from request to reply. A caller must be answered exactly once, no step may begin while
 * another one runs, and a PIN must not outlive its command. It judges nothing.
 */

#include "station/running.h"

#include <stdarg.h>
#include <string.h>

#include "decide/decision.h"
#include "util/log.h"

/* ---- life of a command ---- */

static void clear_decision(Decision *decision)
{
	json_decref(decision->arguments);
	json_decref(decision->body);
	json_decref(decision->first_body);
	json_decref(decision->personal);
	json_decref(decision->figures);
	memset(decision, 0, sizeof *decision);
}

static Running *running_free(Running *running)
{
	Runtime *runtime = &running->station->runtime;
	Running **link = &runtime->first;

	while (*link && *link != running)
		link = &(*link)->next;
	if (*link)
		*link = running->next;
	if (runtime->step == running)
		runtime->step = NULL;
	if (runtime->stop == running)
		runtime->stop = NULL;
	pins_forget(running->station, &running->pin_check);
	closep(&running->fd);
	closep(&running->picture_fd);
	clear_decision(&running->decision);
	json_decref(running->command.asked);
	json_decref(running->command.rows);
	json_decref(running->command.answer.figures);
	json_decref(running->reply.figures);
	explicit_bzero(running, sizeof *running);
	free(running);
	return NULL;
}

void runtime_free(Station *station)
{
	while (station->runtime.first)
		running_free(station->runtime.first);
}

/** Ends the commands that wait for the record of `stop`, with the same result. */
static void end_waiting(const Running *stop);

/**
 * Frees the step before its caller gets the answer, so that the caller may start the next step in its
 * callback.
 */
static void running_end(Running *running)
{
	Station *station = running->station;
	Runtime *runtime = &station->runtime;
	uint64_t id = running->command.id;

	if (station->state.work.arming == id) {
		/* whatever prevented the record: what is not on record must not move */
		if (running->reply.error && !runtime_begin(station, &command_stop_again))
			control_stop(station->options.control);
		arming_apply(&station->state, 0);
	}
	if (runtime->step == running)
		runtime->step = NULL;
	if (runtime->stop == running) {
		runtime->stop = NULL;
		stopping_apply(&station->state, 0);
	}
	if (running->internal && !running->done && running->reply.error)
		log_error("%s", running->reply.text);
	end_waiting(running);
	if (running->done)
		running->done(running->userdata, &running->reply);
	running_free(running);
	pins_next(station);
}

static void end_waiting(const Running *stop)
{
	Running *waiting = stop->station->runtime.first;

	while (waiting) {
		if (waiting->awaits_stop != stop) {
			waiting = waiting->next;
			continue;
		}
		waiting->awaits_stop = NULL;
		waiting->reply.error = stop->reply.error;
		memcpy(waiting->reply.text, stop->reply.text, sizeof waiting->reply.text);
		running_end(waiting);
		waiting = stop->station->runtime.first; /* the list has changed */
	}
}

void running_fail(Running *running, const char *error, const char *format, ...)
{
	va_list arguments;

	running->reply.error = error;
	va_start(arguments, format);
	vsnprintf(running->reply.text, sizeof running->reply.text, format, arguments);
	va_end(arguments);
	running_end(running);
}

/** Fills in the reply from the decision that ends the command. */
static void reply_as_decided(Running *running)
{
	Decision *decision = &running->decision;
	StationReply *reply = &running->reply;

	reply->error = decision->error;
	memcpy(reply->text, decision->text, sizeof reply->text);
	memcpy(reply->detail, decision->detail, sizeof reply->detail);
	if (decision->number || decision->is_counted)
		reply->number = decision->number;
	if (decision->figures) {
		json_decref(reply->figures);
		reply->figures = TAKE_PTR(decision->figures);
	}
	running_end(running);
}

/* ---- records ---- */

static void take_answer(Running *running, const LedgerAnswer *answer)
{
	CommandAnswer *taken = &running->command.answer;

	taken->error = answer->error;
	taken->number = answer->seq;
	taken->lingers = answer->lingers;
	snprintf(taken->text, sizeof taken->text, "%s", answer->text);
	snprintf(taken->detail, sizeof taken->detail, "%s", answer->detail);
}

/** Applies the record to the state before the command goes on. */
static void commit_record(Running *running, const LedgerAnswer *answer)
{
	Station *station = running->station;
	const Decision *decision = &running->decision;
	AppliedRecord record = {
		.seq = answer->seq,
		.kind = decision->record,
		.actor = running->command.actor,
		.body = decision->body,
		.unit = answer->detail[0] ? answer->detail : NULL,
		.configuration = answer->configuration[0] ? answer->configuration : NULL,
		.who = &running->command.who,
		.holder = running->command.caller_left ? "" : running->command.caller,
		.fault = decision->fault,
	};

	running->reply.number = answer->seq;
	station_commit(station, &record);
}

/** The ledger did not accept the record: undoes what must not stay without one. */
static void undo_unrecorded(const Running *running)
{
	running->station->unrecorded(running->station, running->decision.record, running->decision.body);
}

static void record_answered(void *userdata, const LedgerAnswer *answer)
{
	Running *running = userdata;
	const Decision *decision = &running->decision;
	const char *error = name_of_refusal(answer->error);

	running->at_ledger = false;
	if (decision->leaves)
		leaving_apply(&running->station->state, false);
	take_answer(running, answer);
	if (answer->error == 0) {
		commit_record(running, answer);
		running->command.recorded++;
	}
	if (decision->judged || (answer->error == 0 && decision->again)) {
		running_resume(running);
		return;
	}
	if (answer->error == 0) {
		reply_as_decided(running);
		return;
	}
	undo_unrecorded(running);
	if (error)
		running_fail(running, error, "%s", answer->text);
	else
		running_fail(running, STATION_ERROR_LEDGER, "nothing was recorded: %s", answer->text);
}

/** Adds the caller's account to a record's body as `user`. -ENOMEM. */
static int add_user(const Command *command, json_t *body)
{
	if (!command->user[0] || json_object_get(body, "user"))
		return 0;
	return json_object_set_new(body, "user", json_string(command->user)) < 0 ? -ENOMEM : 0;
}

static int hand_over_record(Running *running)
{
	Station *station = running->station;
	const Command *command = &running->command;
	Decision *decision = &running->decision;
	LedgerRecord record = {
		.kind = decision->record,
		.actor = command->actor[0] && !decision->is_nobodys ? command->actor : "station",
		.body = decision->body,
		.personal = decision->personal,
		.attachment = decision->attachment,
		.attachment_size = decision->attachment_size,
	};
	int r;

	if (add_user(command, decision->body) < 0)
		return -ENOMEM;
	/* earlier events are recorded first */
	station_record_again(station);
	if (journal_owes(&station->journal))
		return ledger_ailment(station->options.ledger) == LEDGER_SILENT ? -ETIMEDOUT : -EAGAIN;
	running->at_ledger = true;
	r = ledger_append(station->options.ledger, &record, record_answered, running);
	if (r < 0)
		running->at_ledger = false;
	return r;
}

static void record_as_decided(Running *running)
{
	Station *station = running->station;
	int r;

	if (running->decision.arms) {
		armed_apply(&station->state);
		station_lamps(station);
		station_notify(station, STATION_CHANGED_STATE);
	}
	if (running->decision.leaves)
		leaving_apply(&station->state, true);
	if (running->decision.first)
		station_record_in_force(
			station, running->decision.first, TAKE_PTR(running->decision.first_body));
	r = hand_over_record(running);
	if (r >= 0)
		return;
	if (running->decision.leaves)
		leaving_apply(&station->state, false);
	undo_unrecorded(running);
	running_fail(running, STATION_ERROR_LEDGER, "the ledger takes no more records now (%s): try again",
		strerror(-r));
}

/* ---- deciding ---- */

static void decide(Running *running)
{
	Decision *decision = &running->decision;
	Command *command = &running->command;

	clear_decision(decision);
	station_look(running->station);
	running->spec->decide(&running->station->state, command, decision);
	if (command->picture)
		running->reply.picture = command->picture->preview;
	command->picture = NULL;
	command->attachment = NULL;
	switch (decision->kind) {
	case DECISION_DONE:
	case DECISION_REFUSED:
		reply_as_decided(running);
		break;
	case DECISION_EFFECT:
		running->station->runtime.effects->start[decision->effect](running);
		break;
	case DECISION_RECORD:
		record_as_decided(running);
		break;
	case DECISION_NONE:
		running_fail(running, STATION_ERROR_STATE, "the station decided nothing: report it");
		break;
	}
}

void running_resume(Running *running)
{
	running->command.stage++;
	decide(running);
}

static void reply_refusal(const StationRequest *request, const char *error, const char *text)
{
	StationReply reply = { .error = error };
	int fd = request->fd;

	if (request->spec == &command_audit)
		closep(&fd);
	json_decref(request->asked);
	snprintf(reply.text, sizeof reply.text, "%s", text);
	if (request->done)
		request->done(request->userdata, &reply);
	else
		log_error("%s", text);
}

static Running *running_new(Station *station, const StationRequest *request)
{
	Runtime *runtime = &station->runtime;
	const CurrentCaller *caller = &runtime->caller;
	Running *running = calloc(1, sizeof *running);
	Command *command;

	if (!running)
		return NULL;
	running->station = station;
	running->spec = request->spec;
	running->done = request->done;
	running->userdata = request->userdata;
	running->internal = request->internal;
	running->fd = request->spec == &command_audit ? request->fd : -1;
	running->picture_fd = -1;
	snprintf(running->pin, sizeof running->pin, "%s", request->pin ? request->pin : "");
	snprintf(running->new_pin, sizeof running->new_pin, "%s", request->new_pin ? request->new_pin : "");
	snprintf(running->code, sizeof running->code, "%s", request->code ? request->code : "");
	command = &running->command;
	command->id = ++runtime->last_id;
	command->asked = request->asked;
	command->rows = json_object();
	command->form = form_find(request->place, row_text(request->asked, "kind"));
	command->pin = running->pin;
	command->new_pin = running->new_pin;
	command->attachment = request->data;
	command->attachment_size = request->size;
	memcpy(command->caller, caller->name, sizeof command->caller);
	memcpy(command->user, caller->user, sizeof command->user);
	memcpy(command->account, caller->account, sizeof command->account);
	command->uid = caller->uid;
	command->is_stranger = caller->is_stranger;
	if (!caller->is_stranger)
		memcpy(command->actor, station->state.people.signed_in.badge, sizeof command->actor);
	running->next = runtime->first;
	runtime->first = running;
	return running;
}

static bool request_stops(const StationRequest *request)
{
	const char *unless = request->spec->stops_unless;

	return request->spec->stops && !(unless && json_is_true(json_object_get(request->asked, unless)));
}

bool station_ask(Station *station, const StationRequest *request)
{
	Runtime *runtime = &station->runtime;
	const char *inert = rules_inert(&station->state.rules);
	Running *running;

	if (request_stops(request))
		station_stop_now(station);
	if (inert && !request->internal) {
		reply_refusal(request, STATION_ERROR_INERT, inert);
		return false;
	}
	if (request->spec->is_step && runtime->step && !request->internal) {
		reply_refusal(request, STATION_ERROR_BUSY,
			"another step of the session is being recorded: try again when it is done");
		return false;
	}
	running = running_new(station, request);
	if (!running) {
		reply_refusal(request, STATION_ERROR_LEDGER, STATION_NO_MEMORY);
		return false;
	}
	if (request->spec->is_step && !request->internal)
		runtime->step = running;
	decide(running);
	return true;
}

bool runtime_begin(Station *station, const CommandSpec *spec)
{
	return station_ask(station, &(StationRequest){ .spec = spec, .internal = true });
}

/* ---- stopping ---- */

void runtime_stop(Station *station, bool is_nobodys)
{
	StationRequest request = { .spec = &command_stopped, .internal = true };
	Running *running = running_new(station, &request);

	if (!running) {
		control_stop(station->options.control);
		return;
	}
	if (is_nobodys)
		running->command.actor[0] = '\0';
	station->runtime.stop = running;
	stopping_apply(&station->state, running->command.id);
	decide(running);
}

void station_stop_now(Station *station)
{
	if (work_may_move(&station->state.work))
		runtime_stop(station, false);
}

/* ---- what comes from elsewhere ---- */

static Running *find_ticket(Station *station, uint64_t ticket)
{
	Running *running = station->runtime.first;

	while (running && !(ticket && running->ticket == ticket))
		running = running->next;
	if (running)
		running->ticket = 0;
	return running;
}

uint32_t running_ticket(Running *running)
{
	Runtime *runtime = &running->station->runtime;

	running->ticket = ++runtime->last_ticket ? runtime->last_ticket : ++runtime->last_ticket;
	return running->ticket;
}

void runtime_board_answered(Station *station, const ControlFact *fact)
{
	Running *running = find_ticket(station, fact->answer.ticket);

	if (running)
		station->runtime.effects->board_answered(running, fact);
}

void station_picture(Station *station, const StationPicture *picture)
{
	Running *running = find_ticket(station, picture->ticket);

	if (!running)
		return;
	running->command.picture = picture;
	running_resume(running);
}

void runtime_facts_came(Station *station)
{
	Running *running = station->runtime.first;

	while (running && facts_are_fresh(station)) {
		if (!running->awaits_facts) {
			running = running->next;
			continue;
		}
		running->awaits_facts = false;
		running->command.refreshed = true;
		running_resume(running);
		running = station->runtime.first; /* the list has changed */
	}
}
