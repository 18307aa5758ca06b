/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds, loads and checks plugins. It must not load a file that others than root and the daemon's own user or
 * group may write, or call into a table that it has not checked. It unloads nothing.
 */

#include "plugin/plugin-loader.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>

#include "util/log.h"
#include "util/text.h"

enum { NAME_BYTES_MAX = 64 };

struct Plugin {
	const StipplePlugin *exported;
	StippleHost host;
};

static const struct {
	const char *name;
	size_t vtable_size;
} kinds[] = {
	[STIPPLE_PLUGIN_BOARD] = { "board", sizeof(StippleBoardVtable) },
	[STIPPLE_PLUGIN_CAMERA] = { "camera", sizeof(StippleCameraVtable) },
	[STIPPLE_PLUGIN_SCANNER] = { "scanner", sizeof(StippleScannerVtable) },
};

static const char *kind_name(uint32_t kind)
{
	return kind < ELEMENTS(kinds) && kinds[kind].name ? kinds[kind].name : "unknown";
}

static void plugin_log(void *context, int level, const char *message)
{
	const Plugin *plugin = context;

	log_line(level, NULL, "%s: %s", plugin->exported->name, message);
}

/** Checks owner and mode: whoever can write here decides what the daemon runs. */
static int check_owner(const char *path, Error *error)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_set(error, -errno,
			"plugin path %s: %s; install the plugin or correct plugin_folder", path,
			strerror(errno));
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return error_set(error, -EACCES,
			"plugin path %s belongs to user %u, neither root nor the daemon's user; change its owner to root",
			path, (unsigned)status.st_uid);
	if ((status.st_mode & S_IWOTH) ||
		((status.st_mode & S_IWGRP) && status.st_gid != 0 && status.st_gid != getegid()))
		return error_set(error, -EACCES,
			"plugin path %s may be written by others; take that away with chmod go-w", path);
	return 0;
}

/** Every vtable is a size followed only by function pointers. */
static int check_vtable(const StipplePlugin *exported, const char *path, Error *error)
{
	size_t expected = kinds[exported->kind].vtable_size;
	size_t n = expected / sizeof(void (*)(void)) - 1;
	const unsigned char *verbs;
	uint32_t size;

	if (!exported->vtable)
		return error_set(error, -ENOEXEC,
			"plugin %s has no table of verbs; ask its maker for a complete one", path);
	memcpy(&size, exported->vtable, sizeof size);
	if (size < expected)
		return error_set(error, -ENOEXEC,
			"plugin %s has a table of %u bytes where %zu are needed; rebuild it against this version's stipple/plugin.h",
			path, size, expected);
	verbs = (const unsigned char *)exported->vtable + sizeof(void (*)(void));
	for (size_t i = 0; i < n; i++) {
		void (*verb)(void);

		memcpy(&verb, verbs + i * sizeof verb, sizeof verb);
		if (!verb)
			return error_set(error, -ENOEXEC,
				"plugin %s lacks verb %zu of %zu of a %s; ask its maker for a complete one",
				path, i + 1, n, kind_name(exported->kind));
	}
	return 0;
}

/** The order matters: a field is read only after the earlier fields have shown that it exists. */
static int check_exported(const StipplePlugin *exported, const char *path, const char *name,
	StipplePluginKind kind, Error *error)
{
	if (exported->magic != STIPPLE_PLUGIN_MAGIC)
		return error_set(error, -ENOEXEC,
			"%s is no Stipple plugin (magic 0x%08x instead of 0x%08x); remove it or configure another plugin",
			path, exported->magic, STIPPLE_PLUGIN_MAGIC);
	if (exported->abi != STIPPLE_PLUGIN_ABI)
		return error_set(error, -ENOEXEC,
			"plugin %s was built for ABI %u, this daemon speaks %u; install the plugin of this version",
			path, exported->abi, STIPPLE_PLUGIN_ABI);
	if (exported->size < sizeof *exported)
		return error_set(error, -ENOEXEC,
			"plugin %s describes itself in %u bytes where %zu are needed; rebuild it against this version's stipple/plugin.h",
			path, exported->size, sizeof *exported);
	if (exported->kind != (uint32_t)kind)
		return error_set(error, -ENOEXEC,
			"plugin %s is of kind %s, but a %s is wanted here; configure another plugin", path,
			kind_name(exported->kind), kind_name(kind));
	if (!exported->name || strcmp(exported->name, name) != 0)
		return error_set(error, -ENOEXEC,
			"plugin %s calls itself \"%s\" instead of \"%s\"; configure it by its own name", path,
			exported->name ? exported->name : "", name);
	return check_vtable(exported, path, error);
}

/** Finds the exported symbol; NULL, with the reason, when there is none. */
static const StipplePlugin *find_exported(const char *path, Error *error)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const StipplePlugin *exported;

	if (!handle) {
		error_set(error, -ENOEXEC,
			"plugin %.100s cannot be loaded: %.80s; install it again with the libraries it needs",
			path, dlerror());
		return NULL;
	}
	exported = dlsym(handle, STIPPLE_PLUGIN_SYMBOL);
	if (!exported)
		error_set(error, -ENOEXEC,
			"%s is no Stipple plugin (no symbol %s); remove it or configure another plugin", path,
			STIPPLE_PLUGIN_SYMBOL);
	return exported;
}

int plugin_load(const char *folder, const char *name, StipplePluginKind kind, Plugin **ret, Error *error)
{
	_cleanup_(freep) char *path = NULL;
	const StipplePlugin *exported;
	Plugin *plugin;
	int r;

	if (!text_is_identifier(name, NAME_BYTES_MAX))
		return error_set(error, -EINVAL,
			"a plugin's name has only letters, digits, '-', '_' and '.', at most %d of them; correct it in stippled.conf",
			NAME_BYTES_MAX);
	if (asprintf(&path, "%s/%s.so", folder, name) < 0)
		return error_set(error, -ENOMEM, "plugin %s: out of memory; close other programs", name);
	r = check_owner(folder, error);
	if (r < 0)
		return r;
	r = check_owner(path, error);
	if (r < 0)
		return r;
	exported = find_exported(path, error);
	if (!exported)
		return -ENOEXEC;
	r = check_exported(exported, path, name, kind, error);
	if (r < 0)
		return r;
	plugin = calloc(1, sizeof *plugin);
	if (!plugin)
		return error_set(error, -ENOMEM, "plugin %s: out of memory; close other programs", name);
	plugin->exported = exported;
	plugin->host = (StippleHost){
		.size = sizeof plugin->host,
		.abi = STIPPLE_PLUGIN_ABI,
		.context = plugin,
		.log = plugin_log,
	};
	*ret = plugin;
	return 0;
}

Plugin *plugin_free(Plugin *plugin)
{
	free(plugin);
	return NULL;
}

void plugin_set_settings(Plugin *plugin, const StippleSetting *settings, size_t n)
{
	plugin->host.settings = settings;
	plugin->host.n_settings = n;
}

const void *plugin_vtable(const Plugin *plugin)
{
	return plugin->exported->vtable;
}

const StippleHost *plugin_host(const Plugin *plugin)
{
	return &plugin->host;
}
