/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reports as pages for browsers: text that can be read aloud and searched, figures and photographs within.
 */

#include <stdio.h>

#include "util/cleanup.h"

/** `content` is a Report. -EIO when the stream fails. */
int session_html_write(const void *content, FILE *stream) _must_check_;
