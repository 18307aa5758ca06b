/* SPDX-License-Identifier: Apache-2.0 */

/** A ledger whose station belongs to a clinic: what it may claim, gives away and gets, and how that is
 * verified. */

#include "clinic-fixture.h"

#include "clinic/handover-note.h"
#include "util/file.h"

static int setup_clinic(void **state)
{
	return setup_signed(state, 100);
}

#define CLINIC_TEST(name) cmocka_unit_test_setup_teardown(name, setup_clinic, teardown)

static void rebuild(Fixture *fixture)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	sqlite3_close(db);
}

static json_t *units_of(const char *first, const char *second)
{
	return json_pack("[s, s*]", first, second);
}

static int64_t count_held(Fixture *fixture)
{
	sqlite3 *db = NULL;
	int64_t n;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	n = statement_number(db, "SELECT count(*) FROM held", 0);
	sqlite3_close(db);
	return n;
}

/* ---- claims ---- */

static void test_without_the_rule_nothing_changes(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	accepted(ledger, "lot.received", lot("L2", 9, "2027-01-01"));
	assert_string_equal(append(ledger, "needle.claimed", claim("(10)L2", "L2", 1)).detail, "(10)L2#1");
	assert_string_equal(append(ledger, "needle.claimed", claim("(10)L2", "L2", 1)).detail, "(10)L2#2");
	expect_sound(fixture->path);
}

static void test_what_is_held_is_claimed(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;
	Findings findings;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "belongs to no clinic");
	accepted(ledger, "clinic.joined", joined_as(registry, HERE));
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), UNIT("B"))));
	hear(ledger, say_units(registry, THERE, "L1", units_of(UNIT("C"), NULL)));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "not confirmed this start");
	hear(ledger, say_boot(registry, THERE));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "not confirmed this start");
	hear(ledger, say_boot(registry, HERE));
	refused(ledger, "needle.claimed", held_claim(UNIT("C"), "L1"), -EREMOTE, "not held by this station");
	answer = append(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"));
	assert_int_equal(answer.error, 0);
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -EEXIST, "was used");
	accepted(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "quarantined", "reason", "x"));
	refused(ledger, "needle.claimed", held_claim(UNIT("B"), "L1"), -EKEYREVOKED, "quarantined");
	verify_file(fixture->path, &findings);
	assert_string_equal(findings.text, "");
	assert_int_equal(findings.found.leaves, 4);
	rebuild(fixture);
	assert_int_equal(count_held(fixture), 1);
}

static void test_numbers_come_from_a_range(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim("(10)L1", "L1", 1)); /* before it joined: (10)L1#1 */
	join(ledger, registry);
	hear(ledger, say_range(registry, HERE, "L1", "(10)L1", 1, 3));
	hear(ledger, say_range(registry, THERE, "L1", "(10)L1", 4, 9));
	hear(ledger, say_range(registry, HERE, "L1", "(10)L1", 10, 11));
	assert_int_equal(count_held(fixture), 4);
	assert_string_equal(append(ledger, "needle.claimed", held_claim("(10)L1", "L1")).detail, "(10)L1#2");
	/* the code of the same lot, with its product */
	assert_string_equal(
		append(ledger, "needle.claimed", held_claim("(01)04012345678901(10)L1", "L1")).detail,
		"(10)L1#3");
	hear(ledger, say_move(registry, HERE, THERE, units_of("(10)L1#10", NULL)));
	assert_string_equal(append(ledger, "needle.claimed", held_claim("(10)L1", "L1")).detail, "(10)L1#11");
	refused(ledger, "needle.claimed", held_claim("(10)L1", "L1"), -EREMOTE,
		"holds no cartridge of lot L1");
	hear(ledger, say_move(registry, THERE, HERE, units_of("(10)L1#7", "(10)L1#10")));
	assert_string_equal(append(ledger, "needle.claimed", held_claim("(10)L1", "L1")).detail, "(10)L1#7");
	expect_sound(fixture->path);
	rebuild(fixture);
	assert_int_equal(count_held(fixture), 1);
	/* when it has left, the numbers go on after those that the registry gave */
	accepted(ledger, "clinic.left", named("station", HERE));
	for (int i = 0; i < 3; i++)
		accepted(ledger, "needle.claimed", claim("(10)L1", "L1", 1));
	expect_sound(fixture->path);
}

static json_t *torn(const char *unit, bool held)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "unit", unit, "lot", "L1", "reason", "torn", "held", held);
}

static void test_a_damaged_cartridge_is_held_no_more(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	hear(ledger, say_range(registry, HERE, "L1", "(10)L1", 5, 6));
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), NULL)));
	assert_string_equal(append(ledger, "needle.damaged", torn("(10)L1", true)).detail, "(10)L1#5");
	accepted(ledger, "needle.damaged", torn(UNIT("A"), true));
	accepted(ledger, "needle.damaged", torn(UNIT("Z"), true)); /* nobody can be hurt by it */
	accepted(ledger, "needle.damaged", torn("(10)L1", true));
	refused(ledger, "needle.damaged", torn("(10)L1", true), -EREMOTE, "holds no cartridge of lot L1");
	assert_int_equal(count_held(fixture), 0);
	expect_sound(fixture->path);
}

static void test_quarantine_writes_off(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), NULL)));
	hear(ledger, say_quarantine(registry, THERE));
	assert_int_equal(count_held(fixture), 1);
	hear(ledger, say_quarantine(registry, HERE));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -EKEYREJECTED,
		"quarantined this station");
	assert_int_equal(count_held(fixture), 0);
	/* enrolled anew, under another log */
	accepted(ledger, "clinic.joined", joined_as(registry, HERE "/epoch-2"));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "not confirmed");
	hear(ledger, say_boot(registry, HERE "/epoch-2"));
	hear(ledger, say_units(registry, HERE "/epoch-2", "L1", units_of(UNIT("B"), NULL)));
	accepted(ledger, "needle.claimed", held_claim(UNIT("B"), "L1"));
	expect_sound(fixture->path);
}

/** Of a card that was copied: the copy's machine starts anew, which nobody confirmed. */
static void test_another_start_claims_nothing(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	sqlite3 *db = NULL;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), NULL)));
	/* what a restored backup puts on record, in a start that was confirmed for what was here before */
	accepted(ledger, "ledger.restored", json_pack("{s:i, s:i}", "size", 5, "lacking", 0));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "not confirmed this start");
	refused(ledger, "clinic.released", json_pack("{s:s, s:[s]}", "to", THERE, "units", UNIT("A")),
		-ENOLINK, "not confirmed this start");
	hear(ledger, say_boot(registry, HERE));
	/* as another boot id */
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE confirmed_boot SET boot = replace(boot, 'b', 'c')", NULL,
				 NULL, NULL),
		SQLITE_OK);
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -ENOLINK, "not confirmed this start");
	assert_int_equal(sqlite3_exec(db, "UPDATE confirmed_boot SET boot = replace(boot, 'c', 'b')", NULL,
				 NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	accepted(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"));
	expect_sound(fixture->path);
}

enum { ROUNDS = 120 };

/** Leaves and claims share groups: each cartridge is claimed once, and only after its grant. */
static void test_claims_go_on_while_leaves_arrive(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	_cleanup_(freep) LedgerAnswer *answers = calloc((size_t)3 * ROUNDS, sizeof *answers);
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	assert_non_null(answers);
	accepted(ledger, "lot.received", lot("L1", 900, "2027-01-01"));
	join(ledger, registry);
	for (int i = 0; i < ROUNDS; i++) {
		char unit[64];
		json_auto_t *early = NULL, *leaf = NULL, *claimed = NULL;

		snprintf(unit, sizeof unit, UNIT("A%d"), i);
		early = held_claim(unit, "L1");
		leaf = say_units(registry, HERE, "L1", units_of(unit, NULL));
		claimed = held_claim(unit, "L1");
		for (int k = 0; k < 3; k++) {
			LedgerRecord record = { .kind = k == 1 ? "clinic.leaf" : "needle.claimed",
				.actor = "b1",
				.body = k == 0   ? early
					: k == 1 ? leaf
						 : claimed };

			assert_int_equal(ledger_append(ledger, &record, keep_answer, &answers[3 * i + k]), 0);
		}
	}
	serve(ledger);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(answers[3 * i].error, -EREMOTE);
		assert_int_equal(answers[3 * i + 1].error, 0);
		assert_int_equal(answers[3 * i + 2].error, 0);
	}
	assert_int_equal(count_held(fixture), 0);
	expect_sound(fixture->path);
}

/* ---- leaves ---- */

static void test_a_leaf_is_on_record_once(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	json_auto_t *leaf = say_units(registry, HERE, "L1", units_of(UNIT("A"), NULL));
	json_auto_t *other = say_units(registry, HERE, "L1", units_of(UNIT("B"), NULL));
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer first, again;

	refused(ledger, "clinic.leaf", json_incref(leaf), -ENOLINK, "enrol it");
	accepted(ledger, "clinic.joined", joined_as(registry, HERE));
	first = append(ledger, "clinic.leaf", json_incref(leaf));
	assert_int_equal(first.error, 0);
	again = append(ledger, "clinic.leaf", json_incref(leaf));
	assert_int_equal(again.error, -EEXIST);
	assert_int_equal(again.seq, first.seq);
	json_object_set_new(
		other, "leaf", json_string("{\"kind\":\"units.granted\",\"station\":\"x\",\"units\":7}"));
	refused(ledger, "clinic.leaf", json_incref(other), -EINVAL, "that this program can read");
	accepted(ledger, "clinic.refused",
		json_pack("{s:i, s:s, s:s}", "number", 1, "kind", "units.granted", "text", "cannot be read"));
	assert_int_equal(append(ledger, "clinic.leaf", json_incref(other)).error, -EEXIST);
	expect_sound(fixture->path);
}

/* ---- notes ---- */

static json_t *released_to(const char *to, json_t *units)
{
	return json_pack("{s:s, s:o}", "to", to, "units", units);
}

/** The proof of a leaf, with the leaf in it. */
static char *prove_with_leaf(const json_t *said)
{
	const char *text = json_string_value(json_object_get(said, "proof"));
	const char *leaf = json_string_value(json_object_get(said, "leaf"));
	InclusionProof proof = { 0 };
	char *proved = NULL;
	Error error;

	assert_int_equal(inclusion_proof_parse(text, strlen(text), &proof, &error), 0);
	proof.extra = (uint8_t *)strdup(leaf);
	proof.extra_size = strlen(leaf);
	assert_int_equal(inclusion_proof_write(&proof, &proved), 0);
	inclusion_proof_done(&proof);
	return proved;
}

/** Another station, and the leaf by which it holds cartridges. */
typedef struct Giver {
	TestRegistry *log;
	const json_t *grant;
} Giver;

/** The note of the giver's record `number`. */
static char *write_note(const Giver *giver, int number, const char *to, json_t *units, json_t *grants)
{
	_cleanup_(freep) char *released = NULL;
	json_auto_t *said = NULL;
	HandoverGrant granted = { json_string_value(json_object_get(giver->grant, "leaf")),
		json_string_value(json_object_get(giver->grant, "proof")) };
	char *note = NULL;

	while (giver->log->n + 1 < (uint64_t)number)
		json_decref(registry_say(giver->log, named("kind", "session.state")));
	said = registry_say(giver->log, json_pack("{s:s, s:{s:s, s:O, s:O}}", "kind", "clinic.released",
						"body", "to", to, "units", units, "grants", grants));
	released = prove_with_leaf(said);
	assert_int_equal(handover_note_write(released, &granted, 1, &note), 0);
	return note;
}

static LedgerAnswer receive_note(
	Ledger *ledger, const Giver *from, int number, const char *to, json_t *units, json_t *grants)
{
	_cleanup_(freep) char *note = write_note(from, number, to, units, grants);
	char digest[DIGEST_HEX_MAX];
	LedgerAnswer answer = { .error = 1 };
	json_auto_t *body = NULL;

	digest_hex(note, strlen(note), digest);
	body = json_pack("{s:s, s:i, s:s, s:o, s:o, s:s, s:i}", "giver", THERE, "number", number, "to", to,
		"units", units, "grants", grants, "sha256", digest, "bytes", (int)strlen(note));
	assert_int_equal(ledger_append(ledger,
				 &(LedgerRecord){ .kind = "clinic.received",
					 .actor = "b1",
					 .body = body,
					 .attachment = note,
					 .attachment_size = strlen(note) },
				 keep_answer, &answer),
		0);
	serve(ledger);
	return answer;
}

static void test_what_was_given_away_is_not_claimed(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), UNIT("B"))));
	hear(ledger, say_range(registry, HERE, "L1", "(10)L1", 1, 3));
	refused(ledger, "clinic.released", released_to(HERE, units_of(UNIT("A"), NULL)), -EINVAL, "itself");
	refused(ledger, "clinic.released", released_to(THERE, json_array()), -EINVAL, "name 1 to 200");
	refused(ledger, "clinic.released", released_to(THERE, units_of(UNIT("A"), UNIT("Z"))), -EREMOTE,
		"leave it out");
	accepted(ledger, "clinic.released", released_to(THERE, units_of(UNIT("A"), "(10)L1#2")));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -EREMOTE, "not held");
	refused(ledger, "clinic.released", released_to(THERE, units_of(UNIT("A"), NULL)), -EREMOTE,
		"leave it out");
	assert_string_equal(append(ledger, "needle.claimed", held_claim("(10)L1", "L1")).detail, "(10)L1#1");
	assert_string_equal(append(ledger, "needle.claimed", held_claim("(10)L1", "L1")).detail, "(10)L1#3");
	/* the registry says it, too, and later the cartridge comes back */
	hear(ledger, say_move(registry, HERE, THERE, units_of(UNIT("A"), "(10)L1#2")));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -EREMOTE, "not held");
	hear(ledger, say_move(registry, THERE, HERE, units_of(UNIT("A"), NULL)));
	accepted(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"));
	expect_sound(fixture->path);
	rebuild(fixture);
	assert_int_equal(count_held(fixture), 1);
}

/** Notes travel faster than the registry hears of them: what it then says of the past gives nothing back. */
static void test_a_note_is_newer_than_what_the_registry_says(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	_cleanup_(registry_freep) TestRegistry *log = registry_named(THERE);
	json_auto_t *grant = NULL;
	Giver giver = { .log = log };
	Findings findings;
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;
	uint64_t seq;

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	giver.grant = grant = say_units(registry, THERE, "L1", units_of(UNIT("A"), UNIT("B"))); /* leaf 1 */
	hear(ledger, say_enrolled(registry, THERE, log));
	assert_int_equal(
		receive_note(ledger, &giver, 4, THERE, units_of(UNIT("A"), NULL), json_pack("[i]", 1)).error,
		-EREMOTE);
	answer = receive_note(
		ledger, &giver, 5, HERE, units_of(UNIT("A"), UNIT("B")), json_pack("[i, i]", 1, 1));
	assert_int_equal(answer.error, 0);
	seq = answer.seq;
	answer = receive_note(ledger, &giver, 5, HERE, units_of(UNIT("A"), NULL), json_pack("[i]", 1));
	assert_int_equal(answer.error, -EEXIST);
	assert_int_equal(answer.seq, seq);
	accepted(ledger, "needle.claimed", held_claim(UNIT("B"), "L1"));
	accepted(ledger, "clinic.released", released_to(THERE, units_of(UNIT("A"), NULL)));
	/* the registry hears of the first note, and of nothing else */
	hear(ledger, say_move(registry, THERE, HERE, units_of(UNIT("A"), UNIT("B"))));
	refused(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"), -EREMOTE, "not held");
	/* it comes back by a note, before the registry hears of the second one */
	assert_int_equal(
		receive_note(ledger, &giver, 8, HERE, units_of(UNIT("A"), NULL), json_pack("[i]", 1)).error,
		0);
	hear(ledger, say_move(registry, HERE, THERE, units_of(UNIT("A"), NULL)));
	accepted(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"));
	expect_sound(fixture->path);
	rebuild(fixture);
	assert_int_equal(count_held(fixture), 0);
	/* a note that the other station did not sign brings nothing, whatever a record says */
	giver.log = registry;
	assert_int_equal(
		receive_note(ledger, &giver, 90, HERE, units_of(UNIT("A"), NULL), json_pack("[i]", 1)).error,
		0);
	verify_file(fixture->path, &findings);
	assert_int_equal(findings.found.findings, 1);
	assert_non_null(strstr(findings.text, "the note does not prove it"));
}

/* ---- what a verification finds ---- */

/** Changes a record as if nobody had signed it, and its hash with it. */
static void forge(Fixture *fixture, const char *kind, const char *from, const char *to)
{
	_cleanup_(freep) char *change = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_true(asprintf(&change,
			    "DROP TRIGGER record_no_update;"
			    "UPDATE record SET leaf = CAST(replace(CAST(leaf AS TEXT), '%s', '%s') AS BLOB)"
			    " WHERE seq = (SELECT max(seq) FROM record WHERE kind = '%s')",
			    from, to, kind) > 0);
	assert_int_equal(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_close(db);
}

static void copy_file(const char *from, const char *to)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t size;
	FILE *copy;

	assert_int_equal(file_read(from, 64 << 20, &bytes, &size), 0);
	copy = fopen(to, "we");
	assert_non_null(copy);
	assert_int_equal(fwrite(bytes, 1, size, copy), size);
	assert_int_equal(fclose(copy), 0);
}

static const struct {
	const char *name, *kind, *from, *to, *finding;
} forgeries[] = {
	{ "a leaf of somebody else", "clinic.leaf", "(21)A", "(21)Z",
		"is not proved to be in the registry's log" },
	{ "a leaf of another number", "clinic.leaf", "\"number\":1", "\"number\":2", "is leaf 1" },
	{ "a leaf of another kind", "clinic.leaf", "\"kind\":\"units.granted\"", "\"kind\":\"units.grunted\"",
		"and it is units.granted" },
	{ "no proof", "clinic.leaf", "c2sp.org/tlog-proof", "c2sp.org/tlog-grief", "is none" },
	{ "another registry", "clinic.joined", "\"registry\":\"clinic", "\"registry\":\"tlinic",
		"whose key is none" },
	{ "a claim without a grant", "needle.claimed", "\"grant\":1", "\"grant\":7",
		"not on record before it" },
	{ "a claim by another leaf", "needle.claimed", "\"grant\":1", "\"grant\":0", "does not grant it" },
	{ "a claim of another cartridge", "needle.claimed", "(21)A\"}", "(21)Q\"}", "does not grant it" },
	{ "another start", "needle.claimed", "bbbb", "cccc", "had not confirmed" },
	{ "given away before", "clinic.released", "(21)B", "(21)A", "which the station gave away before" },
};

static void test_what_was_forged_is_found(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	Findings findings;
	char kept[128];

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	join(ledger, registry);
	hear(ledger, say_units(registry, HERE, "L1", units_of(UNIT("A"), UNIT("B"))));
	accepted(ledger, "clinic.released", released_to(THERE, units_of(UNIT("B"), NULL)));
	accepted(ledger, "needle.claimed", held_claim(UNIT("A"), "L1"));
	fixture->ledger = ledger_free(fixture->ledger);
	expect_sound(fixture->path);
	snprintf(kept, sizeof kept, "%s.kept", fixture->path);
	for (size_t i = 0; i < ELEMENTS(forgeries); i++) {
		copy_file(fixture->path, kept);
		forge(fixture, forgeries[i].kind, forgeries[i].from, forgeries[i].to);
		verify_file(fixture->path, &findings);
		if (!strstr(findings.text, forgeries[i].finding))
			fail_msg("%s: %s", forgeries[i].name, findings.text);
		assert_int_equal(rename(kept, fixture->path), 0);
	}
	expect_sound(fixture->path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLINIC_TEST(test_without_the_rule_nothing_changes),
		CLINIC_TEST(test_what_is_held_is_claimed),
		CLINIC_TEST(test_numbers_come_from_a_range),
		CLINIC_TEST(test_a_damaged_cartridge_is_held_no_more),
		CLINIC_TEST(test_quarantine_writes_off),
		CLINIC_TEST(test_another_start_claims_nothing),
		CLINIC_TEST(test_claims_go_on_while_leaves_arrive),
		CLINIC_TEST(test_a_leaf_is_on_record_once),
		CLINIC_TEST(test_what_was_given_away_is_not_claimed),
		CLINIC_TEST(test_a_note_is_newer_than_what_the_registry_says),
		CLINIC_TEST(test_what_was_forged_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
