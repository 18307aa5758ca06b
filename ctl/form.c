/* SPDX-License-Identifier: Apache-2.0 */

/** What is entered into the record with `key=value` words: one row of the table below a command. */

#include "commands.h"

#include <string.h>

static int record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL, *reply = NULL;
	int status = CTL_DONE, r;

	r = sd_bus_message_new_method_call(
		ctl->bus, &message, "org.stipple.Station1", form->path, form->interface, "Record");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", form->kind);
	if (r >= 0)
		r = ctl_append_fields(message, fields);
	if (r >= 0)
		r = sd_bus_message_append(message, "s", pin);
	if (r >= 0)
		r = sd_bus_call(ctl->bus, message, 0, &error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "t", ret_number);
	if (r < 0)
		status = ctl_call_failed(&error, r);
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(message);
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
	if (ctl->json)
		printf("{\"record\":%llu}\n", (unsigned long long)number);
	else
		printf("%s is on record, number %llu\n", form->done, (unsigned long long)number);
	return CTL_DONE;
}

#define FORM(kind, interface, done)          \
	&(const EnteredForm)                 \
	{                                    \
		kind, interface, false, done \
	}

const Command form_commands[] = {
	{ "operator certify", "badge=B certificate=NAME issuer=I expiry=DATE [number=N]", 4, 5, run_form,
		"put a certificate of an operator on record; a lapsed one bars treating",
		.form = FORM("operator.certified", CTL_STATION, "the certificate") },
	{ 0 },
};
