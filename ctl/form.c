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
	{ "needle status", "lot=L status=quarantined|recalled|released reason=R [gtin=G]", 3, 4, run_form,
		"set a lot of cartridges aside, or release it again",
		.form = FORM("lot.status", CTL_INVENTORY, "the lot's status") },
	{ "needle dispose", "container=C unit=U|code=C|session=N", 2, 2, run_form,
		"put a cartridge, or all of a session, into a container of sharps",
		.form = FORM("needle.disposed", CTL_INVENTORY, "the disposal") },
	{ "needle damage", "reason=R code=C|unit=U [container=C]", 2, 3, run_form,
		"put a cartridge down as damaged: it can never be mounted",
		.form = FORM("needle.damaged", CTL_INVENTORY, "the damage") },
	{ "pigment receive",
		"brand=B colour=C lot=L expiry=DATE quantity=N [volume_ml=V] [supplier=S] [purpose=P]", 5, 8,
		run_form, "put a lot of pigment on record",
		.form = FORM("pigment.received", CTL_INVENTORY, "the lot") },
	{ "pigment status", "lot=L status=quarantined|recalled|released reason=R [brand=B] [colour=C]", 3, 5,
		run_form, "set a lot of pigment aside, or release it again",
		.form = FORM("pigment.status", CTL_INVENTORY, "the lot's status") },
	{ "pigment blend", "blend=NAME colour=C parts=LOT:PARTS,LOT:PARTS", 3, 3, run_form,
		"put a blend on record; it is loaded as brand \"blend\" with its name as lot",
		.form = FORM("pigment.blended", CTL_INVENTORY, "the blend") },
	{ "handpiece register", "handpiece=NAME model=M", 2, 2, run_form,
		"put a reusable handpiece on record",
		.form = FORM("handpiece.registered", CTL_INVENTORY, "the handpiece") },
	{ "handpiece mount", "handpiece=NAME", 1, 1, run_form,
		"say which sterile handpiece this session uses",
		.form = FORM("handpiece.mounted", CTL_SESSION, "the handpiece") },
	{ "handpiece retire", "handpiece=NAME reason=R", 2, 2, run_form, "take a handpiece out of service",
		.form = FORM("handpiece.retired", CTL_INVENTORY, "the end of the handpiece") },
	{ 0 },
};
