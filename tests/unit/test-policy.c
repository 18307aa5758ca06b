/* SPDX-License-Identifier: Apache-2.0 */

/** Policies: what is a policy and what not, and when enough witnesses have cosigned. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tlog/policy.h"

enum { WITNESSES = 5 };

typedef struct World {
	NoteSigner *log, *witnesses[WITNESSES];
	char log_key[NOTE_KEY_MAX], keys[WITNESSES][NOTE_KEY_MAX];
	char *note; /* signed by the log alone */
} World;

static int set_up_world(void **state)
{
	World *world = calloc(1, sizeof *world);
	Checkpoint checkpoint = { .origin = "example.com/log", .size = 1 };

	assert_non_null(world);
	assert_int_equal(note_signer_generate("example.com/log", &world->log), 0);
	note_verifier_write(note_signer_verifier(world->log), world->log_key);
	for (int i = 0; i < WITNESSES; i++) {
		NoteVerifier cosigner;
		char name[32];

		snprintf(name, sizeof name, "witness.example/w%d", i);
		assert_int_equal(note_signer_generate(name, &world->witnesses[i]), 0);
		note_signer_cosigner(world->witnesses[i], &cosigner);
		note_verifier_write(&cosigner, world->keys[i]);
	}
	merkle_hash_leaf("a", 1, &checkpoint.root);
	assert_int_equal(checkpoint_sign(&checkpoint, world->log, &world->note), 0);
	*state = world;
	return 0;
}

static int tear_down_world(void **state)
{
	World *world = *state;

	note_signer_free(world->log);
	for (int i = 0; i < WITNESSES; i++)
		note_signer_free(world->witnesses[i]);
	free(world->note);
	free(world);
	return 0;
}

/** %L is the log's key, %0 to %4 those of the witnesses. The caller owns the text. */
static char *fill_in(const World *world, const char *form)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (; *form; form++) {
		if (*form != '%')
			fputc(*form, stream);
		else if (*++form == 'L')
			fputs(world->log_key, stream);
		else
			fputs(world->keys[*form - '0'], stream);
	}
	assert_int_equal(fclose(stream), 0);
	return text;
}

/** The note with the cosignatures of the witnesses whose digits are in `by`. */
static char *cosigned_by(const World *world, const char *by)
{
	char *note = strdup(world->note);

	for (; *by; by++) {
		_cleanup_(freep) char *line = NULL;
		char *longer;

		assert_int_equal(
			note_cosign(world->witnesses[*by - '0'], note, strlen(note), 1400000000, &line), 0);
		assert_return_code(asprintf(&longer, "%s%s", note, line), 0);
		free(note);
		note = longer;
	}
	return note;
}

#define FIVE                                                                                                            \
	"log %L https://log.example\n\nwitness X0 %0\nwitness X1 %1 https://x1.example\n \t# a remark\nwitness X2 %2\n" \
	"witness Y3 %3\n\twitness  Y4\t%4\n"

static void test_quorum_decides(void **state)
{
	static const struct {
		const char *policy, *enough, *too_few;
	} cases[] = {
		{ FIVE "quorum none\n", "", NULL },
		{ FIVE "quorum X1\n", "1", "0234" },
		{ FIVE "group g any X0 Y4\nquorum g\n", "4", "123" },
		{ FIVE "group g all X0 Y4\nquorum g\n", "04", "0123" },
		{ FIVE "group g 2 X0 X1 X2\nquorum g\n", "02", "034" },
		{ FIVE "group X 2 X0 X1 X2\ngroup Y any Y3 Y4\ngroup both all X Y\nquorum both\n", "124",
			"012" },
		{ FIVE "group X 2 X0 X1 X2\ngroup Y any Y3 Y4\ngroup both all X Y\nquorum both\n", "013",
			"034" },
	};
	const World *world = *state;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		const char *tries[] = { cases[i].enough, cases[i].too_few };
		_cleanup_(policy_freep) Policy *policy = NULL;
		_cleanup_(freep) char *text = fill_in(world, cases[i].policy);
		Error error;

		assert_int_equal(policy_parse(text, strlen(text), &policy, &error), 0);
		for (size_t t = 0; t < ELEMENTS(tries) && tries[t]; t++) {
			_cleanup_(freep) char *note = cosigned_by(world, tries[t]);
			PolicyVerdict verdict;
			Checkpoint checkpoint;

			assert_int_equal(policy_judge(policy, note, strlen(note), NULL, 0, &checkpoint,
						 &verdict, &error),
				0);
			assert_int_equal(verdict.met, t == 0);
			assert_int_equal(verdict.n_cosigned, strlen(tries[t]));
			assert_int_equal(checkpoint.size, 1);
			for (int w = 0; w < WITNESSES; w++)
				assert_int_equal(
					verdict.utc_s[w], strchr(tries[t], '0' + w) ? 1400000000 : 0);
		}
	}
}

static void test_one_witness_counts_once(void **state)
{
	const World *world = *state;
	_cleanup_(policy_freep) Policy *policy = NULL;
	_cleanup_(freep) char *text = fill_in(world, FIVE "group g 2 X0 X1\nquorum g\n"),
			      *note = cosigned_by(world, "000");
	PolicyVerdict verdict;
	Checkpoint checkpoint;
	Error error;

	assert_int_equal(policy_parse(text, strlen(text), &policy, &error), 0);
	assert_int_equal(policy_judge(policy, note, strlen(note), NULL, 0, &checkpoint, &verdict, &error), 0);
	assert_false(verdict.met);
	assert_int_equal(verdict.n_cosigned, 1);
}

static void test_witnesses_never_replace_the_log(void **state)
{
	const World *world = *state;
	_cleanup_(policy_freep) Policy *policy = NULL, *without = NULL;
	_cleanup_(freep) char *text = fill_in(world, "witness a %0\nquorum a\n"),
			      *note = cosigned_by(world, "0");
	PolicyVerdict verdict;
	Checkpoint checkpoint;
	Error error;
	char *last;

	assert_int_equal(policy_parse(text, strlen(text), &policy, &error), 0);
	assert_int_equal(
		policy_judge(policy, note, strlen(note), NULL, 0, &checkpoint, &verdict, &error), -ENOKEY);
	assert_int_equal(policy_judge(policy, note, strlen(note), note_signer_verifier(world->log), 1,
				 &checkpoint, &verdict, &error),
		0);
	assert_true(verdict.met);
	last = note + strlen(note) - 10;
	*last = *last == 'A' ? 'B' : 'A';
	assert_int_equal(policy_judge(policy, note, strlen(note), note_signer_verifier(world->log), 1,
				 &checkpoint, &verdict, &error),
		-EBADMSG);
}

static void test_what_is_no_policy(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "lacks its quorum" },
		{ "quorum none", "line 1 of the policy has no end" },
		{ "quorum none\nquorum none\n", "line 2 of the policy: one line" },
		{ "quorum a\nwitness a %0\n", "line 1 of the policy: a is not defined above" },
		{ "witness none %0\nquorum none\n", "other than \"none\"" },
		{ "witness a %0\nwitness a %1\nquorum a\n", "line 2 of the policy: the name a stands twice" },
		{ "witness a %0\nwitness b %0\nquorum a\n", "the key stands twice" },
		{ "log %L\nlog %L\nquorum none\n", "the key stands twice" },
		{ "witness a %L\nquorum a\n", "not one that a witness" },
		{ "log %0\nquorum none\n", "not one that a log" },
		{ "log %L url more\nquorum none\n", "nothing may follow" },
		{ "witness a\nquorum a\n", "line 1 of the policy" },
		{ "witness a %0\ngroup g 2 a\nquorum g\n", "a number from 1" },
		{ "witness a %0\ngroup g 0 a\nquorum g\n", "a number from 1" },
		{ "witness a %0\ngroup g 01 a\nquorum g\n", "a number from 1" },
		{ "witness a %0\ngroup g any\nquorum g\n", "needs a member" },
		{ "witness a %0\ngroup g any a a\nquorum g\n", "a is a member already" },
		{ "witness a %0\ngroup g any a\ngroup h any a g\nquorum h\n", "a is a member already" },
		{ "witness a %0\ngroup g any g\nquorum g\n", "g is not defined above" },
		{ "quorums none\n", "a line begins with" },
		{ "quorum none\r\n", "without control characters" },
	};
	const World *world = *state;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(freep) char *text = fill_in(world, cases[i].text);
		Policy *policy = NULL;
		Error error;

		assert_int_equal(policy_parse(text, strlen(text), &policy, &error), -EINVAL);
		if (!strstr(error.text, cases[i].says))
			fail_msg("%s: %s", cases[i].text, error.text);
	}
}

static void test_parties_are_told(void **state)
{
	const World *world = *state;
	_cleanup_(policy_freep) Policy *policy = NULL;
	_cleanup_(freep) char *text = fill_in(world, FIVE "quorum X1\n");
	const PolicyParty *parties;
	Error error;
	size_t n;

	assert_int_equal(policy_parse(text, strlen(text), &policy, &error), 0);
	parties = policy_witnesses(policy, &n);
	assert_int_equal(n, WITNESSES);
	assert_string_equal(parties[1].name, "X1");
	assert_string_equal(parties[1].url, "https://x1.example");
	assert_string_equal(parties[4].url, "");
	parties = policy_logs(policy, &n);
	assert_int_equal(n, 1);
	assert_string_equal(parties[0].name, "example.com/log");
	assert_int_equal(policy_load("/nowhere/policy", &policy, &error), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quorum_decides),
		cmocka_unit_test(test_one_witness_counts_once),
		cmocka_unit_test(test_witnesses_never_replace_the_log),
		cmocka_unit_test(test_what_is_no_policy),
		cmocka_unit_test(test_parties_are_told),
	};

	return cmocka_run_group_tests_name("policy", tests, set_up_world, tear_down_world);
}
