/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The second page of a session's report: photographs, what else is on record, aftercare, and how all of it is
 * signed and proved. Photographs and lists must leave the room that signature and proof need.
 */

#include <math.h>
#include <string.h>

#include "report/figures.h"
#include "report/session-pages.h"

/* ---- photographs ---- */

static bool has_picture(const ReportZone *zone)
{
	return zone->before.file || zone->after.file;
}

size_t session_pairs(const Report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->zones->len; i++)
		n += has_picture(&g_array_index(report->zones, ReportZone, i));
	return n;
}

/** The zone whose photographs are the pair number `wanted`. */
static const ReportZone *pair(const Report *report, size_t wanted)
{
	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		if (has_picture(zone) && wanted-- == 0)
			return zone;
	}
	return NULL;
}

enum { PAIR_GAP = 12, PICTURE_GAP = 4, CAPTION = 10, PAIR_TITLE = 12 };

/** Height by width that the session's photographs need, all alike so that they stand in rows. */
static double picture_shape(const Report *report)
{
	const double least = 0.5, most = 1.0, usual = 0.75;
	double shape = 0;

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		shape = fmax(shape, fmax(zone->before.shape, zone->after.shape));
	}
	return shape > 0 ? fmin(fmax(shape, least), most) : usual;
}

static double pair_height(const Report *report, double width)
{
	return PAIR_TITLE + (width - PICTURE_GAP) / 2 * picture_shape(report) + CAPTION;
}

static void draw_pair(SessionSheet *sheet, const ReportZone *zone, Box box)
{
	const ReportPicture *pictures[] = { &zone->before, &zone->after };
	double width = (box.width - PICTURE_GAP) / 2, height = width * picture_shape(sheet->report);
	char title[REPORT_SECTION_MAX], caption[96], time[REPORT_TIME_MAX];

	report_title_of(zone->zone, title);
	canvas_text(sheet->base.canvas, box, STYLE_STRONG, INK_TEXT, ALIGN_START, 1, title);
	for (size_t i = 0; i < ELEMENTS(pictures); i++) {
		Box place = { box.x + (double)i * (width + PICTURE_GAP), box.y + PAIR_TITLE, width, height };

		figure_picture(sheet->base.canvas, pictures[i], place);
		place.y += height + 1;
		snprintf(caption, sizeof caption, "%s%s%s%s%.8s", i ? "After" : "Before",
			pictures[i]->time ? ", " : "",
			report_time_within(sheet->report, pictures[i]->time, time),
			pictures[i]->sha256 ? " \xc2\xb7 " : "",
			pictures[i]->sha256 ? pictures[i]->sha256 : "");
		canvas_text(sheet->base.canvas, place, STYLE_LABEL, INK_MUTED, ALIGN_START, 1, caption);
	}
}

/** One pair is shown large, few in two columns, many in three. */
static size_t columns_for(size_t pairs)
{
	return pairs <= 1 ? 1 : pairs <= 4 ? 2 : 3;
}

/** No higher than `height`, which only a single pair comes near to. */
static double pair_width(const Report *report, double width, size_t columns, double height)
{
	double column = (width - PAIR_GAP * (double)(columns - 1)) / (double)columns;

	return columns > 1 ? column
			   : fmin(column, (height - PAIR_TITLE - CAPTION) * 2 / picture_shape(report) +
						  PICTURE_GAP);
}

double session_photographs(SessionSheet *sheet, double height)
{
	size_t pairs = session_pairs(sheet->report), in_row = columns_for(pairs - sheet->pairs_shown);
	Box box = sheet_box(&sheet->base, height);
	double head = canvas_heading(sheet->base.canvas, box, "Photographs",
		pairs ? "with the first digits of their SHA-256 as on record" : NULL);
	double width = pair_width(sheet->report, box.width, in_row, height - head), y = box.y + head;

	if (pairs == 0)
		return head + canvas_text(sheet->base.canvas, (Box){ box.x, y, box.width, 0 }, STYLE_BODY,
				      INK_MUTED, ALIGN_START, 2, "No photographs were taken.");
	while (sheet->pairs_shown < pairs && y + pair_height(sheet->report, width) <= box.y + height) {
		for (size_t i = 0; i < in_row && sheet->pairs_shown < pairs; i++)
			draw_pair(sheet, pair(sheet->report, sheet->pairs_shown++),
				(Box){ box.x + (double)i * (width + PAIR_GAP), y, width, 0 });
		y += pair_height(sheet->report, width) + 4;
	}
	if (sheet->pairs_shown < pairs && sheet->base.page <= 2)
		y += canvas_text(sheet->base.canvas, (Box){ box.x, y, box.width, 0 }, STYLE_SMALL, INK_MUTED,
			ALIGN_END, 1, "more on the pages that follow");
	return y - box.y;
}

/* ---- what is said in sentences ---- */

/* up to 30 lines in all leave room for signature and proof on the page */
static const struct {
	const char *title;
	char *(*words)(const Report *report);
	bool (*warns)(const Report *report); /* NULL: never */
	int lines;
} sections[SESSION_WORDS] = {
	{ "Screening", words_screening, NULL, 5 },
	{ "Consents", words_consents, NULL, 8 },
	{ "Sterilisation", words_handpieces, words_doubtful, 16 },
};

enum { BETWEEN_COLUMNS = 18 };

static double column_width(const SessionSheet *sheet)
{
	return (sheet->base.rest.width - BETWEEN_COLUMNS) / 2;
}

/** `lines`: 0 for as many as there are. */
static double draw_words(SessionSheet *sheet, Box box, size_t section, int lines)
{
	_cleanup_(freep) char *words = sections[section].words(sheet->report);
	bool warns = sections[section].warns && sections[section].warns(sheet->report);
	double height = canvas_heading(sheet->base.canvas, box, sections[section].title, NULL);

	box.y += height;
	return height + SHEET_GAP +
	       canvas_text(sheet->base.canvas, box, STYLE_BODY, warns ? INK_WARNING : INK_TEXT, ALIGN_START,
		       lines, words);
}

bool session_words_cut(const SessionSheet *sheet, size_t section)
{
	_cleanup_(freep) char *words = sections[section].words(sheet->report);
	double width = column_width(sheet);

	return canvas_text_height(sheet->base.canvas, width, STYLE_BODY, 0, words) >
	       canvas_text_height(sheet->base.canvas, width, STYLE_BODY, sections[section].lines, words);
}

void session_words_whole(SessionSheet *sheet, size_t section)
{
	sheet_take(&sheet->base, draw_words(sheet, sheet_box(&sheet->base, 0), section, 0) - SHEET_GAP);
}

static double draw_aftercare(SessionSheet *sheet, Box box)
{
	const GPtrArray *sentences = sheet->report->aftercare;
	double top = box.y;

	box.y += canvas_heading(sheet->base.canvas, box, "Aftercare", NULL);
	if (sentences->len == 0)
		box.y += canvas_text(sheet->base.canvas, box, STYLE_BODY, INK_MUTED, ALIGN_START, 2,
			"The protocol gives no advice: ask the practitioner.");
	for (size_t i = 0; i < sentences->len; i++) {
		canvas_fill(sheet->base.canvas, (Box){ box.x + 1, box.y + 4, 3, 3 }, 1.5, INK_ACCENT);
		box.y += 2 + canvas_text(sheet->base.canvas, (Box){ box.x + 9, box.y, box.width - 9, 0 },
				     STYLE_BODY, INK_TEXT, ALIGN_START, 3, g_ptr_array_index(sentences, i));
	}
	return box.y - top;
}

static void draw_columns(SessionSheet *sheet)
{
	Box box = sheet_box(&sheet->base, 0), right;
	double advice;

	box.width = column_width(sheet);
	right = box;
	right.x += box.width + BETWEEN_COLUMNS;
	advice = draw_aftercare(sheet, box);
	for (size_t i = 0; i < SESSION_WORDS; i++)
		right.y += draw_words(sheet, right, i, sections[i].lines);
	sheet_take(&sheet->base, fmax(advice, right.y - SHEET_GAP - box.y));
}

/* ---- signature and proof ---- */

enum { PROOF_HEIGHT = 152 };

static double draw_fact(SessionSheet *sheet, Box box, const char *label, const char *value)
{
	enum { LABEL = 72 };

	canvas_text(sheet->base.canvas, (Box){ box.x, box.y + 0.5, LABEL, 0 }, STYLE_LABEL, INK_MUTED,
		ALIGN_START, 1, label);
	return 2 + canvas_text(sheet->base.canvas, (Box){ box.x + LABEL, box.y, box.width - LABEL, 0 },
			   STYLE_CODE, INK_TEXT, ALIGN_START, 2, value);
}

/** `code`: a QR code stands beside. */
static void draw_proof_facts(SessionSheet *sheet, Box box, bool code)
{
	const ReportProof *proof = &sheet->report->proof;
	char text[64];

	snprintf(text, sizeof text, "%lld", (long long)proof->seq);
	box.y += draw_fact(sheet, box, "Closing record", text);
	if (!proof->text)
		return;
	snprintf(text, sizeof text, "%lld records", (long long)proof->tree_size);
	box.y += draw_fact(sheet, box, "Checkpoint", text);
	box.y += draw_fact(sheet, box, "Root hash", proof->root);
	box.y += draw_fact(sheet, box, "Log and its key", proof->key[0] ? proof->key : proof->origin) + 2;
	canvas_text(sheet->base.canvas, box, STYLE_SMALL, INK_MUTED, ALIGN_START, 4,
		code ? "The code holds this record, its inclusion proof and the signed checkpoint of the station's "
		       "transparency log. Save what a scanner reads and run: stipplectl audit verify --proof FILE "
		       "--key KEY. It needs neither this station nor a network, only its public key."
		     : "The proof is too long for a code here: stipplectl audit prove gives it as text.");
}

static void draw_signature_lines(SessionSheet *sheet, Box box)
{
	static const char *const names[] = { "Practitioner", "Client" };
	double width = (box.width - 20) / 2;

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		double x = box.x + (double)i * (width + 20);

		canvas_rule(sheet->base.canvas, x, box.y, width);
		canvas_text(sheet->base.canvas, (Box){ x, box.y + 2, width, 0 }, STYLE_LABEL, INK_MUTED,
			ALIGN_START, 1, names[i]);
	}
}

static void draw_signature(SessionSheet *sheet)
{
	_cleanup_(freep) char *words = words_signature(sheet->report);
	Box box = { sheet->base.rest.x, sheet->base.rest.y + sheet->base.rest.height - PROOF_HEIGHT,
		sheet->base.rest.width, PROOF_HEIGHT };
	double head = canvas_heading(sheet->base.canvas, box, "Signature and proof", NULL),
	       code = PROOF_HEIGHT - head;
	Box text = { box.x, box.y + head, box.width, 0 };
	Box square = { box.x + box.width - code, box.y + head, code, code };
	bool drawn;

	drawn = sheet->report->proof.code &&
		figure_code(sheet->base.canvas, sheet->report->proof.code, square);
	if (drawn)
		text.width -= code + 14;
	text.y += 3 + canvas_text(sheet->base.canvas, text, STYLE_BODY,
			      sheet->report->signer ? INK_TEXT : INK_WARNING, ALIGN_START, 2, words);
	draw_proof_facts(sheet, text, drawn);
	draw_signature_lines(sheet, (Box){ box.x, box.y + box.height - 16, text.width, 0 });
}

/** Photographs get what the rest of the page leaves, which is measured by drawing it on nothing. */
static double height_of_columns(const SessionSheet *sheet)
{
	SessionSheet trial = *sheet;
	_cleanup_(canvas_freep) Canvas *canvas =
		canvas_new(NULL, sheet->base.canvas->width, sheet->base.canvas->height);

	trial.base.canvas = canvas;
	draw_columns(&trial);
	return sheet->base.rest.height - trial.base.rest.height;
}

void session_second(SessionSheet *sheet)
{
	enum { HEADING = 22, ROWS = 4, WORD = 12 };
	double columns, events;

	sheet_turn(&sheet->base);
	columns = height_of_columns(sheet);
	events = HEADING + WORD +
		 table_height(sheet->base.canvas, sheet->events.table, 0,
			 MIN(table_rows(sheet->events.table), ROWS), sheet->base.rest.width);
	sheet_take(&sheet->base, session_photographs(sheet, sheet->base.rest.height - PROOF_HEIGHT - columns -
								    events - 2 * SHEET_GAP));
	draw_columns(sheet);
	sheet_list(&sheet->base, &sheet->events, sheet->base.rest.height - PROOF_HEIGHT - SHEET_GAP,
		"Nothing of the kind is on record for this session.");
	draw_signature(sheet);
}
