/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about the answers before the treatment: all that protocol and profile ask, and no yes that stopped
 * the treatment may become a no in silence. The record of a supervisor (screening.changed) ends such a yes.
 * An answer that does not change by itself stands in every later session, another one for a day. It must not
 * decide whether the needle may move: the interlocks do.
 */

#include <string.h>

#include "config/screening.h"
#include "decide/decision.h"
#include "util/clock.h"

/* ---- what was answered before ---- */

/** A yes on record that stopped the treatment and that nobody changed, as a row of the question `standing`.
 */
static const json_t *find_standing(const Command *command, const char *question)
{
	return found_row_with(command, "standing", "question", question);
}

static bool is_of_this_session(const State *state, const json_t *row)
{
	return json_integer_value(json_object_get(row, "session")) == (json_int_t)state->session.number;
}

/** Whether the yes of that row may become a no by a supervisor's record alone. */
static bool still_stands(const State *state, const json_t *row)
{
	int64_t answered_us;

	if (!row)
		return false;
	if (is_of_this_session(state, row) || health_question_lasts(row_text(row, "question")))
		return true;
	/* nobody gets rid of a yes by beginning anew */
	return clock_parse_utc(row_text(row, "answered"), &answered_us) < 0 ||
	       host_today_us(&state->host) - answered_us < USEC_PER_DAY;
}

/** The answers of the open session; NULL: none yet. */
static const json_t *answers_today(const State *state, const Command *command)
{
	const json_t *newest = found_row(command, "screenings");

	return newest && is_of_this_session(state, newest) ? newest : NULL;
}

/** Those of the session before in which the client answered; NULL: none. */
static const json_t *answers_before(const State *state, const Command *command)
{
	return json_array_get(found_rows(command, "screenings"), answers_today(state, command) ? 1 : 0);
}

/** Both questions about earlier answers were looked up; false, and decided, while they were not. */
static bool have_earlier_answers(const State *state, const Command *command, Decision *ret)
{
	static const char *const questions[] = { "screenings", "standing" };

	for (size_t i = 0; i < ELEMENTS(questions); i++) {
		json_t *arguments;

		if (found_rows(command, questions[i]))
			continue;
		arguments = i == 0 ? json_pack("{s:s, s:i}", "subject", state->session.subject, "limit", 2)
				   : json_pack("{s:s}", "subject", state->session.subject);
		decide_look_up(ret, questions[i], arguments, "the client's earlier answers");
		return false;
	}
	return true;
}

/* ---- answering ---- */

static bool require_answers(const State *state, const ScreeningQuestion *questions, size_t n,
	const json_t *answers, Decision *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (json_is_boolean(json_object_get(answers, questions[i].name)))
			continue;
		decide_refusal(ret, interlock_error_name(INTERLOCK_SCREENING),
			"the screening question \"%s\" is not answered: answer all %zu with yes or no",
			questions[i].name, n);
		return false;
	}
	if (json_object_size(answers) == n)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID,
		"protocol %s and profile %s ask %zu screening questions, not %zu: see `session questions`",
		state->session.protocol->name, state->rules.profile.name, n, json_object_size(answers));
	return false;
}

/** Refuses a no to what stopped the treatment before, unless a supervisor changed it on record. */
static bool require_no_silent_change(
	const State *state, const Command *command, const json_t *answers, Decision *ret)
{
	json_t *answer;
	const char *question;

	json_object_foreach ((json_t *)answers, question, answer) {
		const json_t *row = find_standing(command, question);

		if (json_is_true(answer) || !still_stands(state, row))
			continue;
		if (is_of_this_session(state, row))
			decide_refusal(ret, interlock_error_name(INTERLOCK_SCREENING),
				"\"%s\" was answered with yes in this session: if it is no, let a supervisor change the answer, "
				"with the reason",
				question);
		else
			decide_refusal(ret, interlock_error_name(INTERLOCK_SCREENING),
				"\"%s\" was answered with yes in session %lld on %.10s: if it is no today, let a supervisor change "
				"the answer first, with the reason",
				question, (long long)json_integer_value(json_object_get(row, "session")),
				row_text(row, "answered"));
		return false;
	}
	return true;
}

static json_t *names_asked(const ScreeningQuestion *questions, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(questions[i].name));
	return list;
}

/** Names of the answers yes with this effect. */
static json_t *names_stopping(
	const ScreeningQuestion *questions, size_t n, const json_t *answers, AnswerEffect effect)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (questions[i].effect == effect &&
			json_is_true(json_object_get(answers, questions[i].name)))
			json_array_append_new(list, json_string(questions[i].name));
	return list;
}

/** Adds what was answered otherwise in the session before. */
static void add_differences(const State *state, const Command *command, const json_t *answers, json_t *body)
{
	const json_t *row = answers_before(state, command);
	const json_t *earlier = json_object_get(row, "answers");
	json_t *before = json_object(), *answer;
	const char *question;

	json_object_foreach ((json_t *)answers, question, answer) {
		const json_t *last = json_object_get(earlier, question);

		if (json_is_boolean(last) && json_is_true(last) != json_is_true(answer))
			json_object_set_new(before, question, json_boolean(json_is_true(last)));
	}
	if (json_object_size(before) > 0)
		json_object_set(body, "before_session", json_object_get(row, "session"));
	if (json_object_size(before) > 0)
		json_object_set(body, "before", before);
	json_decref(before);
}

static void decide_screening(const State *state, const Command *command, Decision *ret)
{
	json_t *answers = json_object_get(command->asked, "answers"), *refused, *physician, *body;
	ScreeningQuestion questions[SCREENING_MAX];
	size_t n = screening_questions(state->session.protocol, &state->rules.profile, questions);

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state, OPEN_PHASES, ret) ||
		!require_answers(state, questions, n, answers, ret) ||
		!have_earlier_answers(state, command, ret) ||
		!require_no_silent_change(state, command, answers, ret))
		return;
	refused = names_stopping(questions, n, answers, ANSWER_RULES_OUT);
	physician = names_stopping(questions, n, answers, ANSWER_PHYSICIAN);
	body = json_pack("{s:O, s:o, s:o, s:o, s:b, s:b}", "answers", answers, "asked",
		names_asked(questions, n), "refused", refused, "physician", physician, "rules_out",
		json_array_size(refused) > 0, "needs_note", json_array_size(physician) > 0);
	if (body)
		add_differences(state, command, answers, body);
	decide_record(ret, "session.screening", body_with_session(state, body));
}

const CommandSpec command_screening = { decide_screening, .is_step = true };

/* ---- what is asked ---- */

static const json_t *answer_in(const json_t *row, const char *question)
{
	return json_object_get(json_object_get(row, "answers"), question);
}

/** One question: name, words, effect, who asks, and the answers of today and of the session before. */
static json_t *shown_question(const State *state, const Command *command, const ScreeningQuestion *asked)
{
	const json_t *before = answers_before(state, command),
		     *standing = find_standing(command, asked->name);
	const json_t *last = answer_in(before, asked->name),
		     *today = answer_in(answers_today(state, command), asked->name);
	json_t *shown = json_pack("{s:s, s:s, s:s, s:s}", "question", asked->name, "text",
		health_question_text(asked->name), "yes", answer_effect_to_string(asked->effect), "asked_by",
		asked->by_profile ? "profile" : "protocol");

	if (!shown)
		return NULL;
	if (json_is_boolean(last)) {
		json_object_set_new(shown, "last", json_boolean(json_is_true(last)));
		json_object_set(shown, "last_session", json_object_get(before, "session"));
		json_object_set(shown, "last_answered", json_object_get(before, "answered"));
	}
	if (json_is_boolean(today))
		json_object_set_new(shown, "today", json_boolean(json_is_true(today)));
	if (still_stands(state, standing))
		json_object_set(shown, "yes_since_session", json_object_get(standing, "session"));
	return shown;
}

static void decide_questions(const State *state, const Command *command, Decision *ret)
{
	ScreeningQuestion questions[SCREENING_MAX];
	size_t n = screening_questions(state->session.protocol, &state->rules.profile, questions);
	json_t *list;

	if (!require_signed_in(state, command, "technician supervisor", ret) ||
		!require_phase(state, ~(PHASE_BIT(SESSION_IDLE) | PHASE_BIT(SESSION_FAULT)), ret) ||
		!have_earlier_answers(state, command, ret))
		return;
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, shown_question(state, command, &questions[i]));
	decide_done(ret);
	ret->figures =
		json_pack("{s:I, s:o}", "session", (json_int_t)state->session.number, "questions", list);
}

const CommandSpec command_questions = { decide_questions };
