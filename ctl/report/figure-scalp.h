/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The scalp as a drawing. */

#include "report/report.h"
#include "report/svg.h"

/** From above and from behind, zones shaded by their density, with a legend below. `place`: NULL in a page.
 */
void figure_scalp(FILE *stream, const SvgPlace *place, const Report *report);
