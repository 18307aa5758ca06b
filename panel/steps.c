/* SPDX-License-Identifier: Apache-2.0 */

/** Decides from the station's properties alone which steps are done: a screen has no say in it. */

#include "steps.h"

#include <string.h>

static bool is_closing(const StationClient *client)
{
	return g_strcmp0(stipple_session1_get_state(station_client_session(client)), "closing") == 0;
}

/** Whether the chosen zone has a photograph from before the treatment. */
static bool zone_is_photographed(const StationClient *client)
{
	GVariant *zones = stipple_session1_get_zones(station_client_session(client));
	const char *chosen = known_text(stipple_session1_get_zone(station_client_session(client))), *zone;
	const char *before;
	GVariantIter iter;

	if (!zones)
		return false;
	g_variant_iter_init(&iter, zones);
	while (g_variant_iter_next(&iter, "(&sutdd&s&s)", &zone, NULL, NULL, NULL, NULL, &before, NULL))
		if (strcmp(zone, chosen) == 0)
			return before[0];
	return false;
}

bool step_is_done(const StationClient *client, ScreenId screen)
{
	StippleSession1 *session = station_client_session(client);

	switch (screen) {
	case SCREEN_SIGN_IN:
		return known_text(stipple_station1_get_operator(station_client_station(client)))[0];
	case SCREEN_PERSON:
		return stipple_session1_get_session(session) > 0;
	case SCREEN_CONSENT:
		return stipple_session1_get_consent_treatment(session) &&
		       stipple_session1_get_screening_done(session);
	case SCREEN_CARTRIDGE:
		return known_text(stipple_session1_get_unit(session))[0] &&
		       known_text(stipple_session1_get_pigment(session))[0];
	case SCREEN_ZONE:
		return known_text(stipple_session1_get_zone(session))[0];
	case SCREEN_PHOTOGRAPHS:
		return zone_is_photographed(client);
	case SCREEN_WORK:
		return is_closing(client);
	case SCREEN_FINISH:
	case SCREEN_MORE:
	case SCREEN_MAX:
		return false;
	}
	return false;
}

ScreenId step_to_do(const StationClient *client)
{
	ScreenId screen = SCREEN_SIGN_IN;

	if (is_closing(client))
		return SCREEN_FINISH;
	while (screen < SCREEN_WORK && step_is_done(client, screen))
		screen++;
	return screen;
}
