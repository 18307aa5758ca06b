/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * How long a zone must rest between two sessions. The interval runs from the last dots in the zone, whatever
 * session, protocol or course they were of: skin does not know courses. Pure.
 */

#include <stdint.h>

#include "config/protocol.h"

/**
 * Days that a zone needs before session `course_session` (from 1) of the protocol: the protocol's healing
 * time, its interval before that session, or `planned_days` of the client's course, whichever is longest.
 * Sessions beyond the protocol's end take its last interval. Session 1 of a course has no interval of the
 * course.
 */
uint32_t healing_days(const Protocol *protocol, uint32_t course_session, uint32_t planned_days);

/** The first day on which the zone may be treated again: a time in it, UTC. 0: there are no dots. */
int64_t healing_earliest_us(int64_t last_dots_utc_us, uint32_t days);

/** Days until the zone may be treated again, by UTC dates; 0: now. `last_dots_utc_us` 0: there are none. */
uint32_t healing_days_left(int64_t last_dots_utc_us, uint32_t days, int64_t now_utc_us);
