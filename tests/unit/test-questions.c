/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The questions about health: their table, and what protocol and profile ask together. Then what is decided
 * about the answers, as a table: no yes that stopped the treatment becomes a no in silence.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/apply.h"
#include "config/config.h"
#include "config/profile-file.h"
#include "config/protocol-file.h"
#include "config/screening.h"
#include "decide/command.h"
#include "decide/interlock-facts.h"

#include "quoted-json.h"

#define NOW_US (1772445600LL * USEC_PER_SEC) /* 2026-03-02T10:00:00Z */

/* ---- the table, and the union ---- */

static void test_every_question_is_named_once(void **state)
{
	for (const HealthQuestion *question = health_questions; question->name; question++) {
		assert_true(text_is_identifier(question->name, HEALTH_QUESTION_MAX - 1));
		assert_ptr_equal(health_question_find(question->name), question);
		assert_string_equal(question->text + strlen(question->text) - 1, "?");
	}
	assert_null(health_question_find("shoe-size"));
	assert_string_equal(health_question_text("shoe-size"), "shoe-size");
	/* the strictest of what nobody has said */
	assert_true(health_question_lasts("shoe-size"));
	assert_false(health_question_lasts("pregnancy"));
	for (int i = 0; i < ANSWER_EFFECT_MAX; i++)
		assert_int_equal(answer_effect_from_string(answer_effect_to_string((AnswerEffect)i)), i);
	assert_int_equal(answer_effect_from_string("perhaps"), ANSWER_EFFECT_INVALID);
}

static const Protocol asks_three = {
	.name = "p",
	.screening = { "keloids", "diabetes", "own.question" },
	.screening_effects = { ANSWER_RULES_OUT, ANSWER_NOTED, ANSWER_PHYSICIAN },
	.n_screening = 3,
	.session_max_min = 300,
	.sessions = 1,
};

static Profile profile_asking(size_t n, const char *const names[])
{
	Profile profile = { .name = "q" };

	for (size_t i = 0; i < n; i++)
		snprintf(profile.client.questions[i], HEALTH_QUESTION_MAX, "%s", names[i]);
	profile.client.n_questions = n;
	return profile;
}

static void test_the_profile_completes_the_protocol(void **state)
{
	static const char *const names[] = { "pregnancy", "diabetes", "latex-allergy", "keloids" };
	static const struct {
		const char *name;
		AnswerEffect effect;
		bool by_profile;
	} asked[] = {
		{ "keloids", ANSWER_RULES_OUT, false },
		{ "diabetes", ANSWER_PHYSICIAN, false }, /* the protocol cannot weaken it */
		{ "own.question", ANSWER_PHYSICIAN, false },
		{ "pregnancy", ANSWER_RULES_OUT, true },
		{ "latex-allergy", ANSWER_NOTED, true },
	};
	const Profile profile = profile_asking(ELEMENTS(names), names), none = profile_asking(0, NULL);
	ScreeningQuestion list[SCREENING_MAX];

	assert_int_equal(screening_questions(&asks_three, &profile, list), ELEMENTS(asked));
	for (size_t i = 0; i < ELEMENTS(asked); i++) {
		assert_string_equal(list[i].name, asked[i].name);
		assert_int_equal(list[i].effect, asked[i].effect);
		assert_int_equal(list[i].by_profile, asked[i].by_profile);
	}
	assert_int_equal(screening_questions(&asks_three, &none, list), 3);
	assert_int_equal(list[1].effect, ANSWER_NOTED); /* no law asks */
	assert_int_equal(screening_questions(NULL, &profile, list), 0);
}

/** A protocol may be stricter than what the law asks, never milder. */
static void test_the_stricter_effect_counts(void **state)
{
	static const char *const names[] = { "pregnancy", "diabetes", "medication", "of.the.place" };
	static const AnswerEffect law[] = { ANSWER_RULES_OUT, ANSWER_PHYSICIAN, ANSWER_NOTED, ANSWER_NOTED };
	const Profile profile = profile_asking(ELEMENTS(names), names);
	ScreeningQuestion list[SCREENING_MAX];

	for (int own = 0; own < ANSWER_EFFECT_MAX; own++) {
		Protocol protocol = { .name = "p", .n_screening = ELEMENTS(names) };

		for (size_t i = 0; i < ELEMENTS(names); i++) {
			snprintf(protocol.screening[i], HEALTH_QUESTION_MAX, "%s", names[i]);
			protocol.screening_effects[i] = (AnswerEffect)own;
		}
		assert_int_equal(screening_questions(&protocol, &profile, list), ELEMENTS(names));
		for (size_t i = 0; i < ELEMENTS(names); i++) {
			assert_int_equal(list[i].effect, own > (int)law[i] ? own : (int)law[i]);
			assert_false(list[i].by_profile);
		}
	}
}

static void test_the_most_that_can_be_asked(void **state)
{
	static Protocol full;
	Profile profile = { .client.n_questions = PROFILE_QUESTIONS_MAX };
	ScreeningQuestion list[SCREENING_MAX];

	full.n_screening = PROTOCOL_SCREENING_MAX;
	for (int i = 0; i < PROTOCOL_SCREENING_MAX; i++)
		snprintf(full.screening[i], HEALTH_QUESTION_MAX, "own-%d", i);
	for (int i = 0; i < PROFILE_QUESTIONS_MAX; i++)
		snprintf(profile.client.questions[i], HEALTH_QUESTION_MAX, "%s", health_questions[i].name);
	assert_int_equal(screening_questions(&full, &profile, list), SCREENING_MAX);
}

/** What the shipped protocols and profiles ask has words, so that nobody is asked an identifier. */
static void test_what_is_shipped_has_words(void **state)
{
	static const char *const protocols[] = { "scalp-density", "sample-patch", "scar-camouflage",
		"thinning", "touch-up" };
	static const char *const law[] = { "pregnancy", "herpes-at-site", "diabetes", "latex-allergy",
		"antibiotic-allergy", "bleeding-disorder", "heart-valve-disease", "medication",
		"bloodborne-risk" };
	ScreeningQuestion list[SCREENING_MAX];
	Profile profile;
	Error error = { 0 };

	assert_int_equal(
		profile_load(STIPPLE_SOURCE_FOLDER "/configs/profiles", "us-ca", &profile, &error), 0);
	for (size_t i = 0; i < ELEMENTS(protocols); i++) {
		_cleanup_(freep) Protocol *protocol = NULL;
		size_t n;

		assert_int_equal(protocol_load(STIPPLE_SOURCE_FOLDER "/configs/protocols", protocols[i],
					 &protocol, &error),
			0);
		n = screening_questions(protocol, &profile, list);
		assert_int_equal(n, protocol->n_screening + ELEMENTS(law));
		for (size_t k = 0; k < n; k++)
			assert_non_null(health_question_find(list[k].name));
		for (size_t k = 0; k < ELEMENTS(law); k++)
			assert_string_equal(list[protocol->n_screening + k].name, law[k]);
	}
}

/* ---- deciding ---- */

typedef struct World {
	State state;
	Config *config;
} World;

static void record(State *state, const char *kind, const char *body)
{
	json_auto_t *parsed = read_json(body);
	const Operator who = { .badge = "b1", .name = "Ada Example", .roles = "technician supervisor" };
	const AppliedRecord applied = {
		.seq = 1, .utc_us = NOW_US, .kind = kind, .body = parsed, .who = &who, .holder = ":1.7"
	};

	(void)record_apply(state, &applied);
}

/** Session 7 of somebody, with a protocol that asks three questions and a profile that asks two more. */
static void set_up(World *world)
{
	static const char *const names[] = { "pregnancy", "latex-allergy" };
	const Profile profile = profile_asking(ELEMENTS(names), names);
	Protocol *protocol = malloc(sizeof *protocol);
	Error error = { 0 };

	assert_non_null(protocol);
	*protocol = asks_three;
	assert_int_equal(config_parse("", 0, "test", &world->config, &error), 0);
	start_apply(&world->state, world->config, true, NULL, 7);
	assert_true(protocol_apply(&world->state, protocol));
	profile_apply(&world->state, &profile);
	host_apply(&world->state, &(Host){ .now = { .utc_us = NOW_US }, .has_ledger = true });
	record(&world->state, "operator.signed-in", "{'badge':'b1'}");
	record(&world->state, "session.begun",
		"{'session':7,'subject':'P-1','protocol':'p','course_session':1,'interval_days':0}");
}

static void tear_down(World *world)
{
	state_clear(&world->state);
	config_free(world->config);
}

#define NO_TO_ALL \
	"{'answers':{'keloids':false,'diabetes':false,'own.question':false,'pregnancy':false,'latex-allergy':false}}"
#define YES_TO(question)                                                                                                       \
	"{'answers':{'keloids':false,'diabetes':false,'own.question':false,'pregnancy':false,'latex-allergy':false,'" question \
	"':true}}"
#define STANDING(question, session, answered)                                        \
	"{'screenings':[],'standing':[{'question':'" question "','session':" session \
	",'answered':'" answered "'}]}"
#define NOTHING "{'screenings':[],'standing':[]}"

typedef struct Row {
	const char *name, *asked, *found;
	const char *refused; /* part of the sentence */
	const char *looks_up;
	const char *body; /* what the record has, and it may have more */
} Row;

static const Row rows[] = {
	{ "a question of the profile is left out",
		"{'answers':{'keloids':false,'diabetes':false,'own.question':false,'pregnancy':false}}",
		NOTHING, "\"latex-allergy\" is not answered: answer all 5" },
	{ "one too many",
		"{'answers':{'keloids':false,'diabetes':false,'own.question':false,'pregnancy':false,'latex-allergy':false,"
		"'eczema':false}}",
		NOTHING, "protocol p and profile q ask 5 screening questions, not 6" },
	{ "asks for the answers before", NO_TO_ALL, "{}", .looks_up = "screenings" },
	{ "asks for what stands", NO_TO_ALL, "{'screenings':[]}", .looks_up = "standing" },
	{ "all no", NO_TO_ALL, NOTHING,
		.body = "{'asked':['keloids','diabetes','own.question','pregnancy','latex-allergy'],'refused':[],'physician':[],"
			"'rules_out':false,'needs_note':false,'session':7}" },
	{ "a yes that rules out", YES_TO("pregnancy"), NOTHING,
		.body = "{'refused':['pregnancy'],'physician':[],'rules_out':true,'needs_note':false}" },
	{ "a yes that needs a note", YES_TO("own.question"), NOTHING,
		.body = "{'refused':[],'physician':['own.question'],'rules_out':false,'needs_note':true}" },
	{ "a yes that is noted, as the protocol has it", YES_TO("diabetes"), NOTHING,
		.body = "{'refused':[],'physician':[],'rules_out':false,'needs_note':false}" },
	{ "no after a yes of this session", NO_TO_ALL, STANDING("pregnancy", "7", "2026-03-02T09:59:00Z"),
		"\"pregnancy\" was answered with yes in this session: if it is no, let a supervisor" },
	{ "yes again", YES_TO("pregnancy"), STANDING("pregnancy", "7", "2026-03-02T09:59:00Z"),
		.body = "{'rules_out':true}" },
	{ "no after a lasting yes, years later", NO_TO_ALL, STANDING("keloids", "2", "2019-03-02T09:59:00Z"),
		"\"keloids\" was answered with yes in session 2 on 2019-03-02: if it is no today, let a supervisor change "
		"the answer first" },
	{ "no after a yes to a clinic's own question", NO_TO_ALL,
		STANDING("own.question", "2", "2019-03-02T09:59:00Z"),
		"\"own.question\" was answered with yes in session 2" },
	{ "no after a passing yes of another day", NO_TO_ALL,
		STANDING("pregnancy", "6", "2026-03-01T10:00:00Z"), .body = "{'rules_out':false}" },
	{ "no after a passing yes of a session on the same day", NO_TO_ALL,
		STANDING("pregnancy", "6", "2026-03-01T10:00:01Z"), "in session 6 on 2026-03-01" },
	{ "no after a yes of a time that nobody can read", NO_TO_ALL, STANDING("pregnancy", "6", "once"),
		"\"pregnancy\" was answered with yes in session 6" },
	{ "what stands is not asked any more", NO_TO_ALL,
		STANDING("inflamed-skin", "6", "2026-03-02T09:59:00Z"), .body = "{'rules_out':false}" },
	{ "what is different is kept", YES_TO("diabetes"),
		"{'screenings':[{'session':7,'answers':{'diabetes':false,'keloids':true}},{'session':5,"
		"'answers':{'diabetes':false,'latex-allergy':true,'keloids':false,'eczema':true}}],'standing':[]}",
		.body = "{'before':{'diabetes':false,'latex-allergy':true},'before_session':5}" },
};

static void expect_body(const Row *row, json_t *body)
{
	json_auto_t *wanted = read_json(row->body);
	json_t *value;
	const char *key;

	json_object_foreach (wanted, key, value)
		if (!json_equal(json_object_get(body, key), value))
			fail_msg("%s: %s is %s", row->name, key,
				json_dumps(json_object_get(body, key), JSON_ENCODE_ANY));
}

static void test_decisions(void **state)
{
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		const Row *row = &rows[i];
		World *world = calloc(1, sizeof *world);
		Decision decision = { 0 };
		Command command = { .id = 1, .asked = read_json(row->asked), .rows = read_json(row->found) };

		assert_non_null(world);
		set_up(world);
		command_screening.decide(&world->state, &command, &decision);
		if (row->refused &&
			(decision.kind != DECISION_REFUSED || !strstr(decision.text, row->refused)))
			fail_msg("%s: \"%s\"", row->name, decision.text);
		if (row->looks_up &&
			(decision.kind != DECISION_EFFECT || strcmp(decision.question, row->looks_up) != 0))
			fail_msg("%s: %d", row->name, decision.kind);
		if (row->body && decision.kind != DECISION_RECORD)
			fail_msg("%s: \"%s\"", row->name, decision.text);
		if (row->body)
			expect_body(row, decision.body);
		json_decref(command.asked);
		json_decref(command.rows);
		json_decref(decision.arguments);
		json_decref(decision.body);
		tear_down(world);
		free(world);
	}
}

/** Nobody is told half a list as if it were all of it. */
static void test_many_answers_stop(void **state)
{
	static const char begins[] = "the screening answers rule the treatment out (";
	World *world = calloc(1, sizeof *world);
	json_auto_t *body = read_json("{'session':7,'rules_out':true}");
	Refusal refusals[INTERLOCK_MAX];
	json_t *refused = json_array();
	size_t n, seen = 0;

	assert_non_null(world);
	set_up(world);
	for (int i = 0; i < SCREENING_MAX; i++)
		json_array_append_new(refused, json_string(health_questions[i % 20].name));
	json_object_set_new(body, "refused", refused);
	record_apply(&world->state, &(AppliedRecord){ .kind = "session.screening", .body = body });
	n = refusals_of(&world->state, refusals);
	for (size_t i = 0; i < n; i++)
		if (refusals[i].interlock == INTERLOCK_SCREENING) {
			assert_memory_equal(refusals[i].text, begins, sizeof begins - 1);
			assert_non_null(
				strstr(refusals[i].text, " more): abandon the session, or let a supervisor"));
			assert_string_equal(refusals[i].text + strlen(refusals[i].text) - 6, "answer");
			seen++;
		}
	assert_int_equal(seen, 1);
	tear_down(world);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_question_is_named_once),
		cmocka_unit_test(test_the_profile_completes_the_protocol),
		cmocka_unit_test(test_the_stricter_effect_counts),
		cmocka_unit_test(test_the_most_that_can_be_asked),
		cmocka_unit_test(test_what_is_shipped_has_words),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_many_answers_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
