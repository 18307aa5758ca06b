/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * When the client of a session may be treated again, in words. The days are the station's (Client in
 * dbus/org.stipple.Session1.xml): nothing here adds days.
 */

#include "report/report.h"

/** The session of the course that comes next: this one again where it left no dots. */
int64_t next_session_number(const Report *report);

/**
 * What the report says of the next date. `figures`: what Client answers for the next session of this
 * session's protocol, NULL: the station told nothing; `touch_up`: the same for the protocol of a touch-up,
 * NULL: there is none. Never NULL; the caller frees it.
 */
char *next_session_words(const Report *report, const json_t *figures, const json_t *touch_up);
