/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds the ledger and reports its verification, for all commands that read the ledger's file. They must not
 * write to that file.
 */

#include "proof.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

/** 0, or why the question has no answer. */
static int ask_for_ledger(Ctl *ctl, char ret[PATH_MAX])
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *question = NULL, *answer = NULL;
	const char *file;
	int r = ctl_message_new(ctl, CTL_PATH "/Audit", "org.freedesktop.DBus.Properties", "Get", &question,
		"ss", "org.stipple.Audit1", "Ledger");

	if (r < 0)
		return r;
	r = sd_bus_message_set_auto_start(question, false);
	if (r < 0)
		return r;
	r = sd_bus_call(ctl->bus, question, 0, NULL, &answer);
	if (r < 0)
		return r;
	r = sd_bus_message_read(answer, "v", "s", &file);
	if (r < 0)
		return r;
	snprintf(ret, PATH_MAX, "%s", file);
	return 0;
}

const char *proof_station_ledger(const Ctl *ctl)
{
	static char path[PATH_MAX];
	Ctl asking = { .bus_name = ctl->bus_name };
	bool known = ctl_connect_quietly(&asking, ctl->bus_name) >= 0 && ask_for_ledger(&asking, path) >= 0;

	sd_bus_flush_close_unref(asking.bus);
	return known && path[0] ? path : NULL;
}

const char *proof_ledger(const Ctl *ctl)
{
	const char *path = ctl->ledger ? ctl->ledger : proof_station_ledger(ctl);

	if (!path && strcmp(ctl->bus_name, "system") != 0) {
		ctl_fail(
			"the station on the bus \"%s\" does not say where its ledger is: start it, or give the "
			"file with --ledger FILE",
			ctl->bus_name);
		exit(CTL_FAILED);
	}
	if (!path)
		path = STIPPLE_STATE_FOLDER "/ledger.db";
	fprintf(stderr, "the ledger is %s\n", path);
	return path;
}

int proof_open_ledger(const char *path, Ledger **ret)
{
	LedgerOptions options = { .path = path, .read_only = true };
	Error error;
	LedgerInfo info;

	return ledger_open(&options, ret, &info, &error) < 0 ? ctl_fail("%s", error.text) : CTL_DONE;
}

void proof_tell(const Ctl *ctl, const char *what, const char *text)
{
	json_auto_t *line = NULL;

	if (!ctl->json) {
		printf("%s: ", what);
		/* text from the file must not control the terminal */
		for (const char *c = text; *c; c++)
			putchar(iscntrl((unsigned char)*c) ? '?' : *c);
		putchar('\n');
		return;
	}
	line = json_pack("{s:s}", what, text);
	ctl_print_fields(ctl, line);
}

static void tell_ledger_finding(void *userdata, const char *text)
{
	proof_tell(userdata, "finding", text);
}

static void tell_ledger_remark(void *userdata, const char *text)
{
	proof_tell(userdata, "remark", text);
}

static void tell_ledger_progress(void *userdata, uint64_t done, uint64_t total)
{
	const Ctl *ctl = userdata;

	if (isatty(STDERR_FILENO) && !ctl->json)
		fprintf(stderr, "\r%llu of %llu records and photographs%s", (unsigned long long)done,
			(unsigned long long)total, done == total ? "\n" : "");
}

int proof_verify(const Ctl *ctl, VerifyOptions *options, Verification *ret)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	Error error = { 0 };

	ledger_limit_memory(CTL_LEDGER_MEMORY);

	options->threads = processors < 1                    ? 1
			   : processors > VERIFY_THREADS_MAX ? VERIFY_THREADS_MAX
							     : (unsigned)processors;
	options->key = ctl->key;
	options->progress = tell_ledger_progress;
	options->finding = tell_ledger_finding;
	options->remark = tell_ledger_remark;
	options->userdata = (void *)ctl;
	if (ledger_verify(options, ret, &error) < 0)
		return ctl_fail("%s", error.text);
	return ret->findings > 0 ? CTL_FAILED : CTL_DONE;
}

int proof_add_ledger_keys(Ledger *ledger, KnownKeys *known)
{
	json_auto_t *rows = NULL;
	Error error;
	const json_t *row;
	size_t i;

	if (ledger_lookup_now(ledger, "keys", NULL, &rows, &error) < 0)
		return ctl_fail("%s", error.text);
	json_array_foreach (rows, i, row) {
		const char *key = json_string_value(json_object_get(row, "key"));

		if (known->n < KNOWN_KEYS_MAX && key &&
			note_verifier_parse(key, &known->keys[known->n], NULL) == 0)
			known->n++;
	}
	return CTL_DONE;
}
