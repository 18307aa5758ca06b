/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * People who may look at the page: on record with a role and the hash of a password. Who is signed in has a
 * cookie of 32 random bytes, of which the database has only the hash.
 */

#include <stdbool.h>

#include "answer.h"
#include "database.h"

enum { PERSON_MAX = 64, SIGN_IN_HOURS = 12 };

typedef struct Person {
	char name[PERSON_MAX];
	char expires[32]; /* RFC 3339 */
	bool manager;     /* may take note of alarms */
} Person;

/** Whose cookie that is. -ENOENT: nobody's, or no longer. `cookie` may be NULL. Blocks on the database. */
int people_find(Database *database, const char *cookie, Person *ret, Error *error) _must_check_;
/**
 * The answer to a name and a password, {"name", "password"}, with the cookie where they are right. Blocks on
 * the database, and for the hash, of which few are made at once.
 */
Answer people_sign_in(Database *database, const char *body, size_t size);
/** Ends the session of a cookie, which may be NULL. */
Answer people_sign_out(Database *database, const char *cookie);

/**
 * Commands of an administrator. They read a password from the terminal, twice and without echo, or one line
 * from what is no terminal. -EINVAL, -EEXIST, -ENOENT with a sentence, or as in database.h.
 */
int people_add(Database *database, const char *name, const char *role, Error *error) _must_check_;
int people_change_password(Database *database, const char *name, Error *error) _must_check_;
int people_remove(Database *database, const char *name, Error *error) _must_check_;
int people_list(Database *database, Error *error) _must_check_;
