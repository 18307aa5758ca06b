/* SPDX-License-Identifier: Apache-2.0 */

/** Fills the slots of a layout. It must never interpret the contents of a slot as layout. */

#include "report/template.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define OPEN  "{{"
#define CLOSE "}}"

static const TemplateSlot *find_slot(const Template *layout, const char *name, size_t length)
{
	for (size_t i = 0; i < layout->n_slots; i++)
		if (strlen(layout->slots[i].name) == length &&
			strncmp(layout->slots[i].name, name, length) == 0)
			return &layout->slots[i];
	return NULL;
}

int template_write(const Template *layout, const void *content, FILE *stream)
{
	const char *text = layout->text;

	for (const char *mark; (mark = strstr(text, OPEN));) {
		const char *name = mark + strlen(OPEN), *end = strstr(name, CLOSE);
		const TemplateSlot *slot = end ? find_slot(layout, name, (size_t)(end - name)) : NULL;

		if (!slot) {
			assert(false);
			return -EINVAL;
		}
		fwrite(text, 1, (size_t)(mark - text), stream);
		slot->write(stream, content);
		text = end + strlen(CLOSE);
	}
	fputs(text, stream);
	return ferror(stream) ? -EIO : 0;
}
