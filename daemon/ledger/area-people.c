/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/area.h"

static const char version_1[] =
	"CREATE TABLE operator(badge TEXT PRIMARY KEY, name TEXT, roles TEXT NOT NULL, pin TEXT, seq INTEGER NOT NULL);";

static const char version_2[] =
	"CREATE TABLE certification(badge TEXT NOT NULL, certificate TEXT NOT NULL, issuer TEXT NOT NULL,"
	"  number TEXT, expiry TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(badge, certificate)) WITHOUT ROWID;";

static const char *const schema[LEDGER_SCHEMA_VERSION] = { version_1, version_2 };

static const char *const tables[] = { "operator", "certification", NULL };

static int project_operator(ProjectionContext *context)
{
	int r = projection_run(context, "INSERT INTO operator(badge, name, roles, pin, seq) VALUES"
					"(@badge, @name, @roles, @pin, @seq)");

	if (r == -EEXIST)
		return projection_refuse(context, r, "badge %s is enrolled already: choose another",
			projection_text(context, "badge"));
	return r;
}

/** A newer certificate of the same name takes the place of the older one. */
static int project_certification(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *operator= NULL;
	bool found;
	int r = projection_step(context, "SELECT 1 FROM operator WHERE badge = @badge", &operator, & found);

	if (r == 0 && !found)
		return projection_refuse(context, -ENOENT, "badge %s is not enrolled: enrol its bearer first",
			projection_text(context, "badge"));
	if (r == 0)
		r = projection_run(context,
			"INSERT INTO certification(badge, certificate, issuer, number, expiry, seq) VALUES"
			"(@badge, @certificate, @issuer, @number, @expiry, @seq) ON CONFLICT DO UPDATE SET"
			" issuer = excluded.issuer, number = excluded.number, expiry = excluded.expiry, seq = excluded.seq");
	return r;
}

static const RecordKind kinds[] = {
	{ "operator.enrolled", false, FIELDS(TEXT("badge"), ARRAY("roles")), .project = project_operator },
	{ "operator.signed-in", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.signed-out", true, FIELDS(TEXT("badge"), MAYBE_TEXT("reason")) },
	{ "operator.refused", true, FIELDS(TEXT("badge"), COUNT("attempts")) },
	{ "operator.certified", false,
		FIELDS(TEXT("badge"), TEXT("certificate"), TEXT("issuer"), MAYBE_TEXT("number"),
			DATE("expiry")),
		.project = project_certification },
	{ NULL },
};

static const LedgerQuery queries[] = {
	{ "operator", "SELECT badge, name, roles AS \"roles:json\", pin FROM operator WHERE 1", "",
		ARGUMENTS(NEED_TEXT("badge", "badge")), .lookup_only = true },
	{ "operators", "SELECT badge, name, roles AS \"roles:json\" FROM operator WHERE 1", " ORDER BY badge",
		NO_ARGUMENTS },
	{ "certifications",
		"SELECT badge, certificate, issuer, number, expiry, seq FROM certification WHERE 1",
		" ORDER BY badge, certificate", ARGUMENTS(BY_TEXT("badge", "badge")) },
	{ "sign-ins",
		"SELECT seq, utc_us AS \"time:utc\", kind, " BODY " FROM record WHERE kind IN"
		" ('operator.signed-in', 'operator.signed-out', 'operator.refused')",
		" ORDER BY seq", ARGUMENTS(RECORDED_BETWEEN, AFTER("seq"), LIMIT) },
	{ NULL },
};

const LedgerArea area_people = { schema, tables, kinds, queries };
