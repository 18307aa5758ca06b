/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks the running daemon for the contents of a session's report. It must not draw anything. A photograph or
 * a proof that is not available must not stop the report.
 */

#include "report/gather.h"

#include <string.h>

#include "report/gather-client.h"
#include "report/gather-station.h"
#include "report/report-proof.h"
#include "report/report-rows.h"
#include "report/report-text.h"
#include "report/row-value.h"

enum { PICTURE_MAX = 64 << 20 };

/* ---- rows ---- */

typedef struct Asking {
	Report *report;
	const char *query;
} Asking;

static void take_answer_row(void *userdata, json_t *row)
{
	const Asking *asking = userdata;

	report_add(asking->report, asking->query, row);
}

/** Takes `filter`. */
static int ask_query(Ctl *ctl, Report *report, const char *query, json_t *filter)
{
	Asking asking = { report, query };

	return ctl_query(ctl, query, filter, take_answer_row, &asking);
}

/** Asks for the receipt of each lot, once for each lot. */
static int ask_lots(Ctl *ctl, Report *report)
{
	for (size_t i = 0; i < report->cartridges->len; i++) {
		const ReportCartridge *cartridge = report_cartridge(report, i);
		int status;

		if (cartridge->product || !cartridge->lot)
			continue;
		status = ask_query(ctl, report, "lot", json_pack("{s:s}", "lot", cartridge->lot));
		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/** Asks for the parts of the blends. */
static int ask_blends(Ctl *ctl, Report *report)
{
	for (guint i = 0; i < report->pigments->len; i++) {
		const ReportPigment *pigment = &g_array_index(report->pigments, ReportPigment, i);
		int status;

		if (!pigment->brand || strcmp(pigment->brand, "blend") != 0 || pigment->parted)
			continue;
		status = ask_query(ctl, report, "blends", json_pack("{s:s}", "blend", pigment->lot));
		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/**
 * Asks for changes of the lots' status since the session began. Earlier ones do not matter: a barred lot
 * could not have been used.
 */
static int ask_statuses(Ctl *ctl, Report *report)
{
	static const char *const kinds[] = { "lot.status", "pigment.status" };
	Asking asking = { report, "statuses" };

	for (size_t i = 0; i < ELEMENTS(kinds) && report->begun; i++) {
		int status = ctl_query(ctl, "timeline",
			json_pack("{s:s, s:s}", "kind", kinds[i], "from", report->begun), take_answer_row,
			&asking);

		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/** Asks for the cycles that each reusable handpiece was in, and which of them are in doubt. */
static int ask_cycles(Ctl *ctl, Report *report)
{
	for (size_t i = 0; i < report->handpieces->len; i++) {
		const ReportHandpiece *piece = &g_array_index(report->handpieces, ReportHandpiece, i);
		int status =
			ask_query(ctl, report, "sterilization", json_pack("{s:s}", "item", piece->handpiece));

		if (status != CTL_DONE)
			return status;
		status = ask_query(ctl, report, "doubt", json_pack("{s:s}", "handpiece", piece->handpiece));
		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/* ---- photographs ---- */

static GBytes *read_picture_bytes(int fd)
{
	GByteArray *bytes = g_byte_array_new();
	guint8 part[16384];
	ssize_t n = 0;

	while (bytes->len < PICTURE_MAX && (n = read(fd, part, sizeof part)) > 0)
		g_byte_array_append(bytes, part, (guint)n);
	if (n == 0)
		return g_byte_array_free_to_bytes(bytes);
	g_byte_array_unref(bytes);
	return NULL;
}

static void open_picture(Ctl *ctl, ReportPicture *picture)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int fd = -1;

	if (picture->file && !picture->erasure &&
		ctl_call(ctl, CTL_AUDIT, "OpenPicture", &reply, "s", picture->file) == CTL_DONE &&
		sd_bus_message_read(reply, "h", &fd) >= 0)
		picture->jpeg = read_picture_bytes(fd);
}

static void open_pictures(Ctl *ctl, Report *report)
{
	for (size_t i = 0; i < report->zones->len; i++) {
		ReportZone *zone = &g_array_index(report->zones, ReportZone, i);

		open_picture(ctl, &zone->before);
		open_picture(ctl, &zone->after);
	}
}

/* ---- proof ---- */

/** A daemon older than this tool has no proofs, which is no error; any other failure is reported. */
static void ask_proof(Ctl *ctl, ReportProof *proof)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *text, *key;
	Error flaw = { 0 };
	int r = sd_bus_call_method(ctl->bus, "org.stipple.Station1", CTL_AUDIT, "Prove", &error, &reply, "t",
		(uint64_t)proof->seq);

	r = r < 0 ? r : sd_bus_message_read(reply, "ss", &text, &key);
	r = r < 0 ? r : report_set_proof(proof, text, key, &flaw);
	if (r < 0 && !sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD))
		ctl_fail("the report is without its proof (%s)", flaw.text[0]    ? flaw.text
								 : error.message ? error.message
										 : strerror(-r));
}

/* ---- a session ---- */

/** Asks a query about the session; all operators, whatever the session. */
static int ask_of_session(Ctl *ctl, Report *report, const char *query, int64_t session)
{
	return ask_query(ctl, report, query,
		strcmp(query, "operators") == 0 ? json_object()
						: json_pack("{s:I}", "session", (json_int_t)session));
}

/** Asks for the session's records in the order that the report needs. */
static int ask_record(Ctl *ctl, Report *report, int64_t session)
{
	static const struct {
		const char *query; /* about the session, unless: */
		int (*more)(Ctl *ctl, Report *report);
	} asked[] = { { "session", NULL }, { "operators", NULL }, { "timeline", NULL }, { "images", NULL },
		{ "stints", NULL }, { "needles", NULL }, { NULL, ask_lots }, { "pigments", NULL },
		{ NULL, ask_blends }, { NULL, ask_statuses }, { NULL, ask_cycles } };

	for (size_t i = 0; i < ELEMENTS(asked); i++) {
		int status = asked[i].more ? asked[i].more(ctl, report)
					   : ask_of_session(ctl, report, asked[i].query, session);

		if (status != CTL_DONE)
			return status;
	}
	return CTL_DONE;
}

/** The names of clinic and station, and the time of the report. */
static int ask_station(Ctl *ctl, Report *report)
{
	_cleanup_(freep) char *clinic = NULL, *station = NULL, *made = gather_now();
	int status = gather_names(ctl, &clinic, &station);

	if (status != CTL_DONE)
		return status;
	report->clinic = report_keep(report, clinic);
	report->station = report_keep(report, station);
	report->made = report_keep(report, made);
	return CTL_DONE;
}

int report_gather(Ctl *ctl, int64_t session, Report *report)
{
	int status = ask_record(ctl, report, session);

	if (status == CTL_DONE)
		status = ask_station(ctl, report);
	if (status != CTL_DONE)
		return status;
	gather_next_session(ctl, report);
	open_pictures(ctl, report);
	if (report->proof.seq)
		ask_proof(ctl, &report->proof);
	return CTL_DONE;
}

/* ---- all sessions of a client ---- */

int passport_gather(Ctl *ctl, const char *subject, Passport *passport)
{
	json_auto_t *rows = json_array();
	json_t *row;
	size_t i;
	int status = ctl_query(ctl, "sessions", json_pack("{s:s}", "subject", subject), ctl_keep_row, rows);

	if (status != CTL_DONE)
		return status;
	json_array_foreach (rows, i, row) {
		Report *report = report_new();

		g_ptr_array_add(passport->sessions, report);
		status = ask_record(ctl, report, row_number(row, "session"));
		if (status != CTL_DONE)
			return status;
		if (i + 1 < json_array_size(rows))
			continue;
		status = ask_station(ctl, report);
		if (status != CTL_DONE)
			return status;
		if (report->proof.seq)
			ask_proof(ctl, &report->proof);
	}
	return passport->sessions->len > 0 ? CTL_DONE : ctl_fail("no session of %s is on record", subject);
}

/* ---- what a client signed ---- */

static bool lacks_text(const Report *report)
{
	for (guint i = 0; i < report->consents->len; i++)
		if (report_consent(report, i)->sha256 && !report_consent(report, i)->text)
			return true;
	return false;
}

/**
 * Takes the station's present texts for signatures of versions that kept no words beside them. Only the very
 * words that were signed are taken. A station that tells none does not stop the copy.
 */
static void ask_present_texts(Ctl *ctl, Report *report)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *text;

	if (ctl_call(ctl, CTL_SESSION, "ConsentTexts", &reply, NULL) != CTL_DONE ||
		sd_bus_message_enter_container(reply, 'a', "(sssss)") < 0)
		return;
	while (sd_bus_message_read(reply, "(sssss)", NULL, NULL, NULL, &text, NULL) > 0) {
		json_auto_t *row = json_pack("{s:s}", "text", text);

		report_add(report, "consent-texts", row);
	}
}

int report_gather_consents(Ctl *ctl, int64_t session, Report *report)
{
	int status = ask_of_session(ctl, report, "operators", session);

	if (status != CTL_DONE)
		return status;
	status = ask_of_session(ctl, report, "timeline", session);
	if (status != CTL_DONE)
		return status;
	status = ask_station(ctl, report);
	if (status != CTL_DONE)
		return status;
	if (report->session != session)
		return ctl_fail("there is no session %lld on record", (long long)session);
	for (guint i = 0; i < report->consents->len; i++)
		ask_proof(ctl, &report_consent(report, i)->proof);
	status = ask_of_session(ctl, report, "consent-texts", session);
	if (status == CTL_DONE && lacks_text(report))
		ask_present_texts(ctl, report);
	return status;
}
