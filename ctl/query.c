/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Queries a station's record or a ledger's file. The rows come through a pipe while the query runs; they are
 * passed on as they come, and must not be collected here first.
 */

#include "client.h"
#include "clinic-query.h"
#include "query-file.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

typedef struct Answer {
	int status;
	bool ended;
	sd_bus_message *message; /* NULL: refused */
} Answer;

static int on_query_answered(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(message);
	Answer *answer = userdata;

	answer->ended = true;
	if (failure)
		answer->status = ctl_call_failed(failure, 0);
	else
		answer->message = sd_bus_message_ref(message);
	return 0;
}

static int send_question(Ctl *ctl, const char *query, json_t *filter, int output, Answer *answer)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = ctl_message_new(ctl, CTL_AUDIT, "Query", &message, "s", query);

	if (r < 0)
		return r;
	r = ctl_append_fields(message, filter);
	if (r < 0)
		return r;
	r = sd_bus_message_append(message, "h", output);
	if (r < 0)
		return r;
	r = sd_bus_call_async(ctl->bus, NULL, message, on_query_answered, answer, UINT64_MAX);
	return r < 0 ? r : sd_bus_flush(ctl->bus);
}

/** The caller frees *ret_columns; on failure it is unchanged. */
static int read_answer(sd_bus_message *message, uint64_t *ret_rows, char ***ret_columns)
{
	if (sd_bus_message_read(message, "t", ret_rows) >= 0 &&
		sd_bus_message_read_strv(message, ret_columns) >= 0)
		return CTL_DONE;
	return ctl_fail("the answer cannot be read: is stippled of the same version?");
}

static int query_station(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns)
{
	Answer answer = { 0 };
	int pipes[2], r;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return ctl_fail("no pipe: %s", strerror(errno));
	r = send_question(ctl, query, filter, pipes[1], &answer);
	close(pipes[1]);
	reader(userdata, pipes[0]);
	while (r >= 0 && !answer.ended) {
		r = sd_bus_process(ctl->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(ctl->bus, UINT64_MAX);
	}
	if (r < 0)
		return ctl_fail("the query was not answered (%s): ask again", strerror(-r));
	if (!answer.message)
		return answer.status;
	answer.status = read_answer(answer.message, ret_rows, ret_columns);
	sd_bus_message_unref(answer.message);
	return answer.status;
}

typedef int (*CtlAsk)(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns);

static int ask_for_rows(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns)
{
	CtlAsk ask = ctl->ledger ? query_file : query_station;

#if HAVE_CLINIC
	ask = ctl->clinic ? clinic_query : ask;
#endif
	return ask(ctl, query, filter, reader, userdata, ret_rows, ret_columns);
}

static void columns_free(char **columns)
{
	for (char **column = columns; column && *column; column++)
		free(*column);
	free(columns);
}

typedef struct Taking {
	CtlTakeRow take;
	void *userdata;
} Taking;

static void take_rows(void *userdata, int fd)
{
	_cleanup_(fclosep) FILE *rows = fdopen(fd, "r");
	_cleanup_(freep) char *line = NULL;
	const Taking *taking = userdata;
	size_t size = 0;

	while (rows && getline(&line, &size, rows) > 0) {
		json_auto_t *row = json_loads(line, 0, NULL);

		if (row)
			taking->take(taking->userdata, row);
	}
}

void ctl_keep_row(void *userdata, json_t *row)
{
	json_array_append(userdata, row);
}

int ctl_query(Ctl *ctl, const char *query, json_t *filter, CtlTakeRow take, void *userdata)
{
	json_auto_t *arguments = filter;
	Taking taking = { take, userdata };
	char **columns = NULL;
	uint64_t rows;
	int status;

	if (!arguments)
		return ctl_fail("out of memory");
	status = ask_for_rows(ctl, query, arguments, take_rows, &taking, &rows, &columns);
	columns_free(columns);
	return status;
}

static void print_rows(void *userdata, int fd)
{
	rows_print(userdata, fd);
}

int ctl_query_print(Ctl *ctl, const char *query, json_t *filter)
{
	char **columns = NULL;
	uint64_t rows = 0;
	int status = ask_for_rows(ctl, query, filter, print_rows, ctl, &rows, &columns);

	if (status == CTL_DONE && rows == 0 && !(ctl->clinic && ctl->json))
		rows_print_none(ctl, columns);
	columns_free(columns);
	return status;
}
