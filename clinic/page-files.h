/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The page's files, read once: a path of a request is looked up among them and never given to the file
 * system. Links are followed only for config.json, which is configuration.
 */

#include "answer.h"
#include "util/error.h"

typedef struct PageFiles PageFiles;

/** Reads a folder of at most 300 files and 16 MiB. -EINVAL or the errno of reading, with the reason in
 * `error`. */
int page_files_read(const char *folder, PageFiles **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
PageFiles *page_files_free(PageFiles *files);
/** The file at a path without its first slash; "" is index.html. `known`: If-None-Match of the request, or
 * NULL. */
Answer page_files_answer(const PageFiles *files, const char *path, const char *known);
