/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/plugin-loader.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "util/log.h"
#include "util/text.h"

struct Plugin {
	void *handle;
	const StipplePlugin *symbol;
	StippleHost host;
};

static void host_log(void *context, int level, const char *message)
{
	const Plugin *plugin = context;

	log_line(level, NULL, "%s: %s", plugin->symbol->name, message);
}

static int refuse(int r, char error[STIPPLE_ERROR_MAX], const char *format, ...) _printf_(3, 4);

static int refuse(int r, char error[STIPPLE_ERROR_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, STIPPLE_ERROR_MAX, format, arguments);
	va_end(arguments);
	return r;
}

static int check_owner(const char *path, char error[STIPPLE_ERROR_MAX])
{
	struct stat state;

	if (stat(path, &state) < 0)
		return refuse(-errno, error, "plugin %s: %s; install it, or name another in stippled.conf", path,
			strerror(errno));
	if ((state.st_uid != 0 && state.st_uid != geteuid()) || (state.st_mode & (S_IWGRP | S_IWOTH)))
		return refuse(-EACCES, error, "plugin %s can be changed by others: chown root and chmod 0644 it", path);
	return 0;
}

static size_t vtable_size(StipplePluginKind kind)
{
	return kind == STIPPLE_PLUGIN_BOARD ? sizeof(StippleBoardVtable) : sizeof(StippleCameraVtable);
}

/** Every verb of a vtable is a pointer after the leading size; none may be missing. */
static bool verbs_present(const void *vtable, size_t size)
{
	const size_t first = offsetof(StippleBoardVtable, open);

	_Static_assert(offsetof(StippleBoardVtable, open) == offsetof(StippleCameraVtable, open), "same start");
	for (size_t offset = first; offset < size; offset += sizeof(void *)) {
		void *verb;

		memcpy(&verb, (const char *)vtable + offset, sizeof verb);
		if (!verb)
			return false;
	}
	return true;
}

static int check_symbol(const StipplePlugin *symbol, const char *path, const char *name, StipplePluginKind kind,
	char error[STIPPLE_ERROR_MAX])
{
	uint32_t size;

	if (symbol->magic != STIPPLE_PLUGIN_MAGIC)
		return refuse(-ENOEXEC, error, "plugin %s: wrong magic 0x%08x; it is no Stipple plugin", path,
			symbol->magic);
	if (symbol->abi != STIPPLE_PLUGIN_ABI)
		return refuse(-ENOEXEC, error, "plugin %s: built for ABI %u, this station has %u; rebuild it", path,
			symbol->abi, STIPPLE_PLUGIN_ABI);
	if (symbol->size < sizeof *symbol)
		return refuse(-ENOEXEC, error, "plugin %s: its description has %u bytes, %zu are needed; rebuild it",
			path, symbol->size, sizeof *symbol);
	if (symbol->kind != kind)
		return refuse(-ENOEXEC, error, "plugin %s: is of kind %u, kind %d is needed; name another", path,
			symbol->kind, (int)kind);
	if (!symbol->name || strcmp(symbol->name, name) != 0)
		return refuse(-ENOEXEC, error, "plugin %s: calls itself \"%.40s\"; give the file that name", path,
			symbol->name ? symbol->name : "");
	if (!symbol->vtable)
		return refuse(-ENOEXEC, error, "plugin %s: has no functions; rebuild it", path);
	memcpy(&size, symbol->vtable, sizeof size);
	if (size < vtable_size(kind))
		return refuse(-ENOEXEC, error, "plugin %s: its functions have %u bytes, %zu are needed; rebuild it", path,
			size, vtable_size(kind));
	if (!verbs_present(symbol->vtable, vtable_size(kind)))
		return refuse(-ENOEXEC, error, "plugin %s: a function is missing; rebuild it", path);
	return 0;
}

int plugin_load(const char *folder, const char *name, StipplePluginKind kind, Plugin **ret,
	char error[STIPPLE_ERROR_MAX])
{
	_cleanup_(plugin_freep) Plugin *plugin = NULL;
	_cleanup_(freep) char *path = NULL;
	int r;

	if (!text_is_identifier(name, 64))
		return refuse(-EINVAL, error, "\"%.64s\" is no name of a plugin: letters, digits, '-', '_'", name);
	plugin = calloc(1, sizeof *plugin);
	if (!plugin || asprintf(&path, "%s/%s.so", folder, name) < 0)
		return refuse(-ENOMEM, error, "out of memory");
	r = check_owner(path, error);
	if (r < 0)
		return r;
	plugin->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plugin->handle)
		return refuse(-ENOEXEC, error, "plugin %.120s cannot be loaded: %.100s", path, dlerror());
	plugin->symbol = dlsym(plugin->handle, STIPPLE_PLUGIN_SYMBOL);
	if (!plugin->symbol)
		return refuse(-ENOEXEC, error, "plugin %s does not export \"%s\"; it is no Stipple plugin", path,
			STIPPLE_PLUGIN_SYMBOL);
	r = check_symbol(plugin->symbol, path, name, kind, error);
	if (r < 0)
		return r;
	plugin->host = (StippleHost){
		.size = sizeof plugin->host,
		.abi = STIPPLE_PLUGIN_ABI,
		.context = plugin,
		.log = host_log,
	};
	*ret = TAKE_PTR(plugin);
	return 0;
}

Plugin *plugin_free(Plugin *plugin)
{
	if (!plugin)
		return NULL;
	if (plugin->handle)
		dlclose(plugin->handle);
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
	return plugin->symbol->vtable;
}

const StippleHost *plugin_host(const Plugin *plugin)
{
	return &plugin->host;
}
