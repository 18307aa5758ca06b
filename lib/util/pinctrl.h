/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the kernel does with an output when its process is gone. Reads two small files of sysfs, changes
 * nothing.
 */

enum { PINCTRL_NAME_MAX = 64 };

/**
 * 1 when a Raspberry Pi's driver keeps the level of a released output, with the parameter's name
 * ("pinctrl_rp1.persist_gpio_outputs") in `ret_name`; 0 when it does not, or there is no such driver.
 * `modules` is
 * "/sys/module".
 */
int pinctrl_keeps_outputs(const char *modules, char ret_name[PINCTRL_NAME_MAX]);
