/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Zone: which zone is to be treated, on which skin, and how large it is. It only asks: the
 * station decides which zone is under treatment.
 */

#include <math.h>
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
	GtkLabel *history; /* of the touched zone: density and area on record */
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

/** What the client's zone had before this session, from the property Scalp. */
typedef struct ZoneHistory {
	guint32 area_mm2;
	gboolean measured;
	double density;
	gint64 last_us;
} ZoneHistory;

static ZoneHistory history_of(ZonePage *page, const char *wanted)
{
	GVariant *scalp = stipple_session1_get_scalp(panel_session(page->screen.panel));
	ZoneHistory history;
	GVariantIter iter;
	const char *zone;

	if (scalp)
		g_variant_iter_init(&iter, scalp);
	while (scalp && g_variant_iter_next(&iter, "(&subtdx)", &zone, &history.area_mm2, &history.measured,
				NULL, &history.density, &history.last_us))
		if (strcmp(zone, wanted) == 0)
			return history;
	return (ZoneHistory){ 0 };
}

static void show_history(ZonePage *page)
{
	ZoneHistory history = page->marked ? history_of(page, page->marked) : (ZoneHistory){ 0 };
	g_autoptr(GDateTime) last =
		history.last_us ? g_date_time_new_from_unix_local(history.last_us / G_USEC_PER_SEC) : NULL;
	g_autofree char *day = last ? g_date_time_format(last, "%x") : NULL;
	g_autofree char *text =
		day ? g_strdup_printf(_("Before: %.0f dots per cm², last on %s"), history.density, day)
		    : g_strdup(page->marked ? _("Before: no dots") : "");
	g_autofree char *area =
		history.area_mm2 ? g_strdup_printf(history.measured ? _("%.1f cm² measured")
								    : _("%.1f cm² in an earlier session"),
					   history.area_mm2 / 100.0)
				 : NULL;
	g_autofree char *both = area ? g_strdup_printf("%s\n%s", text, area) : NULL;

	gtk_label_set_text(page->history, both ? both : text);
}

/** The area on record in cm2, as the field shows it until somebody enters another; NULL: none. The caller
 * frees it. */
static char *area_on_record(ZonePage *page, const char *zone)
{
	guint32 area_mm2 = history_of(page, zone).area_mm2;
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	return area_mm2 ? g_strdup(g_ascii_formatd(text, sizeof text, "%.2f", area_mm2 / 100.0)) : NULL;
}

static void zone_touched(void *userdata, const char *zone)
{
	ZonePage *page = userdata;
	g_autofree char *area = area_on_record(page, zone);

	g_free(page->marked);
	page->marked = g_strdup(zone);
	/* the area is this client's, or has to be entered: another zone's or client's never stays */
	field_set(page->area, area);
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
	field_set(page->area, NULL);
	panel_advance(page->screen.panel);
}

static const char *chosen_skin(const ZonePage *page)
{
	for (size_t i = 0; i < ELEMENTS(skins); i++)
		if (gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(page->skins[i])))
			return skins[i].name;
	return skins[0].name;
}

/** In mm2; 0 takes the area on record: what nobody changed, nobody measured. False: no area was entered. */
static bool read_area(ZonePage *page, guint32 *ret_mm2)
{
	g_autofree char *on_record = area_on_record(page, page->marked);
	g_autofree char *area = g_strdelimit(g_strdup(field_get(page->area)), ",", '.');
	double area_mm2 = round(g_ascii_strtod(area, NULL) * 100);

	*ret_mm2 = g_strcmp0(area, on_record) == 0 ? 0 : (guint32)CLAMP(area_mm2, 0, 1e6);
	return area_mm2 >= 1;
}

static void on_choose(ZonePage *page)
{
	Panel *panel = page->screen.panel;
	const char *area = field_get(page->area);
	guint32 area_mm2;
	PanelCall *call;

	if (!page->marked) {
		panel_notify(panel, _("Touch the zone on the map first."), SCREEN_ZONE);
		return;
	}
	if (!area || !area[0]) {
		g_signal_emit_by_name(page->area, "clicked");
		return;
	}
	if (!read_area(page, &area_mm2)) {
		panel_notify(panel, _("Enter the area of the zone in cm², such as 15.5."), SCREEN_ZONE);
		return;
	}
	call = panel_ask(panel, page);
	if (call)
		stipple_session1_call_select_zone(panel_session(panel), page->marked, chosen_skin(page),
			area_mm2, PANEL_CALL(panel), chosen, call);
}

static void update_zone(Screen *screen)
{
	ZonePage *page = (ZonePage *)screen;
	StippleSession1 *session = panel_session(screen->panel);
	g_autofree char *text = NULL;

	scalp_update(page->scalp, stipple_session1_get_zones(session), stipple_session1_get_scalp(session),
		known_text(stipple_session1_get_zone(session)), stipple_session1_get_density(session),
		page->marked ? page->marked : "");
	text = page->marked ? g_strdup_printf(_("Treat: %s"), zone_title(page->marked))
			    : g_strdup(_("Touch a zone"));
	touch_button_set_text(page->choose, text);
	gtk_widget_set_sensitive(page->choose, page->marked != NULL);
	show_history(page);
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
	page->area = sheet_field_new(panel_sheet(page->screen.panel), SHEET_TEXT, _("Area in cm²"), false);
	page->choose = touch_button_new(_("Touch a zone"), "primary", G_CALLBACK(on_choose), page);
	page->history = GTK_LABEL(text_new("", "caption"));
	gtk_widget_set_valign(page->area, GTK_ALIGN_START);
	return column_new(6, "side", grid, GTK_WIDGET(page->history), tall(page->area), page->choose, NULL);
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
