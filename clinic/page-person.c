/* SPDX-License-Identifier: Apache-2.0 */

/** What an administrator does about people of the page. A password must not be an argument: others see those.
 */

#include "page-people.h"

#include <string.h>
#include <termios.h>

#include "clinic-sql.h"
#include "util/pin.h"
#include "util/text.h"

static int page_read_line(const char *prompt, char *ret, size_t size, Error *error)
{
	struct termios usual, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &usual) == 0;
	bool there;

	if (terminal) {
		silent = usual;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		fputs(prompt, stderr);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	there = fgets(ret, (int)size, stdin) != NULL;
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
		fputc('\n', stderr);
	}
	if (!there)
		return error_set(error, -EINVAL,
			"no password was given: type it, or give it as a line on standard input");
	ret[strcspn(ret, "\r\n")] = '\0';
	return 0;
}

/** What somebody types; on a terminal twice. */
static int ask_twice(char ret[PASSWORD_MAX + 2], Error *error)
{
	char again[PASSWORD_MAX + 2];
	int r = page_read_line("Password: ", ret, PASSWORD_MAX + 2, error);

	if (r < 0 || !isatty(STDIN_FILENO))
		return r;
	r = page_read_line("The same again: ", again, sizeof again, error);
	if (r >= 0 && strcmp(ret, again) != 0)
		r = error_set(error, -EINVAL, "the two are not the same: begin anew");
	explicit_bzero(again, sizeof again);
	return r;
}

static int ask_password(char ret[PIN_HASH_MAX], Error *error)
{
	char password[PASSWORD_MAX + 2];
	int r = ask_twice(password, error);

	if (r >= 0 && password_hash(password, ret) < 0)
		r = error_set(error, -EINVAL, "a password has %d to %d bytes, and no control characters",
			PASSWORD_MIN, PASSWORD_MAX);
	explicit_bzero(password, sizeof password);
	return r;
}

/** Runs a statement that gives a row where it did something. */
static int change_person(Database *database, const char *sql, const DatabaseValue *values, size_t n,
	bool *ret_done, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql, values, n, &row, error);
	database_give(database, connection);
	*ret_done = r >= 0 && PQntuples(row) > 0;
	return r;
}

static int nobody(const char *name, Error *error)
{
	return error_set(error, -ENOENT, "nobody is called \"%.63s\": \"person list\" names everybody", name);
}

int people_add(Database *database, const char *name, const char *role, Error *error)
{
	char hash[PIN_HASH_MAX];
	bool done;
	int r;

	if (!text_is_printable(name, PERSON_MAX - 1))
		return error_set(error, -EINVAL, "a name has 1 to %d bytes, and no control characters",
			PERSON_MAX - 1);
	if (strcmp(role, "viewer") != 0 && strcmp(role, "manager") != 0)
		return error_set(error, -EINVAL, "a role is \"viewer\" or \"manager\", not \"%.20s\"", role);
	r = ask_password(hash, error);
	if (r < 0)
		return r;
	const DatabaseValue values[] = { { name, 0 }, { role, 0 }, { hash, 0 } };

	r = change_person(database, sql_person_add, values, ELEMENTS(values), &done, error);
	if (r >= 0 && !done)
		return error_set(error, -EEXIST,
			"somebody is called \"%s\" already: \"person password\" gives another password",
			name);
	if (r >= 0)
		printf("\"%s\" may sign in as %s\n", name, role);
	return r;
}

int people_change_password(Database *database, const char *name, Error *error)
{
	char hash[PIN_HASH_MAX];
	bool done;
	int r = ask_password(hash, error);

	if (r < 0)
		return r;
	const DatabaseValue values[] = { { name, 0 }, { hash, 0 } };

	r = change_person(database, sql_person_password, values, ELEMENTS(values), &done, error);
	return r >= 0 && !done ? nobody(name, error) : r;
}

int people_remove(Database *database, const char *name, Error *error)
{
	bool done;
	int r = change_person(database, sql_person_remove, &(DatabaseValue){ name, 0 }, 1, &done, error);

	return r >= 0 && !done ? nobody(name, error) : r;
}

int people_list(Database *database, Error *error)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql_people, NULL, 0, &rows, error);
	database_give(database, connection);
	for (int i = 0; r >= 0 && i < PQntuples(rows); i++)
		printf("%-8s %s\n", PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 0));
	return r;
}
