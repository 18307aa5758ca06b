/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Signs people in and out. It must not say whether a name is on record, neither in words nor by the time that
 * it takes, and must not let anybody try passwords faster than people do.
 */

#include "page-people.h"

#include <pthread.h>
#include <string.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "util/digest.h"
#include "util/log.h"
#include "util/pin.h"
#include "util/text.h"

#define COOKIE "__Host-stipple"

enum { TOKEN_BYTES = 32, HASHES_AT_ONCE = 2, BUCKETS = 4096, BODY_MAX = 4096 };

/* of a password that nobody knows: what a name that is not on record is compared with */
static char nobodys_hash[PIN_HASH_MAX];
static pthread_once_t nobody_once = PTHREAD_ONCE_INIT;

static pthread_mutex_t hash_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hash_freed = PTHREAD_COND_INITIALIZER;
static unsigned hashing;

static void make_nobody(void)
{
	uint8_t bytes[TOKEN_BYTES];
	char password[2 * TOKEN_BYTES + 1];

	if (random_bytes(bytes, sizeof bytes) < 0)
		return;
	hex_encode(bytes, sizeof bytes, password);
	(void)!password_hash(password, nobodys_hash);
}

/** Each takes memory and tens of milliseconds: the server's other threads have to go on. */
static bool matches_in_turn(const char *password, const char *hash)
{
	bool right;

	pthread_mutex_lock(&hash_lock);
	while (hashing == HASHES_AT_ONCE)
		pthread_cond_wait(&hash_freed, &hash_lock);
	hashing++;
	pthread_mutex_unlock(&hash_lock);
	right = pin_matches(password, hash);
	pthread_mutex_lock(&hash_lock);
	hashing--;
	pthread_cond_signal(&hash_freed);
	pthread_mutex_unlock(&hash_lock);
	return right;
}

/** "\x..." as PostgreSQL reads bytes. False for what is no cookie of ours. */
static bool hash_cookie(const char *cookie, char ret[3 + 2 * DIGEST_BYTES])
{
	uint8_t token[TOKEN_BYTES];

	if (!cookie || strlen(cookie) != 2 * sizeof token || hex_decode(cookie, token, sizeof token) < 0)
		return false;
	ret[0] = '\\';
	ret[1] = 'x';
	digest_hex(token, sizeof token, ret + 2);
	return true;
}

static int run_on(Database *database, const char *sql, const DatabaseValue *values, size_t n, PGresult **ret,
	Error *error)
{
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql, values, n, ret, error);
	database_give(database, connection);
	return r;
}

int people_find(Database *database, const char *cookie, Person *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	char hash[3 + 2 * DIGEST_BYTES];
	int r;

	if (!hash_cookie(cookie, hash))
		return -ENOENT;
	r = run_on(database, sql_signed_in, &(DatabaseValue){ hash, 0 }, 1, &row, error);
	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return -ENOENT;
	snprintf(ret->name, sizeof ret->name, "%s", PQgetvalue(row, 0, 0));
	snprintf(ret->expires, sizeof ret->expires, "%s", PQgetvalue(row, 0, 2));
	ret->manager = strcmp(PQgetvalue(row, 0, 1), "manager") == 0;
	return 0;
}

/* ---- signing in ---- */

static void write_bucket(const char *name, char ret[8])
{
	uint8_t hash[DIGEST_BYTES];

	digest_compute(&(DigestPart){ name, strlen(name) }, 1, hash);
	snprintf(ret, 8, "%u", (hash[0] << 8 | hash[1]) % BUCKETS);
}

/** A positive value when it is too early for another attempt with this name. */
static int count_attempt(Database *database, const char *bucket, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = run_on(database, sql_try_sign_in, &(DatabaseValue){ bucket, 0 }, 1, &row, error);

	return r < 0 ? r : PQntuples(row) == 0;
}

/** Whether the password is that person's; *ret_role is the caller's. */
static int judge_password(Database *database, const char *name, const char *password, bool *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = run_on(database, sql_person_by_name, &(DatabaseValue){ name, 0 }, 1, &row, error);
	bool known = r >= 0 && PQntuples(row) == 1;

	if (r < 0)
		return r;
	pthread_once(&nobody_once, make_nobody);
	*ret = matches_in_turn(password, known ? PQgetvalue(row, 0, 1) : nobodys_hash) && known;
	return 0;
}

static Answer page_begin_session(Database *database, const char *name, const char *bucket)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	uint8_t token[TOKEN_BYTES];
	char cookie[2 * TOKEN_BYTES + 1], hash[3 + 2 * DIGEST_BYTES], seconds[16], header[256];
	Answer answer;
	Error error;

	if (random_bytes(token, sizeof token) < 0)
		return answer_problem(
			500, "No random bytes", "the system gives no random bytes: try again later");
	hex_encode(token, sizeof token, cookie);
	(void)hash_cookie(cookie, hash);
	snprintf(seconds, sizeof seconds, "%d", SIGN_IN_HOURS * 3600);
	const DatabaseValue values[] = { { bucket, 0 }, { hash, 0 }, { name, 0 }, { seconds, 0 } };

	if (run_on(database, sql_sign_in, values, ELEMENTS(values), &row, &error) < 0)
		return answer_trouble(&error);
	answer = answer_text(200, "application/json", strdup("{}"));
	snprintf(header, sizeof header, COOKIE "=%s; Path=/; Max-Age=%s; Secure; HttpOnly; SameSite=Strict",
		cookie, seconds);
	answer_add_header(&answer, "Set-Cookie", header);
	return answer;
}

static Answer page_sign_in_as(Database *database, const char *name, const char *password)
{
	char bucket[8];
	bool right = false;
	Error error;
	int r;

	write_bucket(name, bucket);
	r = count_attempt(database, bucket, &error);
	if (r > 0)
		return answer_problem(429, "Too many attempts",
			"there were several wrong passwords: wait a minute, then try again");
	r = r < 0 ? r : judge_password(database, name, password, &right, &error);
	if (r < 0)
		return answer_trouble(&error);
	if (!right) {
		log_notice("somebody gave a wrong name or password on the page");
		return answer_problem(401, "Not signed in", "the name or the password is not right");
	}
	return page_begin_session(database, name, bucket);
}

Answer people_sign_in(Database *database, const char *body, size_t size)
{
	json_auto_t *asked = size <= BODY_MAX ? json_loadb(body, size, 0, NULL) : NULL;
	const char *name = json_string_value(json_object_get(asked, "name")),
		   *password = json_string_value(json_object_get(asked, "password"));

	if (!name || !password)
		return answer_problem(
			400, "Bad request", "an object with \"name\" and \"password\" is expected");
	if (!text_is_printable(name, PERSON_MAX - 1) || !text_is_printable(password, PASSWORD_MAX))
		return answer_problem(401, "Not signed in", "the name or the password is not right");
	return page_sign_in_as(database, name, password);
}

Answer people_sign_out(Database *database, const char *cookie)
{
	_cleanup_(PQclearp) PGresult *done = NULL;
	char hash[3 + 2 * DIGEST_BYTES];
	Answer answer;
	Error error;

	if (hash_cookie(cookie, hash) &&
		run_on(database, sql_sign_out, &(DatabaseValue){ hash, 0 }, 1, &done, &error) < 0)
		return answer_trouble(&error);
	answer = answer_text(200, "application/json", strdup("{}"));
	answer_add_header(
		&answer, "Set-Cookie", COOKIE "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
	return answer;
}
