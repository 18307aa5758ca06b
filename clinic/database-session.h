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
 * The name under which a statement is prepared. NULL: too many are. *ret_new: it is not prepared yet; once it
 * is, the caller says so with session_keep().
 */
const char *session_name(PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX], bool *ret_new);
void session_keep(PGconn *connection, const char *sql);
