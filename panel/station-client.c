/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Attaches to the station's objects and keeps their properties as last reported. Reading a property must
 * never wait for the station, and no call may start a stopped daemon.
 */

#include "station-client.h"

#include <gio/gunixfdlist.h>
#include <string.h>

#define BUS_NAME "org.stipple.Station1"
#define PATH     "/org/stipple/Station1"

enum { RETRY_S = 2, PULSE_MS = 500, QUIET_US = 800 * 1000, PING_MS = 5000 };

enum { STATION, SESSION, INVENTORY, AUDIT, OBJECTS };

static const struct {
	const char *path;
	GType (*proxy)(void);
	GType (*stand_in)(void);
	GDBusInterfaceInfo *(*interface)(void);
} objects[OBJECTS] = {
	[STATION] = { PATH, stipple_station1_proxy_get_type, stipple_station1_skeleton_get_type,
		stipple_station1_interface_info },
	[SESSION] = { PATH "/Session", stipple_session1_proxy_get_type, stipple_session1_skeleton_get_type,
		stipple_session1_interface_info },
	[INVENTORY] = { PATH "/Inventory", stipple_inventory1_proxy_get_type,
		stipple_inventory1_skeleton_get_type, stipple_inventory1_interface_info },
	[AUDIT] = { PATH "/Audit", stipple_audit1_proxy_get_type, stipple_audit1_skeleton_get_type,
		stipple_audit1_interface_info },
};

struct StationClient {
	StationClientOptions options;
	char *bus;
	GDBusConnection *connection;
	GObject *objects[OBJECTS]; /* proxies; while there is none, an empty object */
	GCancellable *life, *calls;
	guint changed_source, retry_source, pulse_source;
	gint64 heard_us; /* the last sign of life, by the monotonic clock */
	bool asking;     /* for a sign of life */
	unsigned generation;
	bool present; /* as last reported */
};

static void connect_to_bus(StationClient *client);

/* ---- signs of life ---- */

/** Notes a message that only the station itself can have sent. */
static void heard(StationClient *client)
{
	client->heard_us = g_get_monotonic_time();
}

unsigned station_client_silence_s(const StationClient *client)
{
	return (unsigned)((g_get_monotonic_time() - client->heard_us) / G_USEC_PER_SEC);
}

static void state_came(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	StationClient *client = userdata;

	/* the client may be gone */
	if (station_error_is_cancelled(error))
		return;
	client->asking = false;
	if (answer)
		heard(client);
}

/**
 * Asks for a property instead of sending a ping, so that the answer comes from the code that holds the
 * state.
 */
static void ask_for_sign_of_life(StationClient *client)
{
	client->asking = true;
	g_dbus_proxy_call(G_DBUS_PROXY(client->objects[SESSION]), "org.freedesktop.DBus.Properties.Get",
		g_variant_new("(ss)", objects[SESSION].interface()->name, "State"),
		G_DBUS_CALL_FLAGS_NO_AUTO_START, PING_MS, client->life, state_came, client);
}

static gboolean pulse(gpointer userdata)
{
	StationClient *client = userdata;

	if (station_client_present(client) && !client->asking &&
		g_get_monotonic_time() - client->heard_us >= QUIET_US)
		ask_for_sign_of_life(client);
	client->options.pulse(client->options.userdata);
	return G_SOURCE_CONTINUE;
}

/* ---- reporting changes ---- */

static bool is_present(const StationClient *client)
{
	if (!client->connection)
		return false;
	for (int i = 0; i < OBJECTS; i++) {
		g_autofree char *owner = NULL;
		g_auto(GStrv) names = NULL;

		if (!G_IS_DBUS_PROXY(client->objects[i]))
			return false;
		owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(client->objects[i]));
		names = g_dbus_proxy_get_cached_property_names(G_DBUS_PROXY(client->objects[i]));
		if (!owner || !names)
			return false;
	}
	return true;
}

static gboolean tell_changed(void *userdata)
{
	StationClient *client = userdata;
	bool present = is_present(client);

	client->changed_source = 0;
	if (client->present && !present)
		client->generation++;
	if (present && !client->present)
		heard(client);
	client->present = present;
	client->options.changed(client->options.userdata);
	return G_SOURCE_REMOVE;
}

static void changed(StationClient *client)
{
	if (!client->changed_source)
		client->changed_source = g_idle_add(tell_changed, client);
}

static void on_properties(GDBusProxy *proxy, GVariant *values, const char *const *gone, void *userdata)
{
	heard(userdata);
	changed(userdata);
}

static void on_alert_signal(StippleStation1 *station, const char *alert, const char *text, void *userdata)
{
	StationClient *client = userdata;

	heard(client);
	client->options.alert(client->options.userdata, alert, text);
}

static void on_sound_test_signal(StippleStation1 *station, void *userdata)
{
	StationClient *client = userdata;

	heard(client);
	client->options.sound_test(client->options.userdata);
}

static void on_scanned_signal(
	StippleInventory1 *inventory, const char *code, GVariant *fields, void *userdata)
{
	StationClient *client = userdata;

	heard(client);
	client->options.scanned(client->options.userdata, code);
}

/* ---- the bus ---- */

/** Takes an object; NULL: nothing is known of it. */
static void set_object(StationClient *client, int object, GObject *proxy)
{
	if (client->objects[object])
		g_signal_handlers_disconnect_by_data(client->objects[object], client);
	g_clear_object(&client->objects[object]);
	client->objects[object] = proxy ? proxy : g_object_new(objects[object].stand_in(), NULL);
}

static void drop_objects(StationClient *client)
{
	for (int i = 0; i < OBJECTS; i++)
		set_object(client, i, NULL);
	if (client->connection)
		g_signal_handlers_disconnect_by_data(client->connection, client);
	g_clear_object(&client->connection);
}

static gboolean retry(void *userdata)
{
	StationClient *client = userdata;

	client->retry_source = 0;
	connect_to_bus(client);
	return G_SOURCE_REMOVE;
}

static void retry_later(StationClient *client)
{
	drop_objects(client);
	if (!client->retry_source)
		client->retry_source = g_timeout_add_seconds(RETRY_S, retry, client);
	changed(client);
}

static void proxy_made(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	GObject *proxy = g_async_initable_new_finish(G_ASYNC_INITABLE(source), result, &error);
	StationClient *client = userdata;
	int object = 0;

	if (station_error_is_cancelled(error))
		return;
	if (!proxy) {
		g_warning("the station's properties cannot be read: %s", error->message);
		retry_later(client);
		return;
	}
	while (objects[object].proxy() != G_OBJECT_TYPE(proxy))
		object++;
	set_object(client, object, proxy);
	g_signal_connect(proxy, "g-properties-changed", G_CALLBACK(on_properties), client);
	g_signal_connect_swapped(proxy, "notify::g-name-owner", G_CALLBACK(changed), client);
	if (object == STATION) {
		g_signal_connect(proxy, "alert", G_CALLBACK(on_alert_signal), client);
		g_signal_connect(proxy, "sound-test", G_CALLBACK(on_sound_test_signal), client);
	}
	if (object == INVENTORY)
		g_signal_connect(proxy, "scanned", G_CALLBACK(on_scanned_signal), client);
	changed(client);
}

static void attach_object(StationClient *client, int object)
{
	g_async_initable_new_async(objects[object].proxy(), G_PRIORITY_DEFAULT, client->life, proxy_made,
		client, "g-connection", client->connection, "g-flags", G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START,
		"g-name", BUS_NAME, "g-object-path", objects[object].path, "g-interface-name",
		objects[object].interface()->name, NULL);
}

static void connected(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);
	StationClient *client = userdata;

	if (station_error_is_cancelled(error))
		return;
	if (!connection) {
		g_warning("the bus \"%s\" cannot be reached: %s", client->bus, error->message);
		retry_later(client);
		return;
	}
	client->connection = connection;
	client->asking = false;
	g_signal_connect_swapped(connection, "closed", G_CALLBACK(retry_later), client);
	for (int i = 0; i < OBJECTS; i++)
		attach_object(client, i);
}

static void connect_to_bus(StationClient *client)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *address = NULL;

	if (strcmp(client->bus, "system") == 0)
		address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
	else if (strcmp(client->bus, "session") == 0)
		address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, NULL, &error);
	else
		address = g_strdup(client->bus);
	if (!address) {
		g_warning("the bus \"%s\" has no address: %s", client->bus,
			error ? error->message : "it cannot be told");
		retry_later(client);
		return;
	}
	g_dbus_connection_new_for_address(address,
		G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
			G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
		NULL, client->life, connected, client);
}

/* ---- creating and freeing ---- */

StationClient *station_client_new(const StationClientOptions *options)
{
	StationClient *client = g_new0(StationClient, 1);

	client->options = *options;
	client->bus = g_strdup(options->bus);
	client->life = g_cancellable_new();
	client->calls = g_cancellable_new();
	client->pulse_source = g_timeout_add(PULSE_MS, pulse, client);
	drop_objects(client);
	connect_to_bus(client);
	return client;
}

StationClient *station_client_free(StationClient *client)
{
	if (!client)
		return NULL;
	g_cancellable_cancel(client->life);
	g_cancellable_cancel(client->calls);
	drop_objects(client);
	for (int i = 0; i < OBJECTS; i++)
		g_clear_object(&client->objects[i]);
	g_clear_handle_id(&client->changed_source, g_source_remove);
	g_clear_handle_id(&client->retry_source, g_source_remove);
	g_clear_handle_id(&client->pulse_source, g_source_remove);
	g_object_unref(client->life);
	g_object_unref(client->calls);
	g_free(client->bus);
	g_free(client);
	return NULL;
}

bool station_client_present(const StationClient *client)
{
	/* the connection may be gone before its loss is reported */
	return client->present && client->connection;
}

unsigned station_client_generation(const StationClient *client)
{
	return client->generation;
}

/* ---- objects ---- */

StippleStation1 *station_client_station(const StationClient *client)
{
	return STIPPLE_STATION1(client->objects[STATION]);
}

StippleSession1 *station_client_session(const StationClient *client)
{
	return STIPPLE_SESSION1(client->objects[SESSION]);
}

StippleInventory1 *station_client_inventory(const StationClient *client)
{
	return STIPPLE_INVENTORY1(client->objects[INVENTORY]);
}

StippleAudit1 *station_client_audit(const StationClient *client)
{
	return STIPPLE_AUDIT1(client->objects[AUDIT]);
}

const char *known_text(const char *property)
{
	return property ? property : "";
}

static void refreshed(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	g_autoptr(GVariantIter) values = NULL;
	const char *name;
	GVariant *value;

	/* when a station goes away, its bus name vanishes, and its properties are dropped then */
	if (!answer)
		return;
	heard(userdata);
	g_variant_get(answer, "(a{sv})", &values);
	while (g_variant_iter_loop(values, "{&sv}", &name, &value))
		g_dbus_proxy_set_cached_property(G_DBUS_PROXY(source), name, value);
	changed(userdata);
}

void station_client_refresh_audit(StationClient *client)
{
	if (station_client_present(client))
		g_dbus_proxy_call(G_DBUS_PROXY(client->objects[AUDIT]),
			"org.freedesktop.DBus.Properties.GetAll",
			g_variant_new("(s)", objects[AUDIT].interface()->name),
			G_DBUS_CALL_FLAGS_NO_AUTO_START, STATION_PATIENCE_MS, client->life, refreshed,
			client);
}

/* ---- calls ---- */

GCancellable *station_client_calls(const StationClient *client)
{
	return client->calls;
}

void station_client_cancel(StationClient *client)
{
	g_cancellable_cancel(client->calls);
	g_object_unref(client->calls);
	client->calls = g_cancellable_new();
}

bool station_error_is_cancelled(const GError *error)
{
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

char *station_error_name(const GError *error)
{
	char *name = g_dbus_error_get_remote_error(error);

	return name ? name : g_strdup("");
}

const char *station_error_text(GError *error)
{
	/* the error comes neither from the station nor from the bus: nobody could be asked */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_FAILED) ||
		g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED))
		return STATION_AWAY;
	g_dbus_error_strip_remote_error(error);
	return error->message;
}

/* ---- pictures ---- */

typedef struct Looking {
	StationPictureOpened opened;
	void *userdata;
} Looking;

/** Passes the picture on, or the reason why there is none. */
static void picture_answered(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autofree Looking *looking = userdata;
	g_autoptr(GUnixFDList) descriptors = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_with_unix_fd_list_finish(
		G_DBUS_PROXY(source), &descriptors, result, &error);
	const char *text = "";
	int fd = -1, handle;

	if (station_error_is_cancelled(error))
		return;
	if (answer && descriptors) {
		g_variant_get_child(answer, 0, "h", &handle);
		fd = g_unix_fd_list_get(descriptors, handle, NULL);
	}
	/* for a preview the station also says what is wrong with it */
	if (answer && g_variant_n_children(answer) > 1)
		g_variant_get_child(answer, 2, "&s", &text);
	looking->opened(looking->userdata, fd, error ? station_error_text(error) : text);
}

void station_client_open_picture(StationClient *client, StationPicture kind, const char *name,
	StationPictureOpened opened, void *userdata)
{
	Looking *looking;

	if (!station_client_present(client)) {
		opened(userdata, -1, STATION_AWAY);
		return;
	}
	looking = g_new0(Looking, 1);
	looking->opened = opened;
	looking->userdata = userdata;
	(kind == STATION_PREVIEW ? stipple_session1_call_preview : stipple_session1_call_open_picture)(
		station_client_session(client), name, STATION_CALL, STATION_PATIENCE_MS, NULL, client->calls,
		picture_answered, looking);
}
