/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Finds out whether the kernel keeps the level of an output that a process released. Raspberry Pi kernels do
 * so by default, other kernels do not. A parameter of the pin driver, with one of two names, controls this.
 * It is read here and must not be changed.
 */

#include "util/pinctrl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/file.h"

/** 'Y', 'N', or 0 when there is no such parameter. */
static char read_flag(const char *modules, const char *module, const char *parameter)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	size_t size = 0;

	if (asprintf(&path, "%s/%s/parameters/%s", modules, module, parameter) < 0) {
		path = NULL;
		return 0;
	}
	if (file_read(path, 64, &text, &size) < 0 || size == 0)
		return 0;
	return text[0] == '1' || text[0] == 'Y' || text[0] == 'y' ? 'Y' : 'N';
}

int pinctrl_keeps_outputs(const char *modules, char ret_name[PINCTRL_NAME_MAX])
{
	static const struct {
		const char *parameter;
		char keeps;
	} flags[] = { { "persist_gpio_outputs", 'Y' }, { "strict_gpiod", 'N' } };
	static const char *const drivers[] = { "pinctrl_rp1", "pinctrl_bcm2835" };

	for (size_t i = 0; i < ELEMENTS(drivers); i++) {
		for (size_t k = 0; k < ELEMENTS(flags); k++) {
			if (read_flag(modules, drivers[i], flags[k].parameter) != flags[k].keeps)
				continue;
			snprintf(ret_name, PINCTRL_NAME_MAX, "%s.%s", drivers[i], flags[k].parameter);
			return 1;
		}
	}
	return 0;
}
