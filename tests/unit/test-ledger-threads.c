/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger with many requests in flight: order, one winner, streams beside the writer, slow readers. */

#include "ledger-fixture.h"

enum { MANY = 1000 };

typedef struct Order {
	uint64_t last;
	int answers, won, refused;
	Ledger *ledger;
} Order;

static void count_answer(void *userdata, const LedgerAnswer *answer)
{
	Order *order = userdata;

	order->answers++;
	if (answer->error == 0) {
		assert_true(answer->seq > order->last);
		order->last = answer->seq;
		order->won++;
	} else {
		assert_int_equal(answer->error, -EEXIST);
		order->refused++;
	}
}

static void send_claim(Ledger *ledger, const char *unit, int session, Order *order)
{
	json_t *body = claim(unit, "L1", session);
	LedgerRecord record = { .kind = "needle.claimed", .actor = "b1", .body = body };
	int r = ledger_append(ledger, &record, count_answer, order);

	json_decref(body);
	assert_int_equal(r, 0);
}

static void test_one_of_many_wins(void **state)
{
	Fixture *fixture = *state;
	Order order = { 0 };

	append(fixture->ledger, "lot.received", lot("L1", 5000, "2027-01-01"));
	for (int i = 0; i < MANY; i++)
		send_claim(fixture->ledger, "(01)04012345678901(21)A", i + 1, &order);
	serve(fixture->ledger);
	assert_int_equal(order.answers, MANY);
	assert_int_equal(order.won, 1);
	assert_int_equal(order.refused, MANY - 1);
}

static void test_lot_units_are_numbered_once(void **state)
{
	Fixture *fixture = *state;
	Order order = { 0 };
	json_t *rows;

	append(fixture->ledger, "lot.received", lot("L1", MANY / 2, "2027-01-01"));
	for (int i = 0; i < MANY; i++)
		send_claim(fixture->ledger, "(01)04012345678901(10)L1", 1, &order);
	serve(fixture->ledger);
	assert_int_equal(order.won, MANY / 2);
	rows = look_up(fixture->ledger, "unit", json_pack("{s:s}", "unit", "(01)04012345678901(10)L1#500"));
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
	rows = look_up(fixture->ledger, "unit", json_pack("{s:s}", "unit", "(01)04012345678901(10)L1#501"));
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
}

static void test_too_many_requests_are_turned_away(void **state)
{
	Fixture *fixture = *state;
	json_t *body = json_object();
	LedgerRecord record = { .kind = "station.stopped", .actor = "station", .body = body };
	Order order = { 0 };
	int taken = 0;

	while (ledger_append(fixture->ledger, &record, count_answer, &order) == 0)
		taken++;
	assert_int_equal(taken, LEDGER_REQUESTS);
	assert_int_equal(ledger_append(fixture->ledger, &record, count_answer, &order), -EAGAIN);
	json_decref(body);
	serve(fixture->ledger);
	assert_int_equal(order.won, taken);
	assert_int_equal(order.last, taken);
}

static void see_two(void *userdata, int error, json_t *rows)
{
	Order *order = userdata;

	assert_int_equal(error, 0);
	assert_int_equal(json_array_size(rows), 2);
	assert_int_equal(order->answers, 2); /* answered in the order of the calls */
	order->answers++;
}

static void test_a_lookup_sees_what_was_queued_before(void **state)
{
	Fixture *fixture = *state;
	json_t *body = json_object(), *arguments = json_object();
	LedgerRecord record = { .kind = "station.stopped", .actor = "station", .body = body };
	Order order = { 0 };

	for (int i = 0; i < 2; i++)
		assert_int_equal(ledger_append(fixture->ledger, &record, count_answer, &order), 0);
	assert_int_equal(ledger_lookup(fixture->ledger, "records", arguments, see_two, &order), 0);
	assert_int_equal(ledger_append(fixture->ledger, &record, count_answer, &order), 0);
	json_decref(body);
	json_decref(arguments);
	serve(fixture->ledger);
	assert_int_equal(order.answers, 4);
}

static void test_what_waits_is_committed_on_leaving(void **state)
{
	Fixture *fixture = *state;
	json_t *body = json_object();
	LedgerRecord record = { .kind = "station.stopped", .actor = "station", .body = body };

	for (int i = 0; i < MANY; i++)
		assert_int_equal(ledger_append(fixture->ledger, &record, NULL, NULL), 0);
	json_decref(body);
	fixture->ledger = ledger_free(fixture->ledger);
	assert_int_equal(open_fixture(fixture), 0);
	assert_int_equal(fixture->info.newest_seq, MANY);
}

/* ---- streams ---- */

static void stream(Ledger *ledger, int pipes[2], LedgerAnswer *answer)
{
	json_t *arguments = json_object();

	*answer = (LedgerAnswer){ .error = 1 };
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(ledger_stream(ledger, "records", arguments, pipes[1], keep_answer, answer), 0);
	json_decref(arguments);
}

static void wait_for(Ledger *ledger, const LedgerAnswer *answer)
{
	struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };

	while (answer->error == 1) {
		(void)poll(&ready, 1, 5000);
		ledger_dispatch(ledger);
	}
}

static void fill(Ledger *ledger, int n)
{
	json_t *body =
		json_pack("{s:s,s:s}", "alert", "a", "text", "a text of some length, to fill a pipe with");
	LedgerRecord record = { .kind = "alert.raised", .actor = "station", .body = body };

	for (int i = 0; i < n; i++)
		assert_int_equal(ledger_append(ledger, &record, NULL, NULL), 0);
	json_decref(body);
	serve(ledger);
}

static void test_streams_run_beside_the_writer(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answers[LEDGER_STREAMS_MAX];
	int pipes[LEDGER_STREAMS_MAX][2];
	json_t *arguments = json_object();

	fill(fixture->ledger, MANY);
	for (int i = 0; i < LEDGER_STREAMS_MAX; i++)
		stream(fixture->ledger, pipes[i], &answers[i]);
	assert_int_equal(ledger_stream(fixture->ledger, "records", arguments, dup(pipes[0][0]), keep_answer,
				 &answers[0]),
		-EBUSY);
	json_decref(arguments);
	fill(fixture->ledger, MANY); /* nobody reads the streams yet, and nobody waits for them */
	for (int i = 0; i < LEDGER_STREAMS_MAX; i++) {
		char buffer[4096];
		ssize_t n;
		int lines = 0;

		while ((n = read(pipes[i][0], buffer, sizeof buffer)) > 0)
			for (ssize_t k = 0; k < n; k++)
				lines += buffer[k] == '\n';
		close(pipes[i][0]);
		wait_for(fixture->ledger, &answers[i]);
		assert_int_equal(answers[i].error, 0);
		assert_int_equal(answers[i].seq, lines);
		assert_true(lines >= MANY);
	}
}

/** The verification's thread, the writer, which ends it for an erasure, and the main thread, which asks both.
 */
static void test_a_verification_runs_beside_the_writer(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };
	LedgerAnswer verified = { .error = 1 };
	uint64_t done, total;

	append(ledger, "incident.reported",
		json_pack("{s:s, s:s, s:s, s:s}", "subject", "P-1", "incident", "complication", "severity",
			"minor", "text", "bled"));
	fill(ledger, MANY);
	assert_int_equal(ledger_verify_start(ledger, keep_answer, &verified), 0);
	assert_int_equal(ledger_verify_start(ledger, keep_answer, &verified), -EBUSY);
	fill(ledger, MANY);
	assert_int_equal(
		append(ledger, "personal.erased",
			json_pack("{s:s, s:s, s:s}", "subject", "P-1", "reason", "x", "despite", "x"))
			.error,
		0);
	for (int i = 0; i < 600 && verified.error == 1; i++) {
		ledger_verify_progress(ledger, &done, &total);
		assert_true(done <= total);
		(void)poll(&ready, 1, 100);
		ledger_dispatch(ledger);
	}
	assert_int_equal(verified.error, 0);
	/* it is left where it is */
	assert_int_equal(ledger_verify_start(ledger, keep_answer, &verified), 0);
	fixture->ledger = ledger_free(ledger);
}

/** A reader that takes nothing for much longer than the patience of a stream of this test. */
static void *read_slowly(void *pipe)
{
	static uint64_t lines;
	char buffer[4096];
	ssize_t n;

	lines = 0;
	(void)poll(NULL, 0, 600);
	while ((n = read(*(int *)pipe, buffer, sizeof buffer)) > 0)
		for (ssize_t k = 0; k < n; k++)
			lines += buffer[k] == '\n';
	return &lines;
}

static void test_only_a_station_has_no_patience_with_its_reader(void **state)
{
	Fixture *fixture = *state;
	LedgerOptions options = { .path = fixture->path, .read_only = true };
	_cleanup_(ledger_freep) Ledger *copy = NULL;
	json_auto_t *arguments = json_object();
	Error error;
	uint64_t rows = 0, *lines;
	LedgerAnswer answer;
	LedgerInfo info;
	pthread_t reader;
	int pipes[2];

	fill(fixture->ledger, MANY);
	fixture->ledger->stalled_ms = 1;
	stream(fixture->ledger, pipes, &answer);
	wait_for(fixture->ledger, &answer);
	assert_int_equal(answer.error, -ETIMEDOUT);
	close(pipes[0]);
	assert_int_equal(ledger_open(&options, &copy, &info, &error), 0);
	copy->stalled_ms = 1;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_slowly, &pipes[0]), 0);
	assert_int_equal(ledger_stream_now(copy, "records", arguments, pipes[1], &rows, &error), 0);
	close(pipes[1]);
	assert_int_equal(pthread_join(reader, (void **)&lines), 0);
	close(pipes[0]);
	assert_int_equal(rows, MANY);
	assert_int_equal(*lines, rows);
}

static void test_a_reader_that_went_away_ends_its_stream(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer;
	int pipes[2];

	fill(fixture->ledger, 2 * MANY);
	stream(fixture->ledger, pipes, &answer);
	close(pipes[0]);
	wait_for(fixture->ledger, &answer);
	assert_int_equal(answer.error, -EPIPE);
	assert_non_null(strstr(answer.text, "went away"));
}

static void test_leaving_waits_for_no_reader(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer;
	int pipes[2];

	fill(fixture->ledger, 2 * MANY);
	stream(fixture->ledger, pipes, &answer);
	fixture->ledger = ledger_free(fixture->ledger); /* must return, with the pipe full */
	close(pipes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_one_of_many_wins),
		LEDGER_TEST(test_lot_units_are_numbered_once),
		LEDGER_TEST(test_too_many_requests_are_turned_away),
		LEDGER_TEST(test_a_lookup_sees_what_was_queued_before),
		LEDGER_TEST(test_what_waits_is_committed_on_leaving),
		LEDGER_TEST(test_streams_run_beside_the_writer),
		LEDGER_TEST(test_a_verification_runs_beside_the_writer),
		LEDGER_TEST(test_only_a_station_has_no_patience_with_its_reader),
		LEDGER_TEST(test_a_reader_that_went_away_ends_its_stream),
		LEDGER_TEST(test_leaving_waits_for_no_reader),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
