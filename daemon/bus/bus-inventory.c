/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Inventory: lots, their certificates, and codes that are read. It must not mount or claim
 * anything: a scanned code is only told to whoever listens.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

static int run_receive(Call *call)
{
	json_auto_t *lot = NULL;
	int r = read_fields(call->message, &lot);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_receive_lot(call->bus->station, lot, call_answered, call);
	return 1;
}

static int method_receive(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_receive, NULL, error);
}

static int run_attach(Call *call)
{
	json_auto_t *fields = NULL;
	const void *data = NULL;
	size_t size = 0;
	int r = read_fields(call->message, &fields);

	if (r >= 0)
		r = sd_bus_message_read_array(call->message, 'y', &data, &size);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_attach_certificate(call->bus->station, fields, data, size, call_answered, call);
	return 1;
}

static int reply_number(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "t", reply->number);
}

static int method_attach(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_attach, reply_number, error);
}

static int reply_fields(Call *call, const StationReply *done)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0)
		r = append_fields(reply, done->figures);
	if (r >= 0)
		r = sd_bus_send(call->bus->bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int run_parse(Call *call)
{
	json_auto_t *fields = NULL;
	NeedleCode read;
	const char *code;
	int r = call_read_strings(call, &code, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_read_code(call->bus->station, code, &read);
	fields = needle_code_to_json(&read);
	if (!fields)
		return call_bad_arguments(call, -ENOMEM);
	call_answered(call, &(StationReply){ .figures = fields });
	return 1;
}

static int method_parse(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_parse, reply_fields, error);
}

const sd_bus_vtable bus_inventory_vtable[] = {
	SD_BUS_VTABLE_START(0),
	BUS_FORM_MEMBERS,
	SD_BUS_METHOD_WITH_ARGS("ReceiveLot", SD_BUS_ARGS("a{sv}", lot), SD_BUS_NO_RESULT, method_receive,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("AttachCertificate", SD_BUS_ARGS("a{sv}", fields, "ay", data),
		SD_BUS_RESULT("t", number), method_attach, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ParseCode", SD_BUS_ARGS("s", code), SD_BUS_RESULT("a{sv}", fields),
		method_parse, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("Scanned", SD_BUS_ARGS("s", code, "a{sv}", fields), 0),
	SD_BUS_VTABLE_END,
};

/** The bus carries UTF-8 without '\0' only; a scanner may send anything. */
void bus_scanned(Bus *bus, const char *code)
{
	_cleanup_(freep) char *text = strdup(code);
	json_auto_t *fields = NULL;
	sd_bus_message *signal = NULL;
	NeedleCode read;
	int r;

	station_read_code(bus->station, code, &read);
	fields = needle_code_to_json(&read);
	r = text && fields ? sd_bus_message_new_signal(
				     bus->bus, &signal, PATH_INVENTORY, INTERFACE_INVENTORY, "Scanned")
			   : -ENOMEM;
	if (r >= 0)
		r = sd_bus_message_append(signal, "s", text_repair(text));
	if (r >= 0)
		r = append_fields(signal, fields);
	if (r >= 0)
		r = sd_bus_send(bus->bus, signal, NULL);
	if (r < 0 && r != -ENOTCONN)
		log_warning("a scanned code could not be told (%s): scan it again", strerror(-r));
	sd_bus_message_unref(signal);
}
