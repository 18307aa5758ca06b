/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands that enter a record from `key=value` words. Their rows are generated from records/. They must
 * not check the fields: the station does, and says which one is wrong.
 */

#include "commands.h"

#include <string.h>

int ctl_record(Ctl *ctl, const EnteredForm *form, json_t *fields, const char *pin, uint64_t *ret_number,
	sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	int r = ctl_message_new(ctl, form->path, form->interface, "Record", &message, "s", form->kind);

	if (r < 0)
		return r;
	r = ctl_append_fields(message, fields);
	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "s", pin);
	if (r < 0)
		return r;
	r = sd_bus_call(ctl->bus, message, 0, error, &reply);
	return r < 0 ? r : sd_bus_message_read(reply, "t", ret_number);
}

/** Of a form with a single field, whose usage is "NAME=VALUE", the value alone will do. A new reference, or
 * NULL. */
static json_t *read_form_words(const Command *command, int n, char **words)
{
	size_t name = strcspn(command->arguments, "=");

	if (n == 1 && command->most == 1 && !strchr(words[0], '='))
		return json_pack("{s%:s}", command->arguments, name, words[0]);
	return ctl_parse_words(n, words, "");
}

static int run_form(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(ctl_pin_erase) char pin[CTL_PIN_MAX] = "";
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	json_auto_t *fields = read_form_words(ctl->command, n, arguments);
	const EnteredForm *form = ctl->command->form;
	uint64_t number = 0;
	int r, status;

	if (!fields)
		return CTL_USAGE;
	status = form->is_signed ? ctl_read_pin(ctl, pin) : CTL_DONE;
	if (status != CTL_DONE)
		return status;
	r = ctl_record(ctl, form, fields, pin, &number, &error);
	if (r < 0)
		return ctl_call_failed(&error, r);
	ctl_done(ctl, json_pack("{s:I}", "record", (json_int_t)number), "%s is on record, number %llu\n",
		form->done, (unsigned long long)number);
	return CTL_DONE;
}

const Command form_commands[] = {
#include "form-commands.inc"
	{ 0 },
};
