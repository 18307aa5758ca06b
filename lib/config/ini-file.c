/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads an INI file with inih, line by line. It knows no section and no key: the handler judges them. It must
 * reject what inih silently accepts, such as a long line or a key that is set twice.
 */

#include "config/ini-file.h"

#include <ini.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "util/file.h"
#include "util/text.h"

typedef struct Reading {
	const char *name;
	const char *next, *end;
	int line;
	void *seen; /* tsearch() tree of "section\nkey" */
	IniHandler handler;
	void *userdata;
	int status; /* of the first error; nothing is read after it */
	Error *error;
} Reading;

static _printf_(3, 4) void fail_reading(Reading *reading, int status, const char *format, ...)
{
	char reason[ERROR_TEXT_MAX];
	va_list arguments;

	if (reading->status < 0)
		return;
	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	reading->status =
		error_set(reading->error, status, "%.200s:%d: %.300s", reading->name, reading->line, reason);
}

static bool is_ini_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/** Copies one line without the white space around it. False: `ret` cannot hold it. */
static bool copy_line(char *ret, size_t size, const char *line, size_t length)
{
	while (length > 0 && is_ini_space(line[length - 1]))
		length--;
	while (length > 0 && is_ini_space(*line)) {
		/* Leading white space would make inih append the line to the previous value. */
		line++;
		length--;
	}
	if (length > INI_FILE_LINE_MAX || length + 2 > size)
		return false;
	for (size_t i = 0; i < length; i++)
		ret[i] = line[i] == '\t' ? ' ' : line[i];
	ret[length] = '\0';
	return true;
}

/** Line reader for inih: like fgets(). */
static char *read_line(char *ret, int size, void *userdata)
{
	Reading *reading = userdata;
	const char *line = reading->next, *end;
	size_t length;

	if (reading->status < 0 || line >= reading->end)
		return NULL;
	end = memchr(line, '\n', (size_t)(reading->end - line));
	length = (size_t)((end ? end : reading->end) - line);
	reading->next = end ? end + 1 : reading->end;
	reading->line++;
	if (memchr(line, '\0', length)) {
		fail_reading(reading, -EINVAL, "the line holds a NUL byte: write the file as plain text");
		return NULL;
	}
	if (!copy_line(ret, (size_t)size, line, length)) {
		fail_reading(
			reading, -EINVAL, "the line is longer than %d bytes: shorten it", INI_FILE_LINE_MAX);
		return NULL;
	}
	length = strlen(ret);
	if (length > 0 && !text_is_printable(ret, length)) {
		fail_reading(reading, -EINVAL, "the line is not plain UTF-8 text: save the file as UTF-8");
		return NULL;
	}
	memcpy(ret + length, "\n", 2);
	return ret;
}

static int compare_entry_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/** Remembers an entry's name. False when it occurred before. */
static bool remember_name(Reading *reading, const char *section, const char *key)
{
	_cleanup_(freep) char *name = NULL;
	char **node;

	if (asprintf(&name, "%s\n%s", section, key) < 0)
		name = NULL;
	node = name ? tsearch(name, &reading->seen, compare_entry_names) : NULL;
	if (!node) {
		fail_reading(reading, -ENOMEM, "%s: out of memory", key);
		return true;
	}
	if (*node != name)
		return false;
	(void)TAKE_PTR(name);
	return true;
}

/** inih's handler: 0 means an error to inih, which continues until the reader ends. */
static int take_parsed_entry(void *userdata, const char *section, const char *key, const char *value)
{
	Reading *reading = userdata;
	IniEntry entry = { section, key, value, reading->name, reading->line };
	Error reason = { 0 };
	int r;

	if (reading->status < 0)
		return 0;
	if (!*key)
		fail_reading(reading, -EINVAL, "the name before '=' is missing");
	else if (!*section)
		fail_reading(reading, -EINVAL, "%s: stands before the first [section]", key);
	else if (strlen(section) > INI_FILE_SECTION_MAX)
		fail_reading(reading, -EINVAL, "%s: the section's name is longer than %d bytes", key,
			INI_FILE_SECTION_MAX);
	else if (!remember_name(reading, section, key))
		fail_reading(reading, -EINVAL, "%s: set twice in section [%s] of this file: remove one", key,
			section);
	if (reading->status < 0)
		return 0;
	r = reading->handler(reading->userdata, &entry, &reason);
	if (r < 0)
		fail_reading(reading, r, "%s: %.255s", key, reason.text);
	return r >= 0;
}

int ini_text_read(
	const char *text, size_t size, const char *name, IniHandler handler, void *userdata, Error *error)
{
	Reading reading = {
		.name = name,
		.next = text,
		.end = text + size,
		.handler = handler,
		.userdata = userdata,
		.error = error,
	};
	int r;

	r = ini_parse_stream(read_line, &reading, take_parsed_entry, &reading);
	tdestroy(reading.seen, free);
	/* inih continues after a line that it cannot parse; people want to hear of the first error. */
	if (r != 0 && (reading.status == 0 || (r > 0 && r < reading.line))) {
		reading.status = 0;
		reading.line = r;
		fail_reading(
			&reading, r < 0 ? -ENOMEM : -EINVAL, "neither \"[section]\" nor \"key = value\"");
	}
	return reading.status;
}

int ini_file_read(const char *path, IniHandler handler, void *userdata, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	int r;

	r = file_read(path, INI_FILE_SIZE_MAX, &text, &size);
	if (r < 0)
		return error_set(error, r, "%.300s: cannot be read: %s", path, strerror(-r));
	return ini_text_read(text, size, path, handler, userdata, error);
}

static int is_conf(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".conf") == 0;
}

/** Unlike alphasort(), gives the same order in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

char **ini_names_free(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return NULL;
}

int ini_folder_list(const char *folder, char ***ret_names)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_conf, by_name), listed = 0;
	char **names;

	if (n < 0)
		return -errno;
	names = calloc((size_t)n + 1, sizeof *names);
	for (int i = 0; i < n; i++) {
		if (names && listed == i && (names[i] = strdup(entries[i]->d_name)))
			listed++;
		free(entries[i]);
	}
	free(entries);
	if (!names || listed < n) {
		ini_names_free(names);
		return -ENOMEM;
	}
	*ret_names = names;
	return n;
}

int ini_files_each(const char *path, IniFile each, void *userdata, Error *error)
{
	_cleanup_(freep) char *beside = file_folder(path), *folder = NULL;
	_cleanup_(ini_names_freep) char **names = NULL;
	int n, r = each(path, userdata, error);

	if (r < 0)
		return r;
	if (!beside || asprintf(&folder, "%s/conf.d", beside) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	n = ini_folder_list(folder, &names);
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return error_set(error, n, "%.300s: cannot be read: %s", folder, strerror(-n));
	for (char **name = names; name && *name && r >= 0; name++) {
		_cleanup_(freep) char *file = NULL;

		if (asprintf(&file, "%s/%s", folder, *name) < 0)
			return error_set(error, -ENOMEM, "out of memory");
		r = each(file, userdata, error);
	}
	return r;
}

int ini_number(const char *value, uint32_t min, uint32_t max, uint32_t *ret, Error *error)
{
	size_t digits = strspn(value, "0123456789");
	unsigned long number;

	if (digits == 0 || value[digits] || digits > 9)
		return error_set(error, -EINVAL, "\"%.40s\" is not a whole number: %u to %u is allowed",
			value, min, max);
	number = strtoul(value, NULL, 10);
	if (number < min || number > max)
		return error_set(
			error, -EINVAL, "%lu is out of range: %u to %u is allowed", number, min, max);
	*ret = (uint32_t)number;
	return 0;
}
