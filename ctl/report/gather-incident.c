/* SPDX-License-Identifier: Apache-2.0 */

/** Asks the running daemon for what the report of an incident needs. It must not draw anything. */

#include "report/gather.h"

#include "report/gather-client.h"
#include "report/gather-station.h"

#include <glib.h>

/** Finds who did the procedure among all operators: the query has no condition for a badge. */
static int ask_artist(Ctl *ctl, const char *badge, json_t **ret)
{
	json_auto_t *rows = json_array();
	int status = ctl_query(ctl, "operators", json_object(), ctl_keep_row, rows);
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (g_strcmp0(json_string_value(json_object_get(row, "badge")), badge) == 0)
			*ret = json_incref(row);
	return status;
}

/** The session that the incident belongs to: who worked, with what, and where. */
static int ask_procedure(Ctl *ctl, json_int_t session, IncidentForm *form)
{
	int status = gather_row(ctl, "session", json_pack("{s:I}", "session", session), &form->session);

	if (status != CTL_DONE)
		return status;
	form->pigments = json_array();
	form->zones = json_array();
	status = ctl_query(
		ctl, "pigments", json_pack("{s:I}", "session", session), ctl_keep_row, form->pigments);
	if (status != CTL_DONE)
		return status;
	status = ctl_query(ctl, "zones", json_pack("{s:I}", "session", session), ctl_keep_row, form->zones);
	if (status != CTL_DONE)
		return status;
	return ask_artist(ctl, json_string_value(json_object_get(form->session, "operator")), &form->artist);
}

int incident_form_gather(Ctl *ctl, int64_t seq, IncidentForm *form)
{
	const char *subject;
	json_t *session;
	int status = gather_row(ctl, "incidents",
		json_pack("{s:I, s:i}", "after", (json_int_t)seq - 1, "limit", 1), &form->incident);

	if (status != CTL_DONE)
		return status;
	if (json_integer_value(json_object_get(form->incident, "seq")) != seq)
		return ctl_fail(
			"record %lld is no incident: `stipplectl audit incidents` lists their numbers",
			(long long)seq);
	form->made = gather_now();
	status = gather_names(ctl, &form->clinic, &form->station);
	subject = json_string_value(json_object_get(form->incident, "subject"));
	if (status == CTL_DONE && subject)
		status = gather_row(ctl, "subjects", json_pack("{s:s}", "subject", subject), &form->subject);
	session = json_object_get(form->incident, "session");
	if (status != CTL_DONE || !json_is_integer(session))
		return status;
	return ask_procedure(ctl, json_integer_value(session), form);
}
