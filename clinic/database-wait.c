/* SPDX-License-Identifier: Apache-2.0 */

/** Waits for a connection's socket. It must not wait without a deadline, and must not cancel a statement. */

#include "database-wait.h"

#include <poll.h>

#include "util/clock.h"

int64_t database_deadline_ms(void)
{
	return clock_monotonic_us() / 1000 + DATABASE_PATIENCE_S * 1000LL;
}

int database_wait_socket(const PGconn *connection, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = PQsocket(connection), .events = events };
	int64_t left_ms = deadline_ms - clock_monotonic_us() / 1000;

	if (poll_fd.fd < 0 || left_ms <= 0)
		return -EAGAIN;
	return poll(&poll_fd, 1, (int)left_ms) > 0 ? 0 : -EAGAIN;
}

int database_flush(PGconn *connection, int64_t deadline_ms)
{
	int left;

	while ((left = PQflush(connection)) > 0)
		if (database_wait_socket(connection, POLLIN | POLLOUT, deadline_ms) < 0 ||
			!PQconsumeInput(connection))
			return -EAGAIN;
	return left < 0 ? -EAGAIN : 0;
}

int database_next_result(PGconn *connection, int64_t deadline_ms, PGresult **ret)
{
	while (PQisBusy(connection))
		if (database_wait_socket(connection, POLLIN, deadline_ms) < 0 || !PQconsumeInput(connection))
			return -EAGAIN;
	*ret = PQgetResult(connection);
	return 0;
}
