/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Questions that go across the areas, and the views that outside tools may read (docs/ledger.md). It has no
 * records and no projections of its own.
 */

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

#define TEXT_OF(field) RECORDED(field) " AS " field
#define RECORD_VIEW(name, columns, kinds) \
	"CREATE VIEW " name " AS SELECT " UTC("utc_us") " AS time, json_extract(CAST(leaf AS TEXT), '$.actor') AS operator," \
	"  " columns ", seq FROM record WHERE kind IN (" kinds ");"

static const char version_3[] =
	"DROP VIEW audit_operators;"
	"CREATE VIEW audit_operators AS SELECT badge, name, roles, seq, iif(revoked_us IS NULL, 'active', 'revoked') AS state,"
	"  " UTC("revoked_us") " AS revoked, revoked AS revoked_why FROM operator;"
	"DROP VIEW audit_sessions;"
	"CREATE VIEW audit_sessions AS SELECT session, subject, protocol, course_session, operator,"
	"  " UTC("utc_us") " AS begun, " UTC("ended_us") " AS ended, outcome, dots, strokes, needles, worked_s,"
	"  (SELECT seq FROM record WHERE record.session = session.session AND kind = 'session.begun' ORDER BY seq LIMIT 1)"
	"  AS seq FROM session;"
	"DROP VIEW audit_images;"
	"CREATE VIEW audit_images AS SELECT session, zone, phase, file, sha256, bytes, width, height, round(focus, 1) AS focus,"
	"  round(exposure, 1) AS exposure, " UTC("utc_us") " AS taken, seq FROM image;"
	"DROP VIEW audit_zones;"
	"CREATE VIEW audit_zones AS SELECT session, zone, dots, strokes, area_mm2, round(density, 1) AS density, target,"
	"  round(outside, 4) AS outside, round(depth_mean_um, 1) AS depth_mean_um, round(dwell_mean_ms, 2) AS dwell_mean_ms"
	"  FROM zone_result;"
	"CREATE VIEW audit_certifications AS SELECT badge, certificate, issuer, number, expiry, seq FROM certification;"
	RECORD_VIEW("audit_consents", "session, (SELECT subject FROM session WHERE session.session = record.session) AS subject,"
		"  " TEXT_OF("consent") ", " TEXT_OF("version") ", " TEXT_OF("given"), "'session.consent'")
	RECORD_VIEW("audit_overrides", "session, " TEXT_OF("interlock") ", " TEXT_OF("reason") ", " TEXT_OF("signed"),
		"'interlock.overridden'")
	RECORD_VIEW("audit_erasures", "kind, " TEXT_OF("subject") ", " TEXT_OF("badge") ", " TEXT_OF("record") ", "
		TEXT_OF("reason") ", " TEXT_OF("despite") ", " TEXT_OF("signed") ", " TEXT_OF("records") ", " TEXT_OF("images") ", session, "
		TEXT_OF("image") ", " TEXT_OF("file") ", " TEXT_OF("sha256"), "'personal.erased', 'image.erased'")
	RECORD_VIEW("audit_lot_status", "iif(kind = 'lot.status', 'cartridge', 'pigment') AS item, " TEXT_OF("lot") ", "
		TEXT_OF("gtin") ", " TEXT_OF("brand") ", " TEXT_OF("colour") ", " TEXT_OF("status") ", " TEXT_OF("reason"),
		"'lot.status', 'pigment.status'")
	RECORD_VIEW("audit_follow_ups", TEXT_OF("test") ", (SELECT sterilizer FROM indicator_test WHERE"
		"  indicator_test.seq = " RECORDED("test") ") AS sterilizer, " TEXT_OF("action") ", " TEXT_OF("items") ", "
		TEXT_OF("notified"), "'indicator.followed-up'");

/* words stand beside the record, and in the body of older ones */
#define WORDS_TEXT(field) WORDS_OF("record", field) " AS " field

static const char version_5[] =
	"DROP VIEW audit_records; DROP VIEW audit_overrides; DROP VIEW audit_erasures; DROP VIEW audit_lot_status;"
	"DROP VIEW audit_follow_ups;"
	"CREATE VIEW audit_records AS SELECT seq, " UTC("utc_us") " AS time, kind,"
	"  json_extract(CAST(leaf AS TEXT), '$.actor') AS actor, session,"
	"  json_extract(CAST(leaf AS TEXT), '$.body') AS body, lower(hex(hash)) AS leaf_hash,"
	"  " SAID_BESIDE " AS words FROM record;"
	"CREATE VIEW audit_needles AS SELECT unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject,"
	"  unit.operator, iif(unit.session IS NULL, NULL, " UTC("unit.utc_us") ") AS used, " UTC("removed_us") " AS removed,"
	"  unit.strokes, unit.dots, unit.seq, unit.worked_s, state, " WORDS_BY("damage_seq", "reason") " AS damage, container,"
	"  " UTC("unit.ended_us") " AS ended, ended_by FROM unit LEFT JOIN session USING(session);"
	"CREATE VIEW audit_lots AS SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS unused,"
	"  certificate, " UTC("received_us") " AS received, seq, configuration, supplier, purchase, certificate_file,"
	"  certificate_sha256, membrane, membrane_reference, low_stock, status,"
	"  " WORDS_BY("status_seq", "reason") " AS status_reason FROM lot;"
	"CREATE VIEW audit_pigment_lots AS SELECT brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, status,"
	"  " WORDS_BY("status_seq", "reason") " AS status_reason, " UTC("received_us") " AS received, seq FROM pigment_stock;"
	"CREATE VIEW audit_operators AS SELECT badge, name, roles, seq, iif(revoked_us IS NULL, 'active', 'revoked') AS state,"
	"  " UTC("revoked_us") " AS revoked, " WORDS_BY("revoked_seq", "reason") " AS revoked_why FROM operator;"
	RECORD_VIEW("audit_overrides", "session, " TEXT_OF("interlock") ", " WORDS_TEXT("reason") ", " TEXT_OF("signed"),
		"'interlock.overridden'")
	RECORD_VIEW("audit_erasures", "kind, " TEXT_OF("subject") ", " TEXT_OF("badge") ", " TEXT_OF("record") ", "
		WORDS_TEXT("reason") ", " WORDS_TEXT("despite") ", " TEXT_OF("signed") ", " TEXT_OF("records") ", " TEXT_OF("images")
		", session, " TEXT_OF("image") ", " TEXT_OF("file") ", " TEXT_OF("sha256"), "'personal.erased', 'image.erased'")
	RECORD_VIEW("audit_lot_status", "iif(kind = 'lot.status', 'cartridge', 'pigment') AS item, " TEXT_OF("lot") ", "
		TEXT_OF("gtin") ", " TEXT_OF("brand") ", " TEXT_OF("colour") ", " TEXT_OF("status") ", " WORDS_TEXT("reason"),
		"'lot.status', 'pigment.status'")
	RECORD_VIEW("audit_follow_ups", TEXT_OF("test") ", (SELECT sterilizer FROM indicator_test WHERE"
		"  indicator_test.seq = " RECORDED("test") ") AS sterilizer, " WORDS_TEXT("action") ", " TEXT_OF("items") ", "
		WORDS_TEXT("notified"), "'indicator.followed-up'");
/* clang-format on */

static const char *const schema[LEDGER_SCHEMA_VERSION] = { NULL, version_2, version_3, NULL, version_5 };
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

const LedgerArea area_audit = { schema, tables, projections, queries };
