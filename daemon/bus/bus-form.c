/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The property Forms, which the interfaces of station, inventory and session share.
 *
 * The tables of records/ say which forms exist and who may enter them.
 */

#include "bus/bus-private.h"

static int append_form_fields(sd_bus_message *message, const Form *form)
{
	int r = sd_bus_message_open_container(message, 'a', "(sbss)");

	for (const RecordField *field = record_fields(form->kind); field->name && r >= 0; field++)
		if (form_takes(form, field))
			r = sd_bus_message_append(message, "(sbss)", field->name, (int)field->optional,
				field_type_to_string(field->type), field->choices ? field->choices : "");
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_form(sd_bus_message *message, const Form *form)
{
	int r;

	if ((r = sd_bus_message_open_container(message, 'r', "sbssa(sbss)")) < 0 ||
		(r = sd_bus_message_append(message, "sbss", form->kind, form->signs != NULL, form->roles,
			 form->personal ? form->personal : "")) < 0 ||
		(r = append_form_fields(message, form)) < 0)
		return r;
	return sd_bus_message_close_container(message);
}

int append_forms(sd_bus_message *message, FormPlace place)
{
	int r = sd_bus_message_open_container(message, 'a', "(sbssa(sbss))");

	for (size_t i = 0; i < record_forms_n && r >= 0; i++)
		if (record_forms[i].place == place)
			r = append_form(message, &record_forms[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}
