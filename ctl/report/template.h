/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The layout of a report. {{name}} in it is replaced by what the function of that name writes, and
 * {{_("words")}} by the words in the document's language (language.h).
 */

#include <stddef.h>
#include <stdio.h>

typedef struct TemplateSlot {
	const char *name;
	void (*write)(FILE *stream, const void *content); /* the function escapes what it writes */
} TemplateSlot;

typedef struct Template {
	const char *text;
	const TemplateSlot *slots;
	size_t n_slots;
} Template;

/** -EIO when the stream fails. Every name in the text must have its slot. */
int template_write(const Template *layout, const void *content, FILE *stream);
