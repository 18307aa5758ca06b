/* SPDX-License-Identifier: Apache-2.0 */

/** Decides which screen is shown and which steps are done. It only reads the station's state. */

#include "panel-private.h"

#include "step-button.h"
#include "steps.h"
#include "widgets.h"

bool panel_step_done(const Panel *panel, ScreenId screen)
{
	return step_is_done(panel->client, screen);
}

void panel_advance(Panel *panel)
{
	panel_show(panel, step_to_do(panel->client));
}

void panel_update_steps(Panel *panel)
{
	bool signed_in = panel_step_done(panel, SCREEN_SIGN_IN);
	bool open = panel_step_done(panel, SCREEN_PERSON);

	if (!signed_in ||
		(open && (gint64)stipple_session1_get_session(panel_session(panel)) != panel->signed_session))
		panel->signed_session = 0;
	for (ScreenId i = 0; i < SCREEN_MAX; i++) {
		bool usable = i == SCREEN_SIGN_IN || i == SCREEN_MORE ||
			      (signed_in && (open || i == SCREEN_PERSON)) ||
			      (i == SCREEN_FINISH && panel->signed_session);

		step_button_update(panel->steps[i], panel_step_done(panel, i), i == panel->current, usable);
	}
}

void panel_update_screen(Panel *panel)
{
	Screen *screen = panel->screens[panel->current];

	if (screen->update)
		screen->update(screen);
}

void panel_show(Panel *panel, ScreenId id)
{
	Screen *screen = panel->screens[id];

	panel->current = id;
	box_show_only(panel->pages, screen->widget);
	panel_update_steps(panel);
	if (screen->shown)
		screen->shown(screen);
	panel_update_screen(panel);
}

void panel_show_again(Panel *panel)
{
	panel_show(panel, panel->current);
}

bool panel_shows(const Panel *panel, ScreenId screen)
{
	return panel->current == screen;
}

void panel_photograph_zone(Panel *panel, const char *zone)
{
	panel_show(panel, SCREEN_PHOTOGRAPHS);
	panel->screens[SCREEN_PHOTOGRAPHS]->choose_zone(panel->screens[SCREEN_PHOTOGRAPHS], zone);
}

void panel_on_step(Panel *panel, GtkButton *button)
{
	panel_drop_notice(panel);
	panel_show(panel, step_button_screen(button));
}

void panel_on_notice(Panel *panel)
{
	panel_drop_notice(panel);
	if (panel->notice_leads_to < SCREEN_MAX)
		panel_show(panel, panel->notice_leads_to);
}
