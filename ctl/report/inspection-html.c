/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the layout of an inspector's report (inspection.html.in). It must never call a record complete that
 * was not checked.
 */

#include "report/inspection-html.h"

#include <time.h>

#include "report/html.h"
#include "report/layout.h"
#include "report/report-text.h"

static const Inspection *inspection_in(const void *content)
{
	return ((const Document *)content)->content;
}

/* ---- words ---- */

/** What an inspector looks for first, which is therefore beside the title. */
static const char *state_words(const Inspection *inspection, bool *ret_good)
{
	const json_t *gaps = inspection->rows[inspection_section("What the record lacks")];

	*ret_good = !inspection->damaged && !inspection->photographs_damaged && gaps &&
		    json_array_size(gaps) == 0;
	if (inspection->damaged)
		return "Ledger damaged";
	if (inspection->photographs_damaged)
		return "Photographs not as recorded";
	return !gaps ? "Not checked" : *ret_good ? "Nothing missing" : "Gaps found";
}

/** A time zone's name with its offset, for a day in the year of `made`. */
static void zone_words(const char *made, const char *day, char ret[REPORT_TIME_MAX])
{
	struct tm utc = { 0 }, local;
	char date[REPORT_TIME_MAX];
	time_t seconds;

	ret[0] = '\0';
	snprintf(date, sizeof date, "%.4s-%s", made ? made : "2000", day);
	if (!strptime(date, "%Y-%m-%d", &utc))
		return;
	seconds = timegm(&utc);
	if (localtime_r(&seconds, &local) && strftime(ret, REPORT_TIME_MAX, "%Z (UTC%z)", &local) == 0)
		ret[0] = '\0';
}

/** The rules and the clock that the report follows. */
static void basis_words(const Inspection *inspection, char ret[256])
{
	const json_t *kept = inspection->rows[inspection_section("How long records are kept")];
	const char *profile = json_string_value(json_object_get(json_array_get(kept, 0), "profile"));
	char winter[REPORT_TIME_MAX], summer[REPORT_TIME_MAX];

	zone_words(inspection->made, "01-01", winter);
	zone_words(inspection->made, "07-01", summer);
	snprintf(ret, 256,
		"Compliance profile: %s. Times of day are local: %s%s%s. The span's days are those of UTC.",
		profile ? profile : "not told", winter, strcmp(winter, summer) != 0 ? ", in summer " : "",
		strcmp(winter, summer) != 0 ? summer : "");
}

static void about_words(const Inspection *inspection, char ret[256])
{
	snprintf(ret, 256, "Clinic %s \xc2\xb7 station %s \xc2\xb7 %s to %s",
		inspection->clinic ? inspection->clinic : "?",
		inspection->station ? inspection->station : "?",
		inspection->from ? inspection->from : "the beginning",
		inspection->to ? inspection->to : "today");
}

/* ---- slots ---- */

static void put_counts(FILE *stream, const void *content)
{
	const Inspection *inspection = inspection_in(content);

	for (size_t i = 0; i < INSPECTION_SECTIONS; i++) {
		const char *label = inspection_sections[i].figure;

		if (label && inspection->rows[i])
			html_fact_format(stream, label, "%zu", json_array_size(inspection->rows[i]));
		else if (label)
			html_fact(stream, label, NULL, NULL);
	}
}

static void put_basis(FILE *stream, const void *content)
{
	char basis[256];

	basis_words(inspection_in(content), basis);
	html_text(stream, basis);
}

static void put_section(FILE *stream, const Inspection *inspection, size_t section)
{
	const InspectionSection *found = &inspection_sections[section];

	fprintf(stream, "<section><h2>%s", found->title);
	if (found->note)
		fprintf(stream, " <small>%s</small>", found->note);
	fputs("</h2>\n", stream);
	html_table(stream, inspection_table(inspection, section),
		inspection->rows[section] ? found->none : "This station keeps no such record.");
	fputs("</section>\n", stream);
}

static void put_sections(FILE *stream, const void *content)
{
	for (size_t i = 0; i < INSPECTION_SECTIONS; i++)
		put_section(stream, inspection_in(content), i);
}

static const TemplateSlot inspection_slots[] = {
	DOCUMENT_SLOTS,
	{ "figures", put_counts },
	{ "basis", put_basis },
	{ "sections", put_sections },
};

void inspection_document(const Inspection *inspection, Document *ret)
{
	*ret = (Document){
		.content = inspection,
		.layout = { inspection_html, inspection_slots, ELEMENTS(inspection_slots) },
		.title = "Compliance report",
		.author = inspection->clinic,
		.made = inspection->made,
	};
	ret->state = state_words(inspection, &ret->good);
	about_words(inspection, ret->about);
	snprintf(ret->head, sizeof ret->head, "Compliance report \xc2\xb7 %.220s", ret->about);
	document_sign(ret, inspection->clinic, inspection->station);
}
