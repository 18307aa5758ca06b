/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Converts between messages and values: the arguments of a call, dictionaries, and properties. It must not
 * accept more from a caller than the limits in bus-private.h.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/text.h"

/* ---- in ---- */

static int read_bounded_text(sd_bus_message *message, const char **ret)
{
	int r = sd_bus_message_read_basic(message, 's', ret);

	if (r < 0)
		return r;
	return strlen(*ret) > BUS_TEXT_MAX ? -E2BIG : 0;
}

/** A value of a simple type; NULL when it cannot be read, or when a record cannot hold it. */
static json_t *read_simple(sd_bus_message *message, char type)
{
	const char *text;
	union {
		uint32_t u;
		int32_t i;
		uint64_t t;
		int64_t x;
		double d;
		int b;
	} number;

	if (type == 's')
		return read_bounded_text(message, &text) < 0 ? NULL : json_string(text);
	if (!strchr("uitxdb", type) || sd_bus_message_read_basic(message, type, &number) < 0)
		return NULL;
	switch (type) {
	case 'u':
		return json_integer(number.u);
	case 'i':
		return json_integer(number.i);
	case 't':
		return number.t > INT64_MAX ? NULL : json_integer((json_int_t)number.t);
	case 'x':
		return json_integer(number.x);
	case 'd':
		return json_real(number.d);
	default:
		return json_boolean(number.b);
	}
}

static json_t *read_variant(sd_bus_message *message)
{
	const char *contents;
	json_auto_t *value = NULL;
	char type;

	if (sd_bus_message_peek_type(message, &type, &contents) <= 0 || strlen(contents) != 1 ||
		sd_bus_message_enter_container(message, 'v', contents) < 0)
		return NULL;
	value = read_simple(message, contents[0]);
	if (!value || sd_bus_message_exit_container(message) < 0)
		return NULL;
	return json_incref(value);
}

/**
 * Reads one entry of a dictionary. A key that occurs twice is refused, because it is unclear which one
 * counts.
 */
static int read_entry(sd_bus_message *message, char type, json_t *fields)
{
	const char *key;
	json_t *value;
	int r = read_bounded_text(message, &key);

	if (r < 0)
		return r;
	if (json_object_size(fields) >= BUS_FIELDS_MAX)
		return -E2BIG;
	if (json_object_get(fields, key))
		return -EINVAL;
	value = type == 'v' ? read_variant(message) : read_simple(message, type);
	if (json_object_set_new(fields, key, value) < 0)
		return -EINVAL;
	return sd_bus_message_exit_container(message);
}

/** `entry`: "{sv}" or "{sb}". */
static int read_fields(sd_bus_message *message, const char *entry, json_t **ret)
{
	const char types[] = { entry[1], entry[2], '\0' };
	int r;

	*ret = json_object();
	if (!*ret)
		return -ENOMEM;
	r = sd_bus_message_enter_container(message, 'a', entry);
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', types)) > 0) {
		r = read_entry(message, types[1], *ret);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_texts(sd_bus_message *message, json_t **ret)
{
	const char *text;
	int r = sd_bus_message_enter_container(message, 'a', "s");

	*ret = json_array();
	if (r < 0 || !*ret)
		return r < 0 ? r : -ENOMEM;
	while ((r = sd_bus_message_at_end(message, false)) == 0) {
		if (json_array_size(*ret) >= BUS_TEXTS_MAX)
			return -E2BIG;
		r = read_bounded_text(message, &text);
		if (r < 0)
			return r;
		if (json_array_append_new(*ret, json_string(text)) < 0)
			return -EINVAL;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/** The member that keeps this text separate; NULL: it goes with the others. */
static const char **text_apart(Arguments *arguments, const char *name)
{
	if (strcmp(name, "pin") == 0)
		return &arguments->pin;
	if (strcmp(name, "new_pin") == 0)
		return &arguments->new_pin;
	return strcmp(name, "code") == 0 ? &arguments->code : NULL;
}

static int read_value(sd_bus_message *message, char type, const char *contents, json_t **ret)
{
	if (type == 'a' && contents[0] == 's')
		return read_texts(message, ret);
	if (type == 'a')
		return read_fields(message, contents, ret);
	*ret = read_simple(message, type);
	return *ret ? 0 : -EINVAL;
}

static int read_argument(
	sd_bus_message *message, char type, const char *contents, const char *name, Arguments *arguments)
{
	const char **apart = type == 's' ? text_apart(arguments, name) : NULL;
	json_t *value = NULL;
	int r;

	if (apart)
		return read_bounded_text(message, apart);
	if (type == 'h')
		return sd_bus_message_read_basic(message, 'h', &arguments->fd);
	if (type == 'a' && contents[0] == 'y')
		return sd_bus_message_read_array(message, 'y', &arguments->data, &arguments->size);
	if (type == 's') {
		const char *text;

		r = read_bounded_text(message, &text);
		if (r < 0)
			return r;
		value = json_string(text);
	} else {
		r = read_value(message, type, contents, &value);
		if (r < 0) {
			json_decref(value);
			return r;
		}
	}
	return json_object_set_new(arguments->asked, name, value) < 0 ? -ENOMEM : 0;
}

/** The names of a method's arguments, one after another, each terminated; "" when it has none. */
static const char *argument_names(const BusObject *object, const char *member)
{
	const sd_bus_vtable *row = object->vtable;

	for (; row->type != _SD_BUS_VTABLE_END; row++)
		if (row->type == _SD_BUS_VTABLE_METHOD && strcmp(row->x.method.member, member) == 0)
			return row->x.method.names;
	return "";
}

int arguments_read(sd_bus_message *message, const BusObject *object, Arguments *ret)
{
	const char *name = argument_names(object, sd_bus_message_get_member(message)), *contents;
	char type;
	int r;

	*ret = (Arguments){ .asked = json_object(), .fd = -1 };
	if (!ret->asked)
		return -ENOMEM;
	for (; (r = sd_bus_message_peek_type(message, &type, &contents)) > 0; name += strlen(name) + 1) {
		r = read_argument(message, type, contents, name, ret);
		if (r < 0)
			return r;
	}
	return r;
}

void arguments_free(Arguments *arguments)
{
	json_decref(arguments->asked);
}

/* ---- out ---- */

static int append_list(sd_bus_message *message, const char *key, json_t *list)
{
	json_t *item;
	size_t i;
	int r;

	if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
		(r = sd_bus_message_append(message, "s", key)) < 0 ||
		(r = sd_bus_message_open_container(message, 'v', "aa{sv}")) < 0 ||
		(r = sd_bus_message_open_container(message, 'a', "a{sv}")) < 0)
		return r;
	json_array_foreach (list, i, item) {
		r = append_fields(message, item);
		if (r < 0)
			return r;
	}
	for (int level = 0; level < 3; level++) {
		r = sd_bus_message_close_container(message);
		if (r < 0)
			return r;
	}
	return 0;
}

static int append_field(sd_bus_message *message, const char *key, json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return sd_bus_message_append(message, "{sv}", key, "s", json_string_value(value));
	case JSON_INTEGER:
		return sd_bus_message_append(message, "{sv}", key, "x", (int64_t)json_integer_value(value));
	case JSON_REAL:
		return sd_bus_message_append(message, "{sv}", key, "d", json_real_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
		return sd_bus_message_append(message, "{sv}", key, "b", json_is_true(value));
	case JSON_ARRAY:
		return append_list(message, key, value);
	case JSON_OBJECT:
	case JSON_NULL:
		break;
	}
	return 0;
}

int append_fields(sd_bus_message *message, json_t *fields)
{
	const char *key;
	json_t *value;
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	if (r < 0)
		return r;
	json_object_foreach (fields, key, value) {
		r = append_field(message, key, value);
		if (r < 0)
			return r;
	}
	return sd_bus_message_close_container(message);
}

int append_text(sd_bus_message *message, const char *text)
{
	char valid[STATION_TEXT_MAX];

	snprintf(valid, sizeof valid, "%s", text ? text : "");
	return sd_bus_message_append(message, "s", text_repair(valid));
}

int append_value(sd_bus_message *message, const BusValue *values, size_t n, const char *name)
{
	for (const BusValue *value = values; value < values + n; value++) {
		if (strcmp(value->name, name) != 0)
			continue;
		switch (value->type) {
		case 's':
			return append_text(message, value->text);
		case 'u':
			return sd_bus_message_append(message, "u", (uint32_t)value->number);
		case 'b':
			return sd_bus_message_append(message, "b", (int)value->number);
		case 'd':
			return sd_bus_message_append(message, "d", value->figure);
		default:
			return sd_bus_message_append_basic(message, value->type, &value->number);
		}
	}
	return -ENOENT;
}

/* ---- results of several methods ---- */

int append_detail(Call *call, sd_bus_message *message, const StationReply *reply)
{
	return sd_bus_message_append(message, "s", reply->detail);
}

int append_number(Call *call, sd_bus_message *message, const StationReply *reply)
{
	return sd_bus_message_append(message, "t", reply->number);
}

int append_picture(Call *call, sd_bus_message *message, const StationReply *reply)
{
	return sd_bus_message_append(message, "h", reply->picture);
}

int append_figures(Call *call, sd_bus_message *message, const StationReply *reply)
{
	return append_fields(message, reply->figures);
}
