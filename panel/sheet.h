/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A sheet over the window on which something is typed or chosen: the touch screen has no keyboard. */

#include <gtk/gtk.h>
#include <stdbool.h>

typedef struct Sheet Sheet;

typedef enum SheetKind {
	SHEET_TEXT,
	SHEET_CODE, /* a text that can be scanned as well */
	SHEET_NUMBER,
	SHEET_DATE, /* YYYY-MM-DD; the dashes come by themselves */
	SHEET_PIN,  /* not shown, and forgotten afterwards */
} SheetKind;

/** `text`: what was entered or chosen; valid during the call. Not called when the sheet was cancelled. */
typedef void (*SheetDone)(void *userdata, const char *text);

Sheet *sheet_new(void);
/** Accepts NULL; returns NULL. The widget belongs to the window. */
Sheet *sheet_free(Sheet *sheet);
/** Lies over everything else; invisible until something is asked. */
GtkWidget *sheet_widget(Sheet *sheet);
bool sheet_is_open(const Sheet *sheet);
void sheet_close(Sheet *sheet);

void sheet_ask(
	Sheet *sheet, SheetKind kind, const char *title, const char *initial, SheetDone done, void *userdata);
/**
 * Offers the `choices`, a NULL-terminated list. They are shown translated but passed on unchanged, so that
 * the record has the same words in every language. With `other`, another text can be typed.
 */
void sheet_choose(Sheet *sheet, const char *title, const char *const *choices, bool other, SheetDone done,
	void *userdata);

/**
 * Makes a field (widgets.h) that opens the sheet itself. `again`: the sheet starts with the present text,
 * which can be changed.
 */
GtkWidget *sheet_field_new(Sheet *sheet, SheetKind kind, const char *title, bool again);

/**
 * Asks whether a pseudonym that is not on record belongs to a new person: a typing error would create
 * another person. `done` gets an answer for sheet_is_new_person().
 */
void sheet_ask_new_person(Sheet *sheet, const char *subject, SheetDone done, void *userdata);
bool sheet_is_new_person(const char *answer);

/** A key of a real keyboard, '\b' too. Typed text is accepted by touch alone. */
void sheet_type(Sheet *sheet, char key);
/**
 * A scanned code, of any length. Where the sheet asks for a code, it is entered and accepted. Elsewhere the
 * sheet says that it takes no code, and keeps what was typed.
 */
void sheet_scanned(Sheet *sheet, const char *code);
