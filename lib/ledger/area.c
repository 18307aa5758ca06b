/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The list of all areas. What a record means is left to area-*.c.
 */

#include "ledger/area.h"

const LedgerArea *const ledger_areas[] = { &area_station, &area_people, &area_session, &area_inventory,
	&area_pigment, &area_handpiece, &area_sterilization, &area_compliance, &area_subject,
	&area_correction, &area_proof, NULL };
