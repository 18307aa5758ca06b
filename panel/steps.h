/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Which steps of a treatment are done, according to what the station last reported. */

#include "screen.h"
#include "station-client.h"

bool step_is_done(const StationClient *client, ScreenId screen);
/** The first step that is not done; the last step once the treatment is over. */
ScreenId step_to_do(const StationClient *client);
