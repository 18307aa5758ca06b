/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Calls from the screens to the station, and the functions of panel.h that give screens access to it. An
 * order to disarm, to pause or to acknowledge a fault must never wait behind another call.
 */

#include "panel-private.h"

#include <string.h>

#include "refusals.h"

struct PanelCall {
	Panel *panel;
	PanelRefused refused;
	void *userdata;
};

bool panel_station_present(Panel *panel)
{
	g_autofree char *sentence = NULL;

	if (station_client_present(panel->client))
		return true;
	sentence = sentence_translate(STATION_AWAY);
	panel_notify(panel, sentence, SCREEN_MAX);
	return false;
}

static PanelCall *begin_call(Panel *panel, PanelRefused refused, void *userdata)
{
	PanelCall *call;

	if (!panel_station_present(panel))
		return NULL;
	panel->calls++;
	gtk_widget_add_css_class(GTK_WIDGET(panel->window), "busy");
	call = g_new0(PanelCall, 1);
	call->panel = panel;
	call->refused = refused;
	call->userdata = userdata;
	return call;
}

PanelCall *panel_ask_or(Panel *panel, PanelRefused refused, void *userdata)
{
	return panel->calls ? NULL : begin_call(panel, refused, userdata);
}

PanelCall *panel_ask(Panel *panel, void *userdata)
{
	return panel_ask_or(panel, NULL, userdata);
}

PanelCall *panel_order(Panel *panel, void *userdata)
{
	return begin_call(panel, NULL, userdata);
}

void panel_tell_refused(Panel *panel, GError *error)
{
	g_autofree char *name = station_error_name(error);
	g_autofree char *sentence = sentence_translate(station_error_text(error));

	panel_notify(panel, sentence, refusal_screen(name));
}

static bool deals_with_refusal(const PanelCall *call, const GError *error)
{
	g_autofree char *name = station_error_name(error);
	const char *last = strrchr(name, '.');

	return call->refused && last && call->refused(call->userdata, last + 1);
}

void *panel_call_end(PanelCall *ended, GError *error)
{
	g_autofree PanelCall *call = ended;
	Panel *panel = call->panel;

	/* the window of this call is gone */
	if (station_error_is_cancelled(error))
		return NULL;
	if (panel->calls)
		panel->calls--;
	gtk_widget_remove_css_class(GTK_WIDGET(panel->window), "busy");
	if (error) {
		if (!deals_with_refusal(call, error))
			panel_tell_refused(panel, error);
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

/* ---- access for the screens ---- */

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

bool panel_state_is(const Panel *panel, const char *state)
{
	return g_strcmp0(stipple_session1_get_state(panel_session(panel)), state) == 0;
}

bool panel_is_armed(const Panel *panel)
{
	return panel_state_is(panel, "ready") || panel_state_is(panel, "working");
}
