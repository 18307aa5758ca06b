/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A session's report for tests, from rows as the daemon gives them. A row that is no JSON fails the test. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "report/report-rows.h"
#include "report/session-html.h"

static inline void G_GNUC_PRINTF(3, 4) add(Report *report, const char *query, const char *format, ...)
{
	char text[4096];
	json_auto_t *row = NULL;
	json_error_t error;
	va_list arguments;

	va_start(arguments, format);
	assert_in_range(vsnprintf(text, sizeof text, format, arguments), 1, sizeof text - 1);
	va_end(arguments);
	row = json_loads(text, 0, &error);
	if (!row)
		fail_msg("%s: %s", error.text, text);
	report_add(report, query, row);
}

static inline void add_zone(Report *report, const char *zone, int low, int high, int dots)
{
	add(report, "timeline",
		"{\"seq\":3,\"time\":\"2026-03-02T09:10:00Z\",\"kind\":\"session.zone\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"zone\":\"%s\",\"skin_type\":\"normal\",\"area_mm2\":1500,\"target\":40,"
		"\"depth_min_um\":%d,\"depth_max_um\":%d}}",
		zone, low, high);
	add(report, "timeline",
		"{\"seq\":4,\"time\":\"2026-03-02T10:10:00Z\",\"kind\":\"zone.statistics\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"zone\":\"%s\",\"dots\":%d,\"strokes\":%d,\"area_mm2\":1500,\"density\":20.5,"
		"\"target\":40,\"outside\":0.1,\"depth_mean_um\":%d,\"dwell_mean_ms\":60.0,"
		"\"histogram\":[0,0,0,%d,%d],\"dwell_histogram\":[0,0,0,0,0,0,%d]}}",
		zone, dots, dots * 8, low + 100, dots / 4, dots - dots / 4, dots);
}

static inline void add_cartridge(Report *report, int serial)
{
	add(report, "timeline",
		"{\"seq\":5,\"time\":\"2026-03-02T09:11:00Z\",\"kind\":\"needle.claimed\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"unit\":\"(01)04012345678901(21)A%d\",\"gtin\":\"04012345678901\",\"lot\":\"L1\","
		"\"code\":\"x\"}}",
		serial);
	add(report, "timeline",
		"{\"seq\":6,\"time\":\"2026-03-02T10:11:00Z\",\"kind\":\"needle.removed\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"unit\":\"(01)04012345678901(21)A%d\",\"strokes\":4711,\"dots\":500,"
		"\"reason\":\"dull\"}}",
		serial);
}

static inline void add_event(Report *report, const char *kind, const char *body)
{
	add(report, "timeline",
		"{\"seq\":7,\"time\":\"2026-03-02T10:12:00.5Z\",\"kind\":\"%s\",\"actor\":\"b1\",\"body\":%s}",
		kind, body);
}

static inline void add_begin(Report *report, const char *subject)
{
	add(report, "operators", "{\"badge\":\"b1\",\"name\":\"Ada Example\"}");
	add(report, "session", "{\"session\":7,\"dots\":0,\"strokes\":0,\"worked_s\":0}");
	add(report, "timeline",
		"{\"seq\":1,\"time\":\"2026-03-02T09:00:00Z\",\"kind\":\"session.begun\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"subject\":\"%s\",\"protocol\":\"scalp-density\",\"course_session\":2,\"title\":\"T\","
		"\"sessions\":3,\"aftercare\":[\"Keep dry.\",\"Wear a hat.\"]}}",
		subject);
}

static inline Report *signed_session(void)
{
	Report *report = report_new();

	add_begin(report, "P-1");
	add_event(report, "session.screening",
		"{\"session\":7,\"answers\":{\"eczema\":true,\"keloids\":false},"
		"\"refused\":[]}");
	add_event(report, "session.consent",
		"{\"session\":7,\"consent\":\"treatment\",\"version\":\"1\",\"given\":true}");
	add_event(report, "session.consent",
		"{\"session\":7,\"consent\":\"photographs\",\"version\":\"1\",\"given\":true}");
	add_event(report, "session.consent",
		"{\"session\":7,\"consent\":\"photographs\",\"version\":\"2\",\"given\":false}");
	add_zone(report, "crown", 300, 800, 100);
	add_cartridge(report, 17);
	add(report, "lot",
		"{\"gtin\":\"04012345678901\",\"lot\":\"L1\",\"product\":\"1RL\",\"maker\":\"M\",\"expiry\":"
		"\"2031-12-31\",\"certificate\":\"C-9\"}");
	add_event(report, "pigment.loaded",
		"{\"session\":7,\"brand\":\"B\",\"colour\":\"black\",\"lot\":\"P1\",\"expiry\":\"2030-01-01\"}");
	add_event(report, "fault.latched",
		"{\"session\":7,\"cause\":\"emergency-stop\",\"detail\":\"\",\"stop_latency_us\":412}");
	add_event(report, "session.finished",
		"{\"session\":7,\"dots\":100,\"strokes\":800,\"needles\":1,\"worked_s\":3700}");
	add(report, "timeline",
		"{\"seq\":99,\"time\":\"2026-03-02T11:00:00Z\",\"kind\":\"session.signed\",\"actor\":\"b1\",\"body\":"
		"{\"session\":7,\"meaning\":\"done\"}}");
	add_event(report, "audit.read", "{\"query\":\"session\",\"arguments\":{}}");
	return report;
}

/** The page; the caller's. */
static inline char *write_page(const Report *report)
{
	Document document;
	char *html = NULL;
	size_t size;
	FILE *stream = open_memstream(&html, &size);

	session_document(report, &document);
	assert_int_equal(document_write_html(&document, stream), 0);
	fclose(stream);
	return html;
}
