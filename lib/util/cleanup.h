/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Scope-bound cleanup and ownership transfer.
 *
 *     _cleanup_(freep) char *path = NULL;      freed when it leaves scope
 *     *ret_path = TAKE_PTR(path);              ownership moves to the caller
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((__cleanup__(f)))
#define _must_check_   __attribute__((__warn_unused_result__))
#define _printf_(a, b) __attribute__((__format__(__printf__, a, b)))

/** Moves a pointer out of its variable, leaving NULL behind. */
#define TAKE_PTR(p)                    \
	({                             \
		typeof(p) *_pp = &(p); \
		typeof(p) _v = *_pp;   \
		*_pp = NULL;           \
		_v;                    \
	})

/** Moves a descriptor out of its variable, leaving -1 behind. */
#define TAKE_FD(fd)               \
	({                        \
		int *_pf = &(fd); \
		int _f = *_pf;    \
		*_pf = -1;        \
		_f;               \
	})

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/** Defines `name`, a cleanup function that calls `func` on the pointed-to value unless that is NULL. */
#define DEFINE_CLEANUP(type, func, name) \
	static inline void name(type *p) \
	{                                \
		if (*p)                  \
			func(*p);        \
	}                                \
	struct cleanup_semicolon_##name

static inline void freep(void *p)
{
	free(*(void **)p);
}

/** Closes a descriptor that is not negative and keeps errno. */
static inline void closep(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		close(*fd);
		*fd = -1;
		errno = saved;
	}
}

DEFINE_CLEANUP(FILE *, fclose, fclosep);
DEFINE_CLEANUP(DIR *, closedir, closedirp);
