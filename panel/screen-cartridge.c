/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Cartridge: the cartridge in the handpiece and the pigment in the cup. The station judges
 * whether one may be used.
 */

#include "form.h"
#include "memory.h"
#include "panel.h"
#include "sheet.h"
#include "widgets.h"

enum { BRAND, COLOUR, LOT, EXPIRY, FIELDS };

typedef struct Cartridge {
	Screen screen;
	GtkWidget *mount, *remove, *load, *handpiece;
	bool filled;
	GtkLabel *unit, *strokes, *pigment;
	GtkWidget *fields[FIELDS];
} Cartridge;

static const struct {
	const char *key, *title;
	SheetKind kind;
} fields[FIELDS] = {
	[BRAND] = { "pigment-brand", N_("Brand"), SHEET_TEXT },
	[COLOUR] = { "pigment-colour", N_("Colour"), SHEET_TEXT },
	[LOT] = { "pigment-lot", N_("Lot"), SHEET_CODE },
	[EXPIRY] = { "pigment-expiry", N_("Expiry"), SHEET_DATE },
};

/* ---- the cartridge ---- */

static void mount_code(void *userdata, const char *code)
{
	panel_mount(((Cartridge *)userdata)->screen.panel, code);
}

static void on_mount(Cartridge *page)
{
	sheet_ask(panel_sheet(page->screen.panel), SHEET_CODE, _("Code of the cartridge"), "", mount_code,
		page);
}

static void remove_cartridge(void *userdata, const char *reason)
{
	Panel *panel = ((Cartridge *)userdata)->screen.panel;
	PanelCall *call = panel_ask(panel, NULL);

	if (call)
		stipple_session1_call_remove_needle(
			panel_session(panel), reason, PANEL_CALL(panel), panel_call_done, call);
}

static void on_remove(Cartridge *page)
{
	static const char *const reasons[] = { N_("dull"), N_("another needle is wanted"), N_("dropped"),
		N_("damaged"), NULL };

	sheet_choose(panel_sheet(page->screen.panel), _("Why is it taken out?"), reasons, true,
		remove_cartridge, page);
}

/* ---- the pigment ---- */

static void loaded(GObject *source, GAsyncResult *result, gpointer call)
{
	Cartridge *page = panel_call_finish(source, result, call);

	if (!page)
		return;
	for (int i = 0; i < FIELDS; i++)
		memory_set(fields[i].key, field_get(page->fields[i]));
	if (known_text(stipple_session1_get_unit(panel_session(page->screen.panel)))[0])
		panel_advance(page->screen.panel);
}

static void on_load(Cartridge *page)
{
	Panel *panel = page->screen.panel;
	PanelCall *call;

	for (int i = 0; i < FIELDS; i++) {
		const char *value = field_get(page->fields[i]);

		if (!value || !value[0]) {
			panel_notify(panel, _("Enter brand, colour, lot and expiry of the pigment first."),
				SCREEN_CARTRIDGE);
			return;
		}
	}
	call = panel_ask(panel, page);
	if (call)
		stipple_session1_call_load_pigment(panel_session(panel), field_get(page->fields[BRAND]),
			field_get(page->fields[COLOUR]), field_get(page->fields[LOT]),
			field_get(page->fields[EXPIRY]), PANEL_CALL(panel), loaded, call);
}

/* ---- the page ---- */

static void update_cartridge(Screen *screen)
{
	Cartridge *page = (Cartridge *)screen;
	Panel *panel = screen->panel;
	StippleSession1 *session = panel_session(panel);
	const char *unit = known_text(stipple_session1_get_unit(session));
	const char *pigment = known_text(stipple_session1_get_pigment(session));
	const char *needles = known_text(stipple_session1_get_needles(session));
	g_autofree char *lot = g_strdup_printf(_("Lot %s · needles %s · %d strokes"),
		known_text(stipple_session1_get_lot(session)), needles[0] ? needles : _("unknown"),
		(int)stipple_session1_get_needle_strokes(session));
	g_autofree char *loaded_text =
		g_strdup_printf(_("Pigment: %s"), pigment[0] ? pigment : _("none loaded"));

	if (!page->filled && station_client_present(panel_client(panel)))
		page->filled = form_list(panel, FORM_AT_SESSION, "handpiece.mounted", page->handpiece);
	gtk_label_set_text(page->unit, unit[0] ? unit : _("No cartridge is mounted."));
	gtk_label_set_text(page->strokes, unit[0] ? lot : _("Scan the code of a new one now, or type it."));
	gtk_label_set_text(page->pigment, loaded_text);
	gtk_widget_set_visible(page->mount, !unit[0]);
	gtk_widget_set_visible(page->remove, unit[0] != '\0');
}

static GtkWidget *cartridge_box(Cartridge *page)
{
	page->unit = GTK_LABEL(text_new("", "value"));
	page->strokes = GTK_LABEL(tall(text_new("", NULL)));
	page->mount = touch_button_new(_("Type the code…"), "primary", G_CALLBACK(on_mount), page);
	page->remove = touch_button_new(_("Take it out…"), NULL, G_CALLBACK(on_remove), page);
	gtk_label_set_yalign(page->strokes, 0);
	page->handpiece = column_new(0, NULL, NULL);
	return column_new(8, NULL, text_new(_("Cartridge"), "heading"), page->unit, page->strokes,
		page->handpiece, page->mount, page->remove, NULL);
}

static GtkWidget *pigment_box(Cartridge *page)
{
	GtkWidget *grid = grid_new(8);

	for (int i = 0; i < FIELDS; i++) {
		page->fields[i] = sheet_field_new(
			panel_sheet(page->screen.panel), fields[i].kind, _(fields[i].title), true);
		field_set(page->fields[i], memory_get(fields[i].key));
		gtk_grid_attach(GTK_GRID(grid), page->fields[i], i % 2, i / 2, 1, 1);
	}
	page->pigment = GTK_LABEL(text_new("", "heading"));
	page->load = touch_button_new(_("Load this pigment"), "primary", G_CALLBACK(on_load), page);
	return column_new(8, NULL, page->pigment, tall(grid), page->load, NULL);
}

Screen *screen_cartridge_new(Panel *panel)
{
	Cartridge *page = g_new0(Cartridge, 1);

	page->screen = (Screen){ .panel = panel, .update = update_cartridge };
	page->screen.widget = evenly(row_new(16, NULL, cartridge_box(page), pigment_box(page), NULL));
	return &page->screen;
}
