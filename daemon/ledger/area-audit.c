/* SPDX-License-Identifier: Apache-2.0 */

/** Questions across the areas, and the views that outside tools may read (docs/ledger.md). */

#include "ledger/area.h"

#define UTC(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1e6, 'unixepoch')"

/* it would indent each view further than the one before */
/* clang-format off */
static const char version_2[] =
	"CREATE VIEW audit_records AS SELECT seq, " UTC("utc_us") " AS time, kind,"
	"  json_extract(CAST(leaf AS TEXT), '$.actor') AS actor, session,"
	"  json_extract(CAST(leaf AS TEXT), '$.body') AS body, lower(hex(hash)) AS leaf_hash FROM record;"
	"CREATE VIEW audit_needles AS SELECT unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject,"
	"  unit.operator, iif(unit.session IS NULL, NULL, " UTC("unit.utc_us") ") AS used, " UTC("removed_us") " AS removed,"
	"  unit.strokes, unit.dots, unit.seq, unit.worked_s, state, damage, container, " UTC("unit.ended_us") " AS ended,"
	"  ended_by FROM unit LEFT JOIN session USING(session);"
	"CREATE VIEW audit_lots AS SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS unused,"
	"  certificate, " UTC("received_us") " AS received, seq, configuration, supplier, purchase, certificate_file,"
	"  certificate_sha256, membrane, membrane_reference, low_stock, status, status_reason FROM lot;"
	"CREATE VIEW audit_sessions AS SELECT session, subject, protocol, course_session, operator,"
	"  " UTC("utc_us") " AS begun, " UTC("ended_us") " AS ended, outcome, dots, strokes, needles, worked_s FROM session;"
	"CREATE VIEW audit_images AS SELECT session, zone, phase, file, sha256, bytes, width, height, focus, exposure,"
	"  " UTC("utc_us") " AS taken, seq FROM image;"
	"CREATE VIEW audit_zones AS SELECT * FROM zone_result;"
	"CREATE VIEW audit_pigments AS SELECT brand, colour, lot, expiry, session, " UTC("utc_us") " AS used, seq"
	"  FROM pigment_use;"
	"CREATE VIEW audit_pigment_zones AS SELECT seq, zone, strokes, dots FROM pigment_zone;"
	"CREATE VIEW audit_pigment_lots AS SELECT brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, status,"
	"  status_reason, " UTC("received_us") " AS received, seq FROM pigment_stock;"
	"CREATE VIEW audit_blends AS SELECT blend, pigment_blend.colour, expiry, operator, " UTC("utc_us") " AS blended,"
	"  brand, pigment_part.colour AS part_colour, lot, parts, seq FROM pigment_blend JOIN pigment_part USING(blend);"
	"CREATE VIEW audit_handpieces AS SELECT handpiece, model, state, session, " UTC("registered_us") " AS registered,"
	"  " UTC("mounted_us") " AS mounted, seq FROM handpiece;"
	"CREATE VIEW audit_operators AS SELECT badge, name, roles, seq FROM operator;";
/* clang-format on */

static const char *const schema[LEDGER_SCHEMA_VERSION] = { NULL, version_2 };
static const char *const tables[] = { NULL };
static const RecordKind kinds[] = { { NULL } };

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
		ARGUMENTS(NEED_TEXT("lot", "lot"), BETWEEN("\"used:utc\""), BY_TEXT("subject", "subject"),
			AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_audit = { schema, tables, kinds, queries };
