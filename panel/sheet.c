/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The sheet on which something is typed or chosen. Once it is closed, it must keep nothing of what was
 * typed.
 */

#include "sheet.h"

#include <glib/gi18n.h>
#include <string.h>

#include "widgets.h"

enum { TEXT_MAX = 120, KEYS_A_ROW = 10 };

static const size_t longest[] = { [SHEET_TEXT] = TEXT_MAX,
	[SHEET_CODE] = TEXT_MAX,
	[SHEET_NUMBER] = 9,
	[SHEET_DATE] = 10,
	[SHEET_PIN] = 12 };

struct Sheet {
	GtkWidget *widget, *keyboard, *pad, *choices, *choice_list, *entry_row;
	GtkLabel *title, *text, *choice_title;
	SheetKind kind;
	bool shifted;
	char value[TEXT_MAX + 1];
	GtkWidget *keys[4 * KEYS_A_ROW];
	SheetDone done;
	void *userdata;
};

/* rows of ten keys; '\v' is shift, '\b' is backspace */
static const char plain[] = "1234567890qwertyuiopasdfghjkl-\vzxcvbnm.\b";
static const char shifted[] = "()/#:+,?'_QWERTYUIOPASDFGHJKL-\vZXCVBNM@\b";

static void show_text(Sheet *sheet)
{
	size_t length = strlen(sheet->value);
	g_autofree char *dots = NULL;

	if (sheet->kind == SHEET_PIN) {
		GString *hidden = g_string_new(NULL);

		for (size_t i = 0; i < length; i++)
			g_string_append(hidden, "●");
		dots = g_string_free(hidden, FALSE);
	}
	gtk_label_set_text(sheet->text, dots ? dots : sheet->value);
}

void sheet_close(Sheet *sheet)
{
	gtk_widget_set_visible(sheet->widget, FALSE);
	explicit_bzero(sheet->value, sizeof sheet->value);
	show_text(sheet);
}

bool sheet_is_open(const Sheet *sheet)
{
	return gtk_widget_get_visible(sheet->widget);
}

static void accept(Sheet *sheet)
{
	char value[sizeof sheet->value];

	if (!sheet->value[0])
		return;
	memcpy(value, sheet->value, sizeof value);
	sheet_close(sheet);
	sheet->done(sheet->userdata, value);
	explicit_bzero(value, sizeof value);
}

static bool is_text(SheetKind kind)
{
	return kind == SHEET_TEXT || kind == SHEET_CODE;
}

static void take_back(Sheet *sheet)
{
	char *end = sheet->value + strlen(sheet->value);

	if (end > sheet->value)
		end = g_utf8_find_prev_char(sheet->value, end);
	if (sheet->kind == SHEET_DATE && end > sheet->value && *end == '-')
		end--;
	memset(end, 0, (size_t)(sheet->value + sizeof sheet->value - end));
}

static void add_character(Sheet *sheet, char key)
{
	size_t length = strlen(sheet->value);
	bool digits = !is_text(sheet->kind);

	if (length >= longest[sheet->kind] || (digits && !g_ascii_isdigit(key)))
		return;
	if (sheet->kind == SHEET_DATE && (length == 4 || length == 7))
		sheet->value[length++] = '-';
	sheet->value[length] = key;
}

void sheet_type(Sheet *sheet, char key)
{
	if (!sheet_is_open(sheet) || !gtk_widget_get_visible(sheet->entry_row))
		return;
	if (key == '\b')
		take_back(sheet);
	else
		add_character(sheet, key);
	show_text(sheet);
}

void sheet_scanned(Sheet *sheet, const char *code)
{
	const char *refusal = _("A scanned code is not for this: nothing was changed.");

	if (!gtk_widget_get_visible(sheet->entry_row)) {
		gtk_label_set_text(sheet->choice_title, refusal);
	} else if (sheet->kind != SHEET_CODE) {
		gtk_label_set_text(sheet->title, refusal);
	} else {
		sheet_close(sheet);
		sheet->done(sheet->userdata, code);
	}
}

/* ---- the keyboard ---- */

static void shift(Sheet *sheet, bool on)
{
	sheet->shifted = on;
	for (int i = 0; plain[i]; i++) {
		char key[2] = { (on ? shifted : plain)[i] };

		if (key[0] != '\v' && key[0] != '\b')
			touch_button_set_text(sheet->keys[i], key);
	}
}

static void on_sheet_key(Sheet *sheet, GtkButton *button)
{
	int i = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "index"));
	char key = (sheet->shifted ? shifted : plain)[i];

	if (key == '\v')
		shift(sheet, !sheet->shifted);
	else
		sheet_type(sheet, key);
}

static GtkWidget *keyboard_new(Sheet *sheet)
{
	GtkWidget *grid = grid_new(4);

	gtk_grid_set_row_homogeneous(GTK_GRID(grid), TRUE);
	for (int i = 0; plain[i]; i++) {
		char key[2] = { plain[i] };
		const char *text = plain[i] == '\v' ? "⇧" : plain[i] == '\b' ? "⌫" : key;
		GtkWidget *button = touch_button_new(text, "key", G_CALLBACK(on_sheet_key), sheet);

		if (plain[i] == '\v')
			accessible_name(button, _("Shift"));
		if (plain[i] == '\b')
			accessible_name(button, _("Delete the last character"));
		g_object_set_data(G_OBJECT(button), "index", GINT_TO_POINTER(i));
		gtk_grid_attach(GTK_GRID(grid), wide(tall(button)), i % KEYS_A_ROW, i / KEYS_A_ROW, 1, 1);
		sheet->keys[i] = button;
	}
	return grid;
}

static void on_pad(void *userdata, char key)
{
	if (key == '\n')
		accept(userdata);
	else
		sheet_type(userdata, key);
}

static void on_space(Sheet *sheet)
{
	sheet_type(sheet, ' ');
}

static GtkWidget *cancel_new(Sheet *sheet)
{
	GtkWidget *button = touch_button_new(_("Cancel"), NULL, G_CALLBACK(sheet_close), sheet);

	gtk_label_set_wrap(GTK_LABEL(gtk_button_get_child(GTK_BUTTON(button))), FALSE);
	return button;
}

static GtkWidget *entry_row_new(Sheet *sheet)
{
	GtkWidget *shown, *space = touch_button_new("␣", "key", G_CALLBACK(on_space), sheet);

	sheet->title = GTK_LABEL(text_new("", "caption"));
	gtk_label_set_wrap(sheet->title, FALSE);
	gtk_label_set_ellipsize(sheet->title, PANGO_ELLIPSIZE_END);
	sheet->text = GTK_LABEL(gtk_label_new(NULL));
	gtk_label_set_xalign(sheet->text, 0);
	gtk_label_set_ellipsize(sheet->text, PANGO_ELLIPSIZE_START);
	gtk_widget_add_css_class(GTK_WIDGET(sheet->text), "value");
	shown = column_new(0, "entry", sheet->title, sheet->text, NULL);
	accessible_name(space, _("Space"));
	return row_new(6, NULL, cancel_new(sheet), wide(shown), space,
		touch_button_new(_("OK"), "primary", G_CALLBACK(accept), sheet), NULL);
}

/* ---- choices ---- */

typedef struct Choice {
	Sheet *sheet;
	const char *value; /* NULL: another value, which is typed */
} Choice;

static void on_choice(const Choice *chosen)
{
	Choice choice = *chosen; /* its button is removed by the next question */
	Sheet *sheet = choice.sheet;
	g_autofree char *title = g_strdup(gtk_label_get_text(sheet->choice_title));

	if (!choice.value) {
		sheet_ask(sheet, SHEET_TEXT, title, "", sheet->done, sheet->userdata);
		return;
	}
	sheet_close(sheet);
	sheet->done(sheet->userdata, choice.value);
}

static void add_choice(Sheet *sheet, const char *label, const char *value)
{
	Choice *choice = g_new0(Choice, 1);
	GtkWidget *button = touch_button_new(label, NULL, G_CALLBACK(on_choice), choice);

	choice->sheet = sheet;
	choice->value = value;
	g_object_set_data_full(G_OBJECT(button), "choice", choice, g_free);
	box_add(sheet->choice_list, button, NULL);
}

static GtkWidget *choices_new(Sheet *sheet)
{
	sheet->choice_title = GTK_LABEL(wide(text_new("", "heading")));
	sheet->choice_list = column_new(6, NULL, NULL);
	return column_new(6, NULL, row_new(6, NULL, cancel_new(sheet), sheet->choice_title, NULL),
		scroller_new(sheet->choice_list), NULL);
}

/* ---- asking ---- */

static void open_sheet(Sheet *sheet, SheetDone done, void *userdata, bool choose)
{
	sheet->done = done;
	sheet->userdata = userdata;
	gtk_widget_set_visible(sheet->choices, choose);
	gtk_widget_set_visible(sheet->entry_row, !choose);
	gtk_widget_set_visible(sheet->keyboard, !choose && is_text(sheet->kind));
	gtk_widget_set_visible(sheet->pad, !choose && !is_text(sheet->kind));
	gtk_widget_set_visible(sheet->widget, TRUE);
}

void sheet_ask(
	Sheet *sheet, SheetKind kind, const char *title, const char *initial, SheetDone done, void *userdata)
{
	sheet->kind = kind;
	memset(sheet->value, 0, sizeof sheet->value);
	g_strlcpy(sheet->value, initial ? initial : "", sizeof sheet->value);
	gtk_label_set_text(sheet->title, title);
	shift(sheet, false);
	show_text(sheet);
	open_sheet(sheet, done, userdata, false);
}

void sheet_choose(Sheet *sheet, const char *title, const char *const *choices, bool other, SheetDone done,
	void *userdata)
{
	box_clear(sheet->choice_list);
	gtk_label_set_text(sheet->choice_title, title);
	for (; *choices; choices++)
		add_choice(sheet, _(*choices), *choices);
	if (other)
		add_choice(sheet, _("Something else…"), NULL);
	open_sheet(sheet, done, userdata, true);
}

/* ---- a field that opens the sheet itself ---- */

static void sheet_field_entered(void *userdata, const char *text)
{
	field_set(userdata, text);
}

static void on_sheet_field(Sheet *sheet, GtkButton *button)
{
	SheetKind kind = (SheetKind)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "kind"));
	bool again = g_object_get_data(G_OBJECT(button), "again") != NULL;

	sheet_ask(sheet, kind, g_object_get_data(G_OBJECT(button), "title"),
		again ? field_get(GTK_WIDGET(button)) : "", sheet_field_entered, button);
}

GtkWidget *sheet_field_new(Sheet *sheet, SheetKind kind, const char *title, bool again)
{
	GtkWidget *field = field_new(title, G_CALLBACK(on_sheet_field), sheet);

	g_object_set_data(G_OBJECT(field), "kind", GINT_TO_POINTER((int)kind));
	g_object_set_data(G_OBJECT(field), "again", GINT_TO_POINTER(again));
	return field;
}

/* ---- a new person ---- */

#define YES_NEW N_("Yes, a new person")

bool sheet_is_new_person(const char *answer)
{
	return strcmp(answer, YES_NEW) == 0;
}

void sheet_ask_new_person(Sheet *sheet, const char *subject, SheetDone done, void *userdata)
{
	static const char *const answers[] = { YES_NEW, N_("No, the pseudonym is wrong"), NULL };
	g_autofree char *title = g_strdup_printf(_("Nobody is on record as %s. A new person?"), subject);

	sheet_choose(sheet, title, answers, false, done, userdata);
}

Sheet *sheet_new(void)
{
	Sheet *sheet = g_new0(Sheet, 1);

	sheet->entry_row = entry_row_new(sheet);
	sheet->keyboard = keyboard_new(sheet);
	sheet->pad = keypad_new(_("OK"), on_pad, sheet);
	gtk_widget_set_halign(sheet->pad, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(sheet->pad, "pad");
	sheet->choices = choices_new(sheet);
	sheet->widget =
		column_new(4, "sheet", sheet->entry_row, sheet->keyboard, sheet->pad, sheet->choices, NULL);
	gtk_widget_set_visible(sheet->widget, FALSE);
	return sheet;
}

Sheet *sheet_free(Sheet *sheet)
{
	if (!sheet)
		return NULL;
	explicit_bzero(sheet->value, sizeof sheet->value);
	g_free(sheet);
	return NULL;
}

GtkWidget *sheet_widget(Sheet *sheet)
{
	return sheet->widget;
}
