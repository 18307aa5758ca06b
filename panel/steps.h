/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Which steps of a treatment are done, as far as the station has told. */

#include "screen.h"
#include "station-client.h"

bool step_is_done(const StationClient *client, ScreenId screen);
/** The first that is not; the last once the treatment is over. */
ScreenId step_to_do(const StationClient *client);
