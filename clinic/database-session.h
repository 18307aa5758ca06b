/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What is kept of one connection while it is open. Nothing outside database.c includes this. */

#include <stdbool.h>

#include <libpq-fe.h>

#include "util/cleanup.h"

enum { SESSION_NAME_MAX = 24 };

/** Gives a new connection its memory, which ends with it. -ENOMEM. */
int session_attach(PGconn *connection) _must_check_;
void session_set_timeline(PGconn *connection, unsigned timeline);
/** 0 when it is not known. */
unsigned session_timeline(const PGconn *connection);

/**
 * Whether the server warned since this was last asked. A commit that does not wait for a standby any longer,
 * because somebody cancelled it, says so with a warning and nothing else.
 */
bool session_take_warning(PGconn *connection);

/** The name under which a statement is prepared; false when it is not. */
bool session_find(const PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX]);
/** A new name for one that is being prepared. False when too many are: it is run without. */
bool session_add(PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX]);
/** How many there are; and, when preparing may have failed, back to so many. */
size_t session_prepared(const PGconn *connection);
void session_forget(PGconn *connection, size_t n);
