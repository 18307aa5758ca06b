/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The member Record and the property Forms, which the interfaces of station, inventory and session share.
 * What forms there are, and who may enter them, is left to the tables of records/.
 */

#include "bus/bus-private.h"

#include <string.h>

static FormPlace place_of(const char *interface)
{
	if (strcmp(interface, INTERFACE_STATION) == 0)
		return FORM_STATION;
	return strcmp(interface, INTERFACE_INVENTORY) == 0 ? FORM_INVENTORY : FORM_SESSION;
}

static int run_record(Call *call)
{
	json_auto_t *fields = NULL;
	const char *kind, *pin;
	int r = call_read_strings(call, &kind, NULL, NULL, NULL);

	if (r >= 0)
		r = read_fields(call->message, &fields);
	if (r >= 0)
		r = call_read_strings(call, &pin, NULL, NULL, NULL);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_enter(call->bus->station, place_of(sd_bus_message_get_interface(call->message)), kind, fields,
		pin, call_answered, call);
	return 1;
}

static int reply_number(Call *call, const StationReply *reply)
{
	return sd_bus_reply_method_return(call->message, "t", reply->number);
}

int bus_method_record(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_record, reply_number, error);
}

static int append_form_fields(sd_bus_message *reply, const Form *form)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sbss)");

	for (const RecordField *field = record_fields(form->kind); field->name && r >= 0; field++)
		if (form_takes(form, field))
			r = sd_bus_message_append(reply, "(sbss)", field->name, (int)field->optional,
				field_type_to_string(field->type), field->choices ? field->choices : "");
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_form(sd_bus_message *reply, const Form *form)
{
	int r = sd_bus_message_open_container(reply, 'r', "sbssa(sbss)");

	if (r >= 0)
		r = sd_bus_message_append(reply, "sbss", form->kind, form->signs != NULL, form->roles,
			form->personal ? form->personal : "");
	if (r >= 0)
		r = append_form_fields(reply, form);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_get_forms(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sbssa(sbss))");

	for (size_t i = 0; i < record_forms_n && r >= 0; i++)
		if (record_forms[i].place == place_of(interface))
			r = append_form(reply, &record_forms[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
