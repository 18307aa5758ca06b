/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Looks at the database. It must not accept several nodes that could lose a commit which was acknowledged: a
 * cartridge that was claimed would be claimed again.
 */

#include "doctor.h"

#include <math.h>
#include <string.h>
#include <sys/time.h>

#include "clinic-sql.h"

enum { VERSION_LEAST = 150000 };
#define CLOCK_GAP_MOST_S 2.0
#define MIB              (1024.0 * 1024.0)

/** Columns of doctor-database.sql. */
enum {
	IS_VERSION,
	IS_VERSION_TEXT,
	IS_STANDBY,
	IS_COMMIT,
	IS_STANDBY_NAMES,
	IS_FSYNC,
	IS_FULL_PAGES,
	IS_COPIED_BY,
	IS_SIZE,
	IS_CLOCK,
	IS_MADE,
};

/** Columns of doctor-schema.sql. */
enum { HAS_VERSION, HAS_LEAVES, HAS_STATIONS, HAS_QUARANTINED, HAS_LAPSED };

static const char *of(const PGresult *row, int column)
{
	return PQgetvalue(row, 0, column);
}

/** Whether the connection names more than one server. */
static bool names_several(const char *connection)
{
	PQconninfoOption *options = PQconninfoParse(connection, NULL);
	bool several = false;

	for (PQconninfoOption *option = options; option && option->keyword; option++)
		if (option->val && strncmp(option->keyword, "host", 4) == 0 && strchr(option->val, ','))
			several = true;
	PQconninfoFree(options);
	return several;
}

static void check_server(Doctor *doctor, const PGresult *row)
{
	if (strtol(of(row, IS_VERSION), NULL, 10) < VERSION_LEAST)
		doctor_say(doctor, "database", false, "PostgreSQL %s is too old: install 15 or newer",
			of(row, IS_VERSION_TEXT));
	else if (of(row, IS_STANDBY)[0] == 't')
		doctor_say(doctor, "database", false,
			"the connection leads to a standby, which takes nothing: connect to the primary, or through HAProxy");
	else if (strcmp(of(row, IS_FSYNC), "on") != 0 || strcmp(of(row, IS_FULL_PAGES), "on") != 0)
		doctor_say(doctor, "database", false,
			"fsync or full_page_writes is off: a power cut would lose what was acknowledged; set both to on in postgresql.conf");
	else
		doctor_say(doctor, "database", true, "PostgreSQL %s, %.0f MiB", of(row, IS_VERSION_TEXT),
			strtod(of(row, IS_SIZE), NULL) / MIB);
}

static void check_database_clock(Doctor *doctor, const PGresult *row)
{
	struct timeval now;
	double gap_s;

	gettimeofday(&now, NULL);
	gap_s = fabs(strtod(of(row, IS_CLOCK), NULL) - ((double)now.tv_sec + (double)now.tv_usec / 1e6));
	if (gap_s > CLOCK_GAP_MOST_S)
		doctor_say(doctor, "database-clock", false,
			"it is %.0f s away from this machine's: synchronise both with a time server", gap_s);
	else
		doctor_say(doctor, "database-clock", true, "the same as this machine's");
}

static void check_replication(Doctor *doctor, const PGresult *row)
{
	const ClinicConfig *config = &doctor->program->config;
	const char *commit = of(row, IS_COMMIT), *names = of(row, IS_STANDBY_NAMES);
	bool several = strtol(of(row, IS_COPIED_BY), NULL, 10) > 0 || *config->patroni ||
		       names_several(config->connection);

	if (strcmp(commit, "off") == 0)
		doctor_say(doctor, "replication", false,
			"synchronous_commit is off: a crash would lose claims that were acknowledged; set it to on");
	else if (!several)
		doctor_say(doctor, "replication", true, "one server; its backups are the only copy");
	else if (!*names || strcmp(commit, "local") == 0)
		doctor_say(doctor, "replication", false,
			"several servers, but replication is asynchronous: a failover would lose claims that were acknowledged, and cartridges would be used twice; set synchronous_mode and synchronous_mode_strict in Patroni, or synchronous_standby_names in postgresql.conf, and synchronous_commit to on");
	else
		doctor_say(doctor, "replication", true, "synchronous: synchronous_commit %s, standbys %s",
			commit, names);
}

static void say_stations(Doctor *doctor, const PGresult *row)
{
	if (*of(row, HAS_QUARANTINED))
		doctor_say(doctor, "stations", false,
			"quarantined: %s. Find out why; then run stipple-clinicd invite for what takes their place",
			of(row, HAS_QUARANTINED));
	else if (*of(row, HAS_LAPSED))
		doctor_say(doctor, "stations", false,
			"their certificates have ended: %s. Run stipple-clinicd invite for each, and let it join again",
			of(row, HAS_LAPSED));
	else
		doctor_say(doctor, "stations", true, "%s are enrolled", of(row, HAS_STATIONS));
}

static void check_tables(Doctor *doctor, PGconn *connection)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	Error error = { 0 };
	long newest = 0;

	while (sql_schema[newest])
		newest++;
	if (database_run(connection, sql_doctor_schema, NULL, 0, &row, &error) < 0) {
		doctor_say(doctor, "tables", false, "%s", error.text);
		return;
	}
	if (strtol(of(row, HAS_VERSION), NULL, 10) != newest) {
		doctor_say(doctor, "tables", false,
			"they are of version %s, and this program's are of version %ld: install the newer stipple-clinicd, and restart it",
			of(row, HAS_VERSION), newest);
		return;
	}
	doctor_say(doctor, "tables", true, "version %ld, %s leaves in the registry's log", newest,
		of(row, HAS_LEAVES));
	say_stations(doctor, row);
}

static void check_connection(Doctor *doctor, PGconn *connection)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	Error error = { 0 };

	if (database_run(connection, sql_doctor_database, NULL, 0, &row, &error) < 0) {
		doctor_say(doctor, "database", false, "%s", error.text);
		return;
	}
	check_server(doctor, row);
	check_database_clock(doctor, row);
	check_replication(doctor, row);
	if (of(row, IS_MADE)[0] == 't')
		check_tables(doctor, connection);
	else
		doctor_say(doctor, "tables", false,
			"there are none yet: run systemctl enable --now stipple-clinicd");
}

/** Takes the connection as the server's user. */
static int connect_as_server(Doctor *doctor, Database *database, PGconn **ret, Error *error)
{
	int r = owner_become(&doctor->owner, error);

	r = r < 0 ? r : database_take(database, ret, error);
	owner_resume();
	return r;
}

void doctor_check_database(Doctor *doctor)
{
	_cleanup_(database_freep) Database *database = NULL;
	PGconn *connection;
	Error error = { 0 };

	if (database_new(doctor->program->config.connection, 1, &database) < 0)
		return;
	if (connect_as_server(doctor, database, &connection, &error) < 0) {
		doctor_say(doctor, "database", false,
			"%s: is PostgreSQL running (systemctl status postgresql), and do its user and database exist? stipple-clinicd setup printed how to make them",
			error.text);
		return;
	}
	check_connection(doctor, connection);
	database_give(database, connection);
}
