/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Sign in: who works at the chair, by a badge (scanned or typed) and a PIN. It must forget the
 * PIN once the PIN was sent.
 */

#include <string.h>

#include "memory.h"
#include "panel.h"
#include "sheet.h"
#include "widgets.h"

enum { PIN_MAX = 12, RECENT_MAX = 3 };

#define RECENT "recent-badges" /* "BADGE=NAME", separated by ';', newest first */

typedef struct SignIn {
	Screen screen;
	GtkWidget *out, *in; /* nobody, somebody is signed in */
	GtkWidget *badge, *recent;
	char *asked; /* the badge that is signing in */
	GtkLabel *dots, *name, *roles;
	char pin[PIN_MAX + 1];
} SignIn;

static void show_pin(SignIn *page)
{
	GString *dots = g_string_new(NULL);

	for (size_t i = 0; i < strlen(page->pin); i++)
		g_string_append(dots, "●");
	gtk_label_set_text(page->dots, dots->len ? dots->str : _("PIN"));
	g_string_free(dots, TRUE);
}

static void forget_pin(SignIn *page)
{
	explicit_bzero(page->pin, sizeof page->pin);
	show_pin(page);
}

/* ---- recent users: they need not scan the badge again, but the PIN is always asked ---- */

static void on_recent(SignIn *page, GtkButton *button)
{
	field_set(page->badge, g_object_get_data(G_OBJECT(button), "badge"));
	forget_pin(page);
}

static void list_recent(SignIn *page)
{
	g_auto(GStrv) people = g_strsplit(memory_get(RECENT) ? memory_get(RECENT) : "", ";", -1);

	box_clear(page->recent);
	for (char **person = people; *person; person++) {
		char *name = strchr(*person, '=');
		GtkWidget *button;

		if (!name)
			continue;
		*name++ = '\0';
		button = touch_button_new(name, NULL, G_CALLBACK(on_recent), page);
		g_object_set_data_full(G_OBJECT(button), "badge", g_strdup(*person), g_free);
		box_add(page->recent, button, NULL);
	}
}

static void remember_badge(const char *badge, const char *name)
{
	g_auto(GStrv) before = g_strsplit(memory_get(RECENT) ? memory_get(RECENT) : "", ";", -1);
	g_autofree char *own = g_strdup_printf("%s=", badge);
	g_autoptr(GString) people = g_string_new(NULL);
	int n = 1;

	g_string_append_printf(people, "%s%s", own, name);
	for (char **person = before; *person && n < RECENT_MAX; person++)
		if (**person && !g_str_has_prefix(*person, own)) {
			g_string_append_printf(people, ";%s", *person);
			n++;
		}
	g_strdelimit(people->str, "\n", ' ');
	memory_set(RECENT, people->str);
}

static void signed_in(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autofree char *name = NULL;
	g_autoptr(GError) error = NULL;
	SignIn *page;

	stipple_station1_call_login_finish(STIPPLE_STATION1(source), &name, result, &error);
	page = panel_call_end(call, error);
	if (!page)
		return;
	if (!strpbrk(name, ";="))
		remember_badge(page->asked, name);
	list_recent(page);
	field_set(page->badge, NULL);
	panel_advance(page->screen.panel);
}

static void sign_in_operator(SignIn *page)
{
	Panel *panel = page->screen.panel;
	const char *badge = field_get(page->badge);
	PanelCall *call;

	if (!badge || !badge[0]) {
		panel_notify(panel, _("Scan your badge, or touch the field and type it."), SCREEN_SIGN_IN);
		return;
	}
	call = panel_ask(panel, page);
	if (call) {
		g_free(page->asked);
		page->asked = g_strdup(badge);
		stipple_station1_call_login(
			panel_station(panel), badge, page->pin, PANEL_CALL(panel), signed_in, call);
	}
	forget_pin(page);
}

static void on_pin_key(void *userdata, char key)
{
	SignIn *page = userdata;
	size_t length = strlen(page->pin);

	if (key == '\n') {
		sign_in_operator(page);
		return;
	}
	if (key == '\b' && length)
		page->pin[length - 1] = '\0';
	else if (g_ascii_isdigit(key) && length < PIN_MAX)
		page->pin[length] = key;
	show_pin(page);
}

static void typed(Screen *screen, char key)
{
	if (!panel_step_done(screen->panel, SCREEN_SIGN_IN))
		on_pin_key((SignIn *)screen, key);
}

static bool scan_badge(Screen *screen, const char *code)
{
	SignIn *page = (SignIn *)screen;

	if (panel_step_done(screen->panel, SCREEN_SIGN_IN))
		return false;
	field_set(page->badge, code);
	forget_pin(page);
	return true;
}

static void on_sign_out(Panel *panel)
{
	PanelCall *call = panel_ask(panel, NULL);

	if (call)
		stipple_station1_call_logout(panel_station(panel), PANEL_CALL(panel), panel_call_done, call);
}

static GtkWidget *out_new(SignIn *page)
{
	GtkWidget *left, *pad = keypad_new(_("Sign in"), on_pin_key, page);

	page->badge = sheet_field_new(panel_sheet(page->screen.panel), SHEET_CODE, _("Badge"), false);
	page->dots = GTK_LABEL(gtk_label_new(_("PIN")));
	gtk_widget_add_css_class(GTK_WIDGET(page->dots), "pin");
	page->recent = evenly(row_new(6, NULL, NULL));
	list_recent(page);
	left = column_new(12, NULL,
		text_new(_("Scan your badge, or touch the field and type it. Then enter your PIN."), NULL),
		page->badge, page->dots, page->recent, NULL);
	gtk_widget_add_css_class(pad, "pad");
	gtk_widget_set_valign(pad, GTK_ALIGN_CENTER);
	return row_new(16, NULL, wide(left), pad, NULL);
}

static GtkWidget *in_new(SignIn *page)
{
	GtkWidget *row = row_new(12, NULL,
		touch_button_new(_("Sign out"), NULL, G_CALLBACK(on_sign_out), page->screen.panel),
		touch_button_new(_("Go on"), "primary", G_CALLBACK(panel_advance), page->screen.panel), NULL);

	page->name = GTK_LABEL(text_new("", "heading"));
	page->roles = GTK_LABEL(text_new("", NULL));
	return column_new(12, NULL, page->name, page->roles, evenly(row), NULL);
}

static void update_sign_in(Screen *screen)
{
	SignIn *page = (SignIn *)screen;
	StippleStation1 *station = panel_station(screen->panel);
	bool in = panel_step_done(screen->panel, SCREEN_SIGN_IN);
	g_autofree char *name = g_strdup_printf(
		_("%s is signed in"), known_text(stipple_station1_get_operator_name(station)));

	gtk_widget_set_visible(page->out, !in);
	gtk_widget_set_visible(page->in, in);
	gtk_label_set_text(page->name, name);
	gtk_label_set_text(page->roles, known_text(stipple_station1_get_roles(station)));
}

static void forget_sign_in(Screen *screen)
{
	g_free(((SignIn *)screen)->asked);
}

Screen *screen_sign_in_new(Panel *panel)
{
	SignIn *page = g_new0(SignIn, 1);

	page->screen = (Screen){ .panel = panel,
		.update = update_sign_in,
		.scanned = scan_badge,
		.typed = typed,
		.forget = forget_sign_in };
	page->out = out_new(page);
	page->in = in_new(page);
	page->screen.widget = column_new(0, NULL, page->out, page->in, NULL);
	return &page->screen;
}
