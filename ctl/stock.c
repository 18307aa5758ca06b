/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `stock hold`, `stock move` and `stock held`, for a station whose clinic has a registry. They
 * decide nothing: the station and the registry do.
 */

#include "commands.h"

#include <string.h>

enum { CODES_AT_ONCE = 200, LOT_BYTES = 64 };

/** Reads the lot that the code `code` names, as the station reads it. */
static int ask_lot(Ctl *ctl, const char *code, char ret[LOT_BYTES])
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *fields = NULL;
	const char *lot;
	int status = ctl_call(ctl, CTL_INVENTORY, "ParseCode", &reply, "s", code);

	if (status != CTL_DONE)
		return status;
	if (ctl_read_fields(reply, &fields) < 0)
		return ctl_fail("the answer of stippled cannot be read: update both to one version");
	lot = json_string_value(json_object_get(fields, "lot"));
	if (!lot || !lot[0] || strlen(lot) >= LOT_BYTES)
		return ctl_fail("the code %s names no lot: scan it again", code);
	snprintf(ret, LOT_BYTES, "%s", lot);
	return CTL_DONE;
}

/** Calls with at most CODES_AT_ONCE codes, and prints the registry's sentence. `to` NULL: holds. */
static int send_codes(Ctl *ctl, const char *to, char **codes)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	const char *text = "";
	int status, r = ctl_message_new(ctl, CTL_INVENTORY, to ? "MoveUnits" : "HoldUnits", &message,
			    to ? "s" : NULL, to);

	r = r < 0 ? r : sd_bus_message_append_strv(message, codes);
	status = ctl_send(ctl, message, r, &reply);
	if (status != CTL_DONE)
		return status;
	(void)!sd_bus_message_read(reply, "s", &text);
	ctl_done(ctl, json_pack("{s:s}", "text", text), "%s\n", text);
	return CTL_DONE;
}

/** Takes the next codes of the same lot out of `codes`: they become NULL. */
static int hold_next_lot(Ctl *ctl, int n, char **codes, char (*lots)[LOT_BYTES])
{
	char *some[CODES_AT_ONCE + 1] = { NULL };
	int first = 0, taken = 0;

	while (first < n && !codes[first])
		first++;
	for (int i = first; i < n && taken < CODES_AT_ONCE; i++)
		if (codes[i] && strcmp(lots[i], lots[first]) == 0) {
			some[taken++] = codes[i];
			codes[i] = NULL;
		}
	return taken > 0 ? send_codes(ctl, NULL, some) : CTL_USAGE;
}

static int command_stock_hold(Ctl *ctl, int n, char **codes)
{
	_cleanup_(freep) char(*lots)[LOT_BYTES] = calloc((size_t)n, LOT_BYTES);
	int status = CTL_DONE;

	if (!lots)
		return ctl_fail("out of memory");
	for (int i = 0; i < n && status == CTL_DONE; i++)
		status = ask_lot(ctl, codes[i], lots[i]);
	for (int i = 0; i < n && status == CTL_DONE; i++)
		if (codes[i])
			status = hold_next_lot(ctl, n, codes, lots);
	return status;
}

static int command_stock_move(Ctl *ctl, int n, char **codes)
{
	int status = CTL_DONE;

	if (!ctl->to)
		return ctl_usage("stock move takes: --to STATION CODE...");
	for (int first = 0; first < n && status == CTL_DONE; first += CODES_AT_ONCE) {
		char *some[CODES_AT_ONCE + 1] = { NULL };

		for (int i = 0; i < CODES_AT_ONCE && first + i < n; i++)
			some[i] = codes[first + i];
		status = send_codes(ctl, ctl->to, some);
	}
	return status;
}

static void print_held(const Ctl *ctl, json_t *row)
{
	const char *unit = json_string_value(json_object_get(row, "unit"));
	const char *lot = json_string_value(json_object_get(row, "lot"));
	const json_t *first = json_object_get(row, "first"), *last = json_object_get(row, "last");

	if (ctl->json)
		ctl_print_fields(ctl, row);
	else if (json_is_integer(first) && json_is_integer(last))
		printf("lot %-16s numbers %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT "\n",
			lot ? lot : "", json_integer_value(first), json_integer_value(last));
	else
		printf("lot %-16s %s\n", lot ? lot : "", unit ? unit : "");
}

static int command_stock_held(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	json_auto_t *fields = NULL;
	json_t *units, *row;
	size_t i;
	int status = ctl_call(ctl, CTL_INVENTORY, "HeldUnits", &reply, NULL);

	if (status != CTL_DONE)
		return status;
	if (ctl_read_fields(reply, &fields) < 0)
		return ctl_fail("the answer of stippled cannot be read: update both to one version");
	units = json_object_get(fields, "units");
	if (json_array_size(units) == 0 && !ctl->json)
		puts("this station holds no cartridge: hold those of a delivery with `stipplectl stock hold CODE...`");
	json_array_foreach (units, i, row)
		print_held(ctl, row);
	return CTL_DONE;
}

const Command stock_commands[] = {
	{ "stock hold", "CODE...", 1, 10000, command_stock_hold,
		"have the clinic's registry give these cartridges to this station" },
	{ "stock move", "--to STATION CODE...", 1, 10000, command_stock_move,
		"give cartridges that this station holds to another one" },
	{ "stock held", "", 0, 0, command_stock_held, "which cartridges this station holds" },
	{ 0 },
};
