/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The part Records: stock, sterilisation, certificates, incidents, and all other records that are entered
 * outside a session. The station says which kinds there are; only the form for the receipt of a lot is
 * defined here.
 */

#include "form.h"
#include "query.h"
#include "widgets.h"

typedef struct Records {
	Screen screen;
	GtkWidget *kinds, *rows;
	bool filled;
} Records;

/* a lot is received by a method of its own; this is its form */
static const char lot_form[] =
	"('lot.received', false, '', '', [('gtin', true, 'text', ''), ('lot', false, 'text', ''), "
	"('expiry', false, 'date', ''), ('quantity', false, 'count', ''), ('product', false, 'text', ''), "
	"('configuration', true, 'text', ''), "
	"('maker', false, 'text', ''), ('certificate', true, 'text', ''), ('membrane', true, 'boolean', ''), "
	"('membrane_reference', true, 'text', ''), ('supplier', true, 'text', ''), "
	"('purchase', true, 'text', ''), ('low_stock', true, 'count', ''), "
	"('serialised', true, 'boolean', '')])";

static void on_lot(Records *page)
{
	g_autoptr(GVariant) form =
		g_variant_parse(G_VARIANT_TYPE("(sbssa(sbss))"), lot_form, NULL, NULL, NULL);

	form_open(page->screen.panel, FORM_OF_LOT, form);
}

static void stock_came(void *userdata, json_t *rows)
{
	Records *page = userdata;

	if (rows)
		query_show(page->rows, rows, 200);
}

static void on_stock(Records *page)
{
	query_run(page->screen.panel, "stock", g_variant_new_parsed("@a{sv} {}"), stock_came, page);
}

static void update_records(Screen *screen)
{
	Records *page = (Records *)screen;
	Panel *panel = screen->panel;

	if (page->filled || !station_client_present(panel_client(panel)))
		return;
	page->filled = true;
	form_list(panel, FORM_AT_INVENTORY, NULL, page->kinds);
	form_list(panel, FORM_AT_SESSION, NULL, page->kinds);
	form_list(panel, FORM_AT_STATION, NULL, page->kinds);
}

Screen *part_records_new(Panel *panel)
{
	Records *page = g_new0(Records, 1);

	page->screen = (Screen){ .panel = panel, .update = update_records };
	page->rows = column_new(8, NULL, NULL);
	page->kinds = column_new(8, NULL,
		touch_button_new(_("Receive a lot of cartridges…"), NULL, G_CALLBACK(on_lot), page), NULL);
	page->screen.widget = scroller_new(
		column_new(8, NULL, touch_button_new(_("What is in stock"), NULL, G_CALLBACK(on_stock), page),
			page->rows, page->kinds, NULL));
	return &page->screen;
}
