/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Asks the system's time service from time to time whether the clock is synchronised. It must not wait for
 * the answer, and must not set the clock.
 */

#include "bus/bus-private.h"

#include "util/clock.h"
#include "util/log.h"

/* systemd's time service answers for any program that keeps the clock, and exits when nobody asks. */
#define TIME_SERVICE   "org.freedesktop.timedate1"
#define TIME_PATH      "/org/freedesktop/timedate1"
#define TIME_INTERFACE "org.freedesktop.timedate1"

/**
 * Seconds until the next question. Each question starts the service, so a clock that is right is asked about
 * less often.
 */
enum { ASK_AGAIN_S = 60, ASK_SETTLED_S = 900 };

static int clock_answered(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	int synchronized = 0;

	bus->clock_asked = sd_bus_slot_unref(bus->clock_asked);
	if (sd_bus_message_is_method_error(message, NULL) ||
		sd_bus_message_read(message, "v", "b", &synchronized) < 0)
		log_debug("the time service does not say whether the clock is synchronised: %s",
			sd_bus_message_is_method_error(message, NULL)
				? sd_bus_message_get_error(message)->message
				: "no truth value");
	clock_set_synchronized(synchronized);
	bus->clock_wait_s = synchronized ? ASK_SETTLED_S : ASK_AGAIN_S;
	return 1;
}

void bus_clock_tick(Bus *bus)
{
	if (bus->clock_asked)
		return;
	bus->clock_wait_s -= bus->clock_wait_s > 0;
	if (bus->clock_wait_s > 0)
		return;
	if (sd_bus_call_method_async(bus->bus, &bus->clock_asked, TIME_SERVICE, TIME_PATH,
		    "org.freedesktop.DBus.Properties", "Get", clock_answered, bus, "ss", TIME_INTERFACE,
		    "NTPSynchronized") < 0)
		bus->clock_wait_s = ASK_AGAIN_S;
}
