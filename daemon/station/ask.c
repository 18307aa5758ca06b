/* SPDX-License-Identifier: Apache-2.0 */

/** Where commands come in: what has to be looked at before one is decided. It judges none of them. */

#include <string.h>

#include "decide/interlock-facts.h"
#include "station/parts.h"

/** Puts in what the query takes of the profile; a query that there is not stays unknown. */
static void prepare_query(Station *station, json_t *asked)
{
	const char *query = row_text(asked, "query");
	json_t *arguments = json_object_get(asked, "arguments");

	station_look(station);
	for (const char *const *name = ledger_query_names(); *name; name++)
		if (strcmp(*name, query) == 0 && facts_profile_arguments(station, query, arguments) == 0)
			(void)!json_object_set_new(asked, "is_known", json_true());
}

void station_ask(Station *station, const StationRequest *request)
{
	if (request->spec == &command_audit)
		prepare_query(station, request->asked);
	runtime_ask(station, request);
}

void station_shutdown(Station *station, StationDone done, void *userdata)
{
	StationReply reply = { 0 };

	/* nobody waits for the answer: the needle stands still before the board has even been asked */
	if (station->options.control)
		(void)!control_disarm(station->options.control, 0);
	if (!station->options.ledger) {
		done(userdata, &reply);
		return;
	}
	station_end_contact(station);
	station_flush_strokes(station);
	station_ask(station,
		&(StationRequest){
			.spec = &command_shutdown, .internal = true, .done = done, .userdata = userdata });
}

size_t station_refusals(Station *station, Refusal ret[INTERLOCK_MAX])
{
	station_look(station);
	return refusals_of(&station->state, ret);
}
