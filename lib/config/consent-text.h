/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The texts that a client reads and signs: configs/consents/FORM.VERSION.LANGUAGE.txt, such as
 * treatment.2026-11.en.txt. A text is never changed under the same version: its digest is in the record of
 * each signature.
 */

#include <stddef.h>

#include "util/digest.h"
#include "util/error.h"
#include "util/text.h"

typedef enum ConsentForm {
	CONSENT_TREATMENT,
	CONSENT_PHOTOGRAPHS,
	CONSENT_AFTERCARE,      /* the client received the instructions for the time after the session */
	CONSENT_NEEDLES_SEALED, /* the client saw that the needles were sealed, and that they were opened */
	CONSENT_FORM_MAX,
	CONSENT_FORM_INVALID = -EINVAL,
} ConsentForm;

DECLARE_STRING_TABLE(consent_form, ConsentForm); /* "treatment", "needles-sealed", ... */

/** Whether the client gives a consent, which can be withdrawn, and does not just state what happened. */
static inline bool consent_form_is_given(ConsentForm form)
{
	return form == CONSENT_TREATMENT || form == CONSENT_PHOTOGRAPHS;
}

enum {
	CONSENT_TEXTS_MAX = 64,
	CONSENT_TEXT_SIZE_MAX = 24 * 1024, /* bytes of a text */
	CONSENT_VERSION_MAX = 32,          /* of a version, with its NUL */
	CONSENT_LANGUAGE_MAX = 8,          /* of a language tag, with its NUL */
};

typedef struct ConsentText {
	ConsentForm form;
	char version[CONSENT_VERSION_MAX];   /* letters, digits, '-' and '_' */
	char language[CONSENT_LANGUAGE_MAX]; /* "en", "pt-BR": ISO 639 and, where needed, ISO 3166 */
	char *text;                          /* UTF-8 with line feeds; owned */
	char sha256[DIGEST_HEX_MAX];         /* of the file's bytes */
} ConsentText;

typedef struct ConsentTexts {
	ConsentText list[CONSENT_TEXTS_MAX]; /* in byte order of the files' names */
	size_t n;
} ConsentTexts;

/**
 * Takes the form, the version and the language from the name of a file. -EINVAL with the reason in `error`;
 * `ret` is then untouched. Otherwise its text is NULL and its digest empty.
 */
int consent_text_name(const char *file, ConsentText *ret, Error *error) _must_check_;

/**
 * Reads all texts of `folder`; a folder that does not exist has none. On failure the negative errno, with
 * file and reason in `error`, and `ret` is untouched. Free them with consent_texts_clear(). Blocks on the
 * disk.
 */
int consent_texts_load(const char *folder, ConsentTexts *ret, Error *error) _must_check_;
void consent_texts_clear(ConsentTexts *texts);

/** The text of this form, version and language; NULL when there is none. Borrowed. */
const ConsentText *consent_texts_find(
	const ConsentTexts *texts, ConsentForm form, const char *version, const char *language);
