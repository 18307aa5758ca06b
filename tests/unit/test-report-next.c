/* SPDX-License-Identifier: Apache-2.0 */

/** When a client may come again, in words, and the words, days and figures of each language. */

#include "report-fixture.h"

#include <locale.h>
#include <string.h>

#include "report/language.h"
#include "report/next-session.h"
#include "report/report-text.h"

#define ZONE(zone, last, earliest, more) \
	"{\"zone\":\"" zone "\",\"last\":\"" last "\",\"earliest\":\"" earliest "\"" more "}"
#define CROWN(earliest, more)   ZONE("crown", "2026-03-02T10:11:00Z", earliest, more)
#define CLIENT(sessions, zones) "{\"rest_days\":28,\"sessions\":" #sessions ",\"zones\":[" zones "]}"
#define TOUCH_UP                CLIENT(1, CROWN("2027-03-02", ""))

static const struct {
	const char *what;
	ReportOutcome outcome;
	int64_t course_session, dots;
	const char *figures, *touch_up; /* NULL: the station told nothing */
	const char *words;
} cases[] = {
	{ "the next one of the course", REPORT_SIGNED, 2, 100, CLIENT(3, CROWN("2026-03-30", "")), TOUCH_UP,
		"Session 3 of 3: not before 30 March 2026." },
	{ "another zone of an earlier session waits longer", REPORT_SIGNED, 2, 100,
		CLIENT(3,
			CROWN("2026-03-30", "") "," ZONE("scar-1", "2026-03-01T10:00:00Z", "2026-04-30", "")),
		TOUCH_UP, "Session 3 of 3: not before 30 March 2026." },
	{ "a plan that was extended", REPORT_SIGNED, 3, 100, CLIENT(4, CROWN("2026-03-30", "")), TOUCH_UP,
		"Session 4 of 4: not before 30 March 2026." },
	{ "a session without dots comes again", REPORT_ABANDONED, 2, 0,
		CLIENT(3, ZONE("crown", "2026-02-20T10:00:00Z", "2026-03-20", "")), TOUCH_UP,
		"Session 2 of 3: not before 20 March 2026." },
	{ "nobody ever worked there", REPORT_ABANDONED, 1, 0, CLIENT(3, "{\"zone\":\"crown\"}"), NULL,
		"Session 1 of 3: on any day." },
	{ "the last one", REPORT_SIGNED, 3, 100, CLIENT(3, CROWN("2026-03-30", "")), TOUCH_UP,
		"The course is complete. A touch-up: not before 2 March 2027." },
	{ "the last one, where nobody touches up", REPORT_SIGNED, 3, 100, CLIENT(3, CROWN("2026-03-30", "")),
		NULL, "The course is complete." },
	{ "a sample patch", REPORT_SIGNED, 1, 100,
		CLIENT(1, CROWN("2026-03-09", ",\"others_earliest\":\"2026-03-30\"")), TOUCH_UP,
		"The first session of a course: not before 30 March 2026." },
	{ "an old report", REPORT_SIGNED, 2, 100,
		CLIENT(3, ZONE("crown", "2026-04-02T10:00:00Z", "2026-04-30", "")), TOUCH_UP,
		"A later session is on record: its report says when the next one may be." },
	{ "still open", REPORT_OPEN, 2, 100, CLIENT(3, CROWN("2026-03-30", "")), TOUCH_UP,
		"The day of the next session is not known before this one has ended." },
	{ "nobody who may ask", REPORT_SIGNED, 2, 100, NULL, NULL,
		"The day of the next session is not known here: ask the clinic." },
};

static void test_when_the_client_may_come_again(void **state)
{
	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		_cleanup_(report_freep) Report *report = signed_session();
		json_auto_t *figures = cases[i].figures ? json_loads(cases[i].figures, 0, NULL) : NULL;
		json_auto_t *touch_up = cases[i].touch_up ? json_loads(cases[i].touch_up, 0, NULL) : NULL;
		_cleanup_(freep) char *words = NULL;

		assert_int_equal(!figures, !cases[i].figures);
		report->outcome = cases[i].outcome;
		report->course_session = cases[i].course_session;
		report->dots = cases[i].dots;
		words = next_session_words(report, figures, touch_up);
		if (strcmp(words, cases[i].words) != 0)
			fail_msg("%s: %s", cases[i].what, words);
	}
}

static void test_the_page_says_it(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *without = write_page(report), *with = NULL;

	report->next = strdup("Come <soon>.");
	with = write_page(report);
	assert_null(strstr(without, "class=\"next\""));
	assert_non_null(strstr(with, "<p class=\"next\">Come &lt;soon&gt;.</p>"));
}

/** In C.UTF-8, in which gettext translates nothing. */
static void test_each_language_has_its_form(void **state)
{
	static const struct {
		Language language;
		const char *date, *minute, *day, *figure, *number, *zone, *one, *many;
	} forms[] = {
		{ LANGUAGE_EN, "2 March 2026", "2026-03-02 09:05", "2031-12-31", "1.50", "0.5", "Crown",
			"part", "parts" },
		{ LANGUAGE_ES, "2 de marzo de 2026", "02/03/2026 09:05", "31/12/2031", "1,50", "0,5",
			"Coronilla", "parte", "partes" },
		{ LANGUAGE_DE, "2. M\xc3\xa4rz 2026", "02.03.2026 09:05", "31.12.2031", "1,50", "0,5",
			"Wirbel", "Teil", "Teile" },
	};
	char time[REPORT_TIME_MAX], figure[LANGUAGE_FIGURE_MAX], number[REPORT_NUMBER_MAX],
		zone[REPORT_SECTION_MAX];

	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	for (size_t i = 0; i < ELEMENTS(forms); i++) {
		language_use(forms[i].language);
		assert_string_equal(report_time("2026-03-02T09:05:00Z", REPORT_DATE, time), forms[i].date);
		assert_string_equal(
			report_time("2026-03-02T09:05:00Z", REPORT_MINUTE, time), forms[i].minute);
		assert_string_equal(report_day("2031-12-31", REPORT_DAY, time), forms[i].day);
		assert_string_equal(report_day("soon", REPORT_DAY, time), "soon");
		assert_string_equal(language_figure(1.5, 2, figure), forms[i].figure);
		assert_string_equal(report_number(0.5, number), forms[i].number);
		report_title_of("crown", zone);
		assert_string_equal(zone, forms[i].zone);
		report_title_of("a-question-of-a-clinic", zone);
		assert_string_equal(zone, "A question of a clinic");
		assert_string_equal(language_plural("part", "parts", 1), forms[i].one);
		assert_string_equal(language_plural("part", "parts", 0), forms[i].many);
		assert_null(language_words(NULL));
	}
	language_use(LANGUAGE_EN);
}

/** Figures of drawings stay as SVG needs them, whatever the language. */
static void test_drawings_keep_their_points(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *english = write_page(report), *german = NULL;
	const char *svg, *other;

	language_use(LANGUAGE_DE);
	german = write_page(report);
	language_use(LANGUAGE_EN);
	svg = strstr(english, "<clipPath");
	other = strstr(german, "<clipPath");
	assert_non_null(svg);
	assert_non_null(other);
	assert_memory_equal(svg, other, strcspn(svg, "\n"));
	assert_non_null(strstr(german, "<html lang=\"de\">"));
	assert_null(strstr(german, "{{"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when_the_client_may_come_again),
		cmocka_unit_test(test_the_page_says_it),
		cmocka_unit_test(test_each_language_has_its_form),
		cmocka_unit_test(test_drawings_keep_their_points),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
