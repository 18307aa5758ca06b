/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** All that the station knows of the treatment under way. Only daemon/apply/ may write it. */

#include "state/session.h"

typedef struct State {
	Protocols protocols;
	Session session;
	Needle needle;
} State;
