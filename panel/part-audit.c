/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The part Audit: queries of the record, whose answers can be written to a USB stick, and the record's
 * verification. The station says which queries there are.
 */

#include <string.h>

#include "export.h"
#include "query.h"
#include "sheet.h"
#include "verification.h"
#include "widgets.h"
#include "words.h"

enum { ROWS_SHOWN = 200, FILTERS = 5 };

typedef struct Audit {
	Screen screen;
	GtkWidget *ask, *answer, *queries, *rows;
	GtkWidget *filters[FILTERS];
	GtkLabel *title;
	Screen *verification;
	char *query;
	json_t *found;
	bool filled;
} Audit;

static const struct {
	const char *name, *title;
	SheetKind kind;
} filters[FILTERS] = {
	{ "from", N_("From"), SHEET_DATE },
	{ "to", N_("To"), SHEET_DATE },
	{ "session", N_("Session"), SHEET_NUMBER },
	{ "subject", N_("Person"), SHEET_CODE },
	{ "lot", N_("Lot"), SHEET_CODE },
};

/* ---- asking ---- */

static GVariant *arguments(const Audit *page)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
	for (int i = 0; i < FILTERS; i++) {
		const char *value = field_get(page->filters[i]);

		if (!value || !value[0])
			continue;
		g_variant_builder_add(&builder, "{sv}", filters[i].name,
			filters[i].kind == SHEET_NUMBER
				? g_variant_new_int64(g_ascii_strtoll(value, NULL, 10))
				: g_variant_new_string(value));
	}
	return g_variant_builder_end(&builder);
}

static void rows_came(void *userdata, json_t *rows)
{
	Audit *page = userdata;
	g_autofree char *title = words_of(page->query);

	if (!rows)
		return;
	json_decref(page->found);
	page->found = json_incref(rows);
	gtk_label_set_text(page->title, title);
	query_show(page->rows, rows, ROWS_SHOWN);
	gtk_widget_set_visible(page->ask, FALSE);
	gtk_widget_set_visible(page->answer, TRUE);
}

static void on_query(Audit *page, GtkButton *button)
{
	g_free(page->query);
	page->query = g_strdup(g_object_get_data(G_OBJECT(button), "query"));
	query_run(page->screen.panel, page->query, arguments(page), rows_came, page);
}

static void on_clear(Audit *page)
{
	for (int i = 0; i < FILTERS; i++)
		field_set(page->filters[i], NULL);
}

static void on_back(Audit *page)
{
	gtk_widget_set_visible(page->answer, FALSE);
	gtk_widget_set_visible(page->ask, TRUE);
}

/* ---- writing answers to a stick ---- */

static char *lines_of(json_t *rows)
{
	GString *text = g_string_new(NULL);
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		char *line = json_dumps(row, JSON_COMPACT);

		g_string_append_printf(text, "%s\n", line ? line : "");
		free(line);
	}
	return g_string_free(text, FALSE);
}

static void on_export(Audit *page)
{
	Panel *panel = page->screen.panel;
	g_autofree char *text = lines_of(page->found), *path = export_path(panel, page->query, "jsonl");
	g_autoptr(GError) error = NULL;

	if (!path)
		return;
	g_file_set_contents_full(path, text, (gssize)strlen(text),
		G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0644, &error);
	export_tell(panel, path, error ? error->message : NULL);
}

/* ---- the page ---- */

static void update_audit(Screen *screen)
{
	Audit *page = (Audit *)screen;
	const char *const *names = stipple_audit1_get_queries(panel_audit(screen->panel));

	page->verification->update(page->verification);
	if (page->filled || !names)
		return;
	page->filled = true;
	for (int n = 0; names[n]; n++) {
		g_autofree char *title = words_of(names[n]);
		GtkWidget *button = touch_button_new(title, NULL, G_CALLBACK(on_query), page);

		g_object_set_data_full(G_OBJECT(button), "query", g_strdup(names[n]), g_free);
		gtk_grid_attach(GTK_GRID(page->queries), button, n % 3, n / 3, 1, 1);
	}
}

static void forget_audit(Screen *screen)
{
	Audit *page = (Audit *)screen;

	json_decref(page->found);
	g_free(page->query);
	page->verification->forget(page->verification);
	g_free(page->verification);
}

static GtkWidget *ask_page_new(Audit *page)
{
	GtkWidget *grid = grid_new(6);

	for (int i = 0; i < FILTERS; i++) {
		page->filters[i] = sheet_field_new(
			panel_sheet(page->screen.panel), filters[i].kind, _(filters[i].title), false);
		gtk_grid_attach(GTK_GRID(grid), page->filters[i], i % 3, i / 3, 1, 1);
	}
	gtk_grid_attach(GTK_GRID(grid), touch_button_new(_("Clear"), NULL, G_CALLBACK(on_clear), page),
		FILTERS % 3, FILTERS / 3, 1, 1);
	page->queries = grid_new(6);
	return scroller_new(
		column_new(8, NULL, grid, text_new(_("What is to be shown?"), "caption"), page->queries,
			text_new(_("Is the record sound?"), "caption"), page->verification->widget, NULL));
}

static GtkWidget *answer_new(Audit *page)
{
	GtkWidget *row, *box;

	page->title = GTK_LABEL(wide(text_new("", "heading")));
	page->rows = column_new(8, NULL, NULL);
	row = row_new(8, NULL, touch_button_new(_("Back"), NULL, G_CALLBACK(on_back), page), page->title,
		touch_button_new(_("To USB stick"), NULL, G_CALLBACK(on_export), page), NULL);
	box = column_new(8, NULL, row, scroller_new(page->rows), NULL);
	gtk_widget_set_visible(box, FALSE);
	return box;
}

Screen *part_audit_new(Panel *panel)
{
	Audit *page = g_new0(Audit, 1);

	page->screen = (Screen){ .panel = panel, .update = update_audit, .forget = forget_audit };
	page->verification = verification_new(panel);
	page->ask = ask_page_new(page);
	page->answer = answer_new(page);
	page->screen.widget = column_new(0, NULL, page->ask, page->answer, NULL);
	return &page->screen;
}
