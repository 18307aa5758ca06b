/* SPDX-License-Identifier: Apache-2.0 */

/** Decides what happens with a scanned code and a typed key. A code must press no button. */

#include "panel-private.h"

/** Both methods that mount a cartridge answer with its unit. */
static void cartridge_mounted(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer = g_dbus_proxy_call_finish(G_DBUS_PROXY(source), result, &error);
	Panel *panel = panel_call_end(call, error);
	g_autofree char *text = NULL;
	const char *unit;

	if (!panel)
		return;
	g_variant_get(answer, "(&s)", &unit);
	text = g_strdup_printf(_("Cartridge %s is mounted and on record as used."), unit);
	panel_notify(panel, text, SCREEN_MAX);
	if (panel->current == SCREEN_CARTRIDGE &&
		known_text(stipple_session1_get_pigment(panel_session(panel)))[0])
		panel_advance(panel);
}

void panel_mount(Panel *panel, const char *code)
{
	PanelCall *call;

	if (panel->calls) {
		panel_notify(panel, _("The station is still busy with something else: scan the code again."),
			SCREEN_MAX);
		return;
	}
	if (panel_is_armed(panel)) {
		panel_notify(panel,
			_("The needle is armed: disarm it and take the cartridge out, then scan the new one."),
			SCREEN_WORK);
		return;
	}
	call = panel_ask(panel, panel);
	if (call)
		(panel->scanning ? stipple_session1_call_mount_scanned : stipple_session1_call_mount_needle)(
			panel_session(panel), code, PANEL_CALL(panel), cartridge_mounted, call);
}

/**
 * The topmost sheet, page or screen decides what a code is used for. If nothing there wants it, it is taken
 * as a cartridge's code, and the station says why that cartridge cannot be mounted. A code has no other
 * effect: it presses no button and is not recorded.
 */
static void take_code(Panel *panel, const char *code)
{
	Screen *screen = panel->screens[panel->current];

	if (!station_client_present(panel->client))
		return;
	if (sheet_is_open(panel->sheet) && !panel->form->wants_code(panel->form))
		sheet_scanned(panel->sheet, code);
	else if (gtk_widget_get_visible(panel->fault->widget))
		panel_notify(panel, _("A fault is latched: acknowledge it, then scan the code again."),
			SCREEN_MAX);
	else if (panel->form->scanned(panel->form, code) ||
		 (screen->scanned && screen->scanned(screen, code)))
		return;
	else if (panel->current == SCREEN_MORE)
		panel_notify(panel,
			_("No code is asked for here. A cartridge is scanned on the work screen."),
			SCREEN_MAX);
	else
		panel_mount(panel, code);
}

void panel_take_code(void *userdata, const char *code)
{
	Panel *panel = userdata;

	panel->scanning = true;
	take_code(panel, code);
	panel->scanning = false;
}

void panel_on_typed(void *userdata, char key)
{
	Panel *panel = userdata;
	Screen *screen = panel->screens[panel->current];

	if (sheet_is_open(panel->sheet))
		sheet_type(panel->sheet, key);
	else if (screen->typed && gtk_widget_get_visible(gtk_overlay_get_child(panel->root)))
		screen->typed(screen, key);
}
