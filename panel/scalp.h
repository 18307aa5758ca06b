/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A drawn scalp, seen from above and from behind, with a button for each zone. */

#include <gtk/gtk.h>

typedef struct Scalp Scalp;

/** `zone` is a name as on D-Bus. */
typedef void (*ScalpChosen)(void *userdata, const char *zone);

Scalp *scalp_new(ScalpChosen chosen, void *userdata);
GtkWidget *scalp_widget(Scalp *scalp);

/**
 * `zones`: the property Zones, or NULL. `history`: the property Scalp, or NULL; densities of earlier sessions
 * are added. `active`: the zone under treatment, with its newest `density` of this session in dots per cm2.
 * `marked`: the zone that was touched. `active` and `marked` may be "".
 */
void scalp_update(Scalp *scalp, GVariant *zones, GVariant *history, const char *active, double density,
	const char *marked);

/** The zone's name in the panel's language. Static. */
const char *zone_title(const char *zone);
