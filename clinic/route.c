/* SPDX-License-Identifier: Apache-2.0 */

/** Finds the route of a request. It must not know what a route does. */

#include "route.h"

#include <string.h>

static bool is_at(const Route *route, const char *path, const char **ret_rest)
{
	size_t n = strlen(route->path);

	*ret_rest = "";
	if (n == 0 || route->path[n - 1] != '*')
		return strcmp(route->path, path) == 0;
	*ret_rest = path + n - 1;
	return strncmp(route->path, path, n - 1) == 0;
}

const Route *route_find(const Route *const *areas, bool people, const char *method, const char *path,
	const char **ret_rest, bool *ret_other)
{
	*ret_other = false;
	for (; *areas; areas++)
		for (const Route *route = *areas; route->method; route++) {
			if (people != (route->who == ROUTE_PEOPLE) || !is_at(route, path, ret_rest))
				continue;
			if (strcmp(route->method, method) == 0)
				return route;
			*ret_other = true;
		}
	return NULL;
}
