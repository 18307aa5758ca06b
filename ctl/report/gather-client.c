/* SPDX-License-Identifier: Apache-2.0 */

/** Asks the running daemon about the client of a session. It must not draw anything. */

#include "report/gather-client.h"

#include "report/next-session.h"
#include "report/row-value.h"

/* the protocol of a touch-up that comes with Stipple; a clinic may have none */
#define TOUCH_UP "touch-up"

int gather_row(Ctl *ctl, const char *query, json_t *filter, json_t **ret)
{
	json_auto_t *rows = json_array();
	int status = ctl_query(ctl, query, filter, ctl_keep_row, rows);

	*ret = json_incref(json_array_get(rows, 0));
	return status;
}

/** A field of a row, or what it was corrected to; NULL: neither. */
static const char *newest_text(const json_t *row, const json_t *body, const char *key)
{
	const char *corrected = row_text(json_object_get(row, "corrected"), key);

	return corrected ? corrected : row_text(body, key);
}

int gather_language(Ctl *ctl, int64_t session, Language *ret)
{
	json_auto_t *begun = NULL, *client = NULL;
	const char *subject;
	Language language;
	int status = gather_row(ctl, "session", json_pack("{s:I}", "session", (json_int_t)session), &begun);

	*ret = LANGUAGE_EN;
	subject = newest_text(begun, begun, "subject");
	if (status != CTL_DONE || !subject)
		return status;
	status = gather_row(ctl, "subjects", json_pack("{s:s}", "subject", subject), &client);
	language = language_from_string(newest_text(client, json_object_get(client, "card"), "language"));
	if ((int)language >= 0)
		*ret = language;
	return status;
}

/** What the station tells before such a session; NULL: nothing. The caller frees it. */
static json_t *ask_before_session(
	Ctl *ctl, const char *subject, const char *protocol, uint32_t course_session)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_t *figures = NULL;
	int r = sd_bus_call_method(ctl->bus, "org.stipple.Station1", CTL_SESSION, "Client", &error, &reply,
		"ssu", subject, protocol, course_session);

	return r >= 0 && ctl_read_fields(reply, &figures) >= 0 ? figures : NULL;
}

void gather_next_session(Ctl *ctl, Report *report)
{
	json_auto_t *figures = NULL, *touch_up = NULL;

	if (report->subject && report->protocol && report->outcome != REPORT_OPEN)
		figures = ask_before_session(
			ctl, report->subject, report->protocol, (uint32_t)next_session_number(report));
	if (figures)
		touch_up = strcmp(report->protocol, TOUCH_UP) == 0
				   ? json_incref(figures)
				   : ask_before_session(ctl, report->subject, TOUCH_UP, 1);
	free(report->next);
	report->next = next_session_words(report, figures, touch_up);
}
