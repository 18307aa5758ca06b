/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands that enter a record with `key=value` words. Their rows are made of records/. They must not
 * check the fields: the station does, and says which one is wrong.
 */

#include "commands.h"

#include <string.h>

int ctl_record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number,
	sd_bus_error *error)
{
	sd_bus_message *message = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(
		ctl->bus, &message, "org.stipple.Station1", form->path, form->interface, "Record");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", form->kind);
	if (r >= 0)
		r = ctl_append_fields(message, fields);
	if (r >= 0)
		r = sd_bus_message_append(message, "s", pin);
	if (r >= 0)
		r = sd_bus_call(ctl->bus, message, 0, error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "t", ret_number);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(message);
	return r;
}

static int record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = ctl_record(ctl, form, fields, pin, ret_number, &error);
	int status = r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;

	sd_bus_error_free(&error);
	return status;
}

static int run_form(Ctl *ctl, int n, char **arguments)
{
	char pin[64] = "";
	json_auto_t *fields = NULL;
	uint64_t number = 0;
	const EnteredForm *form = ctl->command->form;
	int status = CTL_DONE;

	fields = ctl_parse_words(n, arguments, "");
	if (!fields)
		return CTL_USAGE;
	if (form->is_signed)
		status = ctl_read_pin(ctl, pin, sizeof pin);
	if (status == CTL_DONE)
		status = record(ctl, form, fields, pin, &number);
	explicit_bzero(pin, sizeof pin);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:I}", "record", (json_int_t)number), "%s is on record, number %llu\n",
		form->done, (unsigned long long)number);
	return CTL_DONE;
}

const Command form_commands[] = {
#include "form-commands.inc"
	{ 0 },
};
