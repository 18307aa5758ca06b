/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What is wrong at present, one sentence and one advice for each condition. A condition is logged when it
 * begins and when it ends.
 */

#include "frame/registry-frame.h"

enum { TROUBLES_MAX = 9 }; /* the warnings of a report, and that the server is away */

/** Not a warning: the server does not answer. */
#define TROUBLE_AWAY (1U << 8)

typedef struct Trouble {
	char text[REGISTRY_TEXT_MAX], advice[REGISTRY_TEXT_MAX];
} Trouble;

typedef struct Troubles {
	uint32_t bits; /* those that are */
	Trouble of[TROUBLES_MAX];
} Troubles;

/** `bit`: one RegistryWarning, or TROUBLE_AWAY. */
void troubles_begin(Troubles *troubles, uint32_t bit, const char *advice, const char *format, ...)
	_printf_(4, 5);
void troubles_end(Troubles *troubles, uint32_t bit);
/** The one that matters most; NULL when there is none. */
const Trouble *troubles_worst(const Troubles *troubles);
