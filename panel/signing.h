/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The page on which a client reads a text and signs it. */

#include <gtk/gtk.h>
#include <stdbool.h>

/** What was signed. All texts are valid during the call. */
typedef struct Signed {
	const char *form, *version, *language, *sha256; /* of the text that was shown */
	const char *signature;                          /* as util/signature.h has it; NULL: on paper */
} Signed;

/** `what`: NULL when the client does not sign; the page is to be closed in either case. */
typedef void (*SigningDone)(void *userdata, const Signed *what);

typedef struct Signing Signing;

/** The widget frees it. */
Signing *signing_new(SigningDone done, void *userdata);
/** Borrowed from the window. */
GtkWidget *signing_widget(const Signing *signing);
/** Whether the station has a text for this form. `texts`: the answer of ConsentTexts, a(sssss). */
bool signing_has(GVariant *texts, const char *form);
/** The newest version of a form; NULL when there is none. Freed by the caller. */
char *signing_version(GVariant *texts, const char *form);
/**
 * Shows the newest text of a form: in `language`, that of the client's card ("": not on record), else in the
 * panel's, else in English, else in any.
 */
void signing_show(Signing *signing, GVariant *texts, const char *form, const char *language);
/** Forgets what was drawn. */
void signing_forget(Signing *signing);
