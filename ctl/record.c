/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands `needle receive`, `needle certificate` and `audit`, and the reading of `key=value` words. The
 * file of a certificate must not be sent for a lot that was refused.
 */

#include "commands.h"
#include "rows.h"

#include <errno.h>
#include <string.h>

#include "ledger/ledger.h"
#include "util/file.h"
#include "util/text.h"

static int add_word(json_t *fields, char *word, const char *numbers)
{
	char *equals = strchr(word, '='), *end;
	long long number;

	if (!equals || equals == word)
		return ctl_usage("\"%s\" is not understood: write key=value", word);
	*equals = '\0';
	if (json_object_get(fields, word))
		return ctl_usage("%s is given twice: give it once", word);
	errno = 0;
	number = strtoll(equals + 1, &end, 10);
	/* the station refuses what is not a number, and names the field */
	if (text_list_has(numbers, word) && text_is_decimal(equals + 1) && errno == 0 && *end == '\0')
		json_object_set_new(fields, word, json_integer(number));
	else
		json_object_set_new(fields, word, json_string(equals + 1));
	return CTL_DONE;
}

json_t *ctl_parse_words(int n, char **words, const char *numbers)
{
	json_t *fields = json_object();

	for (int i = 0; i < n; i++)
		if (add_word(fields, words[i], numbers) != CTL_DONE) {
			json_decref(fields);
			return NULL;
		}
	return fields;
}

enum { CERTIFICATE_MAX = 4 << 20 };

static int read_certificate(const char *path, char **ret, size_t *ret_size)
{
	int r = file_read(path, CERTIFICATE_MAX, ret, ret_size);

	return r < 0 ? ctl_fail("the certificate %s cannot be read (%s): nothing was recorded", path,
			       strerror(-r))
		     : CTL_DONE;
}

/**
 * `fields`: lot, and gtin and certificate where known. Of `path`, the station gets the last part as the
 * file's name.
 */
static int attach_certificate(Ctl *ctl, json_t *fields, const char *path, const char *data, size_t size)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	const char *slash = strrchr(path, '/');
	int status, r = ctl_message_new(ctl, CTL_INVENTORY, "AttachCertificate", &message, NULL);

	json_object_set_new(fields, "file", json_string(slash ? slash + 1 : path));
	r = r < 0 ? r : ctl_append_fields(message, fields);
	r = r < 0 ? r : sd_bus_message_append_array(message, 'y', data, size);
	status = ctl_send(ctl, message, r, NULL);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl,
		json_pack("{s:O, s:O}", "lot", json_object_get(fields, "lot"), "file",
			json_object_get(fields, "file")),
		"the certificate of lot %s is on record\n",
		json_string_value(json_object_get(fields, "lot")));
	return CTL_DONE;
}

int ctl_attach_file(Ctl *ctl, const char *kind, json_t *fields, const void *data, size_t size)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	json_auto_t *owned = fields;
	int r;

	if (!owned)
		return ctl_fail("out of memory");
	if ((r = ctl_message_new(ctl, CTL_INVENTORY, "AttachFile", &message, "s", kind)) < 0 ||
		(r = ctl_append_fields(message, owned)) < 0 ||
		(r = sd_bus_message_append_array(message, 'y', data, size)) < 0)
		return ctl_call_failed(&error, r);
	r = sd_bus_call(ctl->bus, message, 0, &error, NULL);
	if (r >= 0 || sd_bus_error_has_name(&error, "org.stipple.Error.Exists"))
		return CTL_DONE;
	return ctl_call_failed(&error, r);
}

static int run_certificate(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *fields = ctl_parse_words(n - 1, arguments + 1, "");
	_cleanup_(freep) char *data = NULL;
	size_t size = 0;
	int status = fields ? read_certificate(arguments[0], &data, &size) : CTL_USAGE;

	return status == CTL_DONE ? attach_certificate(ctl, fields, arguments[0], data, size) : status;
}

/** Reads a yes-or-no field of a lot from the command line. `what`: whether ... */
static int read_yes_or_no(json_t *lot, const char *field, const char *what)
{
	const char *word = json_string_value(json_object_get(lot, field));

	if (!word)
		return CTL_DONE;
	if (strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)
		return ctl_usage("\"%s\" does not say whether %s: write %s=yes or no", word, what, field);
	json_object_set_new(lot, field, json_boolean(strcmp(word, "yes") == 0));
	return CTL_DONE;
}

static int receive(Ctl *ctl, json_t *lot)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int status, r = ctl_message_new(ctl, CTL_INVENTORY, "ReceiveLot", &message, NULL);

	r = r < 0 ? r : ctl_append_fields(message, lot);
	status = ctl_send(ctl, message, r, NULL);
	if (status != CTL_DONE)
		return status;
	ctl_done(ctl, json_pack("{s:O}", "lot", json_object_get(lot, "lot")), "lot %s is on record\n",
		json_string_value(json_object_get(lot, "lot")));
	return CTL_DONE;
}

/** Sends the file after the lot, so that no file is kept for a lot that is refused. */
static int command_receive(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *lot = ctl_parse_words(n, arguments, "quantity low_stock"), *whose = json_object();
	_cleanup_(freep) char *path = NULL, *data = NULL;
	const char *file = json_string_value(json_object_get(lot, "certificate_file"));
	size_t size = 0;
	int status = lot ? read_yes_or_no(lot, "membrane", "the proof is there") : CTL_USAGE;

	if (status != CTL_DONE)
		return status;
	status = read_yes_or_no(lot, "serialised", "each cartridge bears a serial");
	if (status != CTL_DONE)
		return status;
	if (!file)
		return receive(ctl, lot);
	path = strdup(file);
	status = path ? read_certificate(path, &data, &size) : ctl_fail("out of memory");
	if (status != CTL_DONE)
		return status;
	json_object_del(lot, "certificate_file");
	status = receive(ctl, lot);
	if (status != CTL_DONE)
		return status;
	json_object_set(whose, "lot", json_object_get(lot, "lot"));
	if (json_object_get(lot, "gtin"))
		json_object_set(whose, "gtin", json_object_get(lot, "gtin"));
	return attach_certificate(ctl, whose, path, data, size);
}

/* ---- audit ---- */

/** Joins an array of texts with `between`. */
static void print_list(const json_t *texts, const char *between)
{
	const json_t *text;
	size_t i;

	json_array_foreach (texts, i, text)
		printf("%s%s", i ? between : "", json_string_value(text));
}

/** `about` is NULL for a query that this program does not know. */
static void print_query(const Ctl *ctl, const char *name, json_t *about)
{
	json_auto_t *line = json_pack("{s:s, s:O*, s:O*}", "query", name, "arguments",
		json_object_get(about, "arguments"), "columns", json_object_get(about, "columns"));

	if (ctl->json) {
		ctl_print_fields(ctl, line);
		return;
	}
	printf(ctl->csv ? "%s," : "%s\n  asks for: ", name);
	print_list(json_object_get(about, "arguments"), ctl->csv ? " " : ", ");
	fputs(ctl->csv ? "," : "\n  answers: ", stdout);
	print_list(json_object_get(about, "columns"), ctl->csv ? " " : ", ");
	fputs(ctl->csv ? "\r\n" : "\n", stdout);
}

/** The names of the queries that the station on the bus knows. The caller frees them. */
static int ask_for_names(Ctl *ctl, char ***ret)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_get_property_strv(ctl->bus, "org.stipple.Station1", CTL_AUDIT, "Queries", &error, ret);

	return r < 0 ? ctl_call_failed(&error, r) : CTL_DONE;
}

static int list_queries(Ctl *ctl)
{
	json_auto_t *about = NULL;
	char **names = NULL;
	/* without a station, those that this program knows */
	int status = ctl->bus ? ask_for_names(ctl, &names) : CTL_DONE, r;

	if (status != CTL_DONE)
		return status;
	r = ledger_describe_queries(&about);
	if (ctl->csv && r >= 0)
		fputs("query,arguments,columns\r\n", stdout);
	for (const char *const *name = ledger_query_names(); r >= 0 && !ctl->bus && *name; name++)
		print_query(ctl, *name, json_object_get(about, *name));
	for (char **name = names; name && *name; name++) {
		if (r >= 0)
			print_query(ctl, *name, json_object_get(about, *name));
		free(*name);
	}
	free(names);
	return r < 0 ? ctl_fail("out of memory") : CTL_DONE;
}

/** Queries whose first word usually needs no key: `audit recall L2031`. */
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

/**
 * Builds the filter of a query; its first word may come without its key. NULL after printing what is wrong.
 */
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
	if (filter && json_object_get(filter, key)) {
		ctl_usage("%s is given twice: \"%s\" is one already", key, words[1]);
		json_decref(filter);
		return NULL;
	}
	if (filter)
		json_object_set_new(filter, key, json_string(words[1]));
	return filter;
}

static int run_audit(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *filter = NULL;

	if (strcmp(arguments[0], "list") == 0)
		return list_queries(ctl);
	filter = read_filter(n, arguments);
	return filter ? ctl_query_print(ctl, arguments[0], filter) : CTL_USAGE;
}

const Command record_commands[] = {
	{ "needle receive",
		"lot=L expiry=DATE quantity=N product=P maker=M [gtin=G] [configuration=C] [supplier=S] [purchase=P]"
		" [certificate=NUMBER] [certificate_file=FILE] [membrane=yes|no] [membrane_reference=R]"
		" [low_stock=N] [serialised=yes|no]",
		5, 15, command_receive, "put a lot of cartridges on record, or a further delivery of it" },
	{ "needle certificate", "FILE lot=L [gtin=G] [certificate=NUMBER]", 2, 4, run_certificate,
		"keep the file of a lot's sterilisation certificate" },
	{ "audit", "QUERY|list [WHAT] [from=T] [to=T] [lot=L] [session=N] [subject=S] [after=N] [limit=N]...",
		1, 32, run_audit, "ask the record; every access is itself recorded" },
	{ 0 },
};
