/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A background thread that runs short computations in their order. The main thread must not wait for it,
 * except in worker_free(). A job's `done` must run on the main thread.
 */

#include "util/worker.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "util/ring.h"

enum { JOBS_MAX = 16 };

struct Worker {
	Ring *jobs, *finished;
	pthread_t thread;
	bool started;
	unsigned pending; /* the main thread's count, which keeps `finished` from ever being full */
	atomic_bool leave;
};

static void *worker_thread(void *userdata)
{
	Worker *worker = userdata;
	struct pollfd ready = { .fd = ring_fd(worker->jobs), .events = POLLIN };
	WorkerJob job;

	(void)pthread_setname_np(pthread_self(), "worker");
	while (!atomic_load(&worker->leave)) {
		if (!ring_pop(worker->jobs, &job)) {
			(void)poll(&ready, 1, -1);
			ring_clear(worker->jobs);
			continue;
		}
		job.work(job.userdata);
		if (!ring_push(worker->finished, &job))
			break;
	}
	return NULL;
}

int worker_new(Worker **ret)
{
	_cleanup_(worker_freep) Worker *worker = calloc(1, sizeof *worker);
	int r;

	if (!worker)
		return -ENOMEM;
	r = ring_new(JOBS_MAX, sizeof(WorkerJob), &worker->jobs);
	if (r < 0)
		return r;
	r = ring_new(JOBS_MAX, sizeof(WorkerJob), &worker->finished);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(worker);
	return 0;
}

Worker *worker_free(Worker *worker)
{
	if (!worker)
		return NULL;
	if (worker->started) {
		atomic_store(&worker->leave, true);
		ring_wake(worker->jobs);
		pthread_join(worker->thread, NULL);
	}
	ring_free(worker->jobs);
	ring_free(worker->finished);
	free(worker);
	return NULL;
}

int worker_run(Worker *worker, const WorkerJob *job)
{
	if (worker->pending >= JOBS_MAX)
		return -EAGAIN;
	if (!worker->started) {
		int r = pthread_create(&worker->thread, NULL, worker_thread, worker);

		if (r != 0)
			return -r;
		worker->started = true;
	}
	if (!ring_push(worker->jobs, job))
		return -EAGAIN;
	worker->pending++;
	return 0;
}

int worker_fd(const Worker *worker)
{
	return ring_fd(worker->finished);
}

void worker_dispatch(Worker *worker)
{
	WorkerJob job;

	ring_clear(worker->finished);
	while (ring_pop(worker->finished, &job)) {
		worker->pending--;
		job.done(job.userdata);
	}
}
