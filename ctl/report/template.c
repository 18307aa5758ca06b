/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the slots of a layout, and writes its own words in the document's language. It must never interpret
 * the contents of a slot as layout.
 */

#include "report/template.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "report/html.h"
#include "report/language.h"

#define OPEN        "{{"
#define CLOSE       "}}"
#define WORDS       "_(\"" /* as in C, so that xgettext finds them */
#define WORDS_CLOSE "\")"

static const TemplateSlot *find_slot(const Template *layout, const char *name, size_t length)
{
	for (size_t i = 0; i < layout->n_slots; i++)
		if (strlen(layout->slots[i].name) == length &&
			strncmp(layout->slots[i].name, name, length) == 0)
			return &layout->slots[i];
	return NULL;
}

/** Writes the words of {{_("words")}}; false: it is something else. */
static bool put_layout_words(FILE *stream, const char *name, size_t length)
{
	size_t begin = strlen(WORDS), end = strlen(WORDS_CLOSE);
	_cleanup_(freep) char *words = NULL;

	if (length < begin + end || strncmp(name, WORDS, begin) != 0)
		return false;
	words = strndup(name + begin, length - begin - end);
	html_text(stream, words ? language_words(words) : "");
	return true;
}

int template_write(const Template *layout, const void *content, FILE *stream)
{
	const char *text = layout->text;

	for (const char *mark; (mark = strstr(text, OPEN));) {
		const char *name = mark + strlen(OPEN), *end = strstr(name, CLOSE);
		size_t length = end ? (size_t)(end - name) : 0;
		const TemplateSlot *slot = end ? find_slot(layout, name, length) : NULL;

		fwrite(text, 1, (size_t)(mark - text), stream);
		if (slot) {
			slot->write(stream, content);
		} else if (!end || !put_layout_words(stream, name, length)) {
			assert(false);
			return -EINVAL;
		}
		text = end + strlen(CLOSE);
	}
	fputs(text, stream);
	return ferror(stream) ? -EIO : 0;
}
