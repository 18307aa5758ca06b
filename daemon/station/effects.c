/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Performs the effect that a decision asks for, and then has the command decided again. An effect must not
 * decide anything and must not wait: its answer comes later.
 */

#include "station/running.h"

#include <limits.h>
#include <string.h>

#include "decide/decision.h"
#include "util/log.h"

/* ---- the ledger ---- */

static void rows_found(void *userdata, int error, json_t *rows)
{
	Running *running = userdata;

	if (!running_still_asked(running))
		return;
	if (error < 0) {
		running_fail(running, STATION_ERROR_LEDGER, "%s could not be read (%s): try again",
			running->decision.unread, strerror(-error));
		return;
	}
	(void)!json_object_set(running->command.rows, running->decision.question, rows);
	running_resume(running);
}

static void start_look_up(Running *running)
{
	const Decision *decision = &running->decision;
	int r;

	running->at_ledger = true;
	r = ledger_lookup(running->station->options.ledger, decision->question, decision->arguments,
		rows_found, running);
	if (r < 0)
		rows_found(running, r, NULL);
}

/** Handles the ledger's answer about rows or a proof; error 0: done. */
static void take_ledger_answer(
	Running *running, int error, uint64_t number, const char *text, json_t *figures)
{
	CommandAnswer *answer = &running->command.answer;

	answer->error = error;
	answer->number = number;
	snprintf(answer->text, sizeof answer->text, "%s", text);
	json_decref(answer->figures);
	answer->figures = json_incref(figures);
	running_resume(running);
}

/** Adds the profile's figures that the query takes; an unknown query stays unknown. */
static void start_query_lookup(Running *running)
{
	json_t *asked = running->command.asked, *arguments = json_object_get(asked, "arguments");
	const char *query = row_text(asked, "query");

	for (const char *const *name = ledger_query_names(); *name; name++)
		if (strcmp(*name, query) == 0 &&
			facts_profile_arguments(running->station, query, arguments) == 0)
			(void)!json_object_set_new(asked, "is_known", json_true());
	running_resume(running);
}

static void streamed(void *userdata, const LedgerAnswer *answer)
{
	take_ledger_answer(userdata, answer->error, answer->seq, answer->text, answer->columns);
}

static void start_stream(Running *running)
{
	const Decision *decision = &running->decision;
	int r = ledger_stream(running->station->options.ledger, decision->question, decision->arguments,
		TAKE_FD(running->fd), streamed, running);

	if (r == -EBUSY)
		running_fail(running, STATION_ERROR_BUSY, "four queries are running already: try again");
	else if (r < 0)
		running_fail(
			running, STATION_ERROR_LEDGER, "the query could not be started: %s", strerror(-r));
}

static void proved(void *userdata, int error, json_t *proof)
{
	take_ledger_answer(userdata, error, 0, "", proof);
}

static void start_proof(Running *running)
{
	int r = ledger_prove(running->station->options.ledger, running->decision.number, proved, running);

	/* a copy is recorded even without a checkpoint */
	if (r < 0 && running->spec == &command_audit_copy)
		proved(running, r, NULL);
	else if (r < 0)
		running_fail(running, STATION_ERROR_LEDGER,
			"the ledger takes no more questions now (%s): try again", strerror(-r));
}

static void key_rotated(void *userdata, const LedgerAnswer *answer)
{
	Running *running = userdata;

	if (answer->error == 0) {
		log_notice("the station signs with a new key from record %llu on",
			(unsigned long long)answer->seq);
		station_notify(running->station, STATION_CHANGED_RECORDS | STATION_CHANGED_PROOFS);
	}
	streamed(running, answer);
}

static void start_rotation(Running *running)
{
	Station *station = running->station;
	int r = ledger_rotate_key(
		station->options.ledger, station->state.people.signed_in.badge, key_rotated, running);

	if (r < 0)
		running_fail(running, STATION_ERROR_LEDGER,
			"the ledger takes no more records now (%s): try again", strerror(-r));
}

static void start_verification(Running *running)
{
	running->command.answer.error = verify_begin(running->station);
	running_resume(running);
}

static void start_refresh(Running *running)
{
	Station *station = running->station;

	running->awaits_facts = true;
	facts_refresh(station);
	runtime_facts_came(station);
}

/* ---- the board ---- */

/** Call when the needle stands still and its last strokes have arrived. */
static void stop_ended(Running *running)
{
	Station *station = running->station;

	station_end_contact(station);
	station_flush_strokes(station);
	running->command.answer.error = station->strokes.chunk.samples > 0 ? -EAGAIN : 0;
	running->command.stopped = true;
	running_resume(running);
}

static void order_given(Running *running, int r)
{
	if (r < 0)
		running_fail(running, STATION_ERROR_BOARD,
			"the needle-driver board does not answer (%s): check its cable, "
			"then run `stipplectl doctor`",
			strerror(-r));
}

/** Whether the board has not yet answered an order to stop: until then strokes may still arrive. */
static bool is_stopping(const Station *station)
{
	for (const Running *running = station->runtime.first; running; running = running->next)
		if (running->ticket && running->decision.effect == EFFECT_STOP)
			return true;
	return false;
}

static void start_stop(Running *running)
{
	Station *station = running->station;
	bool may_move = work_may_move(&station->state.work) || is_stopping(station);
	int r;

	running->command.from = station->state.work.phase;
	if (!may_move) {
		stop_ended(running);
		return;
	}
	r = control_disarm(station->options.control, running_ticket(running));
	disarmed_apply(&station->state, station_now_us(station));
	station_lamps(station);
	station_notify(station, STATION_CHANGED_STATE);
	order_given(running, r);
}

static void start_configuring(Running *running)
{
	Station *station = running->station;

	/* what is left of the work before belongs to the practitioner and the cartridge before */
	station_end_contact(station);
	station_flush_strokes(station);
	arming_apply(&station->state, running->command.id);
	order_given(running, control_configure(station->options.control, running_ticket(running),
				     &running->decision.settings));
}

static void start_arming(Running *running)
{
	order_given(running, control_arm(running->station->options.control, running_ticket(running),
				     &running->decision.arm));
}

static void start_acknowledgement(Running *running)
{
	Control *control = running->station->options.control;

	order_given(running, control ? control_acknowledge(control, running_ticket(running)) : -ENODEV);
}

static void start_self_test(Running *running)
{
	Control *control = running->station->options.control;

	order_given(running,
		control ? control_query(control, running_ticket(running), FRAME_SELF_TEST) : -ENODEV);
}

static void order_answered(Running *running, const ControlFact *fact)
{
	Station *station = running->station;
	CommandAnswer *answer = &running->command.answer;

	/* whatever the board answered, the control thread had already dropped ENABLE */
	if (running->decision.effect == EFFECT_STOP) {
		stop_ended(running);
		return;
	}
	*answer = (CommandAnswer){ .error = fact->answer.error,
		.result = fact->answer.result,
		.self_test = fact->answer.self_test };
	if (running->decision.effect == EFFECT_SELF_TEST && answer->error == 0 &&
		answer->result == BOARD_RESULT_OK) {
		self_test_apply(&station->state, answer->self_test);
		station_notify(station, STATION_CHANGED_LINES);
	}
	running_resume(running);
}

static void start_reading_label(Running *running)
{
	bool scanned = json_is_true(json_object_get(running->command.asked, "scanned"));

	label_take(running->station, running->code, scanned, &running->command.label);
	running_resume(running);
}

/* ---- people ---- */

static void start_await_stop(Running *running)
{
	running->awaits_stop = running->station->runtime.stop;
	if (!running->awaits_stop)
		running_resume(running);
}

static void start_await_caller(Running *running)
{
	running->awaits_caller = true;
}

static void pin_checked(PinCheck *check, const char *error, const char *text)
{
	Running *running = (Running *)((char *)check - offsetof(Running, pin_check));
	Command *command = &running->command;

	if (!running_still_asked(running))
		return;
	if (error) {
		running_fail(running, error, "%s", text);
		return;
	}
	command->pin_verdict = check->verdict;
	command->who = check->who;
	memcpy(command->revoked, check->revoked, sizeof command->revoked);
	explicit_bzero(check->hash, sizeof check->hash);
	running_resume(running);
}

/** Too many wrong codes disable the printed code: nobody can be enrolled with it any more. */
static void start_code_check(Running *running)
{
	enum { ATTEMPTS = 5 }; /* until the daemon restarts */
	State *state = &running->station->state;
	bool right = enrolment_code_matches(state->people.code, running->code);

	running->command.code_verdict = right ? PIN_RIGHT : PIN_WRONG;
	if (!right) {
		wrong_code_apply(state, state->people.wrong_codes + 1 >= ATTEMPTS);
		log_warning("a wrong enrolment code was given, %u of at most %d", state->people.wrong_codes,
			ATTEMPTS);
	}
	running_resume(running);
}

static void start_pin_check(Running *running)
{
	const char *asked = running->decision.detail;
	PinCheck *check = &running->pin_check;

	snprintf(check->who.badge, sizeof check->who.badge, "%.*s", SESSION_NAME_MAX - 1,
		asked[0] ? asked : running->station->state.people.signed_in.badge);
	memcpy(check->pin, running->pin, sizeof check->pin);
	memcpy(check->user, running->command.user, sizeof check->user);
	check->urgent = running->decision.effect == EFFECT_CHECK_PIN_URGENT;
	check->done = pin_checked;
	pins_check(running->station, check);
}

static void resume_later(void *userdata)
{
	running_resume(userdata);
}

/** Runs `work` on the worker thread, then has the command decided again. */
static void run_work(Running *running, void (*work)(void *), const char *what)
{
	WorkerJob job = { work, resume_later, running };

	if (worker_run(running->station->worker, &job) < 0)
		running_fail(running, STATION_ERROR_BUSY, "too many %s: try again", what);
}

static void hash_work(void *userdata)
{
	Running *running = userdata;
	Command *command = &running->command;

	if (pin_hash(running->new_pin[0] ? running->new_pin : running->pin, command->hash) < 0)
		command->hash[0] = '\0';
}

static void start_hash(Running *running)
{
	run_work(running, hash_work, "PINs are being checked");
}

/* ---- photographs ---- */

static void start_capture(Running *running)
{
	const StationOptions *options = &running->station->options;
	StationCapture *wanted = &running->decision.capture;
	int r = -ENODEV;

	wanted->ticket = running_ticket(running);
	if (options->capture)
		r = options->capture(options->capture_userdata, wanted);
	if (r < 0)
		running_fail(running, STATION_ERROR_CAMERA, "%s",
			r == -EAGAIN
				? "the camera is busy with another picture: try again"
				: "there is no camera: connect one and set [camera] plugin, then run `stipplectl doctor`");
}

static void open_work(void *userdata)
{
	Running *running = userdata;
	const StationOptions *options = &running->station->options;
	Command *command = &running->command;
	int fd = options->open_image ? options->open_image(options->open_userdata, running->decision.detail,
					       command->opened_sha256)
				     : -ENODEV;

	command->opened = fd < 0 ? fd : 0;
	running->picture_fd = fd < 0 ? -1 : fd;
}

static void picture_opened(void *userdata)
{
	Running *running = userdata;
	const Command *command = &running->command;
	const json_t *row = found_row(command, "picture");

	if (command->opened == 0 && strcmp(row_text(row, "sha256"), command->opened_sha256) != 0)
		log_line(LOG_ERR, LOG_ID_LEDGER_DAMAGED, PICTURE_REPLACED, row_text(row, "file"));
	running->reply.picture = running->picture_fd;
	running_resume(running);
}

static void start_opening(Running *running)
{
	WorkerJob job = { open_work, picture_opened, running };

	if (worker_run(running->station->worker, &job) < 0)
		running_fail(running, STATION_ERROR_BUSY, "too many photographs are being opened: try again");
}

static void delete_work(void *userdata)
{
	Running *running = userdata;
	const StationOptions *options = &running->station->options;
	json_t *picture;
	size_t i;

	json_array_foreach (json_object_get(running->command.rows, running->decision.question), i, picture) {
		const char *file = row_text(picture, "file");
		int r = text_is_identifier(file, NAME_MAX)
				? options->erase_image(options->erase_userdata, file)
				: -EINVAL;

		json_object_set_new(picture, "result", json_integer(r));
	}
}

static void start_deletion(Running *running)
{
	Command *command = &running->command;
	const char *question = running->decision.question;

	/* when the request itself gave the rows */
	if (!json_object_get(command->rows, question))
		(void)!json_object_set(command->rows, question, json_object_get(command->asked, question));
	run_work(running, delete_work, "photographs are being deleted");
}

const Effects station_effects = {
	.board_answered = order_answered,
	.start = {
		[EFFECT_LOOK_UP] = start_look_up,
		[EFFECT_READ_LABEL] = start_reading_label,
		[EFFECT_STOP] = start_stop,
		[EFFECT_AWAIT_STOP] = start_await_stop,
		[EFFECT_AWAIT_CALLER] = start_await_caller,
		[EFFECT_CHECK_PIN] = start_pin_check,
		[EFFECT_CHECK_PIN_URGENT] = start_pin_check,
		[EFFECT_COMPARE_CODE] = start_code_check,
		[EFFECT_HASH_PIN] = start_hash,
		[EFFECT_CONFIGURE] = start_configuring,
		[EFFECT_ARM] = start_arming,
		[EFFECT_ACKNOWLEDGE] = start_acknowledgement,
		[EFFECT_SELF_TEST] = start_self_test,
		[EFFECT_CAPTURE] = start_capture,
		[EFFECT_OPEN_PICTURE] = start_opening,
		[EFFECT_DELETE_PICTURES] = start_deletion,
		[EFFECT_REFRESH_FACTS] = start_refresh,
		[EFFECT_FIND_QUERY] = start_query_lookup,
		[EFFECT_STREAM] = start_stream,
		[EFFECT_PROVE] = start_proof,
		[EFFECT_ROTATE_KEY] = start_rotation,
		[EFFECT_VERIFY] = start_verification,
		[EFFECT_ASK_REGISTRY] = start_asking_registry,
	},
};
