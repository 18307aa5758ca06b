/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Queries a ledger's file, or a copy of one. It opens the file for reading only, and must not ask a station.
 */

#include "query-file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "config/profile-file.h"
#include "ledger/ledger.h"
#include "proof.h"
#include "util/clock.h"
#include "util/file.h"

#define PROFILE_SUFFIX ".conf"

/* ---- the profile ---- */

/** The profile is a file if its name has a slash or the suffix; otherwise an installed one. */
static int load_profile(const char *name, Profile *ret)
{
	size_t length = strlen(name), suffix = strlen(PROFILE_SUFFIX);
	bool is_file = length > suffix && strcmp(name + length - suffix, PROFILE_SUFFIX) == 0;
	_cleanup_(freep) char *folder = is_file ? file_folder(name) : strdup(STIPPLE_PROFILE_FOLDER);
	_cleanup_(freep) char *base = strdup(is_file ? basename(name) : name);
	Error error;

	if (!folder || !base)
		return ctl_fail("out of memory");
	if (is_file)
		base[strlen(base) - suffix] = '\0';
	if (profile_load(folder, base, ret, &error) < 0)
		return ctl_fail("%s", error.text);
	return CTL_DONE;
}

/** Today's date, but never before the day of the newest record. */
static json_t *station_today(Ledger *ledger)
{
	int64_t now = clock_read(&clock_system).utc_us, newest = ledger_newest_utc(ledger);
	char day[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(now > newest ? now : newest, day);
	return json_stringn(day, 10);
}

static bool goes_by_profile(const char *query, json_t *figures)
{
	const char *name;
	json_t *value;

	json_object_foreach (figures, name, value)
		if (ledger_query_takes(query, name))
			return true;
	return false;
}

int query_add_figures(const Ctl *ctl, Ledger *ledger, const char *query, json_t *filter)
{
	Profile profile = { 0 };
	json_auto_t *nothing = profile_arguments(&profile), *figures = NULL;
	const char *name;
	json_t *value;
	int status;

	if (!goes_by_profile(query, nothing))
		return CTL_DONE;
	if (!ctl->profile)
		return ctl_usage(
			"%s goes by a compliance profile: name it with --profile us-ca, or a file", query);
	status = load_profile(ctl->profile, &profile);
	figures = status == CTL_DONE ? profile_arguments(&profile) : NULL;
	if (status != CTL_DONE)
		return status;
	if (!figures || json_object_set_new(figures, "today", station_today(ledger)) < 0)
		return ctl_fail("out of memory");
	json_object_foreach (figures, name, value)
		if (ledger_query_takes(query, name))
			(void)!json_object_set(filter, name, value);
	return CTL_DONE;
}

/* ---- the answer ---- */

typedef struct Streaming {
	Ledger *ledger;
	const char *query;
	json_t *filter;
	int fd, result;
	uint64_t rows;
	Error error;
} Streaming;

static void *stream(void *userdata)
{
	Streaming *streaming = userdata;

	(void)pthread_setname_np(pthread_self(), "stream");
	streaming->result = ledger_stream_now(streaming->ledger, streaming->query, streaming->filter,
		streaming->fd, &streaming->rows, &streaming->error);
	close(streaming->fd);
	return NULL;
}

/** Reads the rows through a pipe, as a station sends them. */
static int read_stream(Streaming *streaming, CtlReader reader, void *userdata)
{
	pthread_t thread;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return ctl_fail("no pipe: %s", strerror(errno));
	streaming->fd = pipes[1];
	if (pthread_create(&thread, NULL, stream, streaming) != 0) {
		close(pipes[0]);
		close(pipes[1]);
		return ctl_fail("no thread: %s", strerror(errno));
	}
	reader(userdata, pipes[0]);
	pthread_join(thread, NULL);
	return streaming->result < 0 ? ctl_fail("%s", streaming->error.text) : CTL_DONE;
}

static char **texts_of(json_t *columns)
{
	char **texts = calloc(json_array_size(columns) + 1, sizeof *texts);
	json_t *column;
	size_t i;

	json_array_foreach (columns, i, column)
		if (texts)
			texts[i] = strdup(json_string_value(column));
	return texts;
}

int query_file(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns)
{
	LedgerOptions options = { .path = proof_ledger(ctl), .read_only = true };
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	Streaming streaming = { .query = query, .filter = filter };
	json_auto_t *columns = NULL;
	LedgerInfo info;
	int status;

	ledger_limit_memory(CTL_LEDGER_MEMORY);
	if (ledger_open(&options, &ledger, &info, &streaming.error) < 0)
		return ctl_fail("%s", streaming.error.text);
	if (ledger_columns_now(ledger, query, &columns, &streaming.error) < 0)
		return ctl_fail("%s: see `stipplectl audit list`", streaming.error.text);
	status = query_add_figures(ctl, ledger, query, filter);
	streaming.ledger = ledger;
	if (status != CTL_DONE)
		return status;
	status = read_stream(&streaming, reader, userdata);
	if (status != CTL_DONE)
		return status;
	*ret_rows = streaming.rows;
	*ret_columns = texts_of(columns);
	return CTL_DONE;
}
