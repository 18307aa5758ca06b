/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The connection to the message bus: its objects, its signals, and connections that leave. While the loop
 * runs, nothing here may wait for a reply. A sign-in must not outlive the connection that holds it.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

/* ---- from the station to whoever listens ---- */

static void emit_changed(Bus *bus, const char *path, const char *interface, const char **names)
{
	int r = sd_bus_emit_properties_changed_strv(bus->bus, path, interface, (char **)names);

	if (r < 0 && r != -ENOTCONN)
		log_debug("changed properties of %s could not be told: %s", interface, strerror(-r));
}

static void signal_changes(void *userdata, unsigned changes)
{
	static const struct {
		unsigned change;
		const char *path, *interface;
		const char *names[24];
	} table[] = {
		{ STATION_CHANGED_STATE, PATH_SESSION, INTERFACE_SESSION,
			{ "State", "Session", "Subject", "Protocol", "CourseSession", "Aftercare",
				"ClientLanguage", "ConsentTreatment", "ConsentPhotographs",
				"AftercareReceived", "NeedlesSealed", "ScreeningDone", "Elapsed", "BreakIn",
				"StoppedAt", "LackingMs", "Practitioner", "PractitionerName" } },
		{ STATION_CHANGED_STATE, PATH_STATION, INTERFACE_STATION,
			{ "Fault", "FaultText", "LedgerHealthy", "Inert" } },
		{ STATION_CHANGED_ALARMS, PATH_STATION, INTERFACE_STATION, { "Alarms" } },
		{ STATION_CHANGED_CLINIC, PATH_STATION, INTERFACE_STATION,
			{ "Registry", "RegistryConnected", "BootConfirmed", "Quarantined", "Mirrored",
				"Unmirrored", "Cosigned" } },
		{ STATION_CHANGED_PROOFS, PATH_AUDIT, INTERFACE_AUDIT,
			{ "Key", "Verification", "VerificationText" } },
		{ STATION_CHANGED_OPERATOR, PATH_STATION, INTERFACE_STATION,
			{ "Operator", "OperatorName", "Roles" } },
		{ STATION_CHANGED_ZONE, PATH_SESSION, INTERFACE_SESSION,
			{ "Zones", "Zone", "SkinType", "AreaMm2", "TargetDensity", "DepthMinUm", "DepthMaxUm",
				"DepthLimitUm", "AngleMinDeg", "AngleMaxDeg", "ForceWarnMn", "ForceLimitMn",
				"DwellMs", "Unit", "Lot", "Needles", "NeedlesAllowed", "Pigment", "Scalp",
				"DensityBefore" } },
		{ STATION_CHANGED_LINES, PATH_STATION, INTERFACE_STATION,
			{ "BoardConnected", "BoardSerial", "BoardError", "EmergencyStop", "Pedal" } },
		{ STATION_CHANGED_COUNTS, PATH_SESSION, INTERFACE_SESSION,
			{ "Dots", "Strokes", "SessionDots", "SessionStrokes", "NeedleStrokes", "Density",
				"DotsOver", "OutsideShare", "DepthMeanUm", "LastDepthUm", "LastAngleDeg",
				"LastResistanceMn", "DwellMeanMs", "Elapsed", "BreakIn" } },
	};

	for (size_t i = 0; i < ELEMENTS(table); i++)
		if (changes & table[i].change)
			emit_changed(
				userdata, table[i].path, table[i].interface, (const char **)table[i].names);
}

static int send_alert(Bus *bus, const char *alert, const char *text)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
	int r = sd_bus_message_new_signal(bus->bus, &signal, PATH_STATION, INTERFACE_STATION, "Alert");

	if (r < 0)
		return r;
	if ((r = append_text(signal, alert)) < 0 || (r = append_text(signal, text)) < 0)
		return r;
	return sd_bus_send(bus->bus, signal, NULL);
}

static void signal_alert(void *userdata, const char *alert, const char *text)
{
	int r = send_alert(userdata, alert, text);

	if (r < 0 && r != -ENOTCONN)
		log_debug("the alert %s could not be told: %s", alert, strerror(-r));
}

void bus_tick(Bus *bus)
{
	static const char *names[] = { "BrokerConnected", NULL };
	bool connected = bus_broker_connected(bus);

	if (connected != bus->broker_connected)
		emit_changed(bus, PATH_STATION, INTERFACE_STATION, names);
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
 * The connection to the bus is lost, so nobody can hold a sign-in any more. systemd restarts the daemon.
 * sd-bus has already detached from the event loop, so the loop cannot be taken from it.
 */
static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;

	log_error("the message bus is gone: leaving, so that the needle stays stopped");
	station_holder_vanished(bus->station, station_state(bus->station)->people.holder);
	bus->options.lost(bus->options.userdata);
	return 0;
}

/* ---- life ---- */

static const BusObject *const objects[] = {
	&bus_station_object,
	&bus_session_object,
	&bus_inventory_object,
	&bus_audit_object,
	NULL,
};

static int connect_bus(const char *which, sd_bus **ret)
{
	_cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;
	int r;

	if (strcmp(which, "system") == 0)
		return sd_bus_open_system(ret);
	if (strcmp(which, "session") == 0)
		return sd_bus_open_user(ret);
	if ((r = sd_bus_new(&bus)) < 0 || (r = sd_bus_set_address(bus, which)) < 0 ||
		(r = sd_bus_set_bus_client(bus, true)) < 0 ||
		(r = sd_bus_negotiate_creds(bus, true, SD_BUS_CREDS_EUID)) < 0 || (r = sd_bus_start(bus)) < 0)
		return r;
	*ret = TAKE_PTR(bus);
	return 0;
}

static int export_objects(Bus *bus)
{
	for (const BusObject *const *object = objects; *object; object++) {
		int r = sd_bus_add_object_vtable(
			bus->bus, NULL, (*object)->path, (*object)->interface, (*object)->vtable, bus);

		if (r < 0)
			return r;
	}
	return 0;
}

static int watch_bus(Bus *bus)
{
	int r = sd_bus_add_filter(bus->bus, NULL, calls_filter, bus);

	if (r < 0)
		return r;
	r = sd_bus_match_signal_async(bus->bus, &bus->owner_match, "org.freedesktop.DBus",
		"/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", on_owner_changed, NULL,
		bus);
	if (r < 0)
		return r;
	return sd_bus_match_signal_async(bus->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
		"org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, bus);
}

static int offer_station(Bus *bus, sd_event *event)
{
	StationObserver observer = { .changed = signal_changes, .alert = signal_alert, .userdata = bus };
	int r;

	if ((r = export_objects(bus)) < 0 || (r = watch_bus(bus)) < 0 ||
		(r = sd_bus_request_name(bus->bus, BUS_NAME, 0)) < 0 ||
		(r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL)) < 0)
		return r;
	return station_observe(bus->station, &observer);
}

int bus_new(sd_event *event, const BusOptions *options, Bus **ret, Error *error)
{
	_cleanup_(bus_freep) Bus *bus = calloc(1, sizeof *bus);
	const char *which = options->config->bus;
	int r;

	if (!bus)
		return error_set(error, -ENOMEM, "%s cannot be offered: out of memory", BUS_NAME);
	bus->options = *options;
	bus->station = options->station;
	bus->objects = objects;
	bus->peer_known = calls_of_peer_known;
	r = connect_bus(which, &bus->bus);
	if (r < 0)
		return error_set(error, r, "the bus \"%s\" cannot be reached (%s): check [bus] address",
			which, strerror(-r));
	r = offer_station(bus, event);
	if (r == -EEXIST || r == -EALREADY)
		return error_set(
			error, r, "%s is owned by another process: stop the other stippled", BUS_NAME);
	if (r < 0)
		return error_set(error, r, "%s cannot be offered on the bus (%s): check the bus policy",
			BUS_NAME, strerror(-r));
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
