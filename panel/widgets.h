/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The few kinds of widgets that all screens use. All are large enough for a gloved hand, and none takes the
 * keyboard's focus: a scanner acts as a keyboard, and its Enter would press the focused widget.
 */

#include <gtk/gtk.h>
#include <stdbool.h>

/** A button that only touch can press; all other buttons here are built on it. */
GtkWidget *button_new(void);
/**
 * A button with a text, which is also its accessible name. `style`: a CSS class or NULL. `clicked` gets
 * `userdata` first, then the button, as all callbacks of buttons here.
 */
GtkWidget *touch_button_new(const char *text, const char *style, GCallback clicked, gpointer userdata);
void touch_button_set_text(GtkWidget *button, const char *text);

/** One of a group of buttons of which exactly one is chosen: `group` is the first of them, or NULL. */
GtkWidget *touch_choice_new(const char *text, GtkWidget *group, GCallback toggled, gpointer userdata);

/** A button that shows an entered value under its title, and leads to where it is entered. */
GtkWidget *field_new(const char *title, GCallback clicked, gpointer userdata);
/** With `value` NULL or "", the button shows that nothing was entered. */
void field_set(GtkWidget *field, const char *value);
const char *field_get(GtkWidget *field);

/** A text that may take several lines. */
GtkWidget *text_new(const char *text, const char *style);
/** A figure with its title below; a screen reader reads both. */
GtkWidget *figure_new(const char *title, GtkLabel **ret_value);

/** A box of the given widgets; the list ends with NULL. `style`: a CSS class or NULL. */
GtkWidget *box_new(GtkOrientation orientation, int spacing, const char *style, ...) G_GNUC_NULL_TERMINATED;
#define row_new(spacing, ...)    box_new(GTK_ORIENTATION_HORIZONTAL, spacing, __VA_ARGS__)
#define column_new(spacing, ...) box_new(GTK_ORIENTATION_VERTICAL, spacing, __VA_ARGS__)
/** Appends more widgets to a box; the list ends with NULL. */
void box_add(GtkWidget *box, ...) G_GNUC_NULL_TERMINATED;
/** Returns the widget itself, set to take all the width, or all the height, that is left. */
GtkWidget *wide(GtkWidget *widget);
GtkWidget *tall(GtkWidget *widget);
/** Returns the box itself, whose children all get the same size from now on. */
GtkWidget *evenly(GtkWidget *box);
/** A grid whose columns all have the same width. `spacing`: between rows and columns. */
GtkWidget *grid_new(int spacing);
/** Adds a CSS class to a widget, or removes it. */
void style_set(GtkWidget *widget, const char *style, bool has);
/** Scrolls with a finger up and down, never sideways. */
GtkWidget *scroller_new(GtkWidget *child);
/** Hides all but one of the widgets in a box. */
void box_show_only(GtkWidget *box, GtkWidget *child);
/** Takes all widgets out of a box. */
void box_clear(GtkWidget *box);

/** An area to draw in, which can have a name for screen readers. */
GtkWidget *drawing_new(void);
void accessible_name(GtkWidget *widget, const char *name);

/** The colour with this name in light.css or dark.css; grey when there is none. */
GdkRGBA theme_colour(GtkWidget *widget, const char *name);

/** Keys of a keypad: digits; '\b' is backspace, '\n' is done. */
typedef void (*KeypadPressed)(void *userdata, char key);
/** `done` is the text of the key '\n'. */
GtkWidget *keypad_new(const char *done, KeypadPressed pressed, void *userdata);
