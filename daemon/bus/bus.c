/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The connection to the message bus: its objects, its signals, and who leaves it. While the loop runs,
 * nothing here may wait for a reply. A sign-in must not outlive the connection that holds it.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

/* ---- from the station to whoever listens ---- */

static void emit(Bus *bus, const char *path, const char *interface, const char **names)
{
	int r = sd_bus_emit_properties_changed_strv(bus->bus, path, interface, (char **)names);

	if (r < 0 && r != -ENOTCONN)
		log_debug("changed properties of %s could not be told: %s", interface, strerror(-r));
}

static void on_changed(void *userdata, unsigned changes)
{
	static const struct {
		unsigned change;
		const char *path, *interface;
		const char *names[20];
	} table[] = {
		{ STATION_CHANGED_STATE, PATH_SESSION, INTERFACE_SESSION,
			{ "State", "Session", "Subject", "Protocol", "CourseSession", "Aftercare",
				"ConsentTreatment", "ConsentPhotographs", "ScreeningDone", "Elapsed",
				"BreakIn", "StoppedAt", "LackingMs" } },
		{ STATION_CHANGED_STATE, PATH_STATION, INTERFACE_STATION,
			{ "Fault", "FaultText", "LedgerHealthy", "Inert" } },
		{ STATION_CHANGED_PROOFS, PATH_AUDIT, INTERFACE_AUDIT,
			{ "Key", "Verification", "VerificationText" } },
		{ STATION_CHANGED_OPERATOR, PATH_STATION, INTERFACE_STATION,
			{ "Operator", "OperatorName", "Roles" } },
		{ STATION_CHANGED_ZONE, PATH_SESSION, INTERFACE_SESSION,
			{ "Zones", "Zone", "SkinType", "AreaMm2", "TargetDensity", "DepthMinUm", "DepthMaxUm",
				"DepthLimitUm", "ForceWarnMn", "ForceLimitMn", "DwellMs", "Unit", "Lot",
				"Pigment" } },
		{ STATION_CHANGED_LINES, PATH_STATION, INTERFACE_STATION,
			{ "BoardConnected", "BoardSerial", "BoardError", "EmergencyStop", "Pedal" } },
		{ STATION_CHANGED_COUNTS, PATH_SESSION, INTERFACE_SESSION,
			{ "Dots", "Strokes", "SessionDots", "SessionStrokes", "NeedleStrokes", "Density",
				"OutsideShare", "DepthMeanUm", "LastDepthUm", "LastResistanceMn",
				"DwellMeanMs", "Elapsed", "BreakIn" } },
	};

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (changes & table[i].change)
			emit(userdata, table[i].path, table[i].interface, (const char **)table[i].names);
}

static void on_alert(void *userdata, const char *alert, const char *text)
{
	Bus *bus = userdata;
	sd_bus_message *signal = NULL;
	int r = sd_bus_message_new_signal(bus->bus, &signal, PATH_STATION, INTERFACE_STATION, "Alert");

	if (r >= 0)
		r = sd_bus_message_append(signal, "s", alert);
	if (r >= 0)
		r = append_text(signal, text);
	if (r >= 0)
		r = sd_bus_send(bus->bus, signal, NULL);
	if (r < 0 && r != -ENOTCONN)
		log_debug("the alert %s could not be told: %s", alert, strerror(-r));
	sd_bus_message_unref(signal);
}

bool bus_broker_connected(const Bus *bus)
{
	return bus->options.broker_connected && bus->options.broker_connected(bus->options.userdata);
}

void bus_tick(Bus *bus)
{
	static const char *names[] = { "BrokerConnected", NULL };
	bool connected = bus_broker_connected(bus);

	if (connected != bus->broker_connected)
		emit(bus, PATH_STATION, INTERFACE_STATION, names);
	bus->broker_connected = connected;
	bus_clock_tick(bus);
}

/* ---- who holds the sign-in ---- */

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	const char *name, *old_owner, *new_owner;

	if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) >= 0 && name[0] == ':' &&
		!new_owner[0]) {
		station_holder_vanished(bus->station, name);
		calls_drop(bus, name);
		peer_left(bus, name);
	}
	return 0;
}

/**
 * The bus itself went away: nobody can hold a sign-in any more. systemd starts the daemon again. sd-bus has
 * let go of the event loop already, which therefore cannot be had from it.
 */
static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;

	log_error("the message bus is gone: leaving, so that the needle stays stopped");
	station_holder_vanished(bus->station, station_view(bus->station)->holder);
	bus->options.lost(bus->options.userdata);
	return 0;
}

/* ---- life ---- */

static int connect_bus(const char *which, sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r;

	if (strcmp(which, "system") == 0)
		return sd_bus_open_system(ret);
	if (strcmp(which, "session") == 0)
		return sd_bus_open_user(ret);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, which);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, true);
	if (r >= 0)
		r = sd_bus_negotiate_creds(bus, true, SD_BUS_CREDS_EUID);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0)
		sd_bus_unref(bus);
	else
		*ret = bus;
	return r;
}

static int export_objects(Bus *bus)
{
	const struct {
		const char *path, *interface;
		const sd_bus_vtable *vtable;
	} objects[] = {
		{ PATH_STATION, INTERFACE_STATION, bus_station_vtable },
		{ PATH_SESSION, INTERFACE_SESSION, bus_session_vtable },
		{ PATH_INVENTORY, INTERFACE_INVENTORY, bus_inventory_vtable },
		{ PATH_AUDIT, INTERFACE_AUDIT, bus_audit_vtable },
	};
	int r = 0;

	for (size_t i = 0; i < ELEMENTS(objects) && r >= 0; i++)
		r = sd_bus_add_object_vtable(
			bus->bus, NULL, objects[i].path, objects[i].interface, objects[i].vtable, bus);
	return r;
}

static int set_up(Bus *bus, sd_event *event, char error[CONFIG_ERROR_MAX])
{
	const char *which = bus->options.config->bus;
	StationObserver observer = { .changed = on_changed, .alert = on_alert, .userdata = bus };
	int r = connect_bus(which, &bus->bus);

	if (r < 0) {
		snprintf(error, CONFIG_ERROR_MAX,
			"the bus \"%s\" cannot be reached (%s): check [bus] address", which, strerror(-r));
		return r;
	}
	r = export_objects(bus);
	if (r >= 0)
		r = sd_bus_add_filter(bus->bus, NULL, calls_filter, bus);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, &bus->owner_match, "org.freedesktop.DBus",
			"/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", on_owner_changed,
			NULL, bus);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
			"org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, bus);
	if (r >= 0)
		r = sd_bus_request_name(bus->bus, BUS_NAME, 0);
	if (r >= 0)
		r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = station_observe(bus->station, &observer);
	if (r == -EEXIST || r == -EALREADY)
		snprintf(error, CONFIG_ERROR_MAX, "%s is owned by another process: stop the other stippled",
			BUS_NAME);
	else if (r < 0)
		snprintf(error, CONFIG_ERROR_MAX,
			"%s cannot be offered on the bus (%s): check the bus policy", BUS_NAME, strerror(-r));
	return r;
}

int bus_new(sd_event *event, const BusOptions *options, Bus **ret, char error[CONFIG_ERROR_MAX])
{
	_cleanup_(bus_freep) Bus *bus = calloc(1, sizeof *bus);
	int r;

	if (!bus)
		return -ENOMEM;
	bus->options = *options;
	bus->station = options->station;
	r = set_up(bus, event, error);
	if (r < 0)
		return r;
	bus_clock_tick(bus);
	*ret = TAKE_PTR(bus);
	return 0;
}

Bus *bus_free(Bus *bus)
{
	if (!bus)
		return NULL;
	station_unobserve(bus->station, bus);
	calls_free(bus);
	peers_free(bus);
	sd_bus_slot_unref(bus->clock_asked);
	sd_bus_slot_unref(bus->owner_match);
	if (bus->bus)
		sd_bus_flush(bus->bus);
	sd_bus_detach_event(bus->bus);
	sd_bus_close_unref(bus->bus);
	free(bus);
	return NULL;
}
