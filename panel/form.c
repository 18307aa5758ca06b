/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The page on which a record is entered, with the fields that the station names. It must not judge a value:
 * it only asks for values that are missing.
 */

#include "form.h"

#include <stdlib.h>
#include <string.h>

#include "sheet.h"
#include "util/cleanup.h"
#include "widgets.h"
#include "words.h"

typedef struct FormField {
	struct Form *form;
	char *name, *type;
	GStrv choices; /* empty: any text */
	bool optional;
	GtkWidget *widget;
	char *value; /* as it is recorded; the widget may show a translation */
} FormField;

typedef struct Form {
	Screen screen;
	GtkWidget *list;
	GtkLabel *title;
	GPtrArray *fields; /* FormField */
	FormField *asked;  /* the field that last opened the sheet; NULL: none */
	FormPlace place;
	char *kind, *about; /* about: NULL, or whom the form is about */
	char *offered;      /* NULL, or a field for which `offers` are offered */
	char *offers;       /* words, separated by blanks */
	bool is_signed;
} Form;

static void field_free(gpointer data)
{
	FormField *field = data;

	g_free(field->name);
	g_free(field->type);
	g_strfreev(field->choices);
	g_free(field->value);
	g_free(field);
}

static Form *form_of(const Panel *panel)
{
	return (Form *)panel_form(panel);
}

static void close_form(Form *form)
{
	gtk_widget_set_visible(form->screen.widget, FALSE);
}

/* ---- entering ---- */

static void set_form_field(void *userdata, const char *text)
{
	FormField *field = userdata;
	g_autofree char *shown = field->choices[0] ? words_of(text) : g_strdup(text);

	g_free(field->value);
	field->value = g_strdup(text);
	field_set(field->widget, shown);
}

/* codes that name things and people; all other text is in somebody's own words */
static const char *const on_labels[] = { "badge", "certificate", "container", "handpiece", "maker_lot",
	"number", "pigment_lot", "purchase", "reference", "serial", "sterilizer", "subject", NULL };
/* fields that a cartridge's code can fill */
static const char *const told_by_code[] = { "code", "expiry", "gtin", "lot", "unit", NULL };

static SheetKind sheet_kind(const FormField *field)
{
	if (strcmp(field->type, "date") == 0)
		return SHEET_DATE;
	if (strcmp(field->type, "count") == 0)
		return SHEET_NUMBER;
	return g_strv_contains(on_labels, field->name) ? SHEET_CODE : SHEET_TEXT;
}

static void on_form_field(FormField *field)
{
	static const char *const yes_no[] = { "yes", "no", NULL };
	Sheet *sheet = panel_sheet(field->form->screen.panel);
	g_autofree char *title = words_of(field->name);

	field->form->asked = field;
	if (field->choices[0])
		sheet_choose(sheet, title, (const char *const *)field->choices, false, set_form_field, field);
	else if (strcmp(field->type, "boolean") == 0)
		sheet_choose(sheet, title, yes_no, false, set_form_field, field);
	else
		sheet_ask(sheet, sheet_kind(field), title, field->value, set_form_field, field);
}

static FormField *first_missing(const Form *form)
{
	for (guint i = 0; i < form->fields->len; i++) {
		FormField *field = g_ptr_array_index(form->fields, i);

		if (!field->optional && !field->value)
			return field;
	}
	return NULL;
}

/* ---- recording ---- */

static void close_recorded_form(GObject *source, GAsyncResult *result, gpointer call)
{
	Form *form = panel_call_finish(source, result, call);

	if (!form)
		return;
	close_form(form);
	panel_show_again(form->screen.panel);
	panel_notify(form->screen.panel, _("It is on record."), SCREEN_MAX);
}

static GVariant *field_value(const FormField *field)
{
	if (strcmp(field->type, "boolean") == 0)
		return g_variant_new_boolean(strcmp(field->value, "yes") == 0);
	if (strcmp(field->type, "count") == 0)
		return g_variant_new_uint32((guint32)strtoul(field->value, NULL, 10));
	return g_variant_new_string(field->value);
}

static void on_record_form(Form *form);

static void record_new_person(void *userdata, const char *answer)
{
	Form *form = userdata;

	for (guint i = 0; i < form->fields->len && sheet_is_new_person(answer); i++) {
		FormField *field = g_ptr_array_index(form->fields, i);

		if (strcmp(field->name, "new_person") != 0)
			continue;
		set_form_field(field, "yes");
		on_record_form(form);
		return;
	}
}

/**
 * Asks before a pseudonym is used that the station does not know: a typing error would create another
 * person.
 */
static bool ask_form_person(void *userdata, const char *error)
{
	Form *form = userdata;
	const char *subject = "";

	if (strcmp(error, "NewPerson") != 0)
		return false;
	for (guint i = 0; i < form->fields->len; i++) {
		const FormField *field = g_ptr_array_index(form->fields, i);

		if (field->value && (strcmp(field->name, "subject") == 0 ||
					    (strcmp(form->kind, "record.corrected") == 0 &&
						    strcmp(field->name, "new") == 0)))
			subject = field->value;
	}
	form->asked = NULL;
	sheet_ask_new_person(panel_sheet(form->screen.panel), subject, record_new_person, form);
	return true;
}

static GVariant *fields_of(const Form *form)
{
	GVariantBuilder fields;

	g_variant_builder_init(&fields, G_VARIANT_TYPE("a{sv}"));
	for (guint i = 0; i < form->fields->len; i++) {
		const FormField *field = g_ptr_array_index(form->fields, i);

		if (field->value)
			g_variant_builder_add(&fields, "{sv}", field->name, field_value(field));
	}
	return g_variant_builder_end(&fields);
}

static void record_entered_form(void *userdata, const char *pin)
{
	Form *form = userdata;
	Panel *panel = form->screen.panel;
	PanelCall *call = panel_ask_or(panel, ask_form_person, form);

	if (!call)
		return;
	switch (form->place) {
	case FORM_AT_STATION:
		stipple_station1_call_record(panel_station(panel), form->kind, fields_of(form), pin,
			PANEL_CALL(panel), close_recorded_form, call);
		break;
	case FORM_AT_SESSION:
		stipple_session1_call_record(panel_session(panel), form->kind, fields_of(form), pin,
			PANEL_CALL(panel), close_recorded_form, call);
		break;
	case FORM_AT_INVENTORY:
		stipple_inventory1_call_record(panel_inventory(panel), form->kind, fields_of(form), pin,
			PANEL_CALL(panel), close_recorded_form, call);
		break;
	case FORM_OF_LOT:
		stipple_inventory1_call_receive_lot(panel_inventory(panel), fields_of(form),
			PANEL_CALL(panel), close_recorded_form, call);
		break;
	}
}

static void ask_form_pin(Form *form)
{
	form->asked = NULL;
	sheet_ask(panel_sheet(form->screen.panel), SHEET_PIN, _("Your PIN, as signature"), "",
		record_entered_form, form);
}

static void on_record_form(Form *form)
{
	FormField *missing = first_missing(form);

	if (missing)
		on_form_field(missing);
	else if (form->is_signed)
		ask_form_pin(form);
	else
		record_entered_form(form, "");
}

/* ---- a code ---- */

static void code_parsed(GObject *source, GAsyncResult *result, gpointer call)
{
	g_autoptr(GVariant) told = NULL;
	g_autoptr(GError) error = NULL;
	Form *form;

	stipple_inventory1_call_parse_code_finish(STIPPLE_INVENTORY1(source), &told, result, &error);
	form = panel_call_end(call, error);
	if (!form)
		return;
	for (guint i = 0; i < form->fields->len; i++) {
		FormField *field = g_ptr_array_index(form->fields, i);
		const char *value;

		/* the code names the product by number, the record by name */
		if (strcmp(field->name, "product") != 0 &&
			g_variant_lookup(told, field->name, "&s", &value) && value[0])
			set_form_field(field, value);
	}
}

static bool wants_code(const Screen *screen)
{
	const Form *form = (const Form *)screen;

	return gtk_widget_get_visible(form->screen.widget) &&
	       sheet_is_open(panel_sheet(form->screen.panel)) && form->asked &&
	       g_strv_contains(told_by_code, form->asked->name);
}

static bool scan_into_form(Screen *screen, const char *code)
{
	Form *form = (Form *)screen;
	PanelCall *call;

	if (!gtk_widget_get_visible(form->screen.widget))
		return false;
	sheet_close(panel_sheet(form->screen.panel));
	call = panel_ask(form->screen.panel, form);
	if (call)
		stipple_inventory1_call_parse_code(panel_inventory(form->screen.panel), code,
			PANEL_CALL(form->screen.panel), code_parsed, call);
	return true;
}

/* ---- the fields of a kind ---- */

static void add_field(Form *form, const char *name, bool optional, const char *type, const char *choices)
{
	FormField *field = g_new0(FormField, 1);
	g_autofree char *words = words_of(name);
	g_autofree char *title = optional ? g_strdup_printf(_("%s (if any)"), words) : g_strdup(words);

	field->form = form;
	field->name = g_strdup(name);
	field->type = g_strdup(type);
	if (g_strcmp0(name, form->offered) == 0 && !choices[0])
		choices = form->offers;
	field->choices = g_strsplit(choices, " ", -1);
	field->optional = optional;
	field->widget = field_new(title, G_CALLBACK(on_form_field), field);
	g_ptr_array_add(form->fields, field);
	box_add(form->list, field->widget, NULL);
	if (form->about && strcmp(name, "subject") == 0)
		set_form_field(field, form->about);
	/* there is nothing else to choose */
	if (choices == form->offers && field->choices[0] && !field->choices[1])
		set_form_field(field, field->choices[0]);
}

void form_offer(Panel *panel, const char *field, const char *const *words)
{
	Form *form = form_of(panel);

	g_free(form->offered);
	g_free(form->offers);
	form->offered = g_strdup(field);
	form->offers = g_strjoinv(" ", (char **)words);
}

void form_about(Panel *panel, const char *subject)
{
	Form *form = form_of(panel);

	g_free(form->about);
	form->about = g_strdup(subject);
}

void form_open(Panel *panel, FormPlace place, GVariant *definition)
{
	Form *form = form_of(panel);
	g_autoptr(GVariantIter) fields = NULL;
	const char *kind, *personal, *name, *type, *choices;
	g_auto(GStrv) kept_beside = NULL;
	g_autofree char *title = NULL;
	gboolean is_signed, optional;

	g_variant_get(definition, "(&sb&s&sa(sbss))", &kind, &is_signed, NULL, &personal, &fields);
	title = words_of(kind);
	g_free(form->kind);
	form->kind = g_strdup(kind);
	form->place = place;
	form->is_signed = is_signed;
	gtk_label_set_text(form->title, title);
	box_clear(form->list);
	g_ptr_array_set_size(form->fields, 0);
	form->asked = NULL;
	while (g_variant_iter_next(fields, "(&sb&s&s)", &name, &optional, &type, &choices))
		add_field(form, name, optional, type, choices);
	kept_beside = g_strsplit(personal, " ", -1);
	for (char **word = kept_beside; *word; word++)
		if (**word)
			add_field(form, *word, true, "text", "");
	gtk_widget_set_visible(form->screen.widget, TRUE);
}

/* ---- the kinds that can be entered ---- */

static void on_kind(Form *form, GtkButton *button)
{
	form_open(form->screen.panel,
		(FormPlace)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "place")),
		g_object_get_data(G_OBJECT(button), "definition"));
}

static void add_kind(Form *form, FormPlace place, GVariant *definition, GtkWidget *box)
{
	g_autofree char *title = NULL, *words = NULL;
	GtkWidget *button;
	const char *kind;

	g_variant_get_child(definition, 0, "&s", &kind);
	words = words_of(kind);
	title = g_strdup_printf("%s…", words);
	button = touch_button_new(title, NULL, G_CALLBACK(on_kind), form);
	g_object_set_data(G_OBJECT(button), "place", GINT_TO_POINTER((int)place));
	g_object_set_data_full(
		G_OBJECT(button), "definition", g_variant_ref(definition), (GDestroyNotify)g_variant_unref);
	box_add(box, button, NULL);
}

static GVariant *forms_of(const Panel *panel, FormPlace place)
{
	if (place == FORM_AT_STATION)
		return stipple_station1_get_forms(panel_station(panel));
	if (place == FORM_AT_SESSION)
		return stipple_session1_get_forms(panel_session(panel));
	return stipple_inventory1_get_forms(panel_inventory(panel));
}

void form_open_kind(Panel *panel, FormPlace place, const char *kind)
{
	GVariant *forms = forms_of(panel, place);

	for (gsize i = 0; forms && i < g_variant_n_children(forms); i++) {
		g_autoptr(GVariant) definition = g_variant_get_child_value(forms, i);
		const char *its_kind;

		g_variant_get_child(definition, 0, "&s", &its_kind);
		if (strcmp(kind, its_kind) == 0)
			form_open(panel, place, definition);
	}
}

bool form_list(Panel *panel, FormPlace place, const char *kind, GtkWidget *box)
{
	GVariant *forms = forms_of(panel, place);
	bool any = false;

	for (gsize i = 0; forms && i < g_variant_n_children(forms); i++) {
		g_autoptr(GVariant) definition = g_variant_get_child_value(forms, i);
		const char *its_kind;

		g_variant_get_child(definition, 0, "&s", &its_kind);
		if (kind && strcmp(kind, its_kind) != 0)
			continue;
		add_kind(form_of(panel), place, definition, box);
		any = true;
	}
	return any;
}

/* ---- creating and freeing ---- */

static void forget_form(Screen *screen)
{
	Form *form = (Form *)screen;

	g_ptr_array_unref(form->fields);
	g_free(form->kind);
	g_free(form->about);
	g_free(form->offered);
	g_free(form->offers);
}

Screen *screen_form_new(Panel *panel)
{
	Form *form = g_new0(Form, 1);
	GtkWidget *row;

	form->screen = (Screen){
		.panel = panel, .scanned = scan_into_form, .wants_code = wants_code, .forget = forget_form
	};
	form->fields = g_ptr_array_new_with_free_func(field_free);
	form->list = column_new(8, NULL, NULL);
	form->title = GTK_LABEL(wide(text_new("", "heading")));
	/* a title that wraps letter by letter would ask for more height than the display has */
	gtk_label_set_wrap(form->title, FALSE);
	gtk_label_set_ellipsize(form->title, PANGO_ELLIPSIZE_END);
	row = row_new(8, NULL, touch_button_new(_("Give up"), NULL, G_CALLBACK(close_form), form),
		form->title, touch_button_new(_("Record"), "primary", G_CALLBACK(on_record_form), form),
		NULL);
	form->screen.widget = column_new(8, "sheet", row, scroller_new(form->list), NULL);
	return &form->screen;
}
