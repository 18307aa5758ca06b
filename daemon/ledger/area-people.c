/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/area.h"

static const char version_1[] =
	"CREATE TABLE operator(badge TEXT PRIMARY KEY, name TEXT, roles TEXT NOT NULL, pin TEXT, seq INTEGER NOT NULL);";

static const char *const schema[LEDGER_SCHEMA_VERSION] = { version_1 };

static const char *const tables[] = { "operator", NULL };

static int project_operator(ProjectionContext *context)
{
	int r = projection_run(context, "INSERT INTO operator(badge, name, roles, pin, seq) VALUES"
					"(@badge, @name, @roles, @pin, @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r, "badge %s is enrolled already: choose another",
			projection_text(context, "badge"));
	return r;
}

static const RecordKind kinds[] = {
	{ "operator.enrolled", false, FIELDS(TEXT("badge"), ARRAY("roles")), .project = project_operator },
	{ "operator.signed-in", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.signed-out", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.refused", true, FIELDS(TEXT("badge"), COUNT("attempts")) },
	{ NULL },
};

static const LedgerQuery queries[] = {
	{ "operator", "SELECT badge, name, roles AS \"roles:json\", pin FROM operator WHERE 1", "",
		ARGUMENTS(NEED_TEXT("badge", "badge")), .lookup_only = true },
	{ "operators", "SELECT badge, name, roles AS \"roles:json\" FROM operator WHERE 1", " ORDER BY badge",
		NO_ARGUMENTS },
	{ "sign-ins",
		"SELECT seq, utc_us AS \"time:utc\", kind, " BODY " FROM record WHERE kind IN"
		" ('operator.signed-in', 'operator.signed-out', 'operator.refused')",
		" ORDER BY seq", ARGUMENTS(BETWEEN("utc_us"), AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_people = { schema, tables, kinds, queries };
