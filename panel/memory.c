/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Saves the panel's own choices in a file. It must not save anything about the people treated, and a file
 * that cannot be written must not stop the panel.
 */

#include "memory.h"

#include <errno.h>
#include <glib.h>

#define GROUP "panel"

static char *file_path(void)
{
	return g_build_filename(g_get_user_state_dir(), "stipple", "panel.ini", NULL);
}

static GKeyFile *file(void)
{
	static GKeyFile *keys;

	if (!keys) {
		g_autofree char *path = file_path();

		keys = g_key_file_new();
		g_key_file_load_from_file(keys, path, G_KEY_FILE_NONE, NULL);
	}
	return keys;
}

const char *memory_get(const char *key)
{
	static char *value;

	g_free(value);
	value = g_key_file_get_string(file(), GROUP, key, NULL);
	return value;
}

void memory_set(const char *key, const char *value)
{
	g_autofree char *path = file_path(), *folder = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	g_key_file_set_string(file(), GROUP, key, value);
	if (g_mkdir_with_parents(folder, 0700) < 0 || !g_key_file_save_to_file(file(), path, &error))
		g_message("%s cannot be written: %s", path, error ? error->message : g_strerror(errno));
}
