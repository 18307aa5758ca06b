/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Loads plugins by their configured names and checks them before any of their code runs. A plugin stays
 * loaded until plugin_free() at the daemon's exit.
 */

#include "stipple/plugin.h"
#include "util/error.h"

typedef struct Plugin Plugin;

/**
 * Loads `folder`/`name`.so and checks magic, ABI, struct size, kind, name and vtable, in this order. The
 * file and its folder must belong to root or to the daemon's user and be writable by nobody else. On failure
 * `error` names file, reason and next step; -ENOENT no such file, -EACCES unsafe owner or mode, -ENOEXEC not
 * a plugin or the wrong one, -EINVAL a bad name. Blocks on the disk.
 */
int plugin_load(const char *folder, const char *name, StipplePluginKind kind, Plugin **ret,
	Error *error) _must_check_;
/**
 * Call after the last call into the plugin. The code stays mapped, because a library that it uses may still
 * run threads. Accepts NULL; returns NULL.
 */
Plugin *plugin_free(Plugin *plugin);
DEFINE_CLEANUP(Plugin *, plugin_free, plugin_freep);

/** Passed to the plugin in plugin_host(); they must live as long as the plugin. */
void plugin_set_settings(Plugin *plugin, const StippleSetting *settings, size_t n);

/** A StippleBoardVtable, StippleCameraVtable or StippleScannerVtable, depending on the kind requested. */
const void *plugin_vtable(const Plugin *plugin);
const StippleHost *plugin_host(const Plugin *plugin);
