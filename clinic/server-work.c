/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs handlers, and resumes a connection when its answer is there. It must not hold a thread for a request
 * that waits, and must not touch a job once its connection is resumed.
 */

#include "server-work.h"

#include <pthread.h>
#include <time.h>

#include <microhttpd.h>

enum { PART_MAX = 64 * 1024, DRAIN_S = 5 };

struct Work {
	const Clinic *clinic;
	pthread_mutex_t lock;
	pthread_cond_t pushed, drained;
	Job *first, **last; /* jobs for the threads, in their order */
	unsigned suspended; /* connections */
	unsigned open;      /* requests that a handler began to answer, until they are sent */
	bool draining, ends;
	unsigned n_threads;
	pthread_t threads[];
};

static void server_push(Work *work, Job *job)
{
	pthread_mutex_lock(&work->lock);
	job->next = NULL;
	*work->last = job;
	work->last = &job->next;
	pthread_cond_signal(&work->pushed);
	pthread_mutex_unlock(&work->lock);
}

void request_wake(Request *request)
{
	Job *job = (Job *)request;

	request->woken = true;
	server_push(job->work, job);
}

static void server_resume(Work *work, Job *job)
{
	pthread_mutex_lock(&work->lock);
	MHD_resume_connection(job->request.connection);
	work->suspended--;
	if (work->suspended == 0)
		pthread_cond_broadcast(&work->drained);
	pthread_mutex_unlock(&work->lock);
}

/** Status 0, or the refusal of a certificate that was revoked. */
static Answer refuse_revoked(const Work *work, const Job *job)
{
	bool revoked = false;
	Error error = { 0 };

	if (job->route->who != ROUTE_STATION || job->request.woken)
		return (Answer){ 0 };
	if (enrolment_is_revoked(work->clinic->database, job->request.serial, &revoked, &error) < 0)
		return answer_trouble(&error);
	if (!revoked)
		return (Answer){ 0 };
	return answer_problem(403, "Revoked",
		"the certificate was revoked: ask the clinic's administrator for a code, and join again");
}

static void run_handler(Work *work, Job *job)
{
	Answer answer = refuse_revoked(work, job);

	if (!answer.status)
		answer = job->route->handler(work->clinic, &job->request);

	if (answer.later.begin) {
		answer.later.begin(answer.later.userdata, &job->request);
		return;
	}
	job->answer = answer;
	job->state = JOB_ANSWERED;
	server_resume(work, job);
}

static void server_fill_part(Work *work, Job *job)
{
	ssize_t n = -ENOMEM;

	if (!job->part)
		job->part = malloc(PART_MAX);
	if (job->part)
		n = job->answer.stream.read(job->answer.stream.userdata, job->part, PART_MAX);
	job->part_failed = n < 0;
	job->part_last = n == 0;
	job->part_size = n > 0 ? (size_t)n : 0;
	job->part_sent = 0;
	job->state = JOB_ANSWERED;
	server_resume(work, job);
}

static void *run_jobs(void *userdata)
{
	Work *work = userdata;

	for (;;) {
		Job *job;

		pthread_mutex_lock(&work->lock);
		while (!work->first && !work->ends)
			pthread_cond_wait(&work->pushed, &work->lock);
		job = work->first;
		if (job) {
			work->first = job->next;
			if (!work->first)
				work->last = &work->first;
		}
		pthread_mutex_unlock(&work->lock);
		if (!job)
			return NULL;
		if (job->state == JOB_FILLING)
			server_fill_part(work, job);
		else
			run_handler(work, job);
	}
}

/** Suspends before a thread can take the job: what is resumed must be suspended. */
static bool suspend_and_push(Work *work, Job *job, JobState state)
{
	pthread_mutex_lock(&work->lock);
	if (work->draining) {
		pthread_mutex_unlock(&work->lock);
		return false;
	}
	work->suspended++;
	if (!job->work)
		work->open++;
	job->work = work;
	MHD_suspend_connection(job->request.connection);
	pthread_mutex_unlock(&work->lock);
	job->state = state;
	server_push(work, job);
	return true;
}

bool work_begin(Work *work, Job *job)
{
	return suspend_and_push(work, job, JOB_WORKING);
}

bool work_fill(Work *work, Job *job)
{
	return suspend_and_push(work, job, JOB_FILLING);
}

int work_start(const Clinic *clinic, unsigned n_threads, Work **ret)
{
	Work *work = calloc(1, sizeof *work + n_threads * sizeof work->threads[0]);
	pthread_condattr_t monotonic;

	if (!work)
		return -ENOMEM;
	work->clinic = clinic;
	work->last = &work->first;
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->pushed, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&work->drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (; work->n_threads < n_threads; work->n_threads++)
		if (pthread_create(&work->threads[work->n_threads], NULL, run_jobs, work) != 0) {
			work_free(work);
			return -EAGAIN;
		}
	*ret = work;
	return 0;
}

void work_end(Job *job)
{
	Work *work = job->work;

	if (!work)
		return;
	pthread_mutex_lock(&work->lock);
	work->open--;
	pthread_cond_broadcast(&work->drained);
	pthread_mutex_unlock(&work->lock);
}

void work_drain(Work *work)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += DRAIN_S;
	pthread_mutex_lock(&work->lock);
	work->draining = true;
	while (work->suspended > 0)
		pthread_cond_wait(&work->drained, &work->lock);
	while (work->open > 0 && pthread_cond_timedwait(&work->drained, &work->lock, &until) == 0)
		;
	pthread_mutex_unlock(&work->lock);
}

Work *work_free(Work *work)
{
	if (!work)
		return NULL;
	pthread_mutex_lock(&work->lock);
	work->ends = true;
	pthread_cond_broadcast(&work->pushed);
	pthread_mutex_unlock(&work->lock);
	for (unsigned i = 0; i < work->n_threads; i++)
		pthread_join(work->threads[i], NULL);
	pthread_cond_destroy(&work->pushed);
	pthread_cond_destroy(&work->drained);
	pthread_mutex_destroy(&work->lock);
	free(work);
	return NULL;
}
