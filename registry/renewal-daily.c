/* SPDX-License-Identifier: Apache-2.0 */

/** Asks each day whether the certificate is due. The thread must touch nothing but its own job. */

#include "renewal-daily.h"

#include <sys/epoll.h>

#include "renewal.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/worker.h"

enum { FIRST_S = 30, DAY_S = 86400, FAILED_S = 3600, SLACK_US = 1000000 };

/** What the thread gets and gives. */
typedef struct RenewalJob {
	const char *server;
	StationFiles files;
	int64_t now_s;
	int result;
	Error error;
} RenewalJob;

struct DailyRenewal {
	Hub *hub;
	Worker *worker;
	sd_event_source *timer, *reading;
	RenewalJob job;
};

static void renew_on_thread(void *userdata)
{
	DailyRenewal *renewal = userdata;
	RenewalJob *job = &renewal->job; /* the loop does not look at it meanwhile */

	job->result = certificate_renew_if_due(job->server, &job->files, job->now_s, &job->error);
}

static void look_at_renewal_after(DailyRenewal *renewal, uint64_t s)
{
	if (sd_event_source_set_time_relative(renewal->timer, s * USEC_PER_SEC) < 0 ||
		sd_event_source_set_enabled(renewal->timer, SD_EVENT_ONESHOT) < 0)
		log_error("the certificate is renewed no longer: the event loop failed");
}

/** Whether only a person can help; the server being away is no such thing. */
static bool needs_a_person(int result)
{
	return result == -EKEYEXPIRED || result == -ERANGE || result == -EBADMSG || result == -ENOENT ||
	       result == -EACCES;
}

static void on_renewal_done(void *userdata)
{
	DailyRenewal *renewal = userdata;
	const RenewalJob *job = &renewal->job;
	Hub *hub = renewal->hub;

	hub->certificate_doubted = needs_a_person(job->result);
	if (hub->certificate_doubted)
		troubles_begin(&hub->troubles, REGISTRY_WARN_CERTIFICATE,
			"see stipple-registryd(8), join and renew", "%s", job->error.text);
	else if (job->result < 0)
		log_warning("the station's certificate is due and was not renewed: %s", job->error.text);
	else if (job->result > 0)
		log_notice("the station's certificate was renewed");
	look_at_renewal_after(renewal, job->result < 0 ? FAILED_S : DAY_S);
}

static int on_renewal_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	DailyRenewal *renewal = userdata;
	const WorkerJob job = { renew_on_thread, on_renewal_done, renewal };

	renewal->job.now_s = clock_read(&clock_system).utc_us / USEC_PER_SEC;
	if (worker_run(renewal->worker, &job) < 0)
		look_at_renewal_after(renewal, FAILED_S);
	return 0;
}

static int renewal_on_worker(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	DailyRenewal *renewal = userdata;

	worker_dispatch(renewal->worker);
	return 0;
}

int daily_renewal_new(Hub *hub, DailyRenewal **ret)
{
	_cleanup_(daily_renewal_freep) DailyRenewal *renewal = calloc(1, sizeof *renewal);
	int r;

	if (!renewal)
		return -ENOMEM;
	renewal->hub = hub;
	renewal->job.server = hub->config->registry_server;
	renewal->job.files = (StationFiles){ hub->config->registry_ca_file, hub->config->registry_certificate,
		hub->config->registry_key_file };
	if ((r = worker_new(&renewal->worker)) < 0 ||
		(r = sd_event_add_io(hub->event, &renewal->reading, worker_fd(renewal->worker), EPOLLIN,
			 renewal_on_worker, renewal)) < 0 ||
		(r = sd_event_add_time_relative(hub->event, &renewal->timer, CLOCK_MONOTONIC,
			 FIRST_S * (uint64_t)USEC_PER_SEC, SLACK_US, on_renewal_timer, renewal)) < 0)
		return r;
	*ret = TAKE_PTR(renewal);
	return 0;
}

DailyRenewal *daily_renewal_free(DailyRenewal *renewal)
{
	if (!renewal)
		return NULL;
	sd_event_source_disable_unref(renewal->reading);
	sd_event_source_disable_unref(renewal->timer);
	worker_free(renewal->worker);
	free(renewal);
	return NULL;
}
