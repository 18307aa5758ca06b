/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads the settings of a plugin's section. Each function returns 0, or -EINVAL with a sentence in `error`
 * that names the file, the line and what is allowed. `plugin`: the plugin's name.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stipple/plugin.h"

static inline int stipple_setting_refuse(
	const StippleSetting *setting, const char *plugin, const char *allowed, char error[STIPPLE_ERROR_MAX])
{
	snprintf(error, STIPPLE_ERROR_MAX, "%s:%d: %s = %.60s of %s: %s", setting->file ? setting->file : "",
		setting->line, setting->key, setting->value, plugin, allowed);
	return -EINVAL;
}

/** A whole number without a sign. */
static inline int stipple_setting_number(const StippleSetting *setting, const char *plugin, uint32_t low,
	uint32_t high, uint32_t *ret, char error[STIPPLE_ERROR_MAX])
{
	size_t digits = strspn(setting->value, "0123456789");
	unsigned long long value = strtoull(setting->value, NULL, 10);
	char allowed[64];

	if (digits > 0 && digits <= 10 && !setting->value[digits] && value >= low && value <= high) {
		*ret = (uint32_t)value;
		return 0;
	}
	snprintf(allowed, sizeof allowed, "a number from %u to %u is allowed", low, high);
	return stipple_setting_refuse(setting, plugin, allowed, error);
}

/** Text that is not empty, with its NUL in `size` bytes; the remaining bytes are zeroed. */
static inline int stipple_setting_text(const StippleSetting *setting, const char *plugin, char *ret,
	size_t size, char error[STIPPLE_ERROR_MAX])
{
	if (!setting->value[0] || strlen(setting->value) >= size)
		return stipple_setting_refuse(setting, plugin, "it is empty or too long", error);
	memset(ret, 0, size);
	memcpy(ret, setting->value, strlen(setting->value));
	return 0;
}
