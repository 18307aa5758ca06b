/* SPDX-License-Identifier: Apache-2.0 */

/** Reads credentials. It must not leave a copy of one in freed memory. */

#include "util/credential.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/file.h"

void credential_erasep(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

int credential_read(const char *name, char **ret)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	_cleanup_(freep) char *path = NULL;
	size_t size;
	int r;

	*ret = NULL;
	if (!folder)
		return 0;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	r = file_read(path, CREDENTIAL_MAX, ret, &size);
	return r == -ENOENT ? 0 : r;
}
