/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Zone: which zone is to be treated, on which skin, and how large it is. It only asks: the
 * station decides which zone is under treatment.
 */

#include <stdlib.h>
#include <string.h>

#include "panel.h"
#include "scalp.h"
#include "sheet.h"
#include "util/cleanup.h"
#include "widgets.h"

typedef struct ZonePage {
	Screen screen;
	Scalp *scalp;
	GtkWidget *area, *choose;
	GtkWidget *skins[4];
	char *marked;
} ZonePage;

static const struct {
	const char *name, *title;
} skins[] = {
	{ "normal", N_("Normal") },
	{ "scar", N_("Scar") },
	{ "atrophic", N_("Thin") },
	{ "plug", N_("Plugs") },
};

static void zone_touched(void *userdata, const char *zone)
{
	ZonePage *page = userdata;

	g_free(page->marked);
	page->marked = g_strdup(zone);
	/* a zone of scars has scarred skin unless somebody chooses otherwise */
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(page->skins[strncmp(zone, "scar-", 5) == 0]), TRUE);
	page->screen.update(&page->screen);
}

static void chosen(GObject *source, GAsyncResult *result, gpointer call)
{
	ZonePage *page = panel_call_finish(source, result, call);

	if (!page)
		return;
	g_clear_pointer(&page->marked, g_free);
	panel_advance(page->screen.panel);
}

static const char *chosen_skin(const ZonePage *page)
{
	for (size_t i = 0; i < ELEMENTS(skins); i++)
		if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(page->skins[i])))
			return skins[i].name;
	return skins[0].name;
}

static void on_choose(ZonePage *page)
{
	Panel *panel = page->screen.panel;
	const char *area = field_get(page->area);
	PanelCall *call;

	if (!page->marked) {
		panel_notify(panel, _("Touch the zone on the map first."), SCREEN_ZONE);
		return;
	}
	if (!area || !area[0]) {
		g_signal_emit_by_name(page->area, "clicked");
		return;
	}
	call = panel_ask(panel, page);
	if (call)
		stipple_session1_call_select_zone(panel_session(panel), page->marked, chosen_skin(page),
			(guint32)strtoul(area, NULL, 10), PANEL_CALL(panel), chosen, call);
}

static void update_zone(Screen *screen)
{
	ZonePage *page = (ZonePage *)screen;
	StippleSession1 *session = panel_session(screen->panel);
	g_autofree char *text = NULL;

	scalp_update(page->scalp, stipple_session1_get_zones(session),
		known_text(stipple_session1_get_zone(session)), stipple_session1_get_density(session),
		page->marked ? page->marked : "");
	text = page->marked ? g_strdup_printf(_("Treat: %s"), zone_title(page->marked))
			    : g_strdup(_("Touch a zone"));
	touch_button_set_text(page->choose, text);
	gtk_widget_set_sensitive(page->choose, page->marked != NULL);
}

static GtkWidget *side_new(ZonePage *page)
{
	GtkWidget *grid = grid_new(6);

	for (size_t i = 0; i < ELEMENTS(skins); i++) {
		g_autofree char *name = g_strdup_printf(_("Skin: %s"), _(skins[i].title));

		page->skins[i] = touch_choice_new(_(skins[i].title), i ? page->skins[0] : NULL, NULL, NULL);
		accessible_name(page->skins[i], name);
		gtk_grid_attach(GTK_GRID(grid), page->skins[i], (int)i % 2, (int)i / 2, 1, 1);
	}
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(page->skins[0]), TRUE);
	page->area = sheet_field_new(panel_sheet(page->screen.panel), SHEET_NUMBER, _("Area in mm²"), false);
	page->choose = touch_button_new(_("Touch a zone"), "primary", G_CALLBACK(on_choose), page);
	gtk_widget_set_valign(page->area, GTK_ALIGN_START);
	return column_new(6, "side", grid, tall(page->area), page->choose, NULL);
}

static void forget_zone(Screen *screen)
{
	g_free(((ZonePage *)screen)->marked);
}

Screen *screen_zone_new(Panel *panel)
{
	ZonePage *page = g_new0(ZonePage, 1);

	page->screen = (Screen){ .panel = panel, .update = update_zone, .forget = forget_zone };
	page->scalp = scalp_new(zone_touched, page);
	page->screen.widget = row_new(12, NULL, scalp_widget(page->scalp), side_new(page), NULL);
	return &page->screen;
}
