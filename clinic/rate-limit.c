/* SPDX-License-Identifier: Apache-2.0 */

/** Counts requests by address. It must not remember more than RATE_LIMIT_ADDRESSES. */

#include "rate-limit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "util/clock.h"

enum { WHO_BYTES = 8 }; /* an IPv4 address, or the network of an IPv6 one */

typedef struct RateWindow {
	uint8_t who[WHO_BYTES];
	int64_t since_us; /* 0: not used */
	unsigned n;
} RateWindow;

struct RateLimit {
	pthread_mutex_t lock;
	RateWindow windows[RATE_LIMIT_ADDRESSES];
};

RateLimit *rate_limit_new(void)
{
	RateLimit *limit = calloc(1, sizeof *limit);

	if (limit)
		pthread_mutex_init(&limit->lock, NULL);
	return limit;
}

RateLimit *rate_limit_free(RateLimit *limit)
{
	if (!limit)
		return NULL;
	pthread_mutex_destroy(&limit->lock);
	free(limit);
	return NULL;
}

static void read_who(const char *address, uint8_t ret[WHO_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	uint8_t six[16] = { 0 };

	memset(ret, 0, WHO_BYTES);
	if (inet_pton(AF_INET, address, ret) == 1 || inet_pton(AF_INET6, address, six) != 1)
		return;
	if (memcmp(six, mapped, sizeof mapped) == 0)
		memcpy(ret, six + sizeof mapped, 4);
	else
		memcpy(ret, six, WHO_BYTES);
}

/** The window of the address, or the one that is forgotten for it. */
static RateWindow *find_window(RateLimit *limit, const uint8_t who[WHO_BYTES], int64_t now_us)
{
	RateWindow *oldest = &limit->windows[0];

	for (size_t i = 0; i < ELEMENTS(limit->windows); i++) {
		RateWindow *window = &limit->windows[i];

		if (window->since_us > 0 && memcmp(window->who, who, WHO_BYTES) == 0)
			return window;
		if (window->since_us < oldest->since_us)
			oldest = window;
	}
	*oldest = (RateWindow){ .since_us = now_us };
	memcpy(oldest->who, who, WHO_BYTES);
	return oldest;
}

bool rate_limit_admits(RateLimit *limit, const char *address, int64_t now_us)
{
	uint8_t who[WHO_BYTES];
	RateWindow *window;
	bool admits;

	read_who(address, who);
	pthread_mutex_lock(&limit->lock);
	window = find_window(limit, who, now_us);
	if (now_us - window->since_us >= RATE_LIMIT_PERIOD_S * USEC_PER_SEC) {
		window->since_us = now_us;
		window->n = 0;
	}
	admits = window->n < RATE_LIMIT_REQUESTS;
	window->n += admits;
	pthread_mutex_unlock(&limit->lock);
	return admits;
}
