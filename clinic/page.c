/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The page's requests. It must not answer anybody with a record who is not signed in, and must not take a
 * change from another site's page.
 */

#include "page.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "page-files.h"
#include "page-fold.h"
#include "page-people.h"
#include "page-table.h"
#include "route.h"
#include "util/text.h"

#define COOKIE "__Host-stipple"

enum { ACKNOWLEDGE_BODY_MAX = 4096, NOTE_TEXT_MAX = 500, RANGE_DAYS_MAX = 800, ZONE_MAX = 64, DAY_S = 86400 };

struct Page {
	Database *database;
	PageFiles *files;
	PageFold *fold;
	atomic_uint running;
};

/** What nobody keeps, and no browser takes for something else. */
static Answer guarded(Answer answer)
{
	answer_add_header(&answer, "Cache-Control", "no-store");
	answer_add_header(&answer, "X-Content-Type-Options", "nosniff");
	return answer;
}

/** The person who asks; where that is nobody, *ret is the answer. */
static bool who_asks(const Page *page, const Request *request, Person *ret_person, Answer *ret)
{
	Error error;
	int r = people_find(page->database, request_cookie(request, COOKIE), ret_person, &error);

	if (r == -ENOENT)
		*ret = answer_problem(
			401, "Not signed in", "sign in: nobody is signed in here, or no longer");
	else if (r < 0)
		*ret = answer_trouble(&error);
	return r >= 0;
}

/**
 * Whether the page of this server itself asks. The cookie is not sent by other sites' pages (SameSite), and
 * their forms cannot send JSON; this is for browsers that know neither.
 */
static bool is_from_here(const Request *request)
{
	const char *site = request_header(request, "Sec-Fetch-Site"),
		   *origin = request_header(request, "Origin"), *host = request_header(request, "Host");

	if (site && strcmp(site, "same-origin") != 0)
		return false;
	return !origin || (host && strncmp(origin, "https://", 8) == 0 && strcmp(origin + 8, host) == 0);
}

/** Has a request answered on one of the threads that the page may use. */
static Answer answer_in_turn(
	const struct Clinic *clinic, const Request *request, Answer (*answer)(const Page *, const Request *))
{
	Page *page = clinic->page;
	Answer made;

	if (!page)
		return guarded(answer_problem(404, "Unknown path", "nothing is at this path"));
	if (atomic_fetch_add(&page->running, 1) < PAGE_AT_ONCE)
		made = answer(page, request);
	else
		made = answer_problem(503, "Busy", "the server is busy: ask again in a moment");
	atomic_fetch_sub(&page->running, 1);
	return guarded(made);
}

static Answer refuse_foreign(void)
{
	return answer_problem(403, "Another site", "only the clinic's own page may do that");
}

/* ---- questions ---- */

/** Each takes the first `n` of: time zone, first day, last day, origin of a station. */
static const struct {
	const char *name, *sql;
	size_t n;
} questions[] = {
	{ "stations", sql_page_stations, 0 },
	{ "days", sql_page_days, 4 },
	{ "sessions", sql_page_sessions, 4 },
	{ "stock", sql_page_stock, 1 },
	{ "lots", sql_page_lots, 1 },
	{ "tests", sql_page_tests, 1 },
	{ "handpieces", sql_page_handpieces, 1 },
	{ "alerts", sql_page_alerts, 4 },
	{ "findings", sql_page_findings, 0 },
};

/** Days since some day of a date that can be; -1 for anything else. */
static long day_number(const char *text)
{
	struct tm day = { .tm_isdst = 0 };
	const char *end =
		text && strlen(text) == strlen("2026-11-30") ? strptime(text, "%Y-%m-%d", &day) : NULL;
	int month_day = day.tm_mday;
	time_t at;

	if (!end || *end || day.tm_year < 100 || day.tm_year > 8000)
		return -1;
	at = timegm(&day);
	return day.tm_mday == month_day ? (long)(at / DAY_S) : -1;
}

static bool is_zone(const char *zone)
{
	return zone[0] && strlen(zone) <= ZONE_MAX &&
	       zone[strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-")] ==
		       '\0';
}

/** What is wrong with the arguments; NULL nothing. */
static const char *page_read_arguments(const Request *request, size_t n, DatabaseValue ret[4])
{
	const char *zone = request_argument(request, "zone"), *from = request_argument(request, "from"),
		   *to = request_argument(request, "to"), *station = request_argument(request, "station");
	long first = day_number(from), last = day_number(to);

	ret[0].data = zone ? zone : "UTC";
	ret[1].data = from;
	ret[2].data = to;
	ret[3].data = station ? station : "";
	if (n >= 1 && !is_zone(ret[0].data))
		return "zone: the name of a time zone is expected, such as Europe/Berlin";
	if (n >= 3 && (first < 0 || last < first || last - first > RANGE_DAYS_MAX))
		return "from, to: two days are expected, such as 2026-11-30, at most 800 apart";
	return NULL;
}

static Answer page_answer_question(const Page *page, const Request *request, size_t i, bool csv)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	DatabaseValue values[4] = { 0 };
	const char *flaw = page_read_arguments(request, questions[i].n, values);
	PGconn *connection;
	Error error;
	int r;

	if (flaw)
		return answer_problem(400, "Bad request", "%s", flaw);
	r = database_take(page->database, &connection, &error);
	if (r < 0)
		return answer_trouble(&error);
	r = database_run(connection, questions[i].sql, values, questions[i].n, &rows, &error);
	database_give(page->database, connection);
	if (r < 0)
		return strstr(error.text, "time zone")
			       ? answer_problem(400, "Bad request", "zone: no such time zone")
			       : answer_trouble(&error);
	return csv ? page_table_csv(rows, questions[i].name) : page_table_json(rows);
}

static Answer find_table(const Page *page, const Request *request)
{
	Person person;
	Answer answer;

	if (!who_asks(page, request, &person, &answer))
		return answer;
	for (size_t i = 0; i < ELEMENTS(questions); i++) {
		size_t n = strlen(questions[i].name);
		const char *ending = request->rest + n;

		if (strncmp(request->rest, questions[i].name, n) == 0 &&
			(!*ending || strcmp(ending, ".csv") == 0))
			return page_answer_question(page, request, i, *ending != '\0');
	}
	return answer_problem(404, "Unknown path", "there is no such table");
}

static Answer get_table(const struct Clinic *clinic, Request *request)
{
	return answer_in_turn(clinic, request, find_table);
}

/* ---- people ---- */

/** Nobody is no error here: the page asks for this first. */
static Answer say_who(const Page *page, const Request *request)
{
	json_auto_t *said = NULL;
	Person person;
	Error error;
	int r = people_find(page->database, request_cookie(request, COOKIE), &person, &error);

	if (r < 0 && r != -ENOENT)
		return answer_trouble(&error);
	said = r < 0 ? json_pack("{s:n}", "name")
		     : json_pack("{s:s, s:s, s:s}", "name", person.name, "role",
			       person.manager ? "manager" : "viewer", "expires", person.expires);
	return answer_text(200, "application/json", said ? json_dumps(said, JSON_COMPACT) : NULL);
}

static Answer get_session(const struct Clinic *clinic, Request *request)
{
	return answer_in_turn(clinic, request, say_who);
}

static Answer sign_in(const Page *page, const Request *request)
{
	return people_sign_in(page->database, request->body, request->size);
}

static Answer post_sign_in(const struct Clinic *clinic, Request *request)
{
	return is_from_here(request) ? answer_in_turn(clinic, request, sign_in) : guarded(refuse_foreign());
}

static Answer sign_out(const Page *page, const Request *request)
{
	return people_sign_out(page->database, request_cookie(request, COOKIE));
}

static Answer post_sign_out(const struct Clinic *clinic, Request *request)
{
	return is_from_here(request) ? answer_in_turn(clinic, request, sign_out) : guarded(refuse_foreign());
}

/* ---- taking note ---- */

/** Somebody was first: this person or another. */
static Answer answer_noted(const PGresult *row, const Person *person)
{
	bool fresh = PQgetvalue(row, 0, 2)[0] == 't', own = strcmp(PQgetvalue(row, 0, 0), person->name) == 0;
	json_auto_t *said = json_pack(
		"{s:s, s:s, s:b}", "by", PQgetvalue(row, 0, 0), "at", PQgetvalue(row, 0, 1), "first", fresh);

	return answer_text(
		fresh || own ? 200 : 409, "application/json", said ? json_dumps(said, JSON_COMPACT) : NULL);
}

/** What somebody takes note of, as values of the statement. */
typedef struct Noting {
	const char *what, *note;
	char station[24], number[24];
} Noting;

static bool read_noting(const json_t *asked, Noting *ret)
{
	const json_t *station = json_object_get(asked, "station"), *number = json_object_get(asked, "number");

	ret->what = json_string_value(json_object_get(asked, "what"));
	ret->note = json_string_value(json_object_get(asked, "note"));
	if (!ret->what || !ret->note || !json_is_integer(station) || !json_is_integer(number))
		return false;
	snprintf(ret->station, sizeof ret->station, "%lld", (long long)json_integer_value(station));
	snprintf(ret->number, sizeof ret->number, "%lld", (long long)json_integer_value(number));
	return (strcmp(ret->what, "alert") == 0 || strcmp(ret->what, "finding") == 0) &&
	       json_integer_value(station) >= 0 && json_integer_value(station) <= INT32_MAX &&
	       (!*ret->note || text_is_printable(ret->note, NOTE_TEXT_MAX));
}

/** Another's may have been committed after the statement began: a second look sees it. */
static int write_noting(
	const Page *page, const Person *person, const Noting *noting, PGresult **ret, Error *error)
{
	const DatabaseValue values[] = { { noting->station, 0 }, { noting->number, 0 }, { person->name, 0 },
		{ noting->note, 0 }, { noting->what, 0 } };
	PGconn *connection;
	int r = database_take(page->database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql_page_acknowledge, values, ELEMENTS(values), ret, error);
	if (r >= 0 && PQntuples(*ret) == 0) {
		PQclear(TAKE_PTR(*ret));
		r = database_run(connection, sql_page_acknowledge, values, ELEMENTS(values), ret, error);
	}
	database_give(page->database, connection);
	return r;
}

static Answer page_take_note(const Page *page, const Person *person, const json_t *asked)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	Noting noting;
	Error error;

	if (!read_noting(asked, &noting))
		return answer_problem(400, "Bad request",
			"an object with \"what\", \"station\", \"number\" and \"note\" is expected; a note has at most %d bytes",
			NOTE_TEXT_MAX);
	if (write_noting(page, person, &noting, &row, &error) < 0)
		return answer_trouble(&error);
	return PQntuples(row) == 0 ? answer_problem(404, "Unknown alarm", "there is no such alarm")
				   : answer_noted(row, person);
}

static Answer page_judge_note(const Page *page, const Request *request)
{
	json_auto_t *asked = request->size <= ACKNOWLEDGE_BODY_MAX
				     ? json_loadb(request->body, request->size, 0, NULL)
				     : NULL;
	Person person;
	Answer answer;

	if (!who_asks(page, request, &person, &answer))
		return answer;
	if (!person.manager)
		return answer_problem(
			403, "Not allowed", "a manager acknowledges; you are signed in as a viewer");
	return page_take_note(page, &person, asked);
}

static Answer post_acknowledge(const struct Clinic *clinic, Request *request)
{
	return is_from_here(request) ? answer_in_turn(clinic, request, page_judge_note)
				     : guarded(refuse_foreign());
}

/* ---- files ---- */

static Answer get_file(const struct Clinic *clinic, Request *request)
{
	if (!clinic->page)
		return guarded(answer_problem(404, "Unknown path", "nothing is at this path"));
	return page_files_answer(
		clinic->page->files, request->rest, request_header(request, "If-None-Match"));
}

const Route page_routes[] = {
	{ "GET", "/page/session", ROUTE_PEOPLE, NULL, get_session },
	{ "POST", "/page/sign-in", ROUTE_PEOPLE, "application/json", post_sign_in },
	{ "POST", "/page/sign-out", ROUTE_PEOPLE, "application/json", post_sign_out },
	{ "POST", "/page/acknowledge", ROUTE_PEOPLE, "application/json", post_acknowledge },
	{ "GET", "/page/table/*", ROUTE_PEOPLE, NULL, get_table },
	{ "GET", "/*", ROUTE_PEOPLE, NULL, get_file },
	{ 0 },
};

/* ---- the page ---- */

int page_new(const ClinicConfig *config, Page **ret, Error *error)
{
	Page *page = calloc(1, sizeof *page);
	int r;

	if (!page)
		return error_set(error, -ENOMEM, "no memory");
	r = database_new(config->connection, PAGE_AT_ONCE + 1, &page->database);
	r = r < 0 ? error_set(error, r, "no memory")
		  : page_files_read(config->page_folder, &page->files, error);
	r = r < 0 ? r : page_fold_start(page->database, &page->fold, error);
	if (r < 0)
		page_free(page);
	else
		*ret = page;
	return r;
}

Page *page_free(Page *page)
{
	if (!page)
		return NULL;
	page_fold_stop(page->fold);
	page_files_free(page->files);
	database_free(page->database);
	free(page);
	return NULL;
}

void page_note_station(Page *page, const char *name)
{
	if (page)
		page_fold_note(page->fold, name);
}
