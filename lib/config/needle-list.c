/* SPDX-License-Identifier: Apache-2.0 */

/** Reads lists of needle configurations. It must not guess: a part that it cannot read is refused. */

#include "config/needle-list.h"

#include <stdio.h>
#include <string.h>

#include "util/needle-configuration.h"

/** Takes the next part, without the spaces around it. False: there is none. */
static bool take_needles(const char **rest, char ret[NEEDLE_LIST_MAX])
{
	size_t length;

	if (!**rest)
		return false;
	*rest += strspn(*rest, " ");
	length = strcspn(*rest, ",");
	snprintf(ret, NEEDLE_LIST_MAX, "%.*s", (int)length, *rest);
	*rest += length;
	if (**rest)
		(*rest)++;
	for (length = strlen(ret); length > 0 && ret[length - 1] == ' ';)
		ret[--length] = '\0';
	return true;
}

int needle_list_check(const char *list, Error *error)
{
	const char *rest = list;
	char part[NEEDLE_LIST_MAX];
	NeedleConfiguration read;
	int r = 0;

	if (strlen(list) >= NEEDLE_LIST_MAX)
		return error_set(error, -EINVAL, "a list of at most %d bytes is needed", NEEDLE_LIST_MAX - 1);
	while (r == 0 && take_needles(&rest, part))
		r = needle_configuration_parse(part, &read, error);
	return r;
}

static bool is_same_needles(const NeedleConfiguration *a, const NeedleConfiguration *b)
{
	return a->count == b->count && strcmp(a->shape, b->shape) == 0 &&
	       (!a->diameter_um || !b->diameter_um || a->diameter_um == b->diameter_um);
}

bool needle_list_allows(const char *list, const char *configuration)
{
	NeedleConfiguration mounted, allowed;
	char part[NEEDLE_LIST_MAX];
	Error error;

	if (!*list)
		return true;
	if (needle_configuration_parse(configuration, &mounted, &error) < 0)
		return false;
	while (take_needles(&list, part))
		if (needle_configuration_parse(part, &allowed, &error) == 0 &&
			is_same_needles(&mounted, &allowed))
			return true;
	return false;
}
