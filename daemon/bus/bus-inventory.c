/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Inventory: lots, their certificates, and codes that are read. It must not mount or claim
 * anything: a scanned code is only signalled.
 */

#include "bus/bus-private.h"

#include <string.h>

#include "util/log.h"

static void run_parse(Call *call, Station *station, Arguments *arguments)
{
	json_auto_t *fields = NULL;
	NeedleCode read;

	station_read_code(station, arguments->code, &read);
	fields = needle_code_to_json(&read);
	if (!fields)
		call_refuse(call, STATION_ERROR_BUSY, "the station is out of memory: try again");
	else
		call_answered(call, &(StationReply){ .figures = fields });
}

static int append_inventory_property(const Bus *bus, const char *name, sd_bus_message *message)
{
	const Config *config = bus->options.config;
	char size[32];
	const BusValue values[] = {
		{ "LabelPrinter", 's', config->label_printer },
		{ "LabelSize", 's', size },
	};

	if (strcmp(name, "Forms") == 0)
		return append_forms(message, FORM_INVENTORY);
	snprintf(size, sizeof size, "%ux%u", config->label_width_mm, config->label_height_mm);
	return append_value(message, values, ELEMENTS(values), name);
}

static const Member inventory_members[] = {
	{ "Record", ACTION_STOCK, .command = &command_form, .results = append_number },
	{ "ReceiveLot", ACTION_RECEIVE, .command = &command_receive_lot },
	{ "AttachCertificate", ACTION_RECEIVE, .command = &command_certificate, .results = append_number },
	{ "AttachFile", ACTION_RECEIVE, .command = &command_attach, .results = append_number },
	{ "LabelUnits", ACTION_RECEIVE, .command = &command_label_units, .results = append_figures },
	{ "LabelAgain", ACTION_RECEIVE, .command = &command_label_again, .results = append_figures },
	{ "LabelPacks", ACTION_RECEIVE, .command = &command_label_packs, .results = append_figures },
	{ "HoldUnits", ACTION_RECEIVE, .command = &command_hold_units, .results = append_detail },
	{ "MoveUnits", ACTION_RECEIVE, .command = &command_move_units, .results = append_detail },
	{ "HeldUnits", ACTION_INVENTORY, .command = &command_held_units, .results = append_figures },
	{ "ParseCode", ACTION_INVENTORY, .run = run_parse, .results = append_figures },
	{ 0 },
};

const BusObject bus_inventory_object = {
	.path = PATH_INVENTORY,
	.interface = INTERFACE_INVENTORY,
	.place = FORM_INVENTORY,
	.vtable = bus_inventory_vtable,
	.members = inventory_members,
	.append_property = append_inventory_property,
};

/** D-Bus carries only UTF-8 without '\0', but a scanner may send anything. */
static int send_scanned(Bus *bus, const char *code)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;
	json_auto_t *fields = NULL;
	NeedleCode read;
	int r;

	station_read_code(bus->station, code, &read);
	fields = needle_code_to_json(&read);
	if (!fields)
		return -ENOMEM;
	if ((r = sd_bus_message_new_signal(
		     bus->bus, &signal, PATH_INVENTORY, INTERFACE_INVENTORY, "Scanned")) < 0 ||
		(r = append_text(signal, code)) < 0 || (r = append_fields(signal, fields)) < 0)
		return r;
	return sd_bus_send(bus->bus, signal, NULL);
}

void bus_scanned(Bus *bus, const char *code)
{
	int r = send_scanned(bus, code);

	if (r < 0 && r != -ENOTCONN)
		log_warning("a scanned code could not be told (%s): scan it again", strerror(-r));
}
