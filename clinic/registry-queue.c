/* SPDX-License-Identifier: Apache-2.0 */

/**
 * One thread answers all requests that wait at once. While the database takes its time, the next ones gather.
 * It must not have two requests of the same number in one transaction, and must not let any wait that the
 * database's silence already cost its patience.
 */

#include "registry-queue.h"

#include <pthread.h>
#include <string.h>

#include "registry-proofs.h"
#include "registry-turn.h"

enum { TRIES = 5 };

struct RegistryQueue {
	const Registry *registry;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t pushed;
	Ask *first, **last;
	bool ends;
};

/* ---- answering ---- */

static void fail_all(Ask **asks, size_t n, const Error *error)
{
	for (size_t i = 0; i < n; i++)
		ask_fail(asks[i], error);
}

/** Moves those that are not answered to the front. */
static size_t pick_unanswered(Ask **asks, size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!asks[i]->answered) {
			Ask *ask = asks[i];

			asks[i] = asks[left];
			asks[left++] = ask;
		}
	return left;
}

static bool are_claims(Ask *const *asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (asks[i]->kind != ASK_CLAIM)
			return false;
	return true;
}

/** What a try that failed has prepared is void. */
static void forget_results(Ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ask_answer(asks[i], 0, NULL);
		asks[i]->kept = asks[i]->answered = false;
		asks[i]->proof_name = NULL;
	}
}

static int answer_once(const Registry *registry, PGconn *connection, Ask **asks, size_t n, Error *error)
{
	int r = are_claims(asks, n) ? registry_claim_held(registry, connection, asks, n, error) : 0;
	size_t left = pick_unanswered(asks, n);

	if (r >= 0 && left > 0) {
		r = registry_take_turn(registry, connection, asks, left, error);
		if (r < 0)
			forget_results(asks, left);
	}
	return r;
}

static int answer_with(const Registry *registry, PGconn *connection, Ask **asks, size_t *n, Error *error)
{
	int r = -EDEADLK;

	for (int i = 0; r == -EDEADLK && i < TRIES; i++) {
		r = answer_once(registry, connection, asks, *n, error);
		*n = pick_unanswered(asks, *n);
		if (r != -EAGAIN && PQtransactionStatus(connection) != PQTRANS_IDLE &&
			database_do(connection, "ROLLBACK", NULL, 0, NULL) < 0)
			r = -EAGAIN;
	}
	return r;
}

int registry_answer_all(const Registry *registry, Ask **asks, size_t n)
{
	PGconn *connection;
	Error error = { 0 };
	int r = database_take(registry->database, &connection, &error);

	if (r >= 0) {
		r = answer_with(registry, connection, asks, &n, &error);
		database_give(registry->database, connection);
	}
	if (r < 0) {
		fail_all(asks, n, &error);
		registry_proofs_forget(registry->proofs);
	}
	return r;
}

/* ---- the thread ---- */

/** Which numbers of requests are taken: a hash table of places in a list, counted from 1. */
typedef struct Taken {
	uint16_t places[4 * 1024];
} Taken;

/** Puts the ask that will have place `n` into the table; false when one of its number is there. */
static bool note_number(Taken *taken, Ask *const *asks, size_t n, const char *number)
{
	uint32_t at = 2166136261U;

	for (const char *c = number; *c; c++)
		at = (at ^ (unsigned char)*c) * 16777619U;
	for (at %= ELEMENTS(taken->places); taken->places[at]; at = (at + 1) % ELEMENTS(taken->places))
		if (strcmp(asks[taken->places[at] - 1]->number, number) == 0)
			return false;
	taken->places[at] = (uint16_t)(n + 1);
	return true;
}

/** Takes those that wait, but the same number only once. */
static size_t take_waiting(RegistryQueue *queue, Ask *ret[TURN_ASKS_MAX])
{
	Ask **at = &queue->first;
	Taken taken = { 0 };
	size_t n = 0;

	while (*at && n < TURN_ASKS_MAX) {
		Ask *ask = *at;

		if (!note_number(&taken, ret, n, ask->number)) {
			at = &ask->next;
			continue;
		}
		*at = ask->next;
		ret[n++] = ask;
	}
	queue->last = &queue->first;
	while (*queue->last)
		queue->last = &(*queue->last)->next;
	return n;
}

static void wake_all(Ask *const *asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		request_wake(asks[i]->request);
}

/** Nothing was done yet of what waits, and the database does not answer: whoever asked may do it again. */
static void fail_waiting(RegistryQueue *queue)
{
	static const Error error = { -EAGAIN, "the database does not answer: ask again in a moment" };
	Ask *ask;

	pthread_mutex_lock(&queue->lock);
	ask = TAKE_PTR(queue->first);
	queue->last = &queue->first;
	pthread_mutex_unlock(&queue->lock);
	while (ask) {
		Ask *next = ask->next;

		ask_fail(ask, &error);
		request_wake(ask->request);
		ask = next;
	}
}

static void *run_queue(void *userdata)
{
	RegistryQueue *queue = userdata;
	Ask *asks[TURN_ASKS_MAX];

	for (;;) {
		size_t n;
		int r;

		pthread_mutex_lock(&queue->lock);
		while (!queue->first && !queue->ends)
			pthread_cond_wait(&queue->pushed, &queue->lock);
		n = take_waiting(queue, asks);
		pthread_mutex_unlock(&queue->lock);
		if (n == 0)
			return NULL;
		r = registry_answer_all(queue->registry, asks, n);
		wake_all(asks, n);
		if (r == -EAGAIN)
			fail_waiting(queue);
	}
}

void registry_queue_push(RegistryQueue *queue, Ask *ask)
{
	pthread_mutex_lock(&queue->lock);
	ask->next = NULL;
	*queue->last = ask;
	queue->last = &ask->next;
	pthread_cond_signal(&queue->pushed);
	pthread_mutex_unlock(&queue->lock);
}

int registry_queue_start(const Registry *registry, RegistryQueue **ret)
{
	RegistryQueue *queue = calloc(1, sizeof *queue);

	if (!queue)
		return -ENOMEM;
	queue->registry = registry;
	queue->last = &queue->first;
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->pushed, NULL);
	if (pthread_create(&queue->thread, NULL, run_queue, queue) != 0) {
		free(queue);
		return -EAGAIN;
	}
	*ret = queue;
	return 0;
}

RegistryQueue *registry_queue_stop(RegistryQueue *queue)
{
	if (!queue)
		return NULL;
	pthread_mutex_lock(&queue->lock);
	queue->ends = true;
	pthread_cond_signal(&queue->pushed);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
	pthread_cond_destroy(&queue->pushed);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
	return NULL;
}
