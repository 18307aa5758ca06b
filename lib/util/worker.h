/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One background thread for short computations that are too long for the main loop (a PIN hash takes a
 * tenth of a second by design). Jobs run in order, one at a time.
 */

#include "util/cleanup.h"

typedef struct Worker Worker;

typedef struct WorkerJob {
	void (*work)(void *userdata); /* on the worker's thread */
	void (*done)(void *userdata); /* on the main thread, from worker_dispatch() */
	void *userdata;
} WorkerJob;

/** The thread starts with the first job. */
int worker_new(Worker **ret) _must_check_;
/** Waits for the current job; drops the others without calling `done`. Accepts NULL; returns NULL. */
Worker *worker_free(Worker *worker);
DEFINE_CLEANUP(Worker *, worker_free, worker_freep);

/** Never blocks. -EAGAIN when 16 jobs wait already; or the error of starting the thread. */
int worker_run(Worker *worker, const WorkerJob *job) _must_check_;

/** Readable when worker_dispatch() has a finished job to report. */
int worker_fd(const Worker *worker);
void worker_dispatch(Worker *worker);
