/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Calls of the screens to the station, and what they may see of it. An order to disarm, to pause or to
 * acknowledge a fault must never wait behind another call.
 */

#include "panel-private.h"

#include <string.h>

#include "refusals.h"

struct PanelCall {
	Panel *panel;
	PanelRefused refused;
	void *userdata;
};

static PanelCall *begin_call(Panel *panel, PanelRefused refused, void *userdata)
{
	PanelCall *call;

	if (!station_client_present(panel->client)) {
		g_autofree char *sentence = sentence_translate(STATION_AWAY);

		panel_notify(panel, sentence, SCREEN_MAX);
		return NULL;
	}
	panel->calls++;
	gtk_widget_add_css_class(GTK_WIDGET(panel->window), "busy");
	call = g_new0(PanelCall, 1);
	call->panel = panel;
	call->refused = refused;
	call->userdata = userdata;
	return call;
}

PanelCall *panel_ask(Panel *panel, void *userdata)
{
	return panel_ask_or(panel, NULL, userdata);
}

PanelCall *panel_ask_or(Panel *panel, PanelRefused refused, void *userdata)
{
	return panel->calls ? NULL : begin_call(panel, refused, userdata);
}

PanelCall *panel_order(Panel *panel, void *userdata)
{
	return begin_call(panel, NULL, userdata);
}

static void tell_call_refused(const PanelCall *call, GError *error)
{
	g_autofree char *name = station_error_name(error), *sentence = NULL;
	const char *last = strrchr(name, '.');

	if (call->refused && last && call->refused(call->userdata, last + 1))
		return;
	sentence = sentence_translate(station_error_text(error));
	panel_notify(call->panel, sentence, refusal_screen(name));
}

void *panel_call_end(PanelCall *ended, GError *error)
{
	g_autofree PanelCall *call = ended;
	Panel *panel = call->panel;

	/* with its window, which is gone */
	if (station_error_is_cancelled(error))
		return NULL;
	if (panel->calls)
		panel->calls--;
	gtk_widget_remove_css_class(GTK_WIDGET(panel->window), "busy");
	if (error) {
		tell_call_refused(call, error);
		return NULL;
	}
	panel_drop_notice(panel);
	return call->userdata;
}

void *panel_call_finish(GObject *source, GAsyncResult *result, PanelCall *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);

	return panel_call_end(call, error);
}

void panel_call_done(GObject *source, GAsyncResult *result, gpointer call)
{
	panel_call_finish(source, result, call);
}

GCancellable *panel_calls(const Panel *panel)
{
	return station_client_calls(panel->client);
}

/* ---- what screens see ---- */

const PanelOptions *panel_options(const Panel *panel)
{
	return &panel->options;
}

Sheet *panel_sheet(const Panel *panel)
{
	return panel->sheet;
}

Screen *panel_form(const Panel *panel)
{
	return panel->form;
}

gint64 panel_signed_session(const Panel *panel)
{
	return panel->signed_session;
}

void panel_set_signed_session(Panel *panel, gint64 session)
{
	panel->signed_session = session;
}

StationClient *panel_client(const Panel *panel)
{
	return panel->client;
}

StippleStation1 *panel_station(const Panel *panel)
{
	return station_client_station(panel->client);
}

StippleSession1 *panel_session(const Panel *panel)
{
	return station_client_session(panel->client);
}

StippleInventory1 *panel_inventory(const Panel *panel)
{
	return station_client_inventory(panel->client);
}

StippleAudit1 *panel_audit(const Panel *panel)
{
	return station_client_audit(panel->client);
}

bool panel_state_is(const Panel *panel, const char *state)
{
	return g_strcmp0(stipple_session1_get_state(panel_session(panel)), state) == 0;
}

bool panel_is_armed(const Panel *panel)
{
	return panel_state_is(panel, "ready") || panel_state_is(panel, "working");
}
