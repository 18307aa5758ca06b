/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Fills the pattern of a table's cell with the values of a row. It must leave out a part whose value the row
 * does not have.
 */

#include "report/cell.h"

#include <string.h>

#include "report/report-text.h"
#include "util/cleanup.h"

/* ---- a value in its form; false: there is none ---- */

static bool put_plain(GString *text, const json_t *value)
{
	char number[REPORT_NUMBER_MAX];

	if (json_is_string(value))
		g_string_append(text, json_string_value(value));
	else if (json_is_integer(value))
		g_string_append_printf(text, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		g_string_append(text, report_number(json_real_value(value), number));
	else if (json_is_boolean(value))
		g_string_append(text, json_is_true(value) ? "yes" : "no");
	else
		return false;
	return true;
}

static bool put_minute(GString *text, const json_t *value)
{
	char time[REPORT_TIME_MAX];

	g_string_append(text, report_time(json_string_value(value), REPORT_MINUTE, time));
	return time[0];
}

static bool put_day(GString *text, const json_t *value)
{
	char time[REPORT_TIME_MAX];

	report_time(json_string_value(value), REPORT_MINUTE, time);
	g_string_append_len(text, time, (gssize)strcspn(time, " "));
	return time[0];
}

static bool put_list(GString *text, const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach (value, i, item) {
		g_string_append(text, i ? ", " : "");
		(void)put_plain(text, item);
	}
	return json_array_size(value) > 0;
}

static bool put_parts(GString *text, const json_t *value)
{
	size_t i;
	json_t *part;

	json_array_foreach (value, i, part) {
		_cleanup_(freep) char *words = cell_text(part, "{parts} of lot {lot} ({brand} {colour})");

		g_string_append_printf(text, "%s%s", i ? ", " : "", words ? words : "?");
	}
	return json_array_size(value) > 0;
}

static bool put_title(GString *text, const json_t *value)
{
	char title[REPORT_SECTION_MAX];

	report_title_of(json_string_value(value), title);
	g_string_append(text, title);
	return title[0];
}

static bool put_yes(GString *text, const json_t *value)
{
	g_string_append(text, json_is_true(value) || json_integer_value(value) ? "yes" : "no");
	return value && !json_is_null(value);
}

/** A failed result stands out in words, too, for who does not see colours. */
static bool put_verdict(GString *text, const json_t *value)
{
	const char *result = json_string_value(value);

	if (result && strcmp(result, "fail") == 0)
		g_string_append(text, CELL_FAILED);
	else
		g_string_append(text, result && strcmp(result, "pass") == 0 ? "passed"
				      : result                              ? result
									    : "");
	return result && result[0];
}

static const struct {
	const char *name;
	bool (*put)(GString *text, const json_t *value);
} forms[] = {
	{ "", put_plain },
	{ "minute", put_minute },
	{ "day", put_day },
	{ "list", put_list },
	{ "parts", put_parts },
	{ "title", put_title },
	{ "verdict", put_verdict },
	{ "yes", put_yes },
};

static bool put_value(GString *text, const json_t *value, const char *form)
{
	for (size_t i = 0; i < ELEMENTS(forms); i++)
		if (strcmp(forms[i].name, form) == 0)
			return forms[i].put(text, value);
	return false;
}

/* ---- patterns ---- */

static const json_t *value_at(const json_t *row, char *path)
{
	const json_t *value = row;
	char *rest = path;

	for (char *name; (name = strsep(&rest, "."));)
		value = json_object_get(value, name);
	return value;
}

/** `field`: the text between braces. */
static bool put_field(GString *text, const json_t *row, const char *field, size_t size)
{
	_cleanup_(freep) char *path = strndup(field, size);
	char *form = path ? strchr(path, ':') : NULL;
	const json_t *corrected;
	bool found;

	if (!path)
		return false;
	if (form)
		*form++ = '\0';
	form = form ? form : path + size;
	corrected = json_object_get(json_object_get(row, "corrected"), path);
	if (!corrected)
		return put_value(text, value_at(row, path), form);
	/* a correction is a text; where it does not fit the form, it is shown as written */
	if (!put_value(text, corrected, form))
		(void)put_plain(text, corrected);
	g_string_append(text, " (first recorded: ");
	found = put_value(text, value_at(row, path), form);
	g_string_append(text, found ? ")" : "nothing)");
	return true;
}

/** False when a value is missing; the output is then unchanged. */
static bool put_part(GString *text, const json_t *row, const char *part, size_t size)
{
	gsize before = text->len;

	if (before)
		g_string_append(text, ", ");
	for (const char *end = part + size; part < end;) {
		const char *open = memchr(part, '{', (size_t)(end - part));
		const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;

		g_string_append_len(text, part, close ? open - part : end - part);
		if (!close)
			break;
		if (!put_field(text, row, open + 1, (size_t)(close - open) - 1)) {
			g_string_truncate(text, before);
			return false;
		}
		part = close + 1;
	}
	return true;
}

char *cell_text(const json_t *row, const char *pattern)
{
	GString *text = g_string_new(NULL);

	for (const char *part = pattern; *part;) {
		size_t size = strcspn(part, "|");
		bool otherwise = *part == '?';

		if (!otherwise || text->len == 0)
			(void)put_part(text, row, part + otherwise, size - otherwise);
		part += size + (part[size] == '|');
	}
	return g_string_free(text, text->len == 0);
}
