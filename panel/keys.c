/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Receives all keys of the window and passes them to scan.h, which tells a scanner from a person. It must
 * let no key through to a widget.
 */

#include "keys.h"

#include "scan.h"

/* the timeout that ends a run fires only after all waiting keys are handled, however late that is */
enum { PAUSE_PRIORITY = G_PRIORITY_DEFAULT_IDLE };

struct Keys {
	KeysOptions options;
	GtkEventController *controller;
	Scan scan;
	guint pause_source;
};

/** The character of a key; '\n' for a key that ends a code, 0 for a key that means nothing here. */
static char character_of_press(guint key, GdkModifierType state)
{
	guint32 unicode = gdk_keyval_to_unicode(key);

	if (key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter ||
		key == GDK_KEY_Tab || key == GDK_KEY_KP_Tab)
		return '\n';
	if (key == GDK_KEY_BackSpace)
		return '\b';
	/* scanners send the group separator of a GS1 code as Ctrl+] */
	if (unicode == ']' && (state & GDK_CONTROL_MASK))
		return 0x1d;
	if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK | GDK_META_MASK))
		return 0;
	return unicode >= ' ' && unicode < 0x7f ? (char)unicode : 0;
}

static void end_run(Keys *keys)
{
	Scan scan = keys->scan;

	g_clear_handle_id(&keys->pause_source, g_source_remove);
	scan_clear(&keys->scan);
	if (scan_is_code(&scan)) {
		scan_undo_caps_lock(&scan);
		keys->options.scanned(keys->options.userdata, scan.keys);
	} else {
		for (size_t i = 0; i < scan.length; i++)
			if (scan.keys[i] != 0x1d)
				keys->options.typed(keys->options.userdata, scan.keys[i]);
	}
	scan_clear(&scan);
}

static gboolean on_keys_pause(gpointer userdata)
{
	Keys *keys = userdata;

	keys->pause_source = 0;
	end_run(keys);
	return G_SOURCE_REMOVE;
}

static void take_press(Keys *keys, char key, guint32 time_ms, bool caps_lock)
{
	if (scan_is_over(&keys->scan, time_ms))
		end_run(keys);
	if (key == '\n') {
		end_run(keys);
		return;
	}
	scan_add(&keys->scan, key, time_ms, caps_lock);
	g_clear_handle_id(&keys->pause_source, g_source_remove);
	keys->pause_source = g_timeout_add_full(PAUSE_PRIORITY, 2 * SCAN_GAP_MS, on_keys_pause, keys, NULL);
}

/** Claims every key as handled, so that no other controller, shortcut or widget receives it. */
static gboolean on_window_key(
	GtkEventControllerKey *controller, guint keyval, guint code, GdkModifierType state, gpointer userdata)
{
	char key = character_of_press(keyval, state);

	if (key)
		take_press(userdata, key,
			gtk_event_controller_get_current_event_time(GTK_EVENT_CONTROLLER(controller)),
			state & GDK_LOCK_MASK);
	return TRUE;
}

Keys *keys_new(GtkWindow *window, const KeysOptions *options)
{
	Keys *keys = g_new0(Keys, 1);

	keys->options = *options;
	keys->controller = gtk_event_controller_key_new();
	gtk_event_controller_set_propagation_phase(keys->controller, GTK_PHASE_CAPTURE);
	g_signal_connect(keys->controller, "key-pressed", G_CALLBACK(on_window_key), keys);
	gtk_widget_add_controller(GTK_WIDGET(window), keys->controller);
	return keys;
}

Keys *keys_free(Keys *keys)
{
	if (!keys)
		return NULL;
	g_clear_handle_id(&keys->pause_source, g_source_remove);
	g_signal_handlers_disconnect_by_data(keys->controller, keys);
	scan_clear(&keys->scan);
	g_free(keys);
	return NULL;
}
