/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the layout of the report of an incident (incident.html.in) with what holds now. It must not ask the
 * daemon, and must never write a guess where the record has nothing.
 */

#include "report/incident-form.h"

#include <string.h>

#include "report/cell.h"
#include "report/html.h"
#include "report/layout.h"
#include "report/report-text.h"

/* the fields of a record from before profiles named any */
#define USUAL_FIELDS "client contact studio artist date colours site practitioner sought other"

IncidentForm *incident_form_new(void)
{
	return g_new0(IncidentForm, 1);
}

IncidentForm *incident_form_free(IncidentForm *form)
{
	if (!form)
		return NULL;
	json_decref(form->incident);
	json_decref(form->subject);
	json_decref(form->session);
	json_decref(form->artist);
	json_decref(form->pigments);
	json_decref(form->zones);
	free(form->clinic);
	free(form->station);
	free(form->made);
	g_free(form);
	return NULL;
}

/* ---- the fields ---- */

/* `head`: the clinic as it is configured; NULL: not known */

/** Adds `text` to what is said so far, with `between` before it. Nothing is added for NULL and "". */
static void say_part(GString *said, const char *between, const char *text)
{
	if (!text || !*text)
		return;
	if (said->len > 0)
		g_string_append(said, between);
	g_string_append(said, text);
}

/** As it was corrected, or as it was first recorded. */
static const char *incident_text(const json_t *row, const char *key)
{
	const char *corrected = json_string_value(json_object_get(json_object_get(row, "corrected"), key));

	return corrected ? corrected : json_string_value(json_object_get(row, key));
}

static void say_client(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", incident_text(form->subject, "name"));
	say_part(said, ", on record as ", incident_text(form->incident, "subject"));
}

static void say_contact(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", incident_text(form->subject, "name"));
	say_part(said, ", ", incident_text(form->subject, "contact"));
}

/** The clinic as at the head of its reports; by its identifier where it has no name there. */
static void say_studio(const IncidentForm *form, const Letterhead *head, GString *said)
{
	bool named = head && head->name && head->name[0];

	say_part(said, "", named ? head->name : form->clinic);
	say_part(said, ", ", head ? head->address : NULL);
	say_part(said, ", telephone ", head ? head->telephone : NULL);
	say_part(said, ", station ", form->station);
}

/** What the configuration lacks, and what the station never knows. */
static void say_studio_by_hand(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", "by hand: ");
	if (!head || !head->address || !head->address[0])
		say_part(said, "", "address, ");
	if (!head || !head->telephone || !head->telephone[0])
		say_part(said, "", "telephone, ");
	say_part(said, "", "licence or registration number");
}

static void say_artist(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", incident_text(form->artist, "name"));
	say_part(said, ", badge ", incident_text(form->session, "operator"));
}

static void say_date(const IncidentForm *form, const Letterhead *head, GString *said)
{
	char day[REPORT_TIME_MAX];

	say_part(said, "", report_time(incident_text(form->session, "begun"), REPORT_DATE, day));
}

static void say_colours(const IncidentForm *form, const Letterhead *head, GString *said)
{
	json_t *row;
	size_t i;

	json_array_foreach (form->pigments, i, row) {
		say_part(said, "; ", incident_text(row, "brand"));
		say_part(said, " ", incident_text(row, "colour"));
		say_part(said, ", lot ", incident_text(row, "lot"));
	}
}

static void say_site(const IncidentForm *form, const Letterhead *head, GString *said)
{
	json_t *row;
	size_t i;

	say_part(said, "", incident_text(form->incident, "site"));
	json_array_foreach (form->zones, i, row) {
		char title[REPORT_SECTION_MAX];

		report_title_of(incident_text(row, "zone"), title);
		say_part(said, i > 0 ? ", " : "; treated: ", title);
	}
}

static void say_practitioner(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", incident_text(form->incident, "referral"));
}

static void say_sought(const IncidentForm *form, const Letterhead *head, GString *said)
{
	say_part(said, "", incident_text(form->incident, "sought"));
}

static void say_other(const IncidentForm *form, const Letterhead *head, GString *said)
{
	char time[REPORT_TIME_MAX], kind[REPORT_SECTION_MAX];
	const char *occurred = incident_text(form->incident, "occurred");

	report_title_of(incident_text(form->incident, "incident"), kind);
	say_part(said, "", kind);
	say_part(said, ", ", incident_text(form->incident, "severity"));
	say_part(said, ": ", incident_text(form->incident, "text"));
	say_part(said, "; treatment: ", incident_text(form->incident, "treatment"));
	say_part(said, "; occurred ",
		report_time(
			occurred ? occurred : incident_text(form->incident, "time"), REPORT_MOMENT, time));
}

static const struct {
	const char *name, *label;
	void (*say)(const IncidentForm *form, const Letterhead *head, GString *said);
	/* says what is written by hand all the same; NULL: nothing is */
	void (*say_by_hand)(const IncidentForm *form, const Letterhead *head, GString *said);
} fields[] = {
	{ "client", "Client", say_client, NULL },
	{ "contact", "Client, address and telephone", say_contact, NULL },
	{ "studio", "Studio", say_studio, say_studio_by_hand },
	{ "artist", "Practitioner who did the procedure", say_artist, NULL },
	{ "date", "Date of the procedure", say_date, NULL },
	{ "colours", "Colours, with the maker's number", say_colours, NULL },
	{ "site", "Where it shows, and where the procedure was done", say_site, NULL },
	{ "practitioner", "Health care practitioner, with address", say_practitioner, NULL },
	{ "sought", "Medical attention was sought on", say_sought, NULL },
	{ "other", "Other information", say_other, NULL },
};

static const IncidentForm *form_in(const void *content)
{
	return ((const Document *)content)->content;
}

static void put_one_field(FILE *stream, const Document *document, size_t i, size_t number)
{
	GString *said = g_string_new(NULL), *by_hand = g_string_new(NULL);
	char label[96];

	fields[i].say(form_in(document), document->letterhead, said);
	if (fields[i].say_by_hand)
		fields[i].say_by_hand(form_in(document), document->letterhead, by_hand);
	snprintf(label, sizeof label, "(%zu) %s", number, fields[i].label);
	html_fact(stream, label, said->len > 0 ? said->str : "not on record: write it by hand",
		by_hand->len > 0 ? by_hand->str : NULL);
	g_string_free(said, TRUE);
	g_string_free(by_hand, TRUE);
}

static void put_incident_fields(FILE *stream, const void *content)
{
	const IncidentForm *form = form_in(content);
	const char *wanted = incident_text(form->incident, "report_form");
	g_auto(GStrv) names = g_strsplit(wanted && *wanted ? wanted : USUAL_FIELDS, " ", 0);
	size_t number = 0;

	for (char **name = names; *name; name++)
		for (size_t i = 0; i < ELEMENTS(fields); i++)
			if (strcmp(fields[i].name, *name) == 0)
				put_one_field(stream, content, i, ++number);
}

/** The term, and that public holidays are not known. */
static void put_term(FILE *stream, const void *content)
{
	const IncidentForm *form = form_in(content);
	const char *due = incident_text(form->incident, "due");

	if (!due) {
		html_text(stream, "The compliance profile of its time asks for no report of this incident.");
		return;
	}
	html_text(stream, "Due on ");
	html_text(stream, due);
	html_text(stream,
		". Working days are Monday to Friday: public holidays are not known to the station, so this day may "
		"be early.");
}

static const TemplateSlot incident_slots[] = {
	DOCUMENT_SLOTS,
	{ "fields", put_incident_fields },
	{ "term", put_term },
};

void incident_form_document(const IncidentForm *form, Document *ret)
{
	const char *authority = incident_text(form->incident, "report_to"),
		   *sent = incident_text(form->incident, "sent");
	char day[REPORT_TIME_MAX];

	*ret = (Document){
		.content = form,
		.layout = { incident_html, incident_slots, ELEMENTS(incident_slots) },
		.title = "Report of an incident",
		.author = form->clinic,
		.made = form->made,
		.state = sent ? "Reported" : "Not reported yet",
		.good = sent != NULL,
	};
	report_time(incident_text(form->incident, "time"), REPORT_DATE, day);
	snprintf(ret->about, sizeof ret->about, "%s%.95s%sIncident %lld of %s",
		authority && *authority ? "To " : "", authority ? authority : "",
		authority && *authority ? " \xc2\xb7 " : "",
		(long long)json_integer_value(json_object_get(form->incident, "seq")), day);
	snprintf(ret->head, sizeof ret->head, "Report of an incident \xc2\xb7 %.200s", ret->about);
	document_sign(ret, form->clinic, form->station);
}
