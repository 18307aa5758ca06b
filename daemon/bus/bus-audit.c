/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The object Audit: queries, photographs, proofs, copies and verification. It passes each call on with its
 * caller. It must not read records itself: the station puts each access on record before anything leaves.
 */

#include "bus/bus-private.h"

#include <fcntl.h>

static int run_query(Call *call)
{
	json_auto_t *arguments = NULL;
	StationCaller caller = peer_caller(call->peer);
	const char *query;
	int fd, r = call_read_strings(call, &query, NULL, NULL, NULL);

	if (r >= 0)
		r = read_fields(call->message, &arguments);
	if (r >= 0)
		r = sd_bus_message_read(call->message, "h", &fd);
	if (r < 0)
		return call_bad_arguments(call, r);
	/* the message owns its descriptor: the stream needs one that outlives it */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return call_refuse(
			call, STATION_ERROR_INVALID, "the output cannot be used: pass a pipe or a file");
	station_audit(call->bus->station, &caller, query, arguments, fd, call_answered, call);
	return 1;
}

static int append_columns(sd_bus_message *answer, json_t *columns)
{
	json_t *name;
	size_t i;
	int r = sd_bus_message_open_container(answer, 'a', "s");

	json_array_foreach (columns, i, name)
		if (r >= 0)
			r = sd_bus_message_append(answer, "s", json_string_value(name));
	return r < 0 ? r : sd_bus_message_close_container(answer);
}

static int reply_rows(Call *call, const StationReply *reply)
{
	sd_bus_message *answer = NULL;
	int r = sd_bus_message_new_method_return(call->message, &answer);

	if (r >= 0)
		r = sd_bus_message_append(answer, "t", reply->number);
	if (r >= 0)
		r = append_columns(answer, reply->figures);
	if (r >= 0)
		r = sd_bus_message_send(answer);
	sd_bus_message_unref(answer);
	return r;
}

static int method_query(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_query, reply_rows, error);
}

static int run_open_picture(Call *call)
{
	StationCaller caller = peer_caller(call->peer);
	const char *file;
	int r = call_read_strings(call, &file, NULL, NULL, NULL);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_audit_picture(call->bus->station, &caller, file, call_answered, call);
	return 1;
}

static int method_open_picture(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_open_picture, call_reply_picture, error);
}

/* ---- proofs ---- */

static int run_prove(Call *call)
{
	StationCaller caller = peer_caller(call->peer);
	uint64_t record;
	int r = sd_bus_message_read(call->message, "t", &record);

	if (r < 0)
		return call_bad_arguments(call, r);
	station_prove(call->bus->station, &caller, record, call_answered, call);
	return 1;
}

static int reply_proof(Call *call, const StationReply *reply)
{
	const char *proof = json_string_value(json_object_get(reply->figures, "proof"));
	const char *key = json_string_value(json_object_get(reply->figures, "key"));

	return sd_bus_reply_method_return(call->message, "ss", proof ? proof : "", key ? key : "");
}

static int method_prove(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_prove, reply_proof, error);
}

static int run_record_copy(Call *call)
{
	StationCaller caller = peer_caller(call->peer);
	const char *copy, *file;
	uint64_t records;
	int r = call_read_strings(call, &copy, &file, NULL, NULL);

	if (r >= 0)
		r = sd_bus_message_read(call->message, "t", &records);
	if (r < 0)
		return call_bad_arguments(call, r);
	station_audit_copy(call->bus->station, &caller, copy, file, records, call_answered, call);
	return 1;
}

static int method_record_copy(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_record_copy, NULL, error);
}

static int run_verify(Call *call)
{
	StationCaller caller = peer_caller(call->peer);

	station_verify(call->bus->station, &caller, call_answered, call);
	return 1;
}

static int method_verify(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return call_start(userdata, message, run_verify, NULL, error);
}

static int get_verification(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	Bus *bus = userdata;
	StationVerification verification;

	station_verification(bus->station, &verification);
	if (strcmp(property, "Verification") == 0)
		return sd_bus_message_append(reply, "s", verification_state_to_string(verification.state));
	if (strcmp(property, "VerificationText") == 0)
		return append_text(reply, verification.text);
	return sd_bus_message_append(reply, "t",
		strcmp(property, "VerificationDone") == 0 ? verification.done : verification.total);
}

static int get_key(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Bus *bus = userdata;
	char key[NOTE_KEY_MAX] = "";

	if (bus->options.ledger)
		ledger_key(bus->options.ledger, key);
	return append_text(reply, key);
}

static int get_ledger(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Bus *bus = userdata;
	_cleanup_(freep) char *file = config_ledger(bus->options.config);

	return file ? append_text(reply, file) : -ENOMEM;
}

static int get_checkpoint(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const Bus *bus = userdata;

	return sd_bus_message_append(
		reply, "t", bus->options.ledger ? ledger_checkpoint_size(bus->options.ledger) : 0);
}

static int get_queries(sd_bus *sd, const char *path, const char *interface, const char *property,
	sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append_strv(reply, (char **)ledger_query_names());
}

const sd_bus_vtable bus_audit_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Query", SD_BUS_ARGS("s", query, "a{sv}", arguments, "h", output),
		SD_BUS_RESULT("t", rows, "as", columns), method_query, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("OpenPicture", SD_BUS_ARGS("s", file), SD_BUS_RESULT("h", picture),
		method_open_picture, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Prove", SD_BUS_ARGS("t", record), SD_BUS_RESULT("s", proof, "s", key),
		method_prove, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("RecordCopy", SD_BUS_ARGS("s", copy, "s", file, "t", records),
		SD_BUS_NO_RESULT, method_record_copy, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS(
		"Verify", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_verify, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Key", "s", get_key, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Ledger", "s", get_ledger, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("CheckpointSize", "t", get_checkpoint, 0, 0),
	SD_BUS_PROPERTY("Verification", "s", get_verification, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("VerificationText", "s", get_verification, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("VerificationDone", "t", get_verification, 0, 0),
	SD_BUS_PROPERTY("VerificationTotal", "t", get_verification, 0, 0),
	SD_BUS_PROPERTY("Queries", "as", get_queries, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};
