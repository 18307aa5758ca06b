/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The clinic's page: the files that browsers load, and what they ask for under /page/. It reads, and writes
 * nothing but who signed in and who took note of an alarm. Its connections to the database are its own, and
 * of the server's threads it takes PAGE_AT_ONCE at most: stations do not wait for browsers.
 */

#include "clinic-config.h"

enum { PAGE_AT_ONCE = 4 };

typedef struct Page Page;

/**
 * Reads the files of [page] folder and begins to follow the records. Errors as in database.h, or of
 * reading.
 */
int page_new(const ClinicConfig *config, Page **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
Page *page_free(Page *page);
/** Notes that a station has just asked something. `page` may be NULL. Any thread; does not block. */
void page_note_station(Page *page, const char *name);
