/* SPDX-License-Identifier: Apache-2.0 */

/** Incidents that an authority must be told of: until when, what is left, and what the check says. */

#include "sterilization-fixture.h"

#include "ledger/verify.h"

/* the fixture's clock stands at 2026-03-02T10:00:00Z, a Monday */

static json_t *incident(const char *kind, const char *severity, const char *extra)
{
	return with(
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s}", "incident", kind, "severity", severity,
			"text", "a rash", "report_to", "The Board", "report_days", 5, "report_hours", 0,
			"report_of", "adverse-reaction complication", "report_from", "moderate"),
		extra);
}

static const char *body_text(const LedgerAnswer *answer, Ledger *ledger, const char *field, char ret[64])
{
	json_auto_t *rows = look_up(
		ledger, "records", json_pack("{s:I, s:i}", "after", (json_int_t)answer->seq - 1, "limit", 1));
	const char *text =
		json_string_value(json_object_get(json_object_get(json_array_get(rows, 0), "body"), field));

	snprintf(ret, 64, "%s", text ? text : "");
	return ret;
}

static void test_until_when(void **state)
{
	static const struct {
		const char *kind, *severity, *extra, *due; /* "": none is due */
	} rows[] = {
		{ "adverse-reaction", "moderate", "{}",
			"2026-03-06" }, /* where it may still be Sunday, Monday is the first day */
		{ "complication", "severe", "{}", "2026-03-06" },
		{ "complication", "minor", "{}", "" },
		{ "sharps-injury", "severe", "{\"device\":\"d\",\"area\":\"chair\"}", "" },
		{ "complication", "severe", "{\"report_to\":\"\"}", "" },
		{ "complication", "severe", "{\"report_of\":\"\"}", "" },
		/* on a Saturday */
		{ "complication", "severe", "{\"known\":\"2026-02-28T09:00:00Z\"}", "2026-03-06" },
		{ "complication", "severe", "{\"known\":\"2026-02-27T23:30:00Z\"}", "2026-03-06" },
		{ "complication", "severe", "{\"report_days\":0}", "2026-03-02" },
		{ "complication", "severe", "{\"report_days\":15}", "2026-03-20" },
		/* Thursday evening in Texas: the fifth day is the next Thursday there */
		{ "complication", "severe", "{\"known\":\"2026-02-27T01:00:00Z\"}", "2026-03-05" },
		{ "complication", "severe", "{\"report_hours\":24}", "2026-03-03T10:00:00.000000Z" },
		{ "complication", "severe", "{\"report_hours\":24,\"known\":\"2026-03-01T08:30:00Z\"}",
			"2026-03-02T08:30:00.000000Z" },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		LedgerAnswer answer = append(
			ledger, "incident.reported", incident(rows[i].kind, rows[i].severity, rows[i].extra));
		char due[64];

		assert_int_equal(answer.error, 0);
		assert_string_equal(body_text(&answer, ledger, "due", due), rows[i].due);
	}
	assert_int_equal(count(ledger, "reports-due", json_object()), 9);
}

static void test_times_that_cannot_be(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(append(ledger, "incident.reported",
		       incident("complication", "severe", "{\"known\":\"2026-03-02T10:00:01Z\"}")),
		-EINVAL, "known 2026-03-02T10:00:01Z lies in the future");
	refuse(append(ledger, "incident.reported",
		       incident("complication", "severe",
			       "{\"occurred\":\"2026-03-01T00:00:00Z\",\"known\":\"2026-02-28T23:59:59Z\"}")),
		-EINVAL, "cannot have known of it on 2026-02-28T23:59:59Z");
}

static json_t *notification(uint64_t number, const char *extra)
{
	return with(json_pack("{s:I, s:s, s:s}", "incident", (json_int_t)number, "authority", "The Board",
			    "way", "fax"),
		extra);
}

static size_t gaps(Ledger *ledger, const char *rule, const char *today)
{
	return count(ledger, "check", json_pack("{s:s, s:s}", "rule", rule, "today", today));
}

/** The last day belongs to the term. */
static void test_a_report_ends_the_reminder(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	LedgerAnswer answer = append(ledger, "incident.reported", incident("complication", "severe", "{}"));
	json_auto_t *rows = NULL;

	assert_int_equal(answer.error, 0);
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-06"), 0);
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-07"), 1);
	refuse(append(ledger, "incident.notified", notification(answer.seq + 7, "{}")), -ENOENT,
		"is no incident");
	refuse(append(ledger, "incident.notified",
		       notification(answer.seq, "{\"sent\":\"2026-03-03T00:00:00Z\"}")),
		-EINVAL, "sent 2026-03-03T00:00:00Z lies in the future");
	assert_int_equal(append(ledger, "incident.notified", notification(answer.seq, "{}")).error, 0);
	assert_int_equal(count(ledger, "reports-due", json_object()), 0);
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-10"), 0);
	assert_int_equal(gaps(ledger, "incident-late", "2026-03-10"), 0);
	rows = look_up(ledger, "incidents", json_object());
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "due")), "2026-03-06");
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "report_to")), "The Board");
}

/** What was sent too late stays a gap; a second report does not mend it. */
static void test_a_late_report(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	LedgerAnswer answer = append(ledger, "incident.reported",
		incident("complication", "severe", "{\"known\":\"2026-02-20T09:00:00Z\"}"));

	assert_int_equal(gaps(ledger, "incident-report", "2026-02-28"), 1); /* due on the 26th */
	assert_int_equal(append(ledger, "incident.notified", notification(answer.seq, "{}")).error, 0);
	assert_int_equal(append(ledger, "incident.notified",
				 notification(answer.seq, "{\"sent\":\"2026-02-27T12:00:00Z\"}"))
				 .error,
		0);
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-10"), 0);
	assert_int_equal(gaps(ledger, "incident-late", "2026-03-10"), 1);
}

static void correct_ok(Ledger *ledger, uint64_t record, const char *field, const char *old, const char *new)
{
	LedgerAnswer answer = append(ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)record, "field", field, "old",
			old, "new", new, "why", "mistyped"));

	if (answer.error < 0)
		fail_msg("%s: %s", field, answer.text);
}

static void expect_due(Ledger *ledger, const char *due)
{
	json_auto_t *rows = look_up(ledger, "reports-due", json_object());
	const json_t *row = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), due ? 1 : 0);
	if (!due)
		return;
	assert_string_equal(json_string_value(json_object_get(row, "due")), due);
	assert_string_equal(json_string_value(json_object_get(row, "report_to")), "The Board");
}

/** What is put right decides whether the incident is reported, and until when. */
static void test_a_corrected_incident_has_another_term(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	uint64_t seq = append(ledger, "incident.reported", incident("complication", "minor", "{}")).seq;
	VerifyOptions options = { .path = fixture->path, .parts = VERIFY_ALL, .threads = 1 };
	Verification found;
	Error error;

	expect_due(ledger, NULL);
	correct_ok(ledger, seq, "severity", "minor", "severe");
	expect_due(ledger, "2026-03-06");
	assert_int_equal(count(ledger, "incidents", json_pack("{s:s}", "severity", "severe")), 1);
	correct_ok(ledger, seq, "known", "none", "2026-02-20T09:00:00Z");
	expect_due(ledger, "2026-02-26");
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-02"), 1);
	correct_ok(ledger, seq, "incident", "complication", "sharps-injury");
	expect_due(ledger, NULL);
	assert_int_equal(gaps(ledger, "incident-report", "2026-03-02"), 0);
	correct_ok(ledger, seq, "incident", "sharps-injury", "adverse-reaction");
	expect_due(ledger, "2026-02-26");
	correct_ok(ledger, seq, "text", "a rash", "two rashes");
	expect_due(ledger, "2026-02-26");
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 0);
}

static void test_when_a_report_was_sent(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t seq = append(ledger, "incident.reported",
		incident("complication", "severe", "{\"occurred\":\"2026-02-20T09:00:00Z\"}"))
			       .seq;
	LedgerAnswer answer;

	refuse(append(ledger, "incident.notified", notification(seq, "{\"sent\":\"2026-02-20T08:59:59Z\"}")),
		-EINVAL, "before its incident of 2026-02-20T09:00 UTC");
	answer =
		append(ledger, "incident.notified", notification(seq, "{\"sent\":\"2026-02-20T09:00:00Z\"}"));
	assert_int_equal(answer.error, 0);
	assert_int_equal(gaps(ledger, "incident-late", "2026-03-10"), 0);
	correct_ok(ledger, seq, "known", "none", "2026-02-20T09:00:00Z");
	correct_ok(ledger, answer.seq, "sent", "2026-02-20T09:00:00Z", "2026-02-28T09:00:00Z");
	assert_int_equal(gaps(ledger, "incident-late", "2026-03-10"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_until_when),
		LEDGER_TEST(test_times_that_cannot_be),
		LEDGER_TEST(test_a_report_ends_the_reminder),
		LEDGER_TEST(test_a_late_report),
		LEDGER_TEST(test_a_corrected_incident_has_another_term),
		LEDGER_TEST(test_when_a_report_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
