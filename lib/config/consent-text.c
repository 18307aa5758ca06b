/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the texts that clients sign. It must not judge their content: that is the clinic's and its lawyer's.
 * It blocks on the disk.
 */

#include "config/consent-text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/file.h"

static const char *const form_names[] = {
	[CONSENT_TREATMENT] = "treatment",
	[CONSENT_PHOTOGRAPHS] = "photographs",
	[CONSENT_AFTERCARE] = "aftercare",
	[CONSENT_NEEDLES_SEALED] = "needles-sealed",
};
_Static_assert(ELEMENTS(form_names) == CONSENT_FORM_MAX, "every form has a name");

DEFINE_STRING_TABLE(consent_form, ConsentForm, form_names);

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool is_language(const char *tag)
{
	size_t letters = strspn(tag, LOWER);

	if (letters < 2 || letters > 3)
		return false;
	return !tag[letters] ||
	       (tag[letters] == '-' && strspn(tag + letters + 1, UPPER) == 2 && !tag[letters + 3]);
}

int consent_text_name(const char *file, ConsentText *ret, Error *error)
{
	char form[24], version[CONSENT_VERSION_MAX], language[CONSENT_LANGUAGE_MAX];
	int end = 0;

	if (sscanf(file, "%23[a-z-].%31[A-Za-z0-9_-].%7[A-Za-z-].txt%n", form, version, language, &end) !=
			3 ||
		end == 0 || file[end])
		return error_set(error, -EINVAL,
			"%.100s: a text is called FORM.VERSION.LANGUAGE.txt, such as treatment.2026-11.en.txt",
			file);
	if ((int)consent_form_from_string(form) < 0)
		return error_set(error, -EINVAL,
			"%.100s: there is no form \"%s\": there are treatment, photographs, aftercare and "
			"needles-sealed",
			file, form);
	if (!is_language(language))
		return error_set(error, -EINVAL, "%.100s: \"%s\" is not a language such as en or pt-BR", file,
			language);
	*ret = (ConsentText){ .form = consent_form_from_string(form) };
	snprintf(ret->version, sizeof ret->version, "%s", version);
	snprintf(ret->language, sizeof ret->language, "%s", language);
	return 0;
}

/** Whether these are lines of readable text: UTF-8 without control characters but line feeds. */
static bool is_readable(const char *text, size_t size)
{
	_cleanup_(freep) char *flat = strndup(text, size);

	if (!flat || strlen(flat) != size)
		return false;
	for (char *s = flat; *s; s++)
		if (*s == '\n')
			*s = ' ';
	return text_is_printable(flat, CONSENT_TEXT_SIZE_MAX);
}

static int read_consent_text(const char *folder, const char *file, ConsentText *ret, Error *error)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	ConsentText made;
	size_t size;
	int r = consent_text_name(file, &made, error);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/%s", folder, file) < 0) {
		path = NULL;
		return error_set(error, -ENOMEM, "out of memory");
	}
	r = file_read(path, CONSENT_TEXT_SIZE_MAX, &text, &size);
	if (r < 0)
		return error_set(error, r, "%.300s: cannot be read: %s", path, strerror(-r));
	if (!is_readable(text, size))
		return error_set(error, -EINVAL, "%.300s: a text is UTF-8 of 1 to %d bytes, in lines", path,
			CONSENT_TEXT_SIZE_MAX);
	digest_hex(text, size, made.sha256);
	made.text = TAKE_PTR(text);
	*ret = made;
	return 0;
}

static int is_text_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0;
}

int consent_texts_load(const char *folder, ConsentTexts *ret, Error *error)
{
	ConsentTexts made = { .n = 0 };
	struct dirent **files;
	int n = scandir(folder, &files, is_text_file, NULL), r = 0;

	if (n < 0 && errno == ENOENT) {
		*ret = made;
		return 0;
	}
	if (n < 0)
		return error_set(error, -errno, "%.300s: cannot be read: %m", folder);
	if (n > CONSENT_TEXTS_MAX)
		r = error_set(
			error, -EINVAL, "%.300s: there are more than %d texts", folder, CONSENT_TEXTS_MAX);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_consent_text(folder, files[i]->d_name, &made.list[made.n], error);
		if (r == 0)
			made.n++;
		free(files[i]);
	}
	free(files);
	if (r < 0) {
		consent_texts_clear(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void consent_texts_clear(ConsentTexts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->list[i].text);
	texts->n = 0;
}

const ConsentText *consent_texts_find(
	const ConsentTexts *texts, ConsentForm form, const char *version, const char *language)
{
	for (size_t i = 0; i < texts->n; i++)
		if (texts->list[i].form == form && strcmp(texts->list[i].version, version) == 0 &&
			strcmp(texts->list[i].language, language) == 0)
			return &texts->list[i];
	return NULL;
}
