/* SPDX-License-Identifier: Apache-2.0 */

/** A session's report: what becomes of the record's rows, in tables, sentences and counts. */

#include "report-fixture.h"

#include <math.h>
#include <string.h>

#include "report/histogram.h"
#include "report/output.h"
#include "report/report-text.h"
#include "report/session-tables.h"
#include "report/session-words.h"

static void test_names_round_trip(void **state)
{
	for (int i = 0; i < REPORT_OUTCOME_MAX; i++)
		assert_int_equal(report_outcome_from_string(report_outcome_to_string((ReportOutcome)i)), i);
	for (int i = 0; i < REPORT_EVENT_KIND_MAX; i++)
		assert_int_equal(
			report_event_kind_from_string(report_event_kind_to_string((ReportEventKind)i)), i);
	for (int i = 0; i < REPORT_FORMAT_MAX; i++)
		assert_int_equal(report_format_from_string(report_format_to_string((ReportFormat)i)), i);
	for (int i = 0; i < REPORT_PAPER_MAX; i++)
		assert_int_equal(report_paper_from_string(report_paper_to_string((ReportPaper)i)), i);
	assert_int_equal(report_format_from_string("doc"), REPORT_FORMAT_INVALID);
	assert_null(report_outcome_to_string(REPORT_OUTCOME_MAX));
}

/** Whoever reads it learns of both answers, and of who changed them, also when the words are gone. */
static void test_answers_that_differ(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();
	_cleanup_(freep) char *words = NULL, *erased = NULL;

	add_begin(report, "P-1");
	add_event(report, "screening.changed",
		"{\"session\":7,\"question\":\"keloids\",\"reason\":\"misheard\",\"was\":true,\"answer\":false,"
		"\"answered_in\":7}");
	add_event(report, "screening.changed",
		"{\"session\":7,\"question\":\"heart-valve-disease\",\"reason\":\"mended\",\"answered_in\":3}");
	add_event(report, "physician.cleared",
		"{\"session\":7,\"question\":\"diabetes\",\"physician\":\"Dr. Muster\"}");
	add_event(report, "session.screening",
		"{\"session\":7,\"asked\":[\"keloids\",\"diabetes\"],\"answers\":{\"keloids\":false,\"diabetes\":true},"
		"\"before\":{\"keloids\":true,\"diabetes\":false},\"before_session\":3,\"refused\":[]}");
	words = words_screening(report);
	assert_string_equal(words,
		"2 questions; answered with yes: Diabetes. Keloids: last session: yes, today: no. Diabetes: last session: no, "
		"today: yes. Keloids: answered with yes, then with no; changed by Ada Example on 2026-03-02 10:12: misheard. "
		"Heart valve disease: answered with yes in session 3, then with no; changed by Ada Example on 2026-03-02 10:12: "
		"mended. Diabetes: a physician's note (Dr. Muster) was seen by Ada Example on 2026-03-02 10:12.");
	add_event(report, "session.screening",
		"{\"session\":7,\"asked\":[\"keloids\",\"diabetes\"],\"rules_out\":true}");
	add_event(report, "screening.changed",
		"{\"session\":7,\"was\":true,\"answer\":false,\"answered_in\":7}");
	erased = words_screening(report);
	assert_non_null(
		strstr(erased, "2 questions were answered; the answers were erased. Keloids: answered"));
	assert_non_null(strstr(erased,
		"An answer (erased): answered with yes, then with no; changed by Ada Example on "
		"2026-03-02 10:12: erased."));
}

static void test_rows_become_a_report(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	const ReportZone *crown = report_zone(report, "crown");
	const ReportCartridge *cartridge = report_cartridge(report, 0);
	const ReportConsent *photographs = &g_array_index(report->consents, ReportConsent, 2);
	const ReportEvent *fault = &g_array_index(report->events, ReportEvent, 0);

	assert_string_equal(report->subject, "P-1");
	assert_string_equal(report_name_of(report, report->badge), "Ada Example");
	assert_int_equal(report->outcome, REPORT_SIGNED);
	assert_string_equal(report->meaning, "done");
	assert_int_equal(report->proof.seq, 99);
	assert_int_equal(report->worked_s, 3700);
	assert_int_equal(report->questions, 2);
	assert_string_equal(g_ptr_array_index(report->yes, 0), "eczema");
	assert_int_equal(report->aftercare->len, 2);
	assert_int_equal(report->consents->len, 3);
	assert_false(photographs->given);
	assert_string_equal(photographs->version, "2");
	assert_non_null(crown);
	assert_int_equal(crown->dots, 100);
	assert_int_equal(crown->depth[4], 75);
	assert_string_equal(cartridge->certificate, "C-9");
	assert_string_equal(cartridge->expiry, "2031-12-31");
	assert_string_equal(cartridge->reason, "dull");
	assert_int_equal(cartridge->strokes, 4711);
	assert_int_equal(report->events->len, 1);
	assert_string_equal(fault->text,
		"Emergency stop: drive line off after 412 \xc2\xb5s (needle motion not measured)");
	assert_null(report_zone(report, "nape"));
}

static void add_cycle(Report *report, int cycle, const char *released)
{
	add(report, "sterilization",
		"{\"sterilizer\":\"S1\",\"cycle\":%d,\"started\":\"2026-03-01T07:00:00Z\",\"contents\":[\"H2\",\"H1\"],"
		"\"mechanical\":\"pass\",\"integrator\":\"pass\",\"released\":%s,\"released_by\":\"b7\"}",
		cycle, released);
}

static void add_doubt(Report *report, int test, int cycle, const char *cleared)
{
	add(report, "doubt",
		"{\"test\":%d,\"sterilizer\":\"S1\",\"cycle\":%d,\"tested\":\"2026-03-04T08:00:00Z\","
		"\"cleared\":%s,\"action\":\"client called\"}",
		test, cycle, cleared);
}

static void test_the_cycle_a_handpiece_came_from(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *none = NULL, *words = NULL;

	add_event(report, "handpiece.mounted", "{\"session\":7,\"handpiece\":\"H1\"}");
	add_event(report, "handpiece.mounted", "{\"session\":7,\"handpiece\":\"H1\"}");
	assert_int_equal(report->handpieces->len, 1);
	none = words_handpieces(report);
	assert_string_equal(none, "Handpiece H1: no released cycle is on record.");
	add_cycle(report, 40, "\"2026-03-01T08:00:00.000000Z\"");
	add_cycle(report, 41, "\"2026-03-02T08:00:00.000000Z\"");
	add_cycle(report, 42, "null");
	add_cycle(report, 43, "\"2026-03-03T08:00:00.000000Z\"");
	words = words_handpieces(report);
	assert_non_null(strstr(words, "steriliser S1, cycle 41 of 2026-03-01 07:00"));
	assert_non_null(strstr(
		words, "class V integrator: pass; chemical indicator: not on record; released by b7."));
}

/** A failed spore test and a rejection after the release stand beside what the release rests on. */
static void test_a_load_that_nobody_vouches_for(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *sound = NULL, *doubtful = NULL, *rejected = NULL;

	add_event(report, "handpiece.mounted", "{\"session\":7,\"handpiece\":\"H1\"}");
	add_cycle(report, 40, "\"2026-03-01T08:00:00Z\"");
	add_doubt(report, 50, 39, "null");
	add_doubt(report, 51, 40, "\"2026-03-05T08:00:00Z\"");
	sound = words_handpieces(report);
	assert_non_null(strstr(sound, "mechanical readings: pass; class V integrator: pass"));
	assert_non_null(strstr(sound,
		"It was in doubt: the biological test of 2026-03-04 08:00 failed (record 51); one that passed, of "
		"2026-03-05 08:00, ended this. Done about it: client called."));
	assert_false(words_doubtful(report));
	add_doubt(report, 52, 40, "null");
	add_doubt(report, 52, 40, "null");
	doubtful = words_handpieces(report);
	assert_non_null(
		strstr(doubtful, "IN DOUBT: the biological test of 2026-03-04 08:00 failed (record 52)"));
	assert_null(strstr(strstr(doubtful, "IN DOUBT") + 1, "IN DOUBT"));
	assert_null(strstr(doubtful, "record 50"));
	assert_true(words_doubtful(report));
	add(report, "sterilization",
		"{\"sterilizer\":\"S1\",\"cycle\":41,\"contents\":[\"H1\"],\"released\":\"2026-03-02T08:00:00Z\","
		"\"rejected\":\"2026-03-04T09:00:00Z\",\"rejected_by\":\"b8\",\"rejected_reason\":\"wet packs\"}");
	rejected = words_handpieces(report);
	assert_non_null(strstr(rejected, "REJECTED on 2026-03-04 09:00 by b8: wet packs."));
	assert_true(words_doubtful(report));
}

static void test_many_handpieces(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *html = NULL;

	for (int i = 0; i < 40; i++) {
		char body[64];

		snprintf(body, sizeof body, "{\"session\":7,\"handpiece\":\"H%d\"}", i);
		add_event(report, "handpiece.mounted", body);
	}
	html = write_page(report);
	for (int i = 0; i < 40; i++) {
		char words[64];

		snprintf(words, sizeof words, "Handpiece H%d: no released cycle is on record.", i);
		assert_non_null(strstr(html, words));
	}
}

static const char *cell(const Table *table, size_t row, size_t column)
{
	return g_ptr_array_index(table->cells, row * table->n_columns + column);
}

/** Loaded, blended, recalled afterwards: what is in whose skin can be read from the table. */
static void test_pigments_are_told_by_lot_and_zone(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(table_freep) Table *table = NULL;
	const ReportEvent *recall;

	add(report, "timeline",
		"{\"seq\":20,\"time\":\"2026-03-02T09:20:00Z\",\"kind\":\"pigment.loaded\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"brand\":\"blend\",\"colour\":\"dark\",\"lot\":\"M1\",\"expiry\":\"2030-01-01\","
		"\"zone\":\"nape\"}}");
	add(report, "pigments", "{\"seq\":7,\"zones\":[]}");
	add(report, "pigments", "{\"seq\":20,\"zones\":[\"crown\",\"left-side\"]}");
	for (int i = 0; i < 2; i++)
		add(report, "blends",
			"{\"blend\":\"M1\",\"parts\":[{\"brand\":\"B\",\"colour\":\"black\",\"lot\":\"P2\",\"parts\":2.0,"
			"\"expiry\":\"2031-01-01\"},{\"brand\":\"B\",\"colour\":\"dun\",\"lot\":\"P3\",\"parts\":1}]}");
	add(report, "statuses",
		"{\"time\":\"2026-03-05T08:00:00Z\",\"kind\":\"pigment.status\",\"actor\":\"b2\",\"body\":"
		"{\"lot\":\"P3\",\"status\":\"recalled\",\"reason\":\"notice 13\"}}");
	add(report, "statuses",
		"{\"time\":\"2026-03-05T08:00:00Z\",\"kind\":\"pigment.status\",\"actor\":\"b2\",\"body\":"
		"{\"lot\":\"P3\",\"brand\":\"other\",\"status\":\"released\",\"reason\":\"x\"}}");
	table = list_pigments(report);
	assert_int_equal(table_rows(table), 4);
	assert_string_equal(cell(table, 0, 3), "never used");
	assert_string_equal(cell(table, 1, 0), "Blend");
	assert_string_equal(cell(table, 1, 3), "Crown, Left side");
	assert_string_equal(cell(table, 2, 0), "\xe2\x86\xb3 2 parts: B");
	assert_string_equal(cell(table, 2, 2), "P2");
	assert_string_equal(cell(table, 2, 4), "2031-01-01");
	assert_string_equal(cell(table, 3, 0), "\xe2\x86\xb3 1 part: B");
	assert_string_equal(cell(table, 3, 2), "P3 (recalled)");
	recall = &g_array_index(report->events, ReportEvent, report->events->len - 1);
	assert_int_equal(recall->kind, REPORT_EVENT_LOT);
	assert_string_equal(recall->text, "Pigment lot P3, used in this session: recalled (notice 13)");
}

static void test_lots_recalled_after_the_session(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(table_freep) Table *barred = NULL, *lifted = NULL, *events = NULL;

	add(report, "statuses",
		"{\"time\":\"2026-03-03T08:00:00Z\",\"kind\":\"lot.status\",\"actor\":\"b2\",\"body\":"
		"{\"lot\":\"L9\",\"status\":\"recalled\",\"reason\":\"another lot\"}}");
	add(report, "statuses",
		"{\"time\":\"2026-03-02T09:30:00Z\",\"kind\":\"lot.status\",\"actor\":\"b2\",\"body\":"
		"{\"lot\":\"L1\",\"gtin\":\"04012345678901\",\"status\":\"quarantined\",\"reason\":\"torn\"}}");
	barred = list_cartridges(report);
	assert_string_equal(cell(barred, 0, 3), "L1 (quarantined)");
	assert_int_equal(report->events->len, 2);
	/* in the order of time, which is not that of the queries */
	assert_int_equal(g_array_index(report->events, ReportEvent, 0).kind, REPORT_EVENT_LOT);
	add(report, "statuses",
		"{\"time\":\"2026-03-09T08:00:00Z\",\"kind\":\"lot.status\",\"actor\":\"b2\",\"body\":"
		"{\"lot\":\"L1\",\"status\":\"released\",\"reason\":\"sound\"}}");
	lifted = list_cartridges(report);
	assert_string_equal(cell(lifted, 0, 3), "L1");
	events = list_events(report);
	assert_string_equal(cell(events, 0, 0), "09:30");
	assert_string_equal(cell(events, 2, 0), "2026-03-09 08:00");
}

static void test_consents_are_told_with_their_times(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *words = NULL;

	add(report, "timeline",
		"{\"seq\":30,\"time\":\"2026-03-09T08:00:00Z\",\"kind\":\"session.consent\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"consent\":\"treatment\",\"version\":\"1\",\"given\":false}}");
	words = words_consents(report);
	assert_string_equal(words,
		"Treatment: given (form 1) at 10:12, withdrawn (form 1) at 2026-03-09 08:00; "
		"Photographs: given (form 1) at 10:12, withdrawn (form 2) at 10:12.");
}

static void test_the_first_photograph_from_before_is_shown(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	const ReportZone *crown = report_zone(report, "crown");

	for (const char *file = "abc"; *file; file++)
		for (int after = 0; after < 2; after++) {
			_cleanup_(freep) char *body = NULL;

			assert_true(
				asprintf(&body,
					"{\"session\":7,\"zone\":\"crown\",\"phase\":\"%s\",\"file\":\"%c.jpg\"}",
					after ? "after" : "before", *file) > 0);
			add_event(report, "image.captured", body);
		}
	assert_string_equal(crown->before.file, "a.jpg");
	assert_string_equal(crown->after.file, "c.jpg");
}

/** Two who did the dots are both named, each with the dots by zone and cartridge. */
static void test_two_practitioners(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *page = NULL;

	add(report, "operators", "{\"badge\":\"b2\",\"name\":\"Bo <i>\"}");
	add_event(report, "session.handed-over",
		"{\"session\":7,\"from\":\"b1\",\"to\":\"b2\",\"zone\":\"crown\",\"unit\":\"u(21)A17\"}");
	add(report, "stints",
		"{\"operator\":\"b1\",\"zone\":\"crown\",\"unit\":\"u(21)A17\",\"dots\":1234,"
		"\"first\":\"2026-03-02T09:20:00Z\",\"last\":\"2026-03-02T09:40:00Z\"}");
	page = write_page(report);
	assert_null(strstr(page, "whose dots are whose"));
	free(TAKE_PTR(page));
	add(report, "stints",
		"{\"operator\":\"b2\",\"zone\":\"nape\",\"unit\":\"u(21)A17\",\"dots\":567,"
		"\"first\":\"2026-03-02T09:50:00Z\",\"last\":\"2026-03-02T10:00:00Z\"}");
	page = write_page(report);
	assert_non_null(strstr(page, "Ada Example, Bo &lt;i&gt;"));
	assert_non_null(strstr(page, "badges b1, b2"));
	assert_non_null(
		strstr(page, "Bo &lt;i&gt; took over from Ada Example; zone: Crown; cartridge: u(21)A17"));
	assert_non_null(strstr(page, ">1234<"));
	assert_non_null(strstr(page, ">567<"));
	assert_non_null(strstr(page, "whose dots are whose"));
}

/** Strokes that an earlier version recorded as the station's, after a sign-out, are of who worked before. */
static void test_the_station_treats_nobody(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *names = NULL, *page = NULL;

	add(report, "stints",
		"{\"operator\":\"b1\",\"zone\":\"crown\",\"unit\":\"u(21)A17\",\"dots\":1000,"
		"\"first\":\"2026-03-02T09:20:00Z\",\"last\":\"2026-03-02T09:40:00Z\"}");
	add(report, "stints",
		"{\"operator\":\"station\",\"zone\":\"crown\",\"unit\":\"u(21)A17\",\"dots\":234,"
		"\"first\":\"2026-03-02T09:41:00Z\",\"last\":\"2026-03-02T09:42:00Z\"}");
	add(report, "stints",
		"{\"operator\":\"station\",\"zone\":\"nape\",\"unit\":\"u(21)A17\",\"dots\":5,"
		"\"first\":\"2026-03-02T09:43:00Z\",\"last\":\"2026-03-02T09:44:00Z\"}");
	assert_int_equal(report->stints->len, 2);
	assert_int_equal(report_stint(report, 0)->dots, 1234);
	assert_string_equal(report_stint(report, 0)->last, "2026-03-02T09:42:00Z");
	assert_string_equal(report_stint(report, 1)->operator, "b1");
	names = words_practitioners(report, true);
	assert_string_equal(names, "Ada Example");
	page = write_page(report);
	assert_null(strstr(page, "whose dots are whose"));
}

/** A session of which the station alone told strokes: they are of who began it. */
static void test_strokes_of_a_session_without_a_stint(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();

	add(report, "stints", "{\"operator\":\"station\",\"zone\":\"nape\",\"unit\":\"u\",\"dots\":5}");
	assert_string_equal(report_stint(report, 0)->operator, "b1");
}

/** Words stand in the copy only under the digest that was signed, wherever they come from. */
static void test_words_that_were_signed(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	const ReportConsent *consent;

	add(report, "timeline",
		"{\"seq\":31,\"time\":\"2026-03-02T09:12:00Z\",\"kind\":\"session.statement\",\"actor\":\"b1\","
		"\"body\":{\"session\":7,\"statement\":\"aftercare\",\"version\":\"1\",\"signed_on\":\"screen\","
		"\"language\":\"en\",\"text_sha256\":\"032ed06f72820f02e8430f9922a9a82141a3a228ff64f355b6d0e32d547272b8\"}}");
	consent = report_consent(report, report->consents->len - 1);
	assert_string_equal(consent->consent, "aftercare");
	add(report, "consent-texts", "{\"seq\":31,\"text\":\"I agree to more.\\n\"}");
	assert_null(consent->text);
	add(report, "consent-texts", "{\"text\":\"I agree.\\n\"}");
	assert_string_equal(consent->text, "I agree.\n");
	for (guint i = 0; i + 1 < report->consents->len; i++)
		assert_null(report_consent(report, i)->text);
}

static void test_an_interrupted_session(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();
	_cleanup_(freep) char *html = NULL;

	add_begin(report, "P-1");
	add(report, "timeline",
		"{\"seq\":5,\"time\":\"2026-03-02T09:11:00Z\",\"kind\":\"needle.claimed\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"unit\":\"U1\",\"lot\":\"L1\"}}");
	add_event(report, "session.interrupted", "{\"session\":7}");
	add(report, "session", "{\"session\":7,\"dots\":10,\"strokes\":1119,\"worked_s\":null}");
	add(report, "needles",
		"{\"unit\":\"U1\",\"container\":null,\"strokes\":1117,\"dots\":10,\"state\":\"interrupted\",\"removed\":"
		"\"2026-03-02T10:12:00.5Z\"}");
	assert_int_equal(report_cartridge(report, 0)->strokes, 1117);
	assert_int_equal(report_cartridge(report, 0)->dots, 10);
	assert_true(report_cartridge(report, 0)->interrupted);
	html = write_page(report);
	assert_non_null(strstr(html, "1117"));
	assert_non_null(strstr(html, "1\xe2\x80\xaf"
				     "119"));
	assert_non_null(strstr(html, "(interrupted)"));
	assert_non_null(strstr(html, "not known"));
}

static void test_erased_photographs(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	const ReportZone *crown = report_zone(report, "crown");
	_cleanup_(freep) char *html = NULL;
	char words[REPORT_PICTURE_WORDS];

	add_event(report, "image.captured",
		"{\"session\":7,\"zone\":\"crown\",\"phase\":\"before\",\"file\":\"a.jpg\",\"sha256\":\"ab\"}");
	assert_string_equal(report_picture_words(&crown->before, words), "not available");
	assert_string_equal(report_picture_words(&crown->after, words), "not taken");
	add(report, "images", "{\"seq\":7,\"state\":\"kept\",\"erasure\":null,\"erased\":null}");
	assert_string_equal(report_picture_words(&crown->before, words), "not available");
	add(report, "images",
		"{\"seq\":7,\"state\":\"to be erased\",\"erasure\":40,\"erased\":\"2026-04-01T08:00:00Z\"}");
	assert_string_equal(report_picture_words(&crown->before, words), "to be erased, record 40");
	add(report, "images",
		"{\"seq\":7,\"state\":\"erased\",\"erasure\":41,\"erased\":\"2026-04-01T08:00:00Z\"}");
	assert_string_equal(report_picture_words(&crown->before, words), "erased on 1 April 2026, record 41");
	html = write_page(report);
	assert_non_null(strstr(
		html, "<span>erased on 1 April 2026, record 41</span></div><figcaption>Before, 10:12"));
}

static void test_what_people_enter(void **state)
{
	static const char *const said[] = {
		"Sharps injury (minor): stuck a finger; device: cartridge; where: chair",
		"Interval set aside: touch-up of the hairline",
		"Record 12, lot: not PG1 but PG7 (typing error)",
		"Record 13, area_mm2: not 15 but 1500 (unit)",
	};
	_cleanup_(report_freep) Report *report = report_new();

	add_begin(report, "P-1");
	add_event(report, "incident.reported",
		"{\"session\":7,\"incident\":\"sharps-injury\",\"severity\":\"minor\",\"text\":\"stuck a finger\","
		"\"device\":\"cartridge\",\"area\":\"chair\"}");
	add_event(report, "interlock.overridden",
		"{\"session\":7,\"interlock\":\"interval\",\"reason\":\"touch-up of the hairline\"}");
	add_event(report, "record.corrected",
		"{\"session\":7,\"corrects\":12,\"field\":\"lot\",\"old\":\"PG1\",\"new\":\"PG7\",\"why\":\"typing error\"}");
	add_event(report, "record.corrected",
		"{\"session\":7,\"corrects\":13,\"field\":\"area_mm2\",\"old\":15,\"new\":1500,\"why\":\"unit\"}");
	assert_int_equal(report->events->len, ELEMENTS(said));
	for (size_t i = 0; i < ELEMENTS(said); i++)
		assert_string_equal(g_array_index(report->events, ReportEvent, i).text, said[i]);
}

static void test_where_cartridges_went(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();

	for (int i = 0; i < 3; i++)
		add_cartridge(report, i);
	add(report, "needles", "{\"unit\":\"(01)04012345678901(21)A1\",\"container\":\"SC-2\"}");
	add(report, "needles", "{\"unit\":\"(01)04012345678901(21)A2\",\"container\":null}");
	add(report, "needles", "{\"unit\":\"(01)04012345678901(21)A9\",\"container\":\"SC-3\"}");
	assert_null(report_cartridge(report, 0)->container);
	assert_string_equal(report_cartridge(report, 1)->container, "SC-2");
	assert_null(report_cartridge(report, 2)->container);
}

static void test_a_session_that_goes_on(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();
	_cleanup_(freep) char *words = NULL, *html = NULL;

	add_begin(report, "P-1");
	assert_int_equal(report->outcome, REPORT_OPEN);
	assert_int_equal(report->proof.seq, 1);
	words = words_signature(report);
	assert_non_null(strstr(words, "This session is not signed. It goes on"));
	add_event(report, "session.abandoned", "{\"session\":7,\"reason\":\"client unwell\"}");
	assert_int_equal(report->outcome, REPORT_ABANDONED);
	assert_string_equal(report->closing_reason, "client unwell");
	html = write_page(report);
	assert_non_null(strstr(html, "<p class=\"state\">Abandoned</p>"));
}

/** Rows of a damaged or newer record end as nothing, not as a crash. */
static void test_odd_rows(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();
	_cleanup_(freep) char *html = NULL;

	add(report, "timeline", "{\"kind\":5,\"body\":[]}");
	add(report, "timeline", "{\"kind\":\"session.begun\"}");
	add(report, "timeline", "{\"kind\":\"session.zone\",\"body\":{\"zone\":7}}");
	add(report, "timeline",
		"{\"kind\":\"zone.statistics\",\"body\":{\"zone\":\"crown\",\"histogram\":{}}}");
	add(report, "timeline", "{\"kind\":\"needle.removed\",\"body\":{}}");
	add(report, "timeline", "{\"kind\":\"fault.latched\",\"body\":{}}");
	add(report, "timeline", "{\"kind\":\"image.captured\",\"body\":{\"zone\":\"crown\"}}");
	add(report, "lot", "{}");
	add(report, "weather", "{}");
	assert_int_equal(report->zones->len, 1);
	html = write_page(report);
	assert_non_null(strstr(html, "In progress"));
}

/* ---- histograms ---- */

static void test_axis_steps(void **state)
{
	static const struct {
		double most;
		int steps;
		double step;
	} rows[] = { { 0, 4, 1 }, { 1, 4, 1 }, { 3, 4, 1 }, { 4, 4, 1 }, { 5, 4, 2 }, { 9, 4, 5 },
		{ 40, 4, 10 }, { 41, 4, 20 }, { 99, 4, 50 }, { 201, 4, 100 }, { 1480, 4, 500 },
		{ 14000, 4, 5000 }, { -5, 4, 1 }, { 10, 0, 1 } };

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		double step = axis_step(rows[i].most, rows[i].steps);

		assert_true(fabs(step - rows[i].step) < 1e-9);
		if (rows[i].steps > 0)
			assert_true(rows[i].most <= step * rows[i].steps);
	}
}

static void test_histograms(void **state)
{
	_cleanup_(report_freep) Report *report = report_new();
	Histogram depth, dwell;

	histogram_of_depth(report, &depth);
	assert_int_equal(depth.total, 0);
	assert_true(depth.n >= 10);
	add_zone(report, "crown", 400, 1500, 100);
	histogram_of_depth(report, &depth);
	assert_int_equal(depth.outside[3], 25);
	assert_int_equal(depth.inside[3], 0);
	assert_int_equal(depth.inside[4], 75);
	assert_int_equal(depth.total, 100);
	assert_int_equal(depth.most, 75);
	assert_true(depth.n >= 16);
	assert_true(fabs(depth.high - 1500) < 0.1);
	assert_true(fabs(depth.mean - 500) < 0.1);
	histogram_of_dwell(report, &dwell);
	assert_int_equal(dwell.inside[6], 100);
	assert_true(fabs(dwell.mean - 60) < 0.1);

	/* the same bins lie within the window of a zone where the needle goes less deep */
	add_zone(report, "nape", 300, 900, 40);
	histogram_of_depth(report, &depth);
	assert_int_equal(depth.inside[3], 10);
	assert_int_equal(depth.outside[3], 25);
	assert_int_equal(depth.inside[4], 105);
	assert_true(depth.high < 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_round_trip),
		cmocka_unit_test(test_rows_become_a_report),
		cmocka_unit_test(test_answers_that_differ),
		cmocka_unit_test(test_the_cycle_a_handpiece_came_from),
		cmocka_unit_test(test_a_load_that_nobody_vouches_for),
		cmocka_unit_test(test_many_handpieces),
		cmocka_unit_test(test_pigments_are_told_by_lot_and_zone),
		cmocka_unit_test(test_lots_recalled_after_the_session),
		cmocka_unit_test(test_consents_are_told_with_their_times),
		cmocka_unit_test(test_erased_photographs),
		cmocka_unit_test(test_the_first_photograph_from_before_is_shown),
		cmocka_unit_test(test_two_practitioners),
		cmocka_unit_test(test_the_station_treats_nobody),
		cmocka_unit_test(test_strokes_of_a_session_without_a_stint),
		cmocka_unit_test(test_words_that_were_signed),
		cmocka_unit_test(test_an_interrupted_session),
		cmocka_unit_test(test_what_people_enter),
		cmocka_unit_test(test_where_cartridges_went),
		cmocka_unit_test(test_a_session_that_goes_on),
		cmocka_unit_test(test_odd_rows),
		cmocka_unit_test(test_axis_steps),
		cmocka_unit_test(test_histograms),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
