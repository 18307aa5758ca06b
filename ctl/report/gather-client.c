/* SPDX-License-Identifier: Apache-2.0 */

/** Asks the running daemon about the client of a session. It must not draw anything. */

#include "report/gather-client.h"

#include "report/row-value.h"

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
