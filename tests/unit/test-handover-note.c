/* SPDX-License-Identifier: Apache-2.0 */

/** Hand-over notes: what the giver held goes over, and nothing else does, whatever a note says. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "clinic/handover-note.h"
#include "quoted-json.h"
#include "tlog/proof.h"

enum { LEAVES_MAX = 16, LEVELS = 6 };

/** A log in memory. */
typedef struct Log {
	NoteSigner *signer;
	MerkleTree tree;
	MerkleHash nodes[LEVELS][LEAVES_MAX];
	char *leaves[LEAVES_MAX];
} Log;

static int keep_hash(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	Log *log = userdata;

	log->nodes[level][index] = *hash;
	return 0;
}

static int read_back(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	const Log *log = userdata;

	*ret = log->nodes[level][index];
	return 0;
}

/** Appends a leaf of JSON with apostrophes; its number. */
static uint64_t append(Log *log, const char *quoted)
{
	json_auto_t *leaf = read_json(quoted);
	uint64_t number = log->tree.size;
	MerkleHash hash;

	log->leaves[number] = json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS);
	merkle_hash_leaf(log->leaves[number], strlen(log->leaves[number]), &hash);
	log->nodes[0][number] = hash;
	assert_int_equal(merkle_append(&log->tree, &hash, keep_hash, log), 0);
	return number;
}

/** The proof of a leaf, which the caller owns; with the leaf in it if `whole`. */
static char *prove(Log *log, uint64_t number, bool whole)
{
	const MerkleReader reader = { .node = read_back, .userdata = log };
	InclusionProof proof = { .index = number };
	Checkpoint checkpoint = { .size = log->tree.size };
	_cleanup_(freep) char *note = NULL;
	char *text;

	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", note_signer_verifier(log->signer)->name);
	merkle_tree_root(&log->tree, &checkpoint.root);
	assert_int_equal(checkpoint_sign(&checkpoint, log->signer, &note), 0);
	assert_int_equal(merkle_prove_inclusion(&reader, number, log->tree.size, &proof.path), 0);
	proof.checkpoint = note;
	proof.checkpoint_size = strlen(note);
	proof.extra = whole ? (uint8_t *)log->leaves[number] : NULL;
	proof.extra_size = whole ? strlen(log->leaves[number]) : 0;
	assert_int_equal(inclusion_proof_write(&proof, &text), 0);
	return text;
}

typedef struct World {
	Log giver, registry, other;
} World;

#define GIVER  "stipple/clinic/chair-1"
#define GETTER "stipple/clinic/chair-2"

static int set_up_logs(void **state)
{
	World *world = calloc(1, sizeof *world);

	assert_non_null(world);
	assert_int_equal(note_signer_generate(GIVER, &world->giver.signer), 0);
	assert_int_equal(note_signer_generate("clinic.example/registry", &world->registry.signer), 0);
	assert_int_equal(note_signer_generate("stipple/clinic/chair-3", &world->other.signer), 0);
	append(&world->registry, "{'kind':'boot.confirmed','station':'" GIVER "','boot':'b'}");
	append(&world->registry,
		"{'kind':'units.granted','station':'" GIVER "','lot':'L1','units':['A1','A2']}");
	append(&world->registry, "{'kind':'range.granted','station':'" GIVER
				 "','lot':'L2','unit':'(10)L2','first':5,'last':9}");
	append(&world->registry,
		"{'kind':'units.moved','station':'" GETTER "','to':'" GIVER "','units':['B1']}");
	append(&world->registry, "{'kind':'units.granted','station':'" GETTER "','lot':'L1','units':['C1']}");
	append(&world->registry,
		"{'kind':'units.moved','station':'" GIVER "','to':'" GETTER "','units':['A2']}");
	append(&world->giver, "{'kind':'session.begun','body':{}}");
	*state = world;
	return 0;
}

static int tear_down_logs(void **state)
{
	World *world = *state;
	Log *logs[] = { &world->giver, &world->registry, &world->other };

	for (size_t i = 0; i < ELEMENTS(logs); i++) {
		note_signer_free(logs[i]->signer);
		for (size_t leaf = 0; leaf < LEAVES_MAX; leaf++)
			free(logs[i]->leaves[leaf]);
	}
	free(world);
	return 0;
}

/** A note of `giver` whose record has this body, with the proofs of the leaves in `grants`, ended by -1. */
static char *write_note(World *world, Log *giver, const char *body, const int *grants)
{
	_cleanup_(freep) char *record = NULL, *released = NULL;
	HandoverGrant proofs[4];
	char *note = NULL;
	size_t n = 0;

	assert_true(asprintf(&record, "{'kind':'clinic.released','body':%s}", body) > 0);
	released = prove(giver, append(giver, record), true);
	for (; grants[n] >= 0; n++)
		proofs[n] = (HandoverGrant){ world->registry.leaves[grants[n]],
			prove(&world->registry, (uint64_t)grants[n], false) };
	assert_int_equal(handover_note_write(released, proofs, n, &note), 0);
	for (size_t i = 0; i < n; i++)
		free((char *)proofs[i].proof);
	return note;
}

static int open_note(const World *world, const char *text, HandoverNote *ret, Error *error)
{
	*error = (Error){ 0 };
	return handover_note_open(text, strlen(text), note_signer_verifier(world->giver.signer),
		note_signer_verifier(world->registry.signer), ret, error);
}

#define TO_GETTER(units, grants) "{'to':'" GETTER "','units':[" units "],'grants':[" grants "]}"

static void test_what_was_held_goes_over(void **state)
{
	World *world = *state;
	_cleanup_(handover_note_done) HandoverNote note = { 0 };
	_cleanup_(freep) char *text = write_note(world, &world->giver,
		TO_GETTER("'A1','(10)L2#9','B1'", "1,2,3"), (const int[]){ 1, 2, 3, -1 });
	char giver[NOTE_NAME_MAX];
	Error error;

	assert_int_equal(handover_note_giver(text, strlen(text), giver, &error), 0);
	assert_string_equal(giver, GIVER);
	if (open_note(world, text, &note, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(note.giver, GIVER);
	assert_string_equal(note.to, GETTER);
	assert_int_equal(note.number, world->giver.tree.size);
	assert_int_equal(json_array_size(note.units), 3);
	assert_string_equal(json_string_value(json_array_get(note.units, 1)), "(10)L2#9");
	assert_int_equal(json_integer_value(json_array_get(note.grants, 2)), 3);
}

static void test_what_was_not_held_does_not(void **state)
{
	static const struct {
		const char *body;
		int grants[3];
	} cases[] = {
		{ TO_GETTER("'C1'", "4"), { 4, -1 } }, /* another's */
		{ TO_GETTER("'A1'", "1"), { -1 } },    /* no proof */
		{ TO_GETTER("'A1'", "2"), { 1, -1 } }, /* by another leaf than it names */
		{ TO_GETTER("'A3'", "1"), { 1, -1 } }, /* not in the leaf */
		{ TO_GETTER("'(10)L2#4'", "2"),
			{ 2, -1 } }, /* before the range, after it, and what is no number */
		{ TO_GETTER("'(10)L2#10'", "2"), { 2, -1 } },
		{ TO_GETTER("'(10)L2#07'", "2"), { 2, -1 } },
		{ TO_GETTER("'(10)L2#7x'", "2"), { 2, -1 } },
		{ TO_GETTER("'(10)L2#'", "2"), { 2, -1 } },
		{ TO_GETTER("'(10)L2'", "2"), { 2, -1 } },
		{ TO_GETTER("'A2'", "5"), { 5, -1 } }, /* it went away from the giver */
		{ TO_GETTER("'A1','C1'", "1,1"), { 1, -1 } },
	};
	World *world = *state;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(freep) char *text =
			write_note(world, &world->giver, cases[i].body, cases[i].grants);
		HandoverNote note;
		Error error;

		if (open_note(world, text, &note, &error) != -EREMOTE)
			fail_msg("%s: %s", cases[i].body, error.text);
		assert_non_null(strstr(error.text, "does not show that " GIVER " held cartridge"));
		world->giver.tree.size = 1; /* the log has room for few */
		free(TAKE_PTR(world->giver.leaves[1]));
		world->giver.tree = (MerkleTree){ .size = 1, .edge = { world->giver.nodes[0][0] } };
	}
}

static void test_what_is_no_note(void **state)
{
	static const char *const bodies[] = { "{'to':'x'}", "{'to':'x','units':[],'grants':[]}",
		"{'to':'x','units':['A1'],'grants':[]}", "{'to':'x','units':['A1','A1'],'grants':[1,1]}",
		"{'to':'x','units':[1],'grants':[1]}", "{'to':'x','units':['A1'],'grants':['1']}",
		"{'to':'x','units':['A1'],'grants':[-1]}" };
	static const char *const texts[] = { "", "note", "c2sp.org/tlog-proof@v2\n",
		"c2sp.org/tlog-proof@v1\nindex 1\n" };
	World *world = *state;
	HandoverNote note;
	Error error;

	for (size_t i = 0; i < ELEMENTS(bodies); i++) {
		_cleanup_(freep) char *text =
			write_note(world, &world->giver, bodies[i], (const int[]){ 1, -1 });

		assert_int_equal(open_note(world, text, &note, &error), -EINVAL);
		free(TAKE_PTR(world->giver.leaves[1]));
		world->giver.tree = (MerkleTree){ .size = 1, .edge = { world->giver.nodes[0][0] } };
	}
	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		char giver[NOTE_NAME_MAX];

		assert_int_equal(open_note(world, texts[i], &note, &error), -EINVAL);
		assert_int_equal(handover_note_giver(texts[i], strlen(texts[i]), giver, &error), -EINVAL);
	}
}

static void test_nobody_else_gives(void **state)
{
	World *world = *state;
	_cleanup_(freep) char *text =
		write_note(world, &world->other, TO_GETTER("'A1'", "1"), (const int[]){ 1, -1 });
	_cleanup_(freep) char *own =
		write_note(world, &world->giver, TO_GETTER("'A1'", "1"), (const int[]){ 1, -1 });
	HandoverNote note;
	Error error;

	assert_true(open_note(world, text, &note, &error) < 0);
	/* with every bit turned, one after the other in steps, a note is refused or says the same */
	for (size_t i = 0; i < strlen(own); i += 7) {
		_cleanup_(freep) char *changed = strdup(own);

		changed[i] ^= 1;
		if (changed[i] && open_note(world, changed, &note, &error) >= 0) {
			assert_string_equal(note.giver, GIVER);
			assert_string_equal(note.to, GETTER);
			assert_string_equal(json_string_value(json_array_get(note.units, 0)), "A1");
			handover_note_done(&note);
		}
	}
	/* neither half is a note */
	own[strlen(own) / 2] = '\0';
	assert_true(open_note(world, own, &note, &error) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_held_goes_over, set_up_logs, tear_down_logs),
		cmocka_unit_test_setup_teardown(test_what_was_not_held_does_not, set_up_logs, tear_down_logs),
		cmocka_unit_test_setup_teardown(test_what_is_no_note, set_up_logs, tear_down_logs),
		cmocka_unit_test_setup_teardown(test_nobody_else_gives, set_up_logs, tear_down_logs),
	};

	return cmocka_run_group_tests_name("hand-over notes", tests, NULL, NULL);
}
