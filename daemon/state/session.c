/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the state of a session. The only change it makes is to clear it. */

#include "state/session.h"

#include <stdlib.h>
#include <string.h>

const Protocol *protocols_find(const Protocols *protocols, const char *name)
{
	for (size_t i = 0; i < protocols->n; i++)
		if (strcmp(protocols->list[i]->name, name) == 0)
			return protocols->list[i];
	return NULL;
}

void protocols_clear(Protocols *protocols)
{
	for (size_t i = 0; i < protocols->n; i++)
		free(protocols->list[i]);
	protocols->n = 0;
}

void session_clear(Session *session)
{
	*session = (Session){ .zone = ZONE_INVALID };
	dot_detector_init(&session->detector);
}

const ZonePlan *session_plan(const Session *session, Zone zone, SkinType skin)
{
	const Protocol *protocol = session->protocol;

	if (!protocol)
		return NULL;
	return protocol_plan(protocol,
		session->course_session < protocol->sessions ? session->course_session : protocol->sessions,
		zone, skin);
}

const SessionZone *session_zone(const Session *session)
{
	static const SessionZone none;

	return (int)session->zone >= 0 ? &session->zones[session->zone] : &none;
}

bool chip_is_same(const ChipId *a, const ChipId *b)
{
	return a->length > 0 && a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}
