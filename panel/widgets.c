/* SPDX-License-Identifier: Apache-2.0 */

/** The few kinds of widgets that all screens use. None of them may take the keyboard's focus. */

#include "widgets.h"

#include <glib/gi18n.h>

void accessible_name(GtkWidget *widget, const char *name)
{
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

GtkWidget *drawing_new(void)
{
	/* a role that may have a name; in newer versions the default role may not */
	return g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG, NULL);
}

/** Prevents hyphenation: a code with a hyphen in it would be another code. */
static void wrap_without_hyphens(GtkWidget *label)
{
	g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

	pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
	gtk_label_set_attributes(GTK_LABEL(label), attributes);
	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
}

static GtkWidget *centred_label(const char *text)
{
	GtkWidget *label = gtk_label_new(text);

	wrap_without_hyphens(label);
	/* break only between words: every word on a button is short enough to fit */
	gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD);
	/*
	 * otherwise the label asks for two lines where one is enough, and for a height that it then does not
	 * use
	 */
	gtk_label_set_natural_wrap_mode(GTK_LABEL(label), GTK_NATURAL_WRAP_NONE);
	gtk_label_set_justify(GTK_LABEL(label), GTK_JUSTIFY_CENTER);
	return label;
}

static GtkWidget *without_focus(GtkWidget *widget)
{
	gtk_widget_set_focusable(widget, FALSE);
	gtk_widget_set_focus_on_click(widget, FALSE);
	return widget;
}

GtkWidget *button_new(void)
{
	return without_focus(gtk_button_new());
}

static void finish_button(GtkWidget *button, const char *text, const char *style)
{
	gtk_button_set_child(GTK_BUTTON(button), centred_label(text));
	gtk_widget_add_css_class(button, "touch");
	if (style)
		gtk_widget_add_css_class(button, style);
	accessible_name(button, text);
}

GtkWidget *touch_button_new(const char *text, const char *style, GCallback clicked, gpointer userdata)
{
	GtkWidget *button = button_new();

	finish_button(button, text, style);
	g_signal_connect_swapped(button, "clicked", clicked, userdata);
	return button;
}

void touch_button_set_text(GtkWidget *button, const char *text)
{
	gtk_label_set_text(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button))), text);
	accessible_name(button, text);
}

GtkWidget *touch_choice_new(const char *text, GtkWidget *group, GCallback toggled, gpointer userdata)
{
	GtkWidget *button = without_focus(gtk_toggle_button_new());

	finish_button(button, text, "choice");
	if (group)
		gtk_toggle_button_set_group(GTK_TOGGLE_BUTTON(button), GTK_TOGGLE_BUTTON(group));
	if (toggled)
		g_signal_connect_swapped(button, "toggled", toggled, userdata);
	return button;
}

GtkWidget *field_new(const char *title, GCallback clicked, gpointer userdata)
{
	GtkWidget *caption = gtk_label_new(title), *value = gtk_label_new(NULL);
	GtkWidget *button = button_new(), *box = column_new(0, NULL, caption, value, NULL);

	gtk_label_set_xalign(GTK_LABEL(caption), 0);
	gtk_label_set_xalign(GTK_LABEL(value), 0);
	gtk_label_set_ellipsize(GTK_LABEL(caption), PANGO_ELLIPSIZE_END);
	gtk_label_set_ellipsize(GTK_LABEL(value), PANGO_ELLIPSIZE_MIDDLE);
	gtk_widget_add_css_class(caption, "caption");
	gtk_widget_add_css_class(value, "value");
	gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_add_css_class(button, "touch");
	gtk_widget_add_css_class(button, "field");
	g_object_set_data_full(G_OBJECT(button), "title", g_strdup(title), g_free);
	g_object_set_data(G_OBJECT(button), "value", value);
	g_signal_connect_swapped(button, "clicked", clicked, userdata);
	field_set(button, NULL);
	return button;
}

void field_set(GtkWidget *field, const char *value)
{
	GtkLabel *label = g_object_get_data(G_OBJECT(field), "value");
	const char *title = g_object_get_data(G_OBJECT(field), "title");
	bool empty = !value || !*value;
	g_autofree char *name = g_strdup_printf("%s: %s", title, empty ? _("not entered") : value);

	if (!g_object_get_data(G_OBJECT(field), "text") ||
		g_strcmp0(g_object_get_data(G_OBJECT(field), "text"), value) != 0) {
		g_object_set_data_full(G_OBJECT(field), "text", g_strdup(empty ? "" : value), g_free);
		gtk_label_set_text(label, empty ? "…" : value);
		accessible_name(field, name);
	}
}

const char *field_get(GtkWidget *field)
{
	return g_object_get_data(G_OBJECT(field), "text");
}

GtkWidget *text_new(const char *text, const char *style)
{
	GtkWidget *label = gtk_label_new(text);

	wrap_without_hyphens(label);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	if (style)
		gtk_widget_add_css_class(label, style);
	return label;
}

GtkWidget *figure_new(const char *title, GtkLabel **ret_value)
{
	GtkWidget *value = gtk_label_new("–"), *caption = gtk_label_new(title);
	GtkWidget *box = column_new(0, "figure", value, caption, NULL);

	gtk_widget_add_css_class(value, "number");
	gtk_widget_add_css_class(caption, "caption");
	gtk_label_set_ellipsize(GTK_LABEL(caption), PANGO_ELLIPSIZE_END);
	gtk_widget_set_vexpand(value, TRUE);
	gtk_widget_set_valign(value, GTK_ALIGN_END);
	gtk_widget_set_vexpand(caption, TRUE);
	gtk_widget_set_valign(caption, GTK_ALIGN_START);
	gtk_accessible_update_relation(
		GTK_ACCESSIBLE(value), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, caption, NULL, -1);
	*ret_value = GTK_LABEL(value);
	return box;
}

static void append_children(GtkWidget *box, va_list children)
{
	GtkWidget *child;

	while ((child = va_arg(children, gpointer)))
		gtk_box_append(GTK_BOX(box), child);
}

GtkWidget *box_new(GtkOrientation orientation, int spacing, const char *style, ...)
{
	GtkWidget *box = gtk_box_new(orientation, spacing);
	va_list children;

	if (style)
		gtk_widget_add_css_class(box, style);
	va_start(children, style);
	append_children(box, children);
	va_end(children);
	return box;
}

void box_add(GtkWidget *box, ...)
{
	va_list children;

	va_start(children, box);
	append_children(box, children);
	va_end(children);
}

GtkWidget *wide(GtkWidget *widget)
{
	gtk_widget_set_hexpand(widget, TRUE);
	return widget;
}

GtkWidget *tall(GtkWidget *widget)
{
	gtk_widget_set_vexpand(widget, TRUE);
	return widget;
}

GtkWidget *evenly(GtkWidget *box)
{
	gtk_box_set_homogeneous(GTK_BOX(box), TRUE);
	return box;
}

GtkWidget *grid_new(int spacing)
{
	GtkWidget *grid = gtk_grid_new();

	gtk_grid_set_column_homogeneous(GTK_GRID(grid), TRUE);
	gtk_grid_set_row_spacing(GTK_GRID(grid), spacing);
	gtk_grid_set_column_spacing(GTK_GRID(grid), spacing);
	return grid;
}

void style_set(GtkWidget *widget, const char *style, bool has)
{
	if (has)
		gtk_widget_add_css_class(widget, style);
	else
		gtk_widget_remove_css_class(widget, style);
}

GtkWidget *scroller_new(GtkWidget *child)
{
	GtkWidget *scroller = without_focus(gtk_scrolled_window_new());

	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), child);
	return wide(tall(scroller));
}

void box_show_only(GtkWidget *box, GtkWidget *shown)
{
	/* hide the others first, so that two children never ask for room at the same time */
	for (GtkWidget *child = gtk_widget_get_first_child(box); child;
		child = gtk_widget_get_next_sibling(child))
		if (child != shown)
			gtk_widget_set_visible(child, FALSE);
	gtk_widget_set_visible(shown, TRUE);
}

void box_clear(GtkWidget *box)
{
	GtkWidget *child;

	while ((child = gtk_widget_get_first_child(box)))
		gtk_box_remove(GTK_BOX(box), child);
}

GdkRGBA theme_colour(GtkWidget *widget, const char *name)
{
	GdkRGBA found = { 0.5F, 0.5F, 0.5F, 1 };

	gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), name, &found);
	return found;
}

/* ---- keypad ---- */

typedef struct Keypad {
	KeypadPressed pressed;
	void *userdata;
} Keypad;

static void on_keypad_key(Keypad *keypad, GtkButton *button)
{
	keypad->pressed(keypad->userdata, (char)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "key")));
}

GtkWidget *keypad_new(const char *done, KeypadPressed pressed, void *userdata)
{
	static const char keys[] = "123456789\b0\n";
	GtkWidget *grid = grid_new(6);
	Keypad *keypad = g_new0(Keypad, 1);

	keypad->pressed = pressed;
	keypad->userdata = userdata;
	g_object_set_data_full(G_OBJECT(grid), "keypad", keypad, g_free);
	gtk_grid_set_row_homogeneous(GTK_GRID(grid), TRUE);
	for (int i = 0; keys[i]; i++) {
		char digit[2] = { keys[i] };
		const char *text = keys[i] == '\b' ? "⌫" : keys[i] == '\n' ? done : digit;
		GtkWidget *button = touch_button_new(
			text, keys[i] == '\n' ? "primary" : "key", G_CALLBACK(on_keypad_key), keypad);

		if (keys[i] == '\b')
			accessible_name(button, _("Delete the last character"));
		g_object_set_data(G_OBJECT(button), "key", GINT_TO_POINTER((int)keys[i]));
		gtk_grid_attach(GTK_GRID(grid), wide(button), i % 3, i / 3, 1, 1);
	}
	return grid;
}
