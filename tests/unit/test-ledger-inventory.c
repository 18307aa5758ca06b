/* SPDX-License-Identifier: Apache-2.0 */

/** Lots, units, pigments and handpieces in the ledger: what each record changes, and what is refused. */

#include "inventory-fixture.h"

static void begin(Ledger *ledger, int session, const char *subject)
{
	accepted(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", subject, "protocol", "x",
			"course_session", 1));
}

static void end(Ledger *ledger, int session)
{
	accepted(ledger, "session.signed", json_pack("{s:i, s:s}", "session", session, "meaning", "done"));
}

static json_t *removed(const char *unit, int session)
{
	return json_pack("{s:i, s:s, s:i, s:i, s:i, s:s}", "session", session, "unit", unit, "strokes", 900,
		"dots", 30, "worked_s", 75, "reason", "dull");
}

static json_t *disposed(const char *unit)
{
	return json_pack("{s:s, s:s}", "unit", unit, "container", "SC-7");
}

static json_t *status(const char *name, const char *to)
{
	return json_pack("{s:s, s:s, s:s}", "lot", name, "status", to, "reason", "maker's notice 12");
}

/* ---- lots ---- */

static void test_all_of_a_lot_is_kept(void **state)
{
	Fixture *fixture = *state;
	json_t *body = lot("L1", 20, "2027-01-01");

	json_object_update_new(
		body, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:i}", "configuration", "1RL 0.25",
			      "supplier", "Dealer", "purchase", "PO-17", "certificate", "EO-4711",
			      "certificate_file", "eo.pdf", "certificate_sha256", "ab12", "membrane", 1,
			      "membrane_reference", "M-3", "low_stock", 5));
	accepted(fixture->ledger, "lot.received", body);
	expect(fixture->ledger, "lot", named("lot", "L1"), "configuration", "1RL 0.25");
	expect(fixture->ledger, "lot", named("lot", "L1"), "purchase", "PO-17");
	expect(fixture->ledger, "lot", named("lot", "L1"), "certificate_sha256", "ab12");
	expect(fixture->ledger, "lot", named("lot", "L1"), "membrane", "1");
	expect(fixture->ledger, "lot", named("lot", "L1"), "status", "released");
	body = lot("L2", 20, "2027-01-01");
	json_object_set_new(body, "membrane", json_string("perhaps"));
	refused(fixture->ledger, "lot.received", body, -EINVAL, "membrane");
}

static void test_a_barred_lot_is_not_claimed(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "technician");
	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	refused(ledger, "lot.status", status("L9", "recalled"), -ENOENT, "not on record");
	refused(ledger, "lot.status", status("L1", "released"), -EEXIST, "released already");
	refused(ledger, "lot.status", status("L1", "lost"), -EINVAL, "status");
	accepted(ledger, "lot.status", status("L1", "quarantined"));
	refused(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1), -EKEYREVOKED, "lot L1 is quarantined");
	expect(ledger, "barred-lots", json_object(), "lot", "L1");
	accepted(ledger, "lot.status", status("L1", "released"));
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	accepted(ledger, "lot.status", status("L1", "recalled"));
	refused(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1), -EKEYREVOKED, "recalled");
	refused(ledger, "lot.status", status("L1", "quarantined"), -EINVAL, "recalled");
	refused(ledger, "lot.status", status("L1", "released"), -EPERM, "supervisor");
	expect(ledger, "lot", named("lot", "L1"), "status", "recalled");
	expect(ledger, "lots", named("status", "recalled"), "status_reason", "maker's notice 12");
}

static void test_a_supervisor_lifts_a_recall(void **state)
{
	Fixture *fixture = *state;

	enrol(fixture->ledger, "b1", "supervisor");
	accepted(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(fixture->ledger, "lot.status", status("L1", "recalled"));
	accepted(fixture->ledger, "lot.status", status("L1", "released"));
	accepted(fixture->ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	expect_rows(fixture->ledger, "barred-lots", json_object(), 0);
}

static void test_a_status_names_its_product(void **state)
{
	Fixture *fixture = *state;
	json_t *other = lot("L1", 9, "2027-01-01"), *change = status("L1", "recalled");

	json_object_set_new(other, "gtin", json_string("04012345678918"));
	json_object_set_new(change, "gtin", json_string("04012345678918"));
	accepted(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(fixture->ledger, "lot.received", other);
	refused(fixture->ledger, "lot.status", status("L1", "recalled"), -ENOENT, "several products");
	accepted(fixture->ledger, "lot.status", change);
	expect(fixture->ledger, "lots", named("status", "recalled"), "gtin", "04012345678918");
	accepted(fixture->ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
}

static json_t *claim_with_evidence(const char *unit, const char *name)
{
	json_t *body = claim(unit, name, 1);

	json_object_set_new(body, "evidence", json_pack("[s, s]", "certificate", "membrane"));
	return body;
}

static void test_missing_evidence_bars_a_claim(void **state)
{
	Fixture *fixture = *state;
	json_t *certified = lot("L2", 9, "2027-01-01"), *proved = lot("L3", 9, "2027-01-01");

	json_object_set_new(certified, "certificate", json_string("EO-1"));
	json_object_update_new(proved, json_pack("{s:s, s:b}", "certificate", "EO-1", "membrane", 1));
	accepted(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(fixture->ledger, "lot.received", certified);
	accepted(fixture->ledger, "lot.received", proved);
	refused(fixture->ledger, "needle.claimed", claim_with_evidence(UNIT("A"), "L1"), -EKEYREVOKED,
		"certificate");
	refused(fixture->ledger, "needle.claimed", claim_with_evidence(UNIT("A"), "L2"), -EKEYREVOKED,
		"membrane");
	accepted(fixture->ledger, "needle.claimed", claim_with_evidence(UNIT("A"), "L3"));
	accepted(fixture->ledger, "needle.claimed", claim(UNIT("B"), "L1", 1)); /* nothing is asked */
}

static void test_a_certificate_may_come_later(void **state)
{
	Fixture *fixture = *state;
	json_t *file = json_pack(
		"{s:s, s:s, s:s, s:i}", "lot", "L1", "file", "eo.pdf", "sha256", "ab12", "bytes", 9);
	json_t *again = json_copy(file);

	json_object_set_new(again, "certificate", json_string("EO-4711"));
	refused(fixture->ledger, "lot.certificate", json_incref(file), -ENOENT, "not on record");
	accepted(fixture->ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(fixture->ledger, "lot.certificate", json_incref(file));
	expect(fixture->ledger, "lot", named("lot", "L1"), "certificate", "eo.pdf");
	accepted(fixture->ledger, "lot.certificate", again);
	accepted(fixture->ledger, "lot.certificate", file);
	expect(fixture->ledger, "lot", named("lot", "L1"), "certificate", "EO-4711");
	expect_rows(fixture->ledger, "certificates", named("lot", "L1"), 3);
}

static void test_low_stock_is_seen(void **state)
{
	Fixture *fixture = *state;
	json_t *body = lot("L9", 3, "2027-01-01");

	json_object_set_new(body, "low_stock", json_integer(2));
	accepted(fixture->ledger, "lot.received", body);
	accepted(fixture->ledger, "lot.received", lot("L8", 1, "2027-01-01"));
	expect_rows(fixture->ledger, "low-stock", json_object(), 0);
	expect_rows(fixture->ledger, "stock", json_object(), 2);
	accepted(fixture->ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1));
	expect(fixture->ledger, "low-stock", json_object(), "left", "2");
	accepted(fixture->ledger, "needle.damaged", damaged(LOT_UNIT, "L9"));
	accepted(fixture->ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1));
	expect_rows(fixture->ledger, "low-stock", json_object(), 0); /* none left: nothing to warn of */
	expect(fixture->ledger, "stock", json_object(), "lot", "L8");
}

/* ---- deliveries ---- */

/** Takes `more`. */
static json_t *delivery(int quantity, json_t *more)
{
	json_t *body = lot("L9", quantity, "2027-01-01");

	assert_int_equal(json_object_update_new(body, more), 0);
	return body;
}

static void test_a_further_delivery_adds_up(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;

	accepted(ledger, "lot.received", lot("L9", 1, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1));
	refused(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1), -EEXIST, "all 1 cartridges");
	expect_rows(ledger, "stock", json_object(), 0);
	fake_utc_us += USEC_PER_DAY;
	accepted(ledger, "lot.received", lot("L9", 2, "2027-01-01"));
	expect(ledger, "lot", named("lot", "L9"), "quantity", "3");
	expect(ledger, "lot", named("lot", "L9"), "used", "1");
	expect(ledger, "lot", named("lot", "L9"), "received", "2026-03-03T10:00:00.000000Z");
	expect(ledger, "stock", json_object(), "left", "2");
	answer = append(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1));
	assert_string_equal(answer.detail, LOT_UNIT "#2");
	accepted(ledger, "needle.damaged", damaged(LOT_UNIT, "L9"));
	refused(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1), -EEXIST, "all 3 cartridges");
	expect_rows(ledger, "deliveries", named("lot", "L9"), 2);
	expect(ledger, "deliveries", json_pack("{s:s, s:s}", "lot", "L9", "from", "2026-03-03"), "quantity",
		"2");
	expect(ledger, "deliveries", json_pack("{s:s, s:s}", "lot", "L9", "to", "2026-03-02"), "quantity",
		"1");
	expect(ledger, "deliveries", json_pack("{s:i, s:i}", "after", 1, "limit", 9), "quantity", "2");
	expect_rows(ledger, "deliveries", json_pack("{s:i}", "limit", 1), 1);
	fake_utc_us -= USEC_PER_DAY;
}

static void test_a_delivery_keeps_its_evidence(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received",
		delivery(5, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i}", "configuration", "1RL 0.25",
				    "supplier", "Dealer", "purchase", "PO-17", "certificate", "EO-1",
				    "certificate_file", "eo1.pdf", "certificate_sha256", "ab12", "membrane",
				    1, "low_stock", 3)));
	/* what is left out stays; what belongs together does not get mixed up */
	accepted(ledger, "lot.received", delivery(5, json_pack("{s:s}", "supplier", "Other dealer")));
	expect(ledger, "lot", named("lot", "L9"), "configuration", "1RL 0.25");
	expect(ledger, "lot", named("lot", "L9"), "supplier", "Other dealer");
	expect(ledger, "lot", named("lot", "L9"), "purchase", "");
	expect(ledger, "lot", named("lot", "L9"), "certificate_file", "eo1.pdf");
	expect(ledger, "lot", named("lot", "L9"), "membrane", "1");
	expect(ledger, "lot", named("lot", "L9"), "low_stock", "3");
	accepted(ledger, "lot.received",
		delivery(5, json_pack("{s:s, s:s, s:b}", "certificate", "EO-1", "purchase", "PO-19",
				    "membrane", 0)));
	expect(ledger, "lot", named("lot", "L9"), "certificate_file", "eo1.pdf");
	expect(ledger, "lot", named("lot", "L9"), "supplier", "");
	expect(ledger, "lot", named("lot", "L9"), "membrane", "0");
	accepted(ledger, "lot.received", delivery(5, json_pack("{s:s}", "certificate", "EO-2")));
	expect(ledger, "lot", named("lot", "L9"), "certificate", "EO-2");
	expect(ledger, "lot", named("lot", "L9"), "certificate_file", "");
	expect(ledger, "lot", named("lot", "L9"), "certificate_sha256", "");
	expect(ledger, "lot", named("lot", "L9"), "quantity", "20");
	expect(ledger, "deliveries", json_pack("{s:s, s:i}", "lot", "L9", "limit", 1), "purchase", "PO-17");
	expect(ledger, "deliveries", json_pack("{s:s, s:i}", "lot", "L9", "after", 3), "certificate", "EO-2");
}

static void test_a_delivery_must_agree(void **state)
{
	static const char *const fields[] = { "product", "maker", "configuration" };
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *other = delivery(5, json_pack("{s:s}", "gtin", "04012345678918"));

	accepted(ledger, "lot.received", lot("L9", 5, "2027-01-01"));
	accepted(ledger, "lot.received", delivery(5, json_pack("{s:s}", "configuration", "1RL 0.25")));
	expect(ledger, "lot", named("lot", "L9"), "configuration", "1RL 0.25");
	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		refused(ledger, "lot.received", delivery(5, json_pack("{s:s}", fields[i], "else")), -EINVAL,
			fields[i]);
		refused(ledger, "lot.received", delivery(5, json_pack("{s:s}", fields[i], "else")), -EINVAL,
			"not \"else\"");
	}
	refused(ledger, "lot.received", lot("L9", 5, "2028-01-01"), -EINVAL,
		"lot L9 is on record with expiry \"2027-01-01\", not \"2028-01-01\"");
	expect(ledger, "lot", named("lot", "L9"), "quantity", "10");
	/* the number alone is that of another product: another lot */
	json_object_set_new(other, "product", json_string("3RL"));
	accepted(ledger, "lot.received", other);
	expect_rows(ledger, "lot", named("lot", "L9"), 2);
}

static void test_a_barred_lot_takes_no_delivery(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "supervisor");
	accepted(ledger, "lot.received", lot("L9", 5, "2027-01-01"));
	accepted(ledger, "lot.status", status("L9", "quarantined"));
	refused(ledger, "lot.received", lot("L9", 5, "2027-01-01"), -EKEYREVOKED, "lot L9 is quarantined");
	accepted(ledger, "lot.status", status("L9", "recalled"));
	refused(ledger, "lot.received", lot("L9", 5, "2027-01-01"), -EKEYREVOKED, "recalled");
	expect(ledger, "lot", named("lot", "L9"), "quantity", "5");
	accepted(ledger, "lot.status", status("L9", "released"));
	accepted(ledger, "lot.received", lot("L9", 5, "2027-01-01"));
	/* one that has expired comes in, as a first one does, and cannot be used */
	accepted(ledger, "lot.received", lot("OLD", 5, "2026-03-01"));
	accepted(ledger, "lot.received", lot("OLD", 5, "2026-03-01"));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)OLD", "OLD", 1), -ESTALE, "expired");
}

/* ---- units ---- */

static void test_a_unit_goes_its_way(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	begin(ledger, 1, "p1");
	refused(ledger, "needle.disposed", disposed(UNIT("A")), -ENOENT, "never mounted");
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "mounted");
	refused(ledger, "needle.disposed", disposed(UNIT("A")), -EINVAL, "still mounted");
	refused(ledger, "needle.damaged", damaged(UNIT("A"), "L1"), -EINVAL, "still mounted");
	accepted(ledger, "needle.removed", removed(UNIT("A"), 1));
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "used");
	expect(ledger, "unit", named("unit", UNIT("A")), "worked_s", "75");
	accepted(ledger, "needle.reseated",
		json_pack("{s:i, s:s, s:i}", "session", 1, "unit", UNIT("A"), "away_s", 9));
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "mounted");
	accepted(ledger, "needle.removed", removed(UNIT("A"), 1));
	accepted(ledger, "needle.disposed", disposed(UNIT("A")));
	expect(ledger, "unit", named("unit", UNIT("A")), "container", "SC-7");
	expect(ledger, "unit", named("unit", UNIT("A")), "ended_by", "b1");
	refused(ledger, "needle.disposed", disposed(UNIT("A")), -EEXIST, "container SC-7");
	refused(ledger, "needle.damaged", damaged(UNIT("A"), "L1"), -EEXIST, "disposed of on 2026-03-02");
	refused(ledger, "needle.claimed", claim(UNIT("A"), "L1", 2), -EEXIST, "was used on");
	expect_rows(ledger, "needles", named("state", "disposed"), 1);
}

static void test_a_session_is_disposed_of_at_once(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	begin(ledger, 1, "p1");
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	accepted(ledger, "needle.removed", removed(UNIT("A"), 1));
	accepted(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1));
	refused(ledger, "needle.disposed", json_pack("{s:s}", "container", "SC-7"), -EINVAL,
		"either a cartridge or a session");
	refused(ledger, "needle.disposed",
		json_pack("{s:s, s:i, s:s}", "unit", UNIT("A"), "session", 1, "container", "SC-7"), -EINVAL,
		"");
	accepted(ledger, "needle.disposed", json_pack("{s:i, s:s}", "session", 1, "container", "SC-7"));
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "disposed");
	expect(ledger, "unit", named("unit", UNIT("B")), "state", "mounted");
	refused(ledger, "needle.disposed", json_pack("{s:i, s:s}", "session", 1, "container", "SC-7"),
		-ENOENT, "no cartridge to dispose of");
	/* the power went: nobody took it out, but nothing is mounted any more */
	accepted(ledger, "session.interrupted", json_pack("{s:i}", "session", 1));
	accepted(ledger, "needle.disposed", json_pack("{s:i, s:s}", "session", 1, "container", "SC-8"));
	expect(ledger, "unit", named("unit", UNIT("B")), "container", "SC-8");
}

static void chunk(Ledger *ledger, const char *unit, int strokes, int dots)
{
	accepted(ledger, "strokes",
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", 1, "zone", "crown", "unit", unit,
			"strokes", strokes, "dots", dots, "encoding", "e", "sha256", "0"));
}

static void test_an_interruption_takes_the_cartridge_out(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	begin(ledger, 1, "p1");
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	chunk(ledger, UNIT("A"), 4000, 40);
	accepted(ledger, "needle.removed",
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", 1, "unit", UNIT("A"), "strokes", 4000,
			"dots", 40, "reason", "dull"));
	accepted(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1));
	chunk(ledger, UNIT("B"), 700, 7);
	chunk(ledger, UNIT("B"), 77, 0);
	expect(ledger, "unit", named("unit", UNIT("B")), "strokes", "777");
	expect(ledger, "unit", named("unit", UNIT("B")), "state", "mounted");
	accepted(ledger, "session.interrupted", json_pack("{s:i}", "session", 1));
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "used");
	expect(ledger, "unit", named("unit", UNIT("A")), "strokes", "4000");
	expect(ledger, "unit", named("unit", UNIT("B")), "state", "interrupted");
	expect(ledger, "unit", named("unit", UNIT("B")), "strokes", "777");
	expect(ledger, "unit", named("unit", UNIT("B")), "dots", "7");
	expect(ledger, "session", json_pack("{s:i}", "session", 1), "strokes", "4777");
	expect(ledger, "session", json_pack("{s:i}", "session", 1), "needles", "2");
	refused(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1), -EEXIST, "was used on");
	accepted(ledger, "needle.disposed", disposed(UNIT("B")));
}

static void test_a_damaged_unit_is_never_claimed(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer answer;

	refused(ledger, "needle.damaged", damaged(UNIT("A"), "L1"), -ENOENT, "not on record");
	accepted(ledger, "lot.received", lot("L1", 2, "2027-01-01"));
	refused(ledger, "needle.damaged", json_pack("{s:s}", "reason", "bent"), -EINVAL,
		"name the cartridge");
	accepted(ledger, "needle.damaged", damaged(UNIT("A"), "L1"));
	refused(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1), -EEXIST,
		"put down as damaged on 2026-03-02");
	expect(ledger, "unit", named("unit", UNIT("A")), "state", "damaged");
	expect(ledger, "unit", named("unit", UNIT("A")), "used", "");
	accepted(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1)); /* the other one of the two */
	answer = append(ledger, "needle.damaged", damaged(UNIT("C"), "L1"));
	assert_int_equal(answer.error, -EEXIST);
	/* expired, and set aside: it is counted all the same */
	accepted(ledger, "lot.received", lot("L9", 3, "2020-01-01"));
	accepted(ledger, "lot.status", status("L9", "quarantined"));
	answer = append(ledger, "needle.damaged", damaged(LOT_UNIT, "L9"));
	assert_int_equal(answer.error, 0);
	assert_string_equal(answer.detail, LOT_UNIT "#1");
	accepted(ledger, "needle.disposed", disposed(LOT_UNIT "#1"));
	expect(ledger, "unit", named("unit", LOT_UNIT "#1"), "damage", "blister torn");
}

static void test_the_database_itself_allows_one_claim(void **state)
{
	static const char *const twice[] = {
		"INSERT INTO unit(unit, seq, session, gtin, lot, operator, utc_us) VALUES('u', 1, 1, '', 'L', 'b', 1)",
		"INSERT INTO unit(unit, seq, session, gtin, lot, operator, utc_us, chip)"
		" VALUES('v', 2, 1, '', 'L', 'b', 1, 'aa')",
		"INSERT INTO unit(unit, seq, session, gtin, lot, operator, utc_us, chip)"
		" VALUES('w', 3, 1, '', 'L', 'b', 1, 'aa')",
	};
	Fixture *fixture = *state;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, twice[0], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, twice[0], NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(db, twice[1], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, twice[2], NULL, NULL, NULL), SQLITE_CONSTRAINT);
}

/* ---- pigments ---- */

static json_t *bottle(const char *brand, const char *colour, const char *name, const char *expiry)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i, s:f}", "brand", brand, "colour", colour, "lot", name,
		"expiry", expiry, "quantity", 2, "volume_ml", 15.0);
}

static json_t *blend(const char *name, const char *first, const char *second)
{
	return json_pack("{s:s, s:s, s:[s, s*]}", "blend", name, "colour", "dark", "parts", first, second);
}

static json_t *loaded(const char *brand, const char *colour, const char *name, const char *expiry)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "brand", brand, "colour", colour, "lot",
		name, "expiry", expiry);
}

static void test_a_pigment_on_record_is_checked(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "technician");
	accepted(ledger, "pigment.received", bottle("Ink", "black", "P1", "2027-01-01"));
	refused(ledger, "pigment.received", bottle("blend", "black", "P1", "2027-01-01"), -EINVAL, "blend");
	accepted(ledger, "pigment.received", bottle("Ink", "brown", "OLD", "2026-03-01"));
	accepted(ledger, "pigment.loaded", loaded("Ink", "black", "P1", "2027-01-01"));
	refused(ledger, "pigment.loaded", loaded("Ink", "black", "P1", "2031-01-01"), -EINVAL,
		"by its record");
	refused(ledger, "pigment.loaded", loaded("Ink", "brown", "OLD", "2026-03-01"), -ESTALE, "expired");
	refused(ledger, "pigment.loaded", loaded("Ink", "brown", "OLD", "2031-01-01"), -ESTALE, "expired");
	accepted(ledger, "pigment.loaded", loaded("Other", "grey", "unknown", "2027-01-01"));
	refused(ledger, "pigment.loaded", loaded("Other", "grey", "unknown", "2026-01-01"), -ESTALE,
		"expired");
	refused(ledger, "pigment.status", status("P9", "recalled"), -ENOENT, "not on record");
	accepted(ledger, "pigment.status", status("P1", "recalled"));
	refused(ledger, "pigment.loaded", loaded("Ink", "black", "P1", "2027-01-01"), -EKEYREVOKED,
		"recalled");
	expect(ledger, "barred-lots", json_object(), "product", "Ink black");
	refused(ledger, "pigment.status", status("P1", "recalled"), -EEXIST, "recalled already");
	refused(ledger, "pigment.status", status("P1", "quarantined"), -EINVAL, "recalled");
	refused(ledger, "pigment.status", status("P1", "released"), -EPERM, "supervisor");
	accepted(ledger, "pigment.received", bottle("Other", "black", "P1", "2027-01-01"));
	refused(ledger, "pigment.status", status("P1", "recalled"), -ENOENT, "several pigments");
	expect(ledger, "pigment-lots", named("status", "recalled"), "brand", "Ink");
}

static void test_pigment_is_delivered_again(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *again = bottle("Ink", "black", "P1", "2027-01-01");
	char quantity[96];

	enrol(ledger, "b1", "supervisor");
	accepted(ledger, "pigment.received", bottle("Ink", "black", "P1", "2027-01-01"));
	one_text(ledger, "pigment-lots", named("lot", "P1"), "quantity", quantity);
	json_object_update_new(again, json_pack("{s:i, s:s}", "quantity", 7, "supplier", "Other dealer"));
	refused(ledger, "pigment.received", bottle("Ink", "black", "P1", "2027-01-02"), -EINVAL,
		"pigment lot P1 is on record with expiry \"2027-01-01\", not \"2027-01-02\"");
	accepted(ledger, "pigment.status", status("P1", "recalled"));
	refused(ledger, "pigment.received", json_incref(again), -EKEYREVOKED, "recalled");
	accepted(ledger, "pigment.status", status("P1", "released"));
	accepted(ledger, "pigment.received", again);
	snprintf(quantity, sizeof quantity, "%ld", strtol(quantity, NULL, 10) + 7);
	expect(ledger, "pigment-lots", named("lot", "P1"), "quantity", quantity);
	expect(ledger, "pigment-lots", named("lot", "P1"), "supplier", "Other dealer");
	expect_rows(ledger, "pigment-deliveries", named("lot", "P1"), 2);
	expect(ledger, "pigment-deliveries", json_pack("{s:s, s:i}", "lot", "P1", "after", 2), "quantity",
		"7");
	accepted(
		ledger, "pigment.received", bottle("Ink", "brown", "P1", "2028-01-01")); /* another pigment */
}

static void test_a_blend_is_as_good_as_its_parts(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "pigment.received", bottle("Ink", "black", "P1", "2027-01-01"));
	accepted(ledger, "pigment.received", bottle("Ink", "brown", "P2", "2026-06-30"));
	accepted(ledger, "pigment.received", bottle("Ink", "grey", "OLD", "2026-03-01"));
	accepted(ledger, "pigment.received", bottle("Other", "black", "P1", "2028-01-01"));
	refused(ledger, "pigment.blended", blend("B1", "P2:1", NULL), -EINVAL, "two parts");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "P2:1"), -EEXIST, "named twice");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "P7:1"), -ENOENT, "P7");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "P1:1"), -ENOENT, "several pigments");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "OLD:1"), -ESTALE, "OLD");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "black/P1"), -EINVAL, "LOT:PARTS");
	refused(ledger, "pigment.blended", blend("B1", "P2:0", "Ink/black/P1:1"), -EINVAL, "LOT:PARTS");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "/P1:1"), -EINVAL, "LOT:PARTS");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "Ink/black/P1:0x86"), -EINVAL, "LOT:PARTS");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "Ink/black/P1:1e2"), -EINVAL, "LOT:PARTS");
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "Ink/black/P1: 2"), -EINVAL, "LOT:PARTS");
	accepted(ledger, "pigment.blended", blend("B1", "P2:1", "Ink/black/P1:2.5"));
	refused(ledger, "pigment.blended", blend("B1", "P2:1", "Other/black/P1:2"), -EEXIST, "B1");
	expect(ledger, "blends", named("lot", "P1"), "expiry", "2026-06-30");
	refused(ledger, "pigment.loaded", loaded("blend", "dark", "B2", "2026-06-30"), -ENOENT, "B2");
	refused(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2027-01-01"), -EINVAL, "2026-06-30");
	accepted(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2026-06-30"));
	accepted(ledger, "pigment.status", status("P2", "quarantined"));
	refused(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2026-06-30"), -EKEYREVOKED,
		"holds pigment lot P2");
	refused(ledger, "pigment.blended", blend("B2", "P2:1", "Ink/black/P1:1"), -EKEYREVOKED,
		"quarantined");
	expect_rows(ledger, "barred-lots", json_object(), 2); /* the lot and the blend */
	accepted(ledger, "pigment.status", status("P2", "released"));
	fake_utc_us += 150 * USEC_PER_DAY;
	refused(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2026-06-30"), -ESTALE, "expired");
	fake_utc_us -= 150 * USEC_PER_DAY;
}

static json_t *strokes(const char *zone)
{
	return json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", 1, "zone", zone, "unit", "u",
		"strokes", 7, "dots", 2, "encoding", "e", "sha256", "0");
}

static void test_zones_of_a_pigment(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *rows;
	char *zones;

	begin(ledger, 1, "p1");
	accepted(ledger, "strokes", strokes("nape")); /* before any pigment was recorded */
	accepted(ledger, "pigment.loaded", loaded("Ink", "black", "P1", "2027-01-01"));
	accepted(ledger, "strokes", strokes("crown"));
	accepted(ledger, "strokes", strokes("crown"));
	accepted(ledger, "strokes", strokes("frontal"));
	accepted(ledger, "pigment.loaded", loaded("Ink", "brown", "P2", "2027-01-01"));
	accepted(ledger, "strokes", strokes("frontal"));
	rows = look_up(ledger, "pigments", named("lot", "P1"));
	zones = json_dumps(json_object_get(json_array_get(rows, 0), "zones"), JSON_COMPACT);
	assert_string_equal(zones, "[\"crown\",\"frontal\"]");
	free(zones);
	json_decref(rows);
	expect_rows(ledger, "pigments", named("subject", "p1"), 2);
}

static void test_a_recall_finds_everybody(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(ledger, "pigment.received", bottle("Ink", "black", "P1", "2027-01-01"));
	accepted(ledger, "pigment.received", bottle("Ink", "brown", "P2", "2027-01-01"));
	accepted(ledger, "pigment.blended", blend("B1", "P1:1", "P2:1"));
	begin(ledger, 1, "p1");
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	accepted(ledger, "needle.damaged", damaged(UNIT("B"), "L1"));
	accepted(ledger, "pigment.loaded", loaded("Ink", "black", "P1", "2027-01-01"));
	accepted(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2027-01-01"));
	expect(ledger, "recall", named("lot", "L1"), "subject", "p1");
	expect_rows(ledger, "recall", named("lot", "P1"), 2);
	expect(ledger, "recall", named("lot", "P2"), "item", "blend");
	expect_rows(ledger, "recall", named("lot", "P3"), 0);
}

/* ---- handpieces ---- */

static json_t *handpiece(int session)
{
	return json_pack("{s:i, s:s}", "session", session, "handpiece", "H1");
}

/** As the steriliser's records would have it. */
static void sterile(Fixture *fixture, const char *sql)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 2000);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_a_handpiece_is_sterilised_for_each_session(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *body = json_pack("{s:s, s:s}", "handpiece", "H1", "model", "rotary");

	refused(ledger, "handpiece.mounted", handpiece(1), -ENOENT, "not registered");
	accepted(ledger, "handpiece.registered", json_incref(body));
	refused(ledger, "handpiece.registered", body, -EEXIST, "registered already");
	refused(ledger, "handpiece.mounted", handpiece(1), -EKEYREVOKED, "no released sterilisation cycle");
	sterile(fixture, "INSERT INTO handpiece_sterile(handpiece, cycle_seq, sterile_until)"
			 " VALUES('H1', 1, '2026-03-20')");
	accepted(ledger, "handpiece.mounted", handpiece(1));
	accepted(ledger, "handpiece.mounted", handpiece(1)); /* taken off and put back */
	refused(ledger, "handpiece.mounted", handpiece(2), -EKEYREVOKED, "was used since");
	expect(ledger, "handpieces", json_object(), "session", "1");
	sterile(fixture, "UPDATE handpiece_sterile SET cycle_seq = 9, sterile_until = '2026-03-01'");
	refused(ledger, "handpiece.mounted", handpiece(2), -ESTALE, "2026-03-01");
	sterile(fixture, "UPDATE handpiece_sterile SET sterile_until = NULL, blocked = 'spore test failed'");
	refused(ledger, "handpiece.mounted", handpiece(2), -EKEYREVOKED, "spore test failed");
	refused(ledger, "handpiece.mounted", handpiece(1), -EKEYREVOKED, "blocked");
	sterile(fixture, "UPDATE handpiece_sterile SET blocked = NULL");
	accepted(ledger, "handpiece.mounted", handpiece(2));
	accepted(ledger, "handpiece.retired", json_pack("{s:s, s:s}", "handpiece", "H1", "reason", "worn"));
	refused(ledger, "handpiece.mounted", handpiece(2), -EKEYREVOKED, "retired");
}

/* ---- history ---- */

static char *dump(sqlite3 *db)
{
	static const char *const tables[] = { "lot", "unit", "pigment_stock", "pigment_blend", "pigment_part",
		"pigment_use", "pigment_zone", "handpiece" };
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	for (size_t i = 0; i < ELEMENTS(tables); i++) {
		_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
		char sql[64];
		int n = 0;

		snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2, 3", tables[i]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
		for (; sqlite3_step(rows) == SQLITE_ROW; n++)
			for (int c = 0; c < sqlite3_column_count(rows); c++)
				fprintf(file, "%s.%s=%s\n", tables[i], sqlite3_column_name(rows, c),
					(const char *)sqlite3_column_text(rows, c) ?: "NULL");
		assert_int_not_equal(n, 0);
	}
	fclose(file);
	return text;
}

/** One of each kind; much of it would be refused today. */
static void fill(Fixture *fixture)
{
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "supervisor");
	accepted(ledger, "lot.received", lot("L1", 9, "2026-03-10"));
	accepted(ledger, "lot.received", lot("L9", 2, "2026-03-10"));
	accepted(ledger, "lot.received",
		delivery(3, json_pack("{s:s, s:s, s:s}", "expiry", "2026-03-10", "purchase", "PO-2",
				    "certificate", "EO-2")));
	accepted(ledger, "lot.certificate",
		json_pack(
			"{s:s, s:s, s:s, s:i}", "lot", "L9", "file", "eo.pdf", "sha256", "ab12", "bytes", 9));
	accepted(ledger, "pigment.received", bottle("Ink", "black", "P1", "2026-03-10"));
	accepted(ledger, "pigment.received", bottle("Ink", "brown", "P2", "2026-03-10"));
	accepted(ledger, "pigment.received", bottle("Ink", "brown", "P2", "2026-03-10"));
	accepted(ledger, "pigment.blended", blend("B1", "P1:1", "P2:0.3"));
	accepted(ledger, "handpiece.registered",
		json_pack("{s:s, s:s}", "handpiece", "H1", "model", "rotary"));
	sterile(fixture, "INSERT INTO handpiece_sterile(handpiece, cycle_seq) VALUES('H1', 1)");
	begin(ledger, 1, "p1");
	accepted(ledger, "handpiece.mounted", handpiece(1));
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	accepted(ledger, "pigment.loaded", loaded("blend", "dark", "B1", "2026-03-10"));
	accepted(ledger, "strokes", strokes("crown"));
	accepted(ledger, "needle.removed", removed(UNIT("A"), 1));
	accepted(ledger, "needle.damaged", damaged(LOT_UNIT, "L9"));
	accepted(ledger, "needle.damaged", damaged(UNIT("B"), "L1"));
	accepted(ledger, "needle.distinct", distinct(UNIT("b"), UNIT("B")));
	end(ledger, 1);
	accepted(ledger, "needle.disposed", json_pack("{s:i, s:s}", "session", 1, "container", "SC-7"));
	accepted(ledger, "needle.disposed", disposed(UNIT("B")));
	accepted(ledger, "lot.status", status("L1", "recalled"));
	accepted(ledger, "lot.status", status("L1", "released"));
	accepted(ledger, "pigment.status", status("P1", "recalled"));
	accepted(ledger, "handpiece.retired", json_pack("{s:s, s:s}", "handpiece", "H1", "reason", "worn"));
}

static void test_it_can_be_rebuilt(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *before = NULL, *after = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	fill(fixture);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	before = dump(db);
	assert_null(strstr(before, "blister torn"));
	assert_non_null(strstr(before, "unit.damage_seq="));
	assert_int_equal(projection_rebuild(db), 0);
	after = dump(db);
	assert_string_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_all_of_a_lot_is_kept),
		LEDGER_TEST(test_a_barred_lot_is_not_claimed),
		LEDGER_TEST(test_a_supervisor_lifts_a_recall),
		LEDGER_TEST(test_a_status_names_its_product),
		LEDGER_TEST(test_missing_evidence_bars_a_claim),
		LEDGER_TEST(test_a_certificate_may_come_later),
		LEDGER_TEST(test_low_stock_is_seen),
		LEDGER_TEST(test_a_further_delivery_adds_up),
		LEDGER_TEST(test_a_delivery_keeps_its_evidence),
		LEDGER_TEST(test_a_delivery_must_agree),
		LEDGER_TEST(test_a_barred_lot_takes_no_delivery),
		LEDGER_TEST(test_a_unit_goes_its_way),
		LEDGER_TEST(test_a_session_is_disposed_of_at_once),
		LEDGER_TEST(test_an_interruption_takes_the_cartridge_out),
		LEDGER_TEST(test_a_damaged_unit_is_never_claimed),
		LEDGER_TEST(test_the_database_itself_allows_one_claim),
		LEDGER_TEST(test_a_pigment_on_record_is_checked),
		LEDGER_TEST(test_pigment_is_delivered_again),
		LEDGER_TEST(test_a_blend_is_as_good_as_its_parts),
		LEDGER_TEST(test_zones_of_a_pigment),
		LEDGER_TEST(test_a_recall_finds_everybody),
		LEDGER_TEST(test_a_handpiece_is_sterilised_for_each_session),
		LEDGER_TEST(test_it_can_be_rebuilt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
