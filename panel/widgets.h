/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The few kinds of widgets that all screens are made of. All are large enough for a gloved hand, and none
 * takes the keyboard's focus: a scanner is a keyboard whose Enter would press what has it.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

/** A button that touch alone presses; all others here are made of it. */
GtkWidget *button_new(void);
/**
 * A button with a text, which is also its accessible name. `style`: a CSS class or NULL. `clicked` gets
 * `userdata` first, then the button, as all callbacks of buttons here.
 */
GtkWidget *touch_button_new(const char *text, const char *style, GCallback clicked, gpointer userdata);
void touch_button_set_text(GtkWidget *button, const char *text);

/** One of several of which one is chosen: `group` is the first of them, or NULL. */
GtkWidget *touch_choice_new(const char *text, GtkWidget *group, GCallback toggled, gpointer userdata);

/** A button that shows what was entered under its title, and leads to where it is entered. */
GtkWidget *field_new(const char *title, GCallback clicked, gpointer userdata);
/** `value` NULL or "" shows that nothing was entered. */
void field_set(GtkWidget *field, const char *value);
const char *field_get(GtkWidget *field);

/** A text that may take several lines. */
GtkWidget *text_new(const char *text, const char *style);
/** A figure with its title below, both of which say something to a screen reader. */
GtkWidget *figure_new(const char *title, GtkLabel **ret_value);

/** A box of the widgets that are named, up to NULL. `style`: a CSS class or NULL. */
GtkWidget *box_new(GtkOrientation orientation, int spacing, const char *style, ...) G_GNUC_NULL_TERMINATED;
#define row_new(spacing, ...)    box_new(GTK_ORIENTATION_HORIZONTAL, spacing, __VA_ARGS__)
#define column_new(spacing, ...) box_new(GTK_ORIENTATION_VERTICAL, spacing, __VA_ARGS__)
/** Puts more widgets, up to NULL, at the end of a box. */
void box_add(GtkWidget *box, ...) G_GNUC_NULL_TERMINATED;
/** The widget itself, which takes all the width, or all the height, that is left. */
GtkWidget *wide(GtkWidget *widget);
GtkWidget *tall(GtkWidget *widget);
/** The box itself, whose children are of one size from now on. */
GtkWidget *evenly(GtkWidget *box);
/** All its columns have one width. `spacing`: between rows and columns. */
GtkWidget *grid_new(int spacing);
/** Gives a widget a CSS class, or takes it away. */
void style_set(GtkWidget *widget, const char *style, bool has);
/** What does not fit can be moved with a finger up and down, never sideways. */
GtkWidget *scroller_new(GtkWidget *child);
/** Hides all but one of the widgets in a box. */
void box_show_only(GtkWidget *box, GtkWidget *child);
/** Takes all widgets out of a box. */
void box_clear(GtkWidget *box);

/** An area to draw in, which can be given a name for who cannot see it. */
GtkWidget *drawing_new(void);
void accessible_name(GtkWidget *widget, const char *name);

/** A colour of light.css or dark.css by its name; grey when it has none of that name. */
GdkRGBA theme_colour(GtkWidget *widget, const char *name);

/** Keys of a keypad: digits, '\b' takes one back, '\n' is done. */
typedef void (*KeypadPressed)(void *userdata, char key);
/** `done` is the text of the key '\n'. */
GtkWidget *keypad_new(const char *done, KeypadPressed pressed, void *userdata);
