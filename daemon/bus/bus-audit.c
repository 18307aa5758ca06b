/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Audit: queries, photographs, proofs, copies and verification. It passes each call on together
 * with its caller. It must not read records itself: the station records each access before any data leaves.
 */

#include "bus/bus-private.h"

#include <string.h>

static int append_rows(Call *call, sd_bus_message *message, const StationReply *reply)
{
	json_t *name;
	size_t i;
	int r = sd_bus_message_append(message, "t", reply->number);

	if (r < 0)
		return r;
	r = sd_bus_message_open_container(message, 'a', "s");
	json_array_foreach (reply->figures, i, name) {
		if (r < 0)
			return r;
		r = sd_bus_message_append(message, "s", json_string_value(name));
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_proof(Call *call, sd_bus_message *message, const StationReply *reply)
{
	const char *proof = json_string_value(json_object_get(reply->figures, "proof"));
	const char *key = json_string_value(json_object_get(reply->figures, "key"));

	return sd_bus_message_append(message, "ss", proof ? proof : "", key ? key : "");
}

static const Member audit_members[] = {
	{ "Query", ACTION_AUDIT, .command = &command_audit, .results = append_rows },
	{ "OpenPicture", ACTION_AUDIT, .command = &command_audit_picture, .results = append_picture },
	{ "Prove", ACTION_AUDIT, .command = &command_prove, .results = append_proof },
	{ "RecordCopy", ACTION_AUDIT, .command = &command_audit_copy },
	{ "Verify", ACTION_AUDIT, .command = &command_verify },
	{ 0 },
};

static int append_audit_property(const Bus *bus, const char *name, sd_bus_message *message)
{
	_cleanup_(freep) char *file = config_ledger(bus->options.config);
	Ledger *ledger = bus->options.ledger;
	StationVerification verification;
	char key[NOTE_KEY_MAX] = "";

	if (strcmp(name, "Queries") == 0)
		return sd_bus_message_append_strv(message, (char **)ledger_query_names());
	if (!file)
		return -ENOMEM;
	if (ledger)
		ledger_key(ledger, key);
	station_verification(bus->station, &verification);

	const BusValue values[] = {
		{ "Key", 's', key },
		{ "Ledger", 's', file },
		{ "CheckpointSize", 't', .number = ledger ? ledger_checkpoint_size(ledger) : 0 },
		{ "Verification", 's', verification_state_to_string(verification.state) },
		{ "VerificationText", 's', verification.text },
		{ "VerificationDone", 't', .number = verification.done },
		{ "VerificationTotal", 't', .number = verification.total },
	};

	return append_value(message, values, ELEMENTS(values), name);
}

const BusObject bus_audit_object = {
	.path = PATH_AUDIT,
	.interface = INTERFACE_AUDIT,
	.vtable = bus_audit_vtable,
	.members = audit_members,
	.append_property = append_audit_property,
};
