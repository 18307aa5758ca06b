/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Speaks D-Bus for the panel, and keeps the station's properties as they were last told. Reading one must
 * never wait for the station, and no call may start a daemon that is stopped.
 */

#include "station-client.h"

#include <gio/gunixfdlist.h>
#include <string.h>

#define BUS_NAME "org.stipple.Station1"
#define PATH     "/org/stipple/Station1"

enum { PATIENCE_MS = 120 * 1000, RETRY_S = 2, PULSE_MS = 500, QUIET_US = 800 * 1000, PING_MS = 5000 };

static const struct {
	const char *path, *interface;
} objects[STATION_OBJECT_MAX] = {
	[STATION_OBJECT_STATION] = { PATH, "org.stipple.Station1" },
	[STATION_OBJECT_SESSION] = { PATH "/Session", "org.stipple.Session1" },
	[STATION_OBJECT_INVENTORY] = { PATH "/Inventory", "org.stipple.Inventory1" },
	[STATION_OBJECT_AUDIT] = { PATH "/Audit", "org.stipple.Audit1" },
};

struct StationClient {
	StationClientOptions options;
	char *bus;
	GDBusConnection *connection;
	GDBusProxy *proxies[STATION_OBJECT_MAX];
	GCancellable *life, *calls;
	guint changed_source, retry_source, pulse_source;
	gint64 heard_us; /* the last sign of life, by the monotonic clock */
	bool asking;     /* for one */
	unsigned generation;
	bool present;
};

static void connect_bus(StationClient *client);

/* ---- signs of life ---- */

/** Something that only the station itself can have sent. */
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
	g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	StationClient *client = userdata;

	/* the client may be gone */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	client->asking = false;
	if (answer)
		heard(client);
}

/** A property and not a ping: what answers is what keeps the state. */
static void ask_state(StationClient *client)
{
	client->asking = true;
	g_dbus_connection_call(client->connection, BUS_NAME, objects[STATION_OBJECT_SESSION].path,
		"org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", objects[STATION_OBJECT_SESSION].interface, "State"), NULL,
		G_DBUS_CALL_FLAGS_NO_AUTO_START, PING_MS, client->life, state_came, client);
}

static gboolean pulse(gpointer userdata)
{
	StationClient *client = userdata;

	if (client->present && client->connection && !client->asking &&
		g_get_monotonic_time() - client->heard_us >= QUIET_US)
		ask_state(client);
	client->options.pulse(client->options.userdata);
	return G_SOURCE_CONTINUE;
}

/* ---- telling ---- */

static bool is_present(const StationClient *client)
{
	for (int i = 0; i < STATION_OBJECT_MAX; i++) {
		g_autofree char *owner =
			client->proxies[i] ? g_dbus_proxy_get_name_owner(client->proxies[i]) : NULL;
		g_auto(GStrv) names = client->proxies[i]
					      ? g_dbus_proxy_get_cached_property_names(client->proxies[i])
					      : NULL;

		if (!owner || !names)
			return false;
	}
	return true;
}

static gboolean tell(void *userdata)
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
		client->changed_source = g_idle_add(tell, client);
}

static void on_properties(GDBusProxy *proxy, GVariant *values, const char *const *gone, void *userdata)
{
	heard(userdata);
	changed(userdata);
}

static void on_owner(GObject *proxy, GParamSpec *spec, void *userdata)
{
	changed(userdata);
}

static void on_signal(
	GDBusProxy *proxy, const char *sender, const char *signal, GVariant *arguments, void *userdata)
{
	StationClient *client = userdata;
	const char *first, *text;

	heard(client);
	if (strcmp(signal, "Alert") == 0 && g_variant_is_of_type(arguments, G_VARIANT_TYPE("(ss)"))) {
		g_variant_get(arguments, "(&s&s)", &first, &text);
		client->options.alert(client->options.userdata, first, text);
	} else if (strcmp(signal, "Scanned") == 0 &&
		   g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa{sv})"))) {
		g_variant_get(arguments, "(&sa{sv})", &first, NULL);
		client->options.scanned(client->options.userdata, first);
	}
}

/* ---- the bus ---- */

static void drop_connection(StationClient *client)
{
	for (int i = 0; i < STATION_OBJECT_MAX; i++) {
		if (client->proxies[i])
			g_signal_handlers_disconnect_by_data(client->proxies[i], client);
		g_clear_object(&client->proxies[i]);
	}
	if (client->connection)
		g_signal_handlers_disconnect_by_data(client->connection, client);
	g_clear_object(&client->connection);
}

static gboolean retry(void *userdata)
{
	StationClient *client = userdata;

	client->retry_source = 0;
	connect_bus(client);
	return G_SOURCE_REMOVE;
}

static void retry_later(StationClient *client)
{
	drop_connection(client);
	if (!client->retry_source)
		client->retry_source = g_timeout_add_seconds(RETRY_S, retry, client);
	changed(client);
}

static void on_closed(GDBusConnection *connection, gboolean vanished, GError *error, void *userdata)
{
	retry_later(userdata);
}

static void proxy_made(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	GDBusProxy *proxy = g_dbus_proxy_new_finish(result, &error);
	StationClient *client = userdata;
	int object = 0;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!proxy) {
		g_warning("the station's properties cannot be read: %s", error->message);
		retry_later(client);
		return;
	}
	while (strcmp(objects[object].interface, g_dbus_proxy_get_interface_name(proxy)) != 0)
		object++;
	g_set_object(&client->proxies[object], proxy);
	g_object_unref(proxy);
	g_signal_connect(proxy, "g-properties-changed", G_CALLBACK(on_properties), client);
	g_signal_connect(proxy, "notify::g-name-owner", G_CALLBACK(on_owner), client);
	g_signal_connect(proxy, "g-signal", G_CALLBACK(on_signal), client);
	changed(client);
}

static void connected(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);
	StationClient *client = userdata;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!connection) {
		g_warning("the bus \"%s\" cannot be reached: %s", client->bus, error->message);
		retry_later(client);
		return;
	}
	client->connection = connection;
	client->asking = false;
	g_signal_connect(connection, "closed", G_CALLBACK(on_closed), client);
	for (int i = 0; i < STATION_OBJECT_MAX; i++)
		g_dbus_proxy_new(connection, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL, BUS_NAME,
			objects[i].path, objects[i].interface, client->life, proxy_made, client);
}

static void connect_bus(StationClient *client)
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

/* ---- life ---- */

StationClient *station_client_new(const StationClientOptions *options)
{
	StationClient *client = g_new0(StationClient, 1);

	client->options = *options;
	client->bus = g_strdup(options->bus);
	client->life = g_cancellable_new();
	client->calls = g_cancellable_new();
	client->pulse_source = g_timeout_add(PULSE_MS, pulse, client);
	connect_bus(client);
	return client;
}

StationClient *station_client_free(StationClient *client)
{
	if (!client)
		return NULL;
	g_cancellable_cancel(client->life);
	g_cancellable_cancel(client->calls);
	drop_connection(client);
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
	return client->present;
}

unsigned station_client_generation(const StationClient *client)
{
	return client->generation;
}

/* ---- properties ---- */

GVariant *station_client_value(const StationClient *client, const char *property)
{
	for (int i = 0; i < STATION_OBJECT_MAX; i++) {
		GVariant *value = client->proxies[i]
					  ? g_dbus_proxy_get_cached_property(client->proxies[i], property)
					  : NULL;

		if (value)
			return value;
	}
	return NULL;
}

GVariant *station_client_object_value(const StationClient *client, StationObject object, const char *property)
{
	return client->proxies[object] ? g_dbus_proxy_get_cached_property(client->proxies[object], property)
				       : NULL;
}

const char *station_client_text(const StationClient *client, const char *property)
{
	g_autoptr(GVariant) value = station_client_value(client, property);

	/* the proxy keeps it after this reference is gone */
	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ? g_variant_get_string(value, NULL)
									   : "";
}

gint64 station_client_number(const StationClient *client, const char *property)
{
	g_autoptr(GVariant) value = station_client_value(client, property);

	if (!value)
		return 0;
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
		return g_variant_get_uint32(value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT64))
		return (gint64)g_variant_get_uint64(value);
	return g_variant_is_of_type(value, G_VARIANT_TYPE_INT64) ? g_variant_get_int64(value) : 0;
}

double station_client_figure(const StationClient *client, const char *property)
{
	g_autoptr(GVariant) value = station_client_value(client, property);

	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_DOUBLE) ? g_variant_get_double(value) : 0;
}

bool station_client_flag(const StationClient *client, const char *property)
{
	g_autoptr(GVariant) value = station_client_value(client, property);

	return value && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(value);
}

static void refreshed(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	g_autoptr(GVariantIter) values = NULL;
	const char *name;
	GVariant *value;

	/* a station that went away says so by its name; what was known of it is then dropped anyway */
	if (!answer)
		return;
	heard(userdata);
	g_variant_get(answer, "(a{sv})", &values);
	while (g_variant_iter_loop(values, "{&sv}", &name, &value))
		g_dbus_proxy_set_cached_property(G_DBUS_PROXY(source), name, value);
	changed(userdata);
}

void station_client_refresh(StationClient *client, StationObject object)
{
	if (client->proxies[object])
		g_dbus_proxy_call(client->proxies[object], "org.freedesktop.DBus.Properties.GetAll",
			g_variant_new("(s)", objects[object].interface), G_DBUS_CALL_FLAGS_NO_AUTO_START,
			PATIENCE_MS, client->life, refreshed, client);
}

/* ---- calls ---- */

typedef struct Question {
	StationAnswer answered;
	StationPictureOpened opened; /* instead, where a descriptor is the answer */
	void *userdata;
} Question;

static void answered(GObject *source, GAsyncResult *result, void *userdata)
{
	g_autofree Question *question = userdata;
	g_autoptr(GError) error = NULL;
	g_autoptr(GUnixFDList) descriptors = NULL;
	g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish(
		G_DBUS_CONNECTION(source), &descriptors, result, &error);
	g_autofree char *name = NULL;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (question->opened) {
		const char *told = "";

		if (error)
			g_dbus_error_strip_remote_error(error);
		else if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(hss)")))
			g_variant_get_child(answer, 2, "&s", &told);
		question->opened(question->userdata,
			descriptors ? g_unix_fd_list_get(descriptors, 0, NULL) : -1,
			error ? error->message : told);
		return;
	}
	if (!question->answered)
		return;
	if (!error) {
		question->answered(question->userdata, answer, NULL, NULL);
		return;
	}
	name = g_dbus_error_get_remote_error(error);
	g_dbus_error_strip_remote_error(error);
	question->answered(question->userdata, NULL, name ? name : "", error->message);
}

static void ask(StationClient *client, StationObject object, const char *method, GVariant *arguments,
	GUnixFDList *descriptors, Question question)
{
	g_dbus_connection_call_with_unix_fd_list(client->connection, BUS_NAME, objects[object].path,
		objects[object].interface, method, arguments, NULL,
		G_DBUS_CALL_FLAGS_NO_AUTO_START | G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
		PATIENCE_MS, descriptors, client->calls, answered, g_memdup2(&question, sizeof question));
}

void station_client_call_with_fd(StationClient *client, StationObject object, const char *method,
	GVariant *arguments, int fd, StationAnswer answer, void *userdata)
{
	g_autoptr(GVariant) kept = arguments ? g_variant_ref_sink(arguments) : NULL;
	g_autoptr(GUnixFDList) descriptors = fd >= 0 ? g_unix_fd_list_new() : NULL;
	const char *trouble = NULL;

	if (!client->connection)
		trouble = "the station is away: wait until it is back";
	else if (descriptors && g_unix_fd_list_append(descriptors, fd, NULL) < 0)
		trouble = "the panel has too many files open: start it again";
	if (!trouble)
		ask(client, object, method, kept, descriptors,
			(Question){ .answered = answer, .userdata = userdata });
	else if (answer)
		answer(userdata, NULL, "", trouble);
}

static void ask_picture(StationClient *client, const char *method, const char *which,
	StationPictureOpened opened, void *userdata)
{
	if (!client->connection)
		opened(userdata, -1, "the station is away: wait until it is back");
	else
		ask(client, STATION_OBJECT_SESSION, method, g_variant_new("(s)", which), NULL,
			(Question){ .opened = opened, .userdata = userdata });
}

void station_client_open_picture(
	StationClient *client, const char *file, StationPictureOpened opened, void *userdata)
{
	ask_picture(client, "OpenPicture", file, opened, userdata);
}

void station_client_preview(
	StationClient *client, const char *zone, StationPictureOpened opened, void *userdata)
{
	ask_picture(client, "Preview", zone, opened, userdata);
}

void station_client_call(StationClient *client, StationObject object, const char *method, GVariant *arguments,
	StationAnswer answer, void *userdata)
{
	station_client_call_with_fd(client, object, method, arguments, -1, answer, userdata);
}

void station_client_cancel(StationClient *client)
{
	g_cancellable_cancel(client->calls);
	g_object_unref(client->calls);
	client->calls = g_cancellable_new();
}
