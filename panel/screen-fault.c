/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The screen Fault: what stopped the needle, and what to do. It fills the window until somebody has
 * acknowledged the fault. Only somebody who is signed in may acknowledge it.
 */

#include <string.h>

#include "alarm-bar.h"
#include "panel.h"
#include "refusals.h"
#include "sheet.h"
#include "widgets.h"

typedef struct FaultPage {
	Screen screen;
	GtkLabel *title, *cause, *advice, *lights;
	GtkWidget *box, *acknowledge;
	char *note; /* the note to be recorded, kept until the PIN is entered */
} FaultPage;

static void acknowledge_fault(void *userdata, const char *pin)
{
	FaultPage *page = userdata;
	Panel *panel = page->screen.panel;
	PanelCall *call = panel_order(panel, NULL);

	if (call)
		stipple_station1_call_acknowledge_fault(
			panel_station(panel), page->note, pin, PANEL_CALL(panel), panel_call_done, call);
}

static void ask_fault_pin(void *userdata, const char *note)
{
	FaultPage *page = userdata;

	g_free(page->note);
	page->note = g_strdup(note);
	sheet_ask(panel_sheet(page->screen.panel), SHEET_PIN, _("Your PIN, as signature"), "",
		acknowledge_fault, page);
}

static void on_acknowledge(FaultPage *page)
{
	static const char *const notes[] = { N_("cause found and put right"), N_("pressed by mistake"),
		N_("the person moved"), N_("cartridge changed"), NULL };
	Panel *panel = page->screen.panel;

	if (panel_step_done(panel, SCREEN_SIGN_IN)) {
		sheet_choose(panel_sheet(panel), _("What was it?"), notes, true, ask_fault_pin, page);
		return;
	}
	/* the person who acknowledges must be known: sign in first, then the fault is shown again */
	panel_show(panel, SCREEN_SIGN_IN);
	gtk_widget_set_visible(page->screen.widget, FALSE);
}

static void update_fault(Screen *screen)
{
	FaultPage *page = (FaultPage *)screen;
	Panel *panel = screen->panel;
	StippleStation1 *station = panel_station(panel);
	bool stop = strcmp(known_text(stipple_station1_get_fault(station)), "emergency-stop") == 0;
	g_autofree char *text = sentence_translate(known_text(stipple_station1_get_fault_text(station)));
	char *colon = strstr(text, ": ");
	g_autofree char *cause = g_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	g_autofree char *advice = sentence_translate(colon ? colon + 2 : "");
	g_autofree char *lights = g_strdup_printf("%s · %s",
		stipple_station1_get_emergency_stop(station) ? _("the emergency stop is pressed")
							     : _("the emergency stop is released"),
		stipple_station1_get_pedal(station) ? _("the pedal is down") : _("the pedal is up"));
	const char *classes[] = { "fault", alarm_style(alarm_of_latched_fault(station)), NULL };

	gtk_widget_set_css_classes(screen->widget, classes);
	gtk_label_set_text(page->title, stop ? _("EMERGENCY STOP") : _("THE NEEDLE WAS STOPPED"));
	gtk_label_set_text(page->cause, cause);
	gtk_label_set_text(page->advice, advice);
	gtk_label_set_text(page->lights, lights);
	touch_button_set_text(page->acknowledge,
		panel_step_done(panel, SCREEN_SIGN_IN) ? _("Acknowledge…") : _("Sign in to acknowledge"));
}

static GtkLabel *add_fault_text(FaultPage *page, const char *style)
{
	GtkWidget *text = text_new("", style);

	gtk_label_set_xalign(GTK_LABEL(text), 0.5F);
	gtk_label_set_justify(GTK_LABEL(text), GTK_JUSTIFY_CENTER);
	box_add(page->box, text, NULL);
	return GTK_LABEL(text);
}

static void forget_fault(Screen *screen)
{
	g_free(((FaultPage *)screen)->note);
}

Screen *screen_fault_new(Panel *panel)
{
	FaultPage *page = g_new0(FaultPage, 1);

	page->screen = (Screen){ .panel = panel, .update = update_fault, .forget = forget_fault };
	page->box = column_new(12, NULL, NULL);
	page->screen.widget = scroller_new(page->box);
	gtk_widget_add_css_class(page->screen.widget, "fault");
	page->title = add_fault_text(page, "huge");
	page->cause = add_fault_text(page, "cause");
	page->advice = add_fault_text(page, "cause");
	page->lights = add_fault_text(page, NULL);
	tall(GTK_WIDGET(page->lights));
	page->acknowledge = touch_button_new(_("Acknowledge…"), NULL, G_CALLBACK(on_acknowledge), page);
	box_add(page->box, page->acknowledge, NULL);
	return &page->screen;
}
