/* SPDX-License-Identifier: Apache-2.0 */

/** Numbers as people write them. It must not accept a sign, a blank, or anything after the digits. */

#include <errno.h>
#include <stdlib.h>

#include "commands.h"

bool ctl_parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end || value < least || value > most)
		return false;
	*ret = value;
	return true;
}
