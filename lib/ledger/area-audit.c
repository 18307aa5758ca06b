/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Questions that go across the areas, and the views that outside tools may read (docs/ledger.md). It has no
 * records and no projections of its own.
 */

#include "ledger/area.h"

/* it would indent each view further than the one before */

static const char *const tables[] = { NULL };
static const Projection projections[] = { { NULL } };

/* a lot of cartridges and one of pigment may bear the same number: each row says what it is of; a blend is
 * reached by any of its parts */
#define RECALL                                                                                                                \
	"SELECT used.*, " JOINED_CORRECTIONS                                                                                  \
	" FROM (SELECT unit.lot, 'cartridge' AS item, unit AS what, unit.session, subject,"                                   \
	" unit.operator, unit.utc_us AS \"used:utc\", unit.seq FROM unit LEFT JOIN session"                                   \
	" USING(session) WHERE unit.session IS NOT NULL UNION ALL SELECT pigment_use.lot, 'pigment', brand || ' ' || colour," \
	" pigment_use.session, subject, session.operator, pigment_use.utc_us, pigment_use.seq"                                \
	" FROM pigment_use LEFT JOIN session USING(session) UNION ALL SELECT DISTINCT pigment_part.lot, 'blend',"             \
	" pigment_use.lot, pigment_use.session, subject, session.operator, pigment_use.utc_us,"                               \
	" pigment_use.seq FROM pigment_part JOIN pigment_use ON pigment_use.brand = 'blend' AND"                              \
	" pigment_use.lot = blend LEFT JOIN session USING(session)) AS used" JOIN_CORRECTIONS(                                \
		CORRECTIONS_OF_UNITS " UNION ALL " CORRECTIONS_OF_PIGMENTS, "seq") " WHERE 1"

static const LedgerQuery queries[] = {
	{ "recall", RECALL, " ORDER BY seq",
		ARGUMENTS(NEED_NAME("lot", "lot"), BETWEEN("\"used:utc\""), BY_NAME("subject", "subject"),
			AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_audit = { tables, projections, queries };
