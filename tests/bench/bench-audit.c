/* SPDX-License-Identifier: Apache-2.0 */

/**
 * An auditor's standard questions to the ledger of a station that has been busy for years, beside the same
 * SQL in the sqlite3 program on the same file. The history is made by the ledger itself: courses of sessions
 * with needles, pigments, pictures, zones, faults, and a record of strokes every ten seconds of work. The
 * strokes' attachments are left out: no question reads them.
 */

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench-proof.h"
#include "bench.h"
#include "ledger/ledger-private.h"

enum {
	OPENINGS = 101,
	IN_FLIGHT = 4000,
	RECORDS_A_SESSION = 1000,
	SUBJECTS = 500,
	LOT_SIZE = 200,
	CORRECTED_EVERY = 20,
	ROUNDS = 3
};

/* ---- a history ---- */

typedef struct History {
	Ledger *ledger;
	Clock clock;
	_Atomic int64_t utc_us; /* read on the ledger thread */
	uint64_t sent, answered;
	uint64_t own; /* records that the ledger wrote by itself, before the first of these */
	int session;
} History;

static void history_now(void *userdata, ClockReading *ret)
{
	const History *history = userdata;

	*ret = (ClockReading){ .utc_us = history->utc_us, .monotonic_us = history->utc_us };
	memset(ret->boot_id, 'b', CLOCK_BOOT_ID_MAX - 1);
}

static void sqlite_freep(char **text)
{
	sqlite3_free(*text);
}

static void on_committed(void *userdata, const LedgerAnswer *answer)
{
	History *history = userdata;

	bench_check(answer->error, answer->text);
	history->answered++;
	history->own = answer->seq - history->answered;
}

static void append(History *history, const char *kind, const char *actor, json_t *body)
{
	json_auto_t *taken = body;
	LedgerRecord record = { .kind = kind, .actor = actor, .body = taken };

	while (history->sent - history->answered >= IN_FLIGHT) {
		struct pollfd fd = { .fd = ledger_fd(history->ledger), .events = POLLIN };

		(void)poll(&fd, 1, -1);
		ledger_dispatch(history->ledger);
	}
	bench_check(ledger_append(history->ledger, &record, on_committed, history), kind);
	history->sent++;
}

static void finish_appends(History *history)
{
	while (history->answered < history->sent) {
		struct pollfd fd = { .fd = ledger_fd(history->ledger), .events = POLLIN };

		(void)poll(&fd, 1, -1);
		ledger_dispatch(history->ledger);
	}
}

static const char *operator_of(int session)
{
	static const char *const badges[] = { "b1001", "b1002", "b1003", "b1004" };

	return badges[session % 4];
}

static void add_needle(History *history, int session, int n)
{
	char unit[64], lot[16];

	snprintf(lot, sizeof lot, "L%04d", (2 * (session - 1) + n) / LOT_SIZE);
	snprintf(unit, sizeof unit, "(01)04012345678901(21)%08d", 2 * (session - 1) + n);
	if ((2 * (session - 1) + n) % LOT_SIZE == 0)
		append(history, "lot.received", operator_of(session),
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "gtin", "04012345678901", "lot", lot,
				"product", "1RL 0.25", "maker", "Maker", "expiry", "2099-12-31", "quantity",
				LOT_SIZE));
	append(history, "needle.claimed", operator_of(session),
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "unit", unit, "gtin",
			"04012345678901", "lot", lot, "code", unit));
	append(history, "needle.removed", operator_of(session),
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", session, "unit", unit, "strokes", 150000,
			"dots", 1400, "reason", "session finished"));
}

static void add_picture(History *history, int session, const char *zone, const char *phase)
{
	char file[96];

	snprintf(file, sizeof file, "session-%d-%s-%s.jpg", session, zone, phase);
	append(history, "image.captured", operator_of(session),
		json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:f}", "session", session, "zone",
			zone, "phase", phase, "file", file, "sha256",
			"67aa4f1b088151e6852902f00a9e4322d04944c667e5f8b5dcb0902b476b9d84", "bytes", 4100000,
			"width", 4056, "height", 3040, "focus", 812.5, "exposure", 161.25));
}

static void add_zone(History *history, int session, const char *zone)
{
	append(history, "session.zone", operator_of(session),
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:i}", "session", session, "zone", zone,
			"skin_type", "normal", "area_mm2", 4000, "target", 45, "depth_min_um", 400,
			"depth_max_um", 1200));
	add_picture(history, session, zone, "before");
	append(history, "zone.statistics", operator_of(session),
		json_pack("{s:i, s:s, s:i, s:i, s:i, s:f, s:f, s:f}", "session", session, "zone", zone,
			"dots", 1800, "strokes", 194000, "area_mm2", 4000, "density", 44.75, "target", 45.0,
			"outside", 0.0125));
	add_picture(history, session, zone, "after");
}

static void add_work(History *history, int session, int records)
{
	for (int i = 0; i < records; i++) {
		history->utc_us += 10 * USEC_PER_SEC;
		append(history, "strokes", operator_of(session),
			json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", session, "zone", "crown",
				"unit", "(01)04012345678901(21)00000001", "strokes", 1080, "dots", 10,
				"encoding", "stroke-delta-1", "sha256",
				"43b9e2c888e0ceb23df54d757593cf1a9dc0585c137b2afbadcc5fa2c20d76f0"));
	}
}

/** `begun`: as how many-th its first record was sent. */
static void correct_session(History *history, int session, uint64_t begun)
{
	append(history, "record.corrected", operator_of(session),
		json_pack("{s:I, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)(begun + history->own),
			"field", "protocol", "old", "scalp-density", "new", "scar", "why",
			"the wrong line was chosen"));
}

static void add_session(History *history)
{
	static const char *const zones[] = { "frontal-hairline", "mid-scalp", "crown" };
	int session = ++history->session;
	const char *operator= operator_of(session);
	char subject[16], pigment[16];
	uint64_t until = history->sent + RECORDS_A_SESSION, begun;

	snprintf(subject, sizeof subject, "P-%05d", session / 3 % SUBJECTS);
	snprintf(pigment, sizeof pigment, "PG%03d", session / 40);
	append(history, "operator.signed-in", operator, json_pack("{s:s}", "badge", operator));
	begun = history->sent + 1;
	append(history, "session.begun", operator,
		json_pack("{s:i, s:s, s:s, s:i}", "session", session, "subject", subject, "protocol",
			"scalp-density", "course_session", 1 + session % 3));
	append(history, "pigment.loaded", operator,
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "brand", "Brand", "colour",
			"black-3", "lot", pigment, "expiry", "2099-12-31"));
	for (int i = 0; i < 2; i++)
		add_needle(history, session, i);
	for (size_t i = 0; i < ELEMENTS(zones); i++)
		add_zone(history, session, zones[i]);
	if (session % 10 == 0)
		append(history, "fault.latched", operator,
			json_pack("{s:i, s:s}", "session", session, "cause", "emergency-stop"));
	if (session % CORRECTED_EVERY == 0)
		correct_session(history, session, begun);
	add_work(history, session, (int)(until - history->sent) - 3);
	append(history, "session.finished", operator,
		json_pack("{s:i, s:i, s:i, s:i, s:i}", "session", session, "dots", 5400, "strokes", 582000,
			"needles", 2, "worked_s", 9600));
	append(history, "session.signed", operator,
		json_pack("{s:i, s:s}", "session", session, "meaning", "treatment done as recorded"));
	append(history, "operator.signed-out", operator, json_pack("{s:s}", "badge", operator));
	history->utc_us += 3600 * USEC_PER_SEC;
}

/** What of a record's bytes is itself: its leaf and the leaf's hash. */
static double bare_bytes(const char *path)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *average = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db,
			"SELECT avg(length(leaf) + length(hash)) FROM record WHERE seq < 100000", -1,
			&average, NULL) != SQLITE_OK ||
		sqlite3_step(average) != SQLITE_ROW)
		bench_fail("%s", sqlite3_errmsg(db));
	return sqlite3_column_double(average, 0);
}

static void make_history(const char *path, uint64_t records)
{
	History history = { .utc_us = 1640995200 * USEC_PER_SEC }; /* 2022-01-01 */
	Error error = { 0 };
	char keys[4096];
	LedgerInfo info;
	struct stat status;
	int64_t started = bench_now_ns();

	snprintf(keys, sizeof keys, "%.4000s.keys", path);

	history.clock = (Clock){ .read = history_now, .userdata = &history };
	if (ledger_open(&(LedgerOptions){ .path = path,
				.station = "clinic/chair-1",
				.clock = &history.clock,
				.keys = keys,
				.checkpoint_records = 1000,
				.checkpoint_s = 600 },
		    &history.ledger, &info, &error) < 0)
		bench_fail("%s", error.text);
	while (history.sent < records)
		add_session(&history);
	finish_appends(&history);
	ledger_free(history.ledger);
	if (stat(path, &status) < 0)
		bench_fail("no ledger was made");
	fprintf(stderr, "%llu records of %d sessions in %.0f s\n", (unsigned long long)history.sent,
		history.session, (double)(bench_now_ns() - started) / 1e9);
	bench_report(&(BenchFigure){ .bench = "audit",
		.figure = "bytes a record; raw is its leaf and hash alone",
		.unit = "B",
		.value = (double)status.st_size / (double)history.sent,
		.raw = bare_bytes(path) });
}

/* ---- questions ---- */

typedef struct Question {
	const char *title, *query, *arguments;
} Question;

static double ask_ledger(Ledger *ledger, const Question *question)
{
	json_auto_t *arguments = json_loads(question->arguments, 0, NULL);
	Error error = { 0 };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int64_t started = bench_now_ns();
	uint64_t rows = 0;

	if (ledger_stream_now(ledger, question->query, arguments, null, &rows, &error) < 0)
		bench_fail("%s", error.text);
	close(null);
	if (rows == 0)
		bench_fail("nothing answers %s", question->title);
	return (double)(bench_now_ns() - started) / 1e6;
}

static double ask_sqlite(const char *path, const char *sql)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
	int64_t started = bench_now_ns();
	pid_t pid = fork();

	if (pid == 0) {
		dup2(null, STDOUT_FILENO);
		execlp("sqlite3", "sqlite3", "-readonly", "-json", path, sql, (char *)NULL);
		_exit(127);
	}
	close(null);
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		bench_fail("sqlite3 does not answer: is it installed?");
	return (double)(bench_now_ns() - started) / 1e6;
}

/** The SQL of a question as bare as it is asked: without the writing of each row as JSON around it. */
static int keep_sql(unsigned type, void *userdata, void *statement, void *text)
{
	_cleanup_(sqlite_freep) char *sql = sqlite3_expanded_sql(statement);
	char *start = sql ? strstr(sql, ") FROM (") : NULL;
	char **ret = userdata;

	if (!start)
		return 0;
	free(*ret);
	*ret = strdup(start + strlen(") FROM ("));
	(*ret)[strlen(*ret) - 1] = '\0';
	return 0;
}

static void ask(Ledger *ledger, const char *path, const Question *question)
{
	_cleanup_(freep) char *sql = NULL;
	double ours = INFINITY, theirs = INFINITY, start = INFINITY;

	sqlite3_trace_v2(ledger->db, SQLITE_TRACE_STMT, keep_sql, &sql);
	ask_ledger(ledger, question);
	sqlite3_trace_v2(ledger->db, 0, NULL, NULL);
	if (!sql)
		bench_fail("the SQL of %s was not seen", question->title);
	for (int i = 0; i < ROUNDS; i++) {
		ours = fmin(ours, ask_ledger(ledger, question));
		theirs = fmin(theirs, ask_sqlite(path, sql));
		start = fmin(start, ask_sqlite(path, "SELECT 1"));
	}
	/* what the program takes to start is not the question's; short ones would drown in it */
	bench_report(&(BenchFigure){ .bench = "audit",
		.figure = question->title,
		.unit = "ms",
		.value = ours,
		.raw = fmax(theirs - start, 0.01),
		.ratio_max = theirs - start > 1 ? 1.2 : 0,
		.over_max = theirs - start > 1 ? 0 : 1 });
}

static void ask_all(const char *path, int sessions)
{
	Error error = { 0 };
	char session[64], subject[64], unit[128];
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	LedgerInfo info;
	const Question questions[] = {
		{ "where was each cartridge of a lot used", "recall", "{\"lot\": \"L0005\"}" },
		{ "where was this cartridge used", "unit", unit },
		{ "all cartridges of a quarter", "needles",
			"{\"from\": \"2022-04-01\", \"to\": \"2022-06-30\"}" },
		{ "all cartridges ever", "needles", "{}" },
		{ "sessions of a subject", "subject", subject },
		{ "sessions of an operator in a year", "sessions",
			"{\"from\": \"2022-01-01\", \"to\": \"2022-12-31\", \"operator\": \"b1001\"}" },
		{ "what happened in a session", "timeline", session },
		{ "faults of a year", "faults", "{\"from\": \"2022-01-01\", \"to\": \"2022-12-31\"}" },
		{ "pigments of a year", "pigments", "{\"from\": \"2022-01-01\", \"to\": \"2022-12-31\"}" },
		{ "all records of a month", "records", "{\"from\": \"2022-02-01\", \"to\": \"2022-02-28\"}" },
	};

	snprintf(session, sizeof session, "{\"session\": %d}", sessions / 2);
	snprintf(subject, sizeof subject, "{\"subject\": \"P-%05d\"}", 11);
	snprintf(unit, sizeof unit, "{\"unit\": \"(01)04012345678901(21)%08d\"}", sessions);
	if (ledger_open(&(LedgerOptions){ .path = path, .read_only = true }, &ledger, &info, &error) < 0)
		bench_fail("%s", error.text);
	for (size_t i = 0; i < ELEMENTS(questions); i++)
		ask(ledger, path, &questions[i]);
}

/* ---- opening ---- */

static double open_once(const char *path)
{
	Error error = { 0 };
	char keys[4096];
	Ledger *ledger;
	LedgerInfo info;
	int64_t started;

	snprintf(keys, sizeof keys, "%.4000s.keys", path);
	started = bench_now_ns();

	if (ledger_open(&(LedgerOptions){ .path = path,
				.station = "clinic/chair-1",
				.clock = &clock_system,
				.keys = keys,
				.checkpoint_records = 1000,
				.checkpoint_s = 600 },
		    &ledger, &info, &error) < 0)
		bench_fail("%s", error.text);
	started = bench_now_ns() - started;
	ledger_free(ledger);
	return (double)started / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double difference = *(const double *)a - *(const double *)b;

	return difference < 0 ? -1 : difference > 0;
}

static void measure_opening(const char *large, const char *small)
{
	double times[2][OPENINGS];

	for (int i = 0; i < OPENINGS; i++) {
		times[0][i] = open_once(large);
		times[1][i] = open_once(small);
	}
	for (int i = 0; i < 2; i++)
		qsort(times[i], OPENINGS, sizeof times[i][0], by_size);
	bench_report(&(BenchFigure){ .bench = "audit",
		.figure = "opening it, p50; raw is a tenth of the records",
		.unit = "ms",
		.value = times[0][OPENINGS / 2],
		.raw = times[1][OPENINGS / 2],
		.ratio_max = 1.1 });
}

int main(int argc, char **argv)
{
	const char *folder = bench_folder(argc > 1 ? 2 : argc, argv);
	uint64_t records = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
	char large[4096], small[4096];

	snprintf(large, sizeof large, "%s/large.db", folder);
	snprintf(small, sizeof small, "%s/small.db", folder);
	make_history(small, records / 10);
	make_history(large, records);
	measure_opening(large, small);
	bench_proofs(large);
	bench_verification(large);
	ask_all(large, (int)(records / RECORDS_A_SESSION));
	return 0;
}
