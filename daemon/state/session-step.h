/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The life cycle of a treatment session as a pure table from state and event to state. */

#include <stdbool.h>

#include "util/text.h"

typedef enum SessionState {
	SESSION_IDLE,      /* no session */
	SESSION_PREPARING, /* subject, consent, zone, needle, pigment, photographs; needle disarmed */
	SESSION_READY,     /* armed: the pedal starts the needle */
	SESSION_WORKING,   /* pedal down */
	SESSION_PAUSED,    /* a break; disarmed */
	SESSION_CLOSING,   /* treatment over: after-photographs, sign-off */
	SESSION_FAULT,     /* a fault is latched and needs a person's acknowledgement */
	SESSION_STATE_MAX,
	SESSION_STATE_INVALID = -EINVAL,
} SessionState;

typedef enum SessionEvent {
	SESSION_EVENT_BEGIN,
	SESSION_EVENT_ARM,
	SESSION_EVENT_DISARM,
	SESSION_EVENT_PEDAL_PRESS,
	SESSION_EVENT_PEDAL_RELEASE,
	SESSION_EVENT_PAUSE,
	SESSION_EVENT_RESUME, /* back to preparing: nothing re-arms by itself */
	SESSION_EVENT_FINISH,
	SESSION_EVENT_SIGN,
	SESSION_EVENT_ABANDON,
	SESSION_EVENT_FAULT,
	SESSION_EVENT_ACKNOWLEDGE, /* returns to the state that session_after_fault() gave */
	SESSION_EVENT_MAX,
	SESSION_EVENT_INVALID = -EINVAL,
} SessionEvent;

DECLARE_STRING_TABLE(session_state, SessionState);
DECLARE_STRING_TABLE(session_event, SessionEvent);

/**
 * Returns the next state, or SESSION_STATE_INVALID when the event makes no sense in this state. `resume_to`
 * is the state to return to when a fault is acknowledged: the caller keeps what session_after_fault()
 * returned when the fault was latched.
 *
 * A fault is accepted in every state. While working, only the pedal, a disarm or a fault ends the work; a
 * latched fault must be acknowledged before anything else.
 */
SessionState session_next(SessionState state, SessionEvent event, SessionState resume_to);

/**
 * Where a session goes when a fault that was latched in `state` is acknowledged: idle stays idle, closing
 * stays closing, all others return to preparing. SESSION_STATE_INVALID for SESSION_FAULT: a further fault
 * does not change the first answer.
 */
SessionState session_after_fault(SessionState state);
