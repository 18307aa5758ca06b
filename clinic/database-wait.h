/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Waiting for PostgreSQL with a deadline. Nothing outside database*.c includes this. */

#include "database.h"

/** DATABASE_PATIENCE_S from now, in milliseconds of CLOCK_MONOTONIC. */
int64_t database_deadline_ms(void);
/** Waits for the connection's socket. -EAGAIN after the deadline. */
int database_wait_socket(const PGconn *connection, short events, int64_t deadline_ms) _must_check_;
/** Sends what waits. -EAGAIN when the server does not take it in time. */
int database_flush(PGconn *connection, int64_t deadline_ms) _must_check_;
/** The next result; *ret is NULL after the last of a statement. -EAGAIN when it does not come in time. */
int database_next_result(PGconn *connection, int64_t deadline_ms, PGresult **ret) _must_check_;
