/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A registry that signs a log of its own, and a station in its clinic, for the tests of the ledger. */

#include "inventory-fixture.h"

#include "ledger/sql.h"
#include "ledger/verify.h"
#include "tlog/proof.h"

#define HERE  "stipple/clinic/one"
#define THERE "stipple/clinic/two"
#define BOOT  "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"

enum { REGISTRY_LEAVES = 512 };

typedef struct TestRegistry {
	NoteSigner *signer;
	uint64_t n;
	MerkleHash leaves[REGISTRY_LEAVES];
} TestRegistry;

/** A log of that name; a registry's, or a station's. */
static inline TestRegistry *registry_named(const char *name)
{
	TestRegistry *registry = calloc(1, sizeof *registry);

	assert_non_null(registry);
	assert_int_equal(note_signer_generate(name, &registry->signer), 0);
	return registry;
}

static inline TestRegistry *registry_new(void)
{
	return registry_named("clinic.example/registry");
}

static inline TestRegistry *registry_free(TestRegistry *registry)
{
	if (registry)
		note_signer_free(registry->signer);
	free(registry);
	return NULL;
}
DEFINE_CLEANUP(TestRegistry *, registry_free, registry_freep);

typedef struct KeptNodes {
	MerkleHash nodes[MERKLE_LEVELS][REGISTRY_LEAVES];
} KeptNodes;

static inline int keep_kept_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	((KeptNodes *)userdata)->nodes[level][index] = *hash;
	return 0;
}

static inline int read_kept_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	*ret = ((KeptNodes *)userdata)->nodes[level][index];
	return 0;
}

/** Appends a leaf and gives the body of its record. Takes ownership of `leaf`. */
static inline json_t *registry_say(TestRegistry *registry, json_t *leaf)
{
	_cleanup_(freep) char *text = json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS), *note = NULL,
			      *proved = NULL;
	_cleanup_(freep) KeptNodes *kept = calloc(1, sizeof *kept);
	const MerkleReader reader = { .node = read_kept_node, .userdata = kept };
	InclusionProof proof = { .index = registry->n };
	Checkpoint checkpoint = { .size = registry->n + 1 };
	MerkleTree tree = { 0 };
	json_t *body;

	assert_non_null(text);
	assert_non_null(kept);
	assert_true(registry->n < REGISTRY_LEAVES);
	merkle_hash_leaf(text, strlen(text), &registry->leaves[registry->n++]);
	for (uint64_t i = 0; i < registry->n; i++) {
		kept->nodes[0][i] = registry->leaves[i];
		assert_int_equal(merkle_append(&tree, &registry->leaves[i], keep_kept_node, kept), 0);
	}
	merkle_tree_root(&tree, &checkpoint.root);
	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s",
		note_signer_verifier(registry->signer)->name);
	assert_int_equal(checkpoint_sign(&checkpoint, registry->signer, &note), 0);
	assert_int_equal(merkle_prove_inclusion(&reader, proof.index, registry->n, &proof.path), 0);
	proof.checkpoint = note;
	proof.checkpoint_size = strlen(note);
	assert_int_equal(inclusion_proof_write(&proof, &proved), 0);
	body = json_pack("{s:I, s:s, s:s, s:s}", "number", (json_int_t)proof.index, "kind",
		json_string_value(json_object_get(leaf, "kind")), "leaf", text, "proof", proved);
	json_decref(leaf);
	assert_non_null(body);
	return body;
}

static inline json_t *say_boot(TestRegistry *registry, const char *station)
{
	return registry_say(registry, json_pack("{s:s, s:s, s:s, s:i}", "kind", "boot.confirmed", "station",
					      station, "boot", BOOT, "size", 1));
}

/** Takes ownership of `units`. */
static inline json_t *say_units(TestRegistry *registry, const char *station, const char *lot, json_t *units)
{
	return registry_say(registry, json_pack("{s:s, s:s, s:s, s:o}", "kind", "units.granted", "station",
					      station, "lot", lot, "units", units));
}

static inline json_t *say_range(
	TestRegistry *registry, const char *station, const char *lot, const char *unit, int first, int last)
{
	return registry_say(
		registry, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "kind", "range.granted", "station",
				  station, "lot", lot, "unit", unit, "first", first, "last", last));
}

/** Takes ownership of `units`. */
static inline json_t *say_move(TestRegistry *registry, const char *from, const char *to, json_t *units)
{
	return registry_say(registry, json_pack("{s:s, s:s, s:s, s:o}", "kind", "units.moved", "station",
					      from, "to", to, "units", units));
}

static inline json_t *say_quarantine(TestRegistry *registry, const char *station)
{
	return registry_say(registry, json_pack("{s:s, s:s, s:s}", "kind", "station.quarantined", "station",
					      station, "why", "cloned"));
}

static inline json_t *say_enrolled(TestRegistry *registry, const char *station, const TestRegistry *log)
{
	char key[NOTE_KEY_MAX];

	note_verifier_write(note_signer_verifier(log->signer), key);
	return registry_say(registry, json_pack("{s:s, s:s, s:s, s:s}", "kind", "station.enrolled", "station",
					      station, "name", "two", "key", key));
}

/** Puts a leaf on record. Takes ownership of `body`. */
static inline void hear(Ledger *ledger, json_t *body)
{
	accepted(ledger, "clinic.leaf", body);
}

static inline json_t *joined_as(const TestRegistry *registry, const char *station)
{
	char key[NOTE_KEY_MAX];

	note_verifier_write(note_signer_verifier(registry->signer), key);
	return json_pack("{s:s, s:s, s:s}", "station", station, "name", "one", "registry", key);
}

/** Joins the clinic, in a start that the registry confirmed. */
static inline void join(Ledger *ledger, TestRegistry *registry)
{
	accepted(ledger, "clinic.joined", joined_as(registry, HERE));
	hear(ledger, say_boot(registry, HERE));
}

static inline json_t *held_claim(const char *unit, const char *name)
{
	json_t *body = claim(unit, name, 1);

	json_object_set_new(body, "held", json_true());
	return body;
}

/** A record that another station entered. Takes ownership of `body`. */
static inline LedgerAnswer append_shared(Ledger *ledger, const char *kind, int number, json_t *body)
{
	LedgerRecord record = { .kind = kind, .actor = "clinic", .body = body };
	LedgerAnswer answer = { .error = 1 };
	char from[64];

	snprintf(from, sizeof from, THERE " %d", number);
	json_object_update_new(
		body, json_pack("{s:s, s:s, s:s, s:i}", "from", from, "entered",
			      "2026-03-01T09:00:00.000000Z", "entered_by", "b9", "leaf", 1000 + number));
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	serve(ledger);
	return answer;
}

/** Takes ownership of `body`. */
static inline void shared(Ledger *ledger, const char *kind, int number, json_t *body)
{
	LedgerAnswer answer = append_shared(ledger, kind, number, body);

	if (answer.error < 0)
		fail_msg("%s: %s", kind, answer.text);
}

/** Findings of a verification, one a line. */
typedef struct Findings {
	char text[8 * VERIFY_TEXT_MAX];
	Verification found;
} Findings;

static inline void add_finding(void *userdata, const char *text)
{
	Findings *findings = userdata;
	size_t used = strlen(findings->text);

	snprintf(findings->text + used, sizeof findings->text - used, "%s\n", text);
}

static inline void verify_file(const char *path, Findings *ret)
{
	VerifyOptions options = {
		.path = path, .parts = VERIFY_ALL, .threads = 1, .finding = add_finding, .userdata = ret
	};
	Error error = { 0 };

	memset(ret, 0, sizeof *ret);
	if (ledger_verify(&options, &ret->found, &error) < 0)
		fail_msg("%s", error.text);
}

static inline void expect_sound(const char *path)
{
	Findings findings;

	verify_file(path, &findings);
	if (findings.found.findings > 0)
		fail_msg("%s", findings.text);
}
