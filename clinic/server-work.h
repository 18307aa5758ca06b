/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The threads that run handlers. A request that arrived is suspended, so that the threads that carry bytes go
 * on, and resumed once its answer is there. Nothing outside server.c includes this.
 */

#include "clinic.h"
#include "route.h"

typedef struct Work Work;

typedef enum JobState {
	JOB_ARRIVING, /* the request is not whole yet */
	JOB_WORKING,  /* a handler is to run, or runs, or the request waits */
	JOB_ANSWERED, /* `answer` is there */
	JOB_FILLING,  /* the next part of a stream is being made */
} JobState;

/** One request, from its first byte to its answer's last. */
typedef struct Job {
	Request request; /* first: request_wake() finds the job by it */
	const Route *route;
	Work *work;
	JobState state;
	Answer answer;
	struct Job *next;
	char *part; /* of a stream: what is made and not sent yet */
	size_t part_size, part_sent;
	bool part_last, part_failed;
} Job;

int work_start(const Clinic *clinic, unsigned n_threads, Work **ret) _must_check_;
/**
 * Suspends the job's connection and has its handler run. False, with nothing done, when the server ends.
 * Called by the thread that carries the connection.
 */
bool work_begin(Work *work, Job *job);
/** The same for the next part of a job's stream. */
bool work_fill(Work *work, Job *job);
/** The job's answer was sent, or its client is gone. */
void work_end(Job *job);
/** Begins no more, and waits until everything that was begun is answered; for clients that do not read, not
 * long. */
void work_drain(Work *work);
/** Accepts NULL; returns NULL. */
Work *work_free(Work *work);
