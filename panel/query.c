/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Queries the record and shows its rows. It must not block the panel while rows arrive, and must not deliver
 * them to a window that was rebuilt.
 */

#include "query.h"

#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <string.h>

#include "widgets.h"
#include "words.h"

/* Two operations end, in either order: the call (with its refusal, if any) and the stream of rows. */
typedef struct Query {
	Panel *panel;

	QueryDone done;
	void *userdata;
	GOutputStream *rows;
	bool read, answered, refused;
	GCancellable *life; /* cancelled with the window that asked */
} Query;

static void add_line(json_t *rows, const char *line)
{
	json_t *row = *line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (row)
		json_array_append_new(rows, row);
}

static json_t *parse_rows(GOutputStream *stream)
{
	GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM(stream);
	g_autofree char *text = g_strndup(
		g_memory_output_stream_get_data(memory), g_memory_output_stream_get_data_size(memory));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	json_t *rows = json_array();

	for (char **line = lines; *line; line++)
		add_line(rows, *line);
	return rows;
}

static void finish_query(Query *query)
{
	json_t *rows = NULL;

	if (!query->read || !query->answered)
		return;
	/* the window that asked may have been rebuilt */
	if (!g_cancellable_is_cancelled(query->life)) {
		rows = query->refused ? NULL : parse_rows(query->rows);
		query->done(query->userdata, rows);
	}
	json_decref(rows);
	g_object_unref(query->rows);
	g_object_unref(query->life);
	g_free(query);
}

static void rows_read(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Query *query = userdata;

	g_output_stream_splice_finish(G_OUTPUT_STREAM(source), result, NULL);
	query->read = true;
	finish_query(query);
}

static void query_answered(GObject *source, GAsyncResult *result, gpointer userdata)
{
	Query *query = userdata;
	g_autoptr(GError) error = NULL;

	query->answered = true;
	query->refused =
		!stipple_audit1_call_query_finish(STIPPLE_AUDIT1(source), NULL, NULL, NULL, result, &error);
	/* the call was cancelled together with its window */
	if (error && !station_error_is_cancelled(error))
		panel_tell_refused(query->panel, error);
	finish_query(query);
}

/** Makes the pipe that the station writes the rows to. NULL after showing the cause. */
static GUnixFDList *make_pipe(Panel *panel, GInputStream **ret_rows)
{
	g_autoptr(GUnixFDList) descriptors = NULL;
	int ends[2];

	if (!panel_station_present(panel))
		return NULL;
	if (!g_unix_open_pipe(ends, FD_CLOEXEC, NULL)) {
		panel_notify(panel, _("The panel has too many files open: start it again."), SCREEN_MAX);
		return NULL;
	}
	*ret_rows = g_unix_input_stream_new(ends[0], TRUE);
	descriptors = g_unix_fd_list_new_from_array(&ends[1], 1);
	return g_steal_pointer(&descriptors);
}

void query_run(Panel *panel, const char *name, GVariant *arguments, QueryDone done, void *userdata)
{
	g_autoptr(GVariant) kept = g_variant_ref_sink(arguments);
	g_autoptr(GInputStream) input = NULL;
	g_autoptr(GUnixFDList) output = make_pipe(panel, &input);
	Query *query;

	if (!output) {
		done(userdata, NULL);
		return;
	}
	query = g_new0(Query, 1);
	query->panel = panel;
	query->done = done;
	query->userdata = userdata;
	query->life = g_object_ref(panel_calls(panel));
	query->rows = g_memory_output_stream_new_resizable();
	g_output_stream_splice_async(query->rows, input, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE,
		G_PRIORITY_DEFAULT_IDLE, NULL, rows_read, query);
	stipple_audit1_call_query(panel_audit(panel), name, kept, g_variant_new_handle(0), STATION_CALL,
		STATION_PATIENCE_MS, output, panel_calls(panel), query_answered, query);
}

/* ---- showing ---- */

static char *join_values(const json_t *list)
{
	GString *text = g_string_new(NULL);
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(list))
		json_array_foreach (list, i, value) {
			g_autofree char *one = query_value(value);

			g_string_append_printf(text, "%s%s", text->len ? ", " : "", one);
		}
	else
		json_object_foreach ((json_t *)list, key, value) {
			g_autofree char *one = query_value(value), *words = words_of(key);

			g_string_append_printf(text, "%s%s %s", text->len ? ", " : "", words, one);
		}
	return g_string_free(text, FALSE);
}

char *query_value(const json_t *value)
{
	if (json_is_string(value))
		return g_strdup(json_string_value(value));
	if (json_is_integer(value))
		return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_real(value))
		return g_strdup_printf("%.4g", json_real_value(value));
	if (json_is_boolean(value))
		return g_strdup(json_is_true(value) ? _("yes") : _("no"));
	return json_is_null(value) || !value ? g_strdup("–") : join_values(value);
}

static void add_card(GtkWidget *box, json_t *row)
{
	GtkWidget *card = column_new(0, "card", NULL);
	const char *key;
	json_t *value;

	json_object_foreach (row, key, value) {
		g_autofree char *text = query_value(value), *words = words_of(key);
		g_autofree char *line = g_strdup_printf("%s: %s", words, text);

		box_add(card, text_new(line, NULL), NULL);
	}
	box_add(box, card, NULL);
}

void query_show(GtkWidget *box, json_t *rows, size_t max)
{
	size_t n = json_array_size(rows);
	g_autofree char *count = g_strdup_printf(ngettext("%zu row", "%zu rows", n), n);

	box_clear(box);
	box_add(box, text_new(n ? count : _("Nothing is on record."), "caption"), NULL);
	for (size_t i = 0; i < n && i < max; i++)
		add_card(box, json_array_get(rows, i));
}
