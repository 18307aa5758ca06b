/* SPDX-License-Identifier: Apache-2.0 */

/** needle receive, audit. */

#include "commands.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/digest.h"
#include "util/file.h"

json_t *ctl_parse_words(int n, char **words, const char *numbers)
{
	json_t *fields = json_object();

	for (int i = 0; i < n; i++) {
		char *equals = strchr(words[i], '='), *end;
		long long number;

		if (!equals || equals == words[i]) {
			ctl_usage("\"%s\" is not understood: write key=value", words[i]);
			json_decref(fields);
			return NULL;
		}
		*equals = '\0';
		number = strtoll(equals + 1, &end, 10);
		if (strstr(numbers, words[i]) && *end == '\0' && end != equals + 1)
			json_object_set_new(fields, words[i], json_integer(number));
		else
			json_object_set_new(fields, words[i], json_string(equals + 1));
	}
	return fields;
}

static int call_with_fields(
	Ctl *ctl, sd_bus_message *message, json_t *fields, int fd, sd_bus_message **ret_reply)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = ctl_append_fields(message, fields), status = CTL_DONE;

	if (r >= 0 && fd >= 0)
		r = sd_bus_message_append(message, "h", fd);
	if (r >= 0)
		r = sd_bus_call(ctl->bus, message, 0, &error, ret_reply);
	if (r < 0)
		status = ctl_call_failed(&error, r);
	sd_bus_error_free(&error);
	return status;
}

enum { CERTIFICATE_MAX = 32 << 20 };

/** Of the certificate's file the record keeps the name and the digest; the file is the clinic's to keep. */
static int describe_certificate(json_t *lot)
{
	const char *path = json_string_value(json_object_get(lot, "certificate_file")), *name;
	_cleanup_(freep) char *data = NULL;
	char digest[DIGEST_HEX_MAX];
	size_t size;
	int r;

	if (!path || json_object_get(lot, "certificate_sha256"))
		return CTL_DONE;
	name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	r = file_read(path, CERTIFICATE_MAX, &data, &size);
	if (r == 0)
		r = digest_hex(data, size, digest);
	if (r < 0)
		return ctl_fail(
			"the certificate %s cannot be read (%s): nothing was recorded", path, strerror(-r));
	json_object_set_new(lot, "certificate_sha256", json_string(digest));
	json_object_set_new(lot, "certificate_file", json_string(name));
	return CTL_DONE;
}

static int read_membrane(json_t *lot)
{
	const char *membrane = json_string_value(json_object_get(lot, "membrane"));

	if (!membrane)
		return CTL_DONE;
	if (strcmp(membrane, "yes") != 0 && strcmp(membrane, "no") != 0)
		return ctl_usage(
			"\"%s\" does not say whether the proof is there: write membrane=yes or no", membrane);
	json_object_set_new(lot, "membrane", json_boolean(strcmp(membrane, "yes") == 0));
	return CTL_DONE;
}

static int run_receive(Ctl *ctl, int n, char **arguments)
{
	sd_bus_message *message = NULL, *reply = NULL;
	json_auto_t *lot = ctl_parse_words(n, arguments, "quantity low_stock");
	int status = lot ? read_membrane(lot) : CTL_USAGE;

	if (status == CTL_DONE)
		status = describe_certificate(lot);
	if (status != CTL_DONE)
		return status;
	if (sd_bus_message_new_method_call(
		    ctl->bus, &message, "org.stipple.Station1", CTL_INVENTORY, "ReceiveLot") >= 0)
		status = call_with_fields(ctl, message, lot, -1, &reply);
	else
		status = ctl_fail("out of memory");
	if (status == CTL_DONE)
		printf("lot %s is on record\n", json_string_value(json_object_get(lot, "lot")));
	sd_bus_message_unref(reply);
	sd_bus_message_unref(message);
	return status;
}

/* ---- audit ---- */

typedef struct Answer {
	int status;
	bool ended;
} Answer;

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(message);
	Answer *answer = userdata;

	answer->ended = true;
	if (failure)
		answer->status = ctl_call_failed(failure, 0);
	return 0;
}

static int list_queries(Ctl *ctl)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char **names = NULL;
	int r = sd_bus_get_property_strv(
		ctl->bus, "org.stipple.Station1", CTL_AUDIT, "Queries", &error, &names);
	int status = r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;

	for (char **name = names; name && *name; name++) {
		printf(ctl->json ? "{\"query\":\"%s\"}\n" : "%s\n", *name);
		free(*name);
	}
	free(names);
	sd_bus_error_free(&error);
	return status;
}

/** Queries of which the first word is usually one thing: `audit recall L2031`. */
static const struct {
	const char *query, *argument;
} subjects[] = {
	{ "lot", "lot" },
	{ "recall", "lot" },
	{ "session", "session" },
	{ "subject", "subject" },
	{ "timeline", "session" },
	{ "unit", "unit" },
};

/** The filter of a query; its first word may go without its key. NULL after printing what is wrong. */
static json_t *read_filter(int n, char **words)
{
	const char *key = NULL;
	json_t *filter;

	for (size_t i = 0; i < ELEMENTS(subjects); i++)
		if (strcmp(words[0], subjects[i].query) == 0)
			key = subjects[i].argument;
	if (!key || n < 2 || strchr(words[1], '='))
		return ctl_parse_words(n - 1, words + 1, "");
	filter = ctl_parse_words(n - 2, words + 2, "");
	if (filter)
		json_object_set_new(filter, key, json_string(words[1]));
	return filter;
}

static int run_audit(Ctl *ctl, int n, char **arguments)
{
	sd_bus_message *message = NULL;
	json_auto_t *filter = NULL;
	Answer answer = { 0 };
	int pipes[2], r;

	if (strcmp(arguments[0], "list") == 0)
		return list_queries(ctl);
	filter = read_filter(n, arguments);
	if (!filter)
		return CTL_USAGE;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return ctl_fail("no pipe: %s", strerror(errno));
	r = sd_bus_message_new_method_call(ctl->bus, &message, "org.stipple.Station1", CTL_AUDIT, "Query");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", arguments[0]);
	if (r >= 0)
		r = ctl_append_fields(message, filter);
	if (r >= 0)
		r = sd_bus_message_append(message, "h", pipes[1]);
	if (r >= 0)
		r = sd_bus_call_async(ctl->bus, NULL, message, on_answer, &answer, UINT64_MAX);
	if (r >= 0)
		r = sd_bus_flush(ctl->bus);
	sd_bus_message_unref(message);
	close(pipes[1]);
	rows_print(ctl, pipes[0]);
	while (r >= 0 && !answer.ended) {
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, UINT64_MAX);
	}
	return r < 0 ? ctl_fail("the query was not answered: %s", strerror(-r)) : answer.status;
}

const Command record_commands[] = {
	{ "needle receive",
		"lot=L expiry=DATE quantity=N product=P maker=M [gtin=G] [configuration=C] [supplier=S] [purchase=P]"
		" [certificate=NUMBER] [certificate_file=FILE] [certificate_sha256=D] [membrane=yes|no]"
		" [membrane_reference=R] [low_stock=N]",
		5, 15, run_receive, "put a lot of cartridges on record" },
	{ "audit", "QUERY|list [WHAT] [from=T] [to=T] [lot=L] [session=N] [subject=S] [after=N] [limit=N]...",
		1, 32, run_audit, "ask the record; every access is itself recorded" },
	{ 0 },
};
