/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/bus-private.h"

#include <time.h>

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

static json_t *code_fields(const NeedleCode *code)
{
	json_t *fields = json_pack(
		"{s:s, s:s, s:b}", "format", code->format, "unit", code->unit, "unique", code->unique);
	const struct {
		const char *name, *value;
	} optional[] = {
		{ "symbology", code->symbology },
		{ "gtin", code->gtin },
		{ "lot", code->lot },
		{ "serial", code->serial },
		{ "additional", code->additional },
		{ "production", code->production },
		{ "expiry", code->expiry },
		{ "expiry_time", code->expiry_time },
		{ "warning", code->warning },
	};

	for (size_t i = 0; fields && i < ELEMENTS(optional); i++)
		if (optional[i].value[0])
			json_object_set_new(fields, optional[i].name, json_string(optional[i].value));
	if (fields && code->count)
		json_object_set_new(fields, "count", json_integer(code->count));
	return fields;
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
	char error[NEEDLE_CODE_TEXT_MAX];
	json_auto_t *fields = NULL;
	time_t now = time(NULL);
	NeedleCode parsed;
	struct tm parts;
	const char *code;
	int r = call_read_strings(call, &code, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	gmtime_r(&now, &parts);
	if (needle_code_parse(code, parts.tm_year + 1900, &parsed, error) < 0)
		return call_refuse(call, STATION_ERROR_INVALID, error);
	fields = code_fields(&parsed);
	call_answered(call, &(StationReply){ .figures = fields });
	return 1;
}

static int method_parse(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_parse, reply_fields, error);
}

const sd_bus_vtable bus_inventory_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("ReceiveLot", SD_BUS_ARGS("a{sv}", lot), SD_BUS_NO_RESULT, method_receive,
		SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ParseCode", SD_BUS_ARGS("s", code), SD_BUS_RESULT("a{sv}", fields),
		method_parse, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
