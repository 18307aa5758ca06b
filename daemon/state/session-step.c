/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The states of a session as a table. A transition that is not in the table is refused. It has no effects: it
 * knows neither the board nor the record.
 */

#include "state/session-step.h"

#include <assert.h>

static const char *const state_names[] = {
	[SESSION_IDLE] = "idle",
	[SESSION_PREPARING] = "preparing",
	[SESSION_READY] = "ready",
	[SESSION_WORKING] = "working",
	[SESSION_PAUSED] = "paused",
	[SESSION_CLOSING] = "closing",
	[SESSION_FAULT] = "fault",
};
static_assert(ELEMENTS(state_names) == SESSION_STATE_MAX, "every state has a name");

DEFINE_STRING_TABLE(session_state, SessionState, state_names);

static const char *const event_names[] = {
	[SESSION_EVENT_BEGIN] = "begin",
	[SESSION_EVENT_ARM] = "arm",
	[SESSION_EVENT_DISARM] = "disarm",
	[SESSION_EVENT_PEDAL_PRESS] = "pedal-press",
	[SESSION_EVENT_PEDAL_RELEASE] = "pedal-release",
	[SESSION_EVENT_PAUSE] = "pause",
	[SESSION_EVENT_RESUME] = "resume",
	[SESSION_EVENT_FINISH] = "finish",
	[SESSION_EVENT_SIGN] = "sign",
	[SESSION_EVENT_ABANDON] = "abandon",
	[SESSION_EVENT_FAULT] = "fault",
	[SESSION_EVENT_ACKNOWLEDGE] = "acknowledge",
};
static_assert(ELEMENTS(event_names) == SESSION_EVENT_MAX, "every event has a name");

DEFINE_STRING_TABLE(session_event, SessionEvent, event_names);

/*
 * Everything not listed is refused. Where an acknowledgement leads depends on the state in which the fault
 * was latched.
 */
static const struct {
	SessionState from;
	SessionEvent event;
	SessionState to;
} transitions[] = {
	{ SESSION_IDLE, SESSION_EVENT_BEGIN, SESSION_PREPARING },

	{ SESSION_PREPARING, SESSION_EVENT_ARM, SESSION_READY },
	{ SESSION_PREPARING, SESSION_EVENT_PAUSE, SESSION_PAUSED },
	{ SESSION_PREPARING, SESSION_EVENT_FINISH, SESSION_CLOSING },
	{ SESSION_PREPARING, SESSION_EVENT_ABANDON, SESSION_IDLE },

	{ SESSION_READY, SESSION_EVENT_PEDAL_PRESS, SESSION_WORKING },
	{ SESSION_READY, SESSION_EVENT_DISARM, SESSION_PREPARING },
	{ SESSION_READY, SESSION_EVENT_PAUSE, SESSION_PAUSED },
	{ SESSION_READY, SESSION_EVENT_FINISH, SESSION_CLOSING },
	{ SESSION_READY, SESSION_EVENT_ABANDON, SESSION_IDLE },

	{ SESSION_WORKING, SESSION_EVENT_PEDAL_RELEASE, SESSION_READY },
	{ SESSION_WORKING, SESSION_EVENT_DISARM, SESSION_PREPARING },

	{ SESSION_PAUSED, SESSION_EVENT_RESUME, SESSION_PREPARING },
	{ SESSION_PAUSED, SESSION_EVENT_FINISH, SESSION_CLOSING },
	{ SESSION_PAUSED, SESSION_EVENT_ABANDON, SESSION_IDLE },

	{ SESSION_CLOSING, SESSION_EVENT_SIGN, SESSION_IDLE },
	{ SESSION_CLOSING, SESSION_EVENT_ABANDON, SESSION_IDLE },

	{ SESSION_IDLE, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_PREPARING, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_READY, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_WORKING, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_PAUSED, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_CLOSING, SESSION_EVENT_FAULT, SESSION_FAULT },
	{ SESSION_FAULT, SESSION_EVENT_FAULT, SESSION_FAULT },
};

static const SessionState after_fault[] = {
	[SESSION_IDLE] = SESSION_IDLE,
	[SESSION_PREPARING] = SESSION_PREPARING,
	[SESSION_READY] = SESSION_PREPARING,
	[SESSION_WORKING] = SESSION_PREPARING,
	[SESSION_PAUSED] = SESSION_PREPARING,
	[SESSION_CLOSING] = SESSION_CLOSING,
	[SESSION_FAULT] = SESSION_STATE_INVALID,
};
static_assert(ELEMENTS(after_fault) == SESSION_STATE_MAX, "every state has a way out of a fault");

static SessionState acknowledged(SessionState resume_to)
{
	if (resume_to == SESSION_IDLE || resume_to == SESSION_PREPARING || resume_to == SESSION_CLOSING)
		return resume_to;
	return SESSION_STATE_INVALID;
}

SessionState session_next(SessionState state, SessionEvent event, SessionState resume_to)
{
	if (state == SESSION_FAULT && event == SESSION_EVENT_ACKNOWLEDGE)
		return acknowledged(resume_to);
	for (size_t i = 0; i < ELEMENTS(transitions); i++)
		if (transitions[i].from == state && transitions[i].event == event)
			return transitions[i].to;
	return SESSION_STATE_INVALID;
}

SessionState session_after_fault(SessionState state)
{
	if ((int)state < 0 || state >= SESSION_STATE_MAX)
		return SESSION_STATE_INVALID;
	return after_fault[state];
}
