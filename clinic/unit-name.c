/* SPDX-License-Identifier: Apache-2.0 */

/** Takes names of cartridges apart. It must not read a label of the clinic's own, (10)L1#ABCDEF000007, as a
 * number. */

#include "unit-name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool unit_split(const char *unit, char ret_base[UNIT_MAX + 1], long long *ret_number)
{
	const char *mark = strrchr(unit, '#');
	char *end;

	if (!mark || mark[1] < '1' || mark[1] > '9' || strlen(mark) > 12)
		return false;
	*ret_number = strtoll(mark + 1, &end, 10);
	snprintf(ret_base, UNIT_MAX + 1, "%.*s", (int)(mark - unit), unit);
	return *end == '\0';
}
