/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The clinic at the head of a report: name, address, telephone and logo. */

#include <stdio.h>

#include <glib.h>

#include "util/cleanup.h"
#include "util/error.h"

enum { LOGO_SIZE_MAX = 512 * 1024 }; /* bytes: a page holds the logo in itself */

typedef struct Letterhead {
	char *name, *address, *telephone; /* owned; NULL or "": not configured */
	GBytes *logo;                     /* PNG or JPEG; NULL: none */
} Letterhead;

void letterhead_clear(Letterhead *letterhead);

/**
 * Reads a logo. -EINVAL, or the negative errno of reading, with a sentence; the letterhead is then unchanged.
 * Blocks on the disk.
 */
int letterhead_read_logo(Letterhead *letterhead, const char *path, Error *error) _must_check_;

/** Nothing where nothing is configured. `letterhead` may be NULL. */
void letterhead_write(FILE *stream, const Letterhead *letterhead);
