/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The page of a session's report: that it leaves nothing out and loads nothing, that text stays text in it,
 * and that a full disk is told.
 */

#include "report-fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/output.h"
#include "report/picture.h"
#include "report/proof-code.h"
#include "report/report-proof.h"

static void crowd(Report *report)
{
	static const char *const zones[] = { "frontal-hairline", "frontal", "left-temple", "right-temple",
		"mid-scalp", "crown", "left-side", "right-side", "occipital", "nape", "scar-1", "scar-2",
		"scar-3", "scar-4" };

	for (size_t i = 0; i < ELEMENTS(zones); i++) {
		add_zone(report, zones[i], 300 + (int)i, 1500, 4000);
		add(report, "timeline",
			"{\"seq\":9,\"time\":\"2026-03-02T09:11:00Z\",\"kind\":\"image.captured\",\"body\":{\"session\":7,"
			"\"zone\":\"%s\",\"phase\":\"before\",\"file\":\"f\",\"sha256\":\"00\"}}",
			zones[i]);
	}
	for (int i = 0; i < 80; i++) {
		add_cartridge(report, i);
		add_event(report, "alert.raised",
			"{\"session\":7,\"alert\":\"x\",\"text\":\"Many words about what was noticed, so many that they "
			"take a line and then one more, and that it takes room\"}");
	}
}

static size_t count_of(const char *text, const char *words)
{
	size_t n = 0;

	for (const char *found = text; (found = strstr(found, words)); found += strlen(words))
		n++;
	return n;
}

static void test_a_page_leaves_nothing_out(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *html = NULL;

	crowd(report);
	html = write_page(report);
	for (int i = 0; i < 80; i++) {
		char words[64];

		snprintf(words, sizeof words, "<td class=\"strong\">A%d</td>", i);
		assert_non_null(strstr(html, words));
	}
	assert_int_equal(count_of(html, "Many words about what was noticed"), 80);
	assert_int_equal(count_of(html, "<div class=\"pair\">"), 14);
	/* the map, depth and dwell */
	assert_int_equal(count_of(html, "<svg "), 3);
	assert_int_equal(count_of(html, "</svg>"), 3);
	assert_null(strstr(html, "{{"));
}

static void test_words_at_head_and_foot(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *html = NULL;

	report->clinic = "a \"clinic\"";
	report->station = "chair-1";
	report->made = "2026-03-03T08:00:00Z";
	html = write_page(report);
	assert_non_null(strstr(html,
		"<body data-head=\"Session 7 \xc2\xb7 client P-1 \xc2\xb7 2 March 2026\" "
		"data-foot=\"a &quot;clinic&quot; / chair-1 \xc2\xb7 report made 2026-03-03 08:00 UTC\" "
		"data-page=\"Page\" data-of=\"of\">"));
	assert_non_null(strstr(html, "<html lang=\"en\">"));
	assert_non_null(strstr(html, "@page { size: a4 }"));
}

/** Prints as the real one does, but nothing that is of use. */
static void make_printer(char ret[32])
{
	static const char script[] = "#!/bin/sh\nprintf '%%PDF-1.7\\n' && exec cat\n";
	int fd;

	snprintf(ret, 32, "/tmp/test-report-XXXXXX");
	fd = mkstemp(ret);
	assert_int_equal(write(fd, script, sizeof script - 1), sizeof script - 1);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
}

static int write_session(const Report *report, const char *printer, ReportFormat format, int fd, Error *error)
{
	const Output output = { format, { printer, 60000 } };
	Document document;
	int r;

	session_document(report, &document);
	*error = (Error){ 0 };
	r = output_write(&document, &output, fd, error);
	assert_int_equal(r == 0, error->text[0] == '\0');
	return r;
}

static void test_files(void **state)
{
	static const char *const begins[] = { "%PDF-1.7\n<!DOCTYPE html>", "<?xml", "<!DOCTYPE html>" };
	_cleanup_(report_freep) Report *report = signed_session();
	char printer[32];

	make_printer(printer);
	for (int i = 0; i < REPORT_FORMAT_MAX; i++) {
		_cleanup_(closep) int fd = memfd_create("file", MFD_CLOEXEC);
		char text[64] = "";
		Error error;

		assert_int_equal(write_session(report, printer, (ReportFormat)i, fd, &error), 0);
		assert_true(lseek(fd, 0, SEEK_END) > 5000);
		assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
		assert_memory_equal(text, begins[i], strlen(begins[i]));
	}
	unlink(printer);
}

static void test_a_full_disk_is_told(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	char printer[32];

	make_printer(printer);
	for (int i = 0; i < REPORT_FORMAT_MAX; i++) {
		_cleanup_(closep) int full = open("/dev/full", O_RDWR | O_CLOEXEC);
		Error error;

		assert_int_equal(write_session(report, printer, (ReportFormat)i, full, &error), -EIO);
		assert_non_null(
			strstr(error.text, i == REPORT_FORMAT_PDF ? printer : "No space left on device"));
	}
	unlink(printer);
}

/** Whatever people entered is text: it begins no element, ends no attribute and names no file to be loaded.
 */
static void test_markup_is_text(void **state)
{
	static const char *const said[] = { "<script>alert(1)</script>", "\"A\" & 'B' <i>",
		"x\" style=\"background:url(file:///etc/passwd)", "</style><img src=file:///etc/passwd>",
		"{{style}}" };
	_cleanup_(report_freep) Report *plain = signed_session();
	_cleanup_(freep) char *before = NULL;

	plain->clinic = "clinic";
	before = write_page(plain);
	for (size_t i = 0; i < ELEMENTS(said); i++) {
		_cleanup_(report_freep) Report *report = signed_session();
		_cleanup_(freep) char *text = NULL;

		report->clinic = report->station = report->subject = said[i];
		json_object_set_new(report->operators, "b1", json_string(said[i]));
		report_zone(report, "crown")->skin_type = said[i];
		text = write_page(report);
		assert_null(strstr(text, "<script>"));
		assert_null(strstr(text, "<i>"));
		assert_null(strstr(text, "<img"));
		assert_int_equal(count_of(text, "<"), count_of(before, "<"));
		assert_null(strstr(text, "x\" style"));
	}
}

/** A name that is cut to a length may end within a letter. */
static void test_letters_are_whole(void **state)
{
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *html = NULL;
	GString *name = g_string_new(NULL);

	for (int i = 0; i < 200; i++)
		g_string_append(name, "\xc3\xa9");
	report->clinic = report->subject = report->badge = name->str;
	report_zone(report, "crown")->zone = name->str;
	html = write_page(report);
	assert_true(g_utf8_validate(html, -1, NULL));
	g_string_free(name, true);
}

/* ---- photographs ---- */

static void test_what_is_no_photograph(void **state)
{
	static const unsigned char broken[] = { 0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F' };
	GBytes *texts[] = { g_bytes_new("no picture at all", 17), g_bytes_new(broken, sizeof broken),
		g_bytes_new(NULL, 0) };

	for (size_t i = 0; i < ELEMENTS(texts); i++) {
		_cleanup_(report_freep) Report *report = signed_session();
		_cleanup_(freep) char *html = NULL;
		ReportZone *crown = report_zone(report, "crown");

		assert_null(picture_reduce(texts[i], 100));
		crown->before.file = "f";
		crown->before.jpeg = texts[i];
		html = write_page(report);
		assert_non_null(strstr(html, "<span>not readable</span>"));
		assert_null(strstr(html, "<img"));
	}
}

/* ---- proofs ---- */

/* what the Go implementation makes of the sixth leaf of Certificate Transparency's reference tree */
#define PROOF                                                                                                           \
	"c2sp.org/tlog-proof@v1\nextra QEFCQw==\nindex 5\n"                                                             \
	"vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"                                                                \
	"sIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n"                                                                \
	"037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n"                                                              \
	"PeterNeumann\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n\n"                                             \
	"\xe2\x80\x94 PeterNeumann x08gozDA2D7IMPl5339ghWaWdMHI1FuM87Bu/YYK9oBwceVF6/ht0QN36iKgI+yAOPXFozUdDVbuzHFVmdC" \
	"DL4UoAwU=\n"

static void test_proofs(void **state)
{
	enum { LONGEST_CODE = 4296 }; /* letters, ISO/IEC 18004 */
	_cleanup_(report_freep) Report *report = signed_session();
	_cleanup_(freep) char *read = NULL, *html = NULL, *long_html = NULL;
	Error error = { 0 };

	assert_int_equal(
		report_set_proof(&report->proof, "c2sp.org/tlog-proof@v1\nno\n", "", &error), -EINVAL);
	assert_true(error.text[0]);
	assert_null(report->proof.text);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			report_set_proof(&report->proof, PROOF,
				"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &error),
			0);
	assert_int_equal(report->proof.seq, 6);
	assert_int_equal(report->proof.tree_size, 7);
	assert_string_equal(report->proof.origin, "PeterNeumann");
	assert_string_equal(report->proof.root, "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=");
	assert_int_equal(proof_code_read(report->proof.code, &read), 0);
	assert_string_equal(read, PROOF);
	html = write_page(report);
	assert_int_equal(count_of(html, "<svg "), 4);
	assert_non_null(strstr(html, "aria-label=\"The proof as a QR code"));
	assert_non_null(strstr(html, "The code holds this record"));
	free(report->proof.code);
	report->proof.code = calloc(1, LONGEST_CODE + 2);
	memset(report->proof.code, 'A', LONGEST_CODE + 1);
	long_html = write_page(report);
	assert_int_equal(count_of(long_html, "<svg "), 3);
	assert_non_null(strstr(long_html, "The proof is too long for a code here"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_leaves_nothing_out),
		cmocka_unit_test(test_words_at_head_and_foot),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_a_full_disk_is_told),
		cmocka_unit_test(test_markup_is_text),
		cmocka_unit_test(test_letters_are_whole),
		cmocka_unit_test(test_what_is_no_photograph),
		cmocka_unit_test(test_proofs),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
