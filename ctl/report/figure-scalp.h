/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The scalp as a drawing. */

#include "report/report.h"
#include "report/svg.h"

/**
 * Draws the head from above and from behind, with the zones shaded by density and a legend below. `place`:
 * NULL when it stands directly in a page.
 */
void figure_scalp(FILE *stream, const SvgPlace *place, const Report *report);
