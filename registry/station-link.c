/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Speaks with the daemon. It must send no leaf that does not count yet, and must not wait: what the daemon
 * does not read is sent again later.
 */

#include "station-link.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "util/clock.h"
#include "util/local-socket.h"
#include "util/log.h"

enum { RETRY_US = USEC_PER_SEC / 4, SLACK_US = 50000, PACKETS_AT_ONCE = 64, ANSWERS_MAX = 64 };

struct StationLink {
	Hub *hub;
	StationLinkHandler handler;
	char *path;
	int fd; /* -1: the daemon is away */
	sd_event_source *reading, *retry;
	uint8_t *packet;
	RegistryHello hello;
	bool greeted; /* `hello` is of this connection */
	bool foreign_logged;
	uint64_t next;                        /* leaves before this number were sent, or do not concern it */
	unsigned ahead;                       /* leaves that were sent and that the cursor has not passed */
	uint64_t sent[REGISTRY_LEAVES_AHEAD]; /* their numbers, the oldest first */
	RegistryFrame answers[ANSWERS_MAX];   /* that wait for leaves */
	size_t n_answers;
	RegistryFrame report; /* the last one that was sent */
};

/* ---- sending ---- */

static void lose_daemon(StationLink *link)
{
	link->reading = sd_event_source_disable_unref(link->reading);
	closep(&link->fd);
	link->greeted = false;
	link->n_answers = 0;
	link->ahead = 0;
	link->report.head.size = 0;
}

/** False when the daemon is not reading now, or is gone. */
static bool send_packet(
	StationLink *link, const RegistryFrame *frame, RegistryBytes first, RegistryBytes second)
{
	struct iovec parts[] = {
		{ (void *)frame, registry_frame_size((RegistryKind)frame->head.kind) },
		{ (void *)first.data, first.size },
		{ (void *)second.data, second.size },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = ELEMENTS(parts) };
	ssize_t sent;

	if (link->fd < 0)
		return false;
	sent = sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)frame->head.size)
		return true;
	if (sent >= 0 || (errno != EAGAIN && errno != ENOBUFS && errno != EINTR))
		lose_daemon(link);
	return false;
}

static bool send_fixed(StationLink *link, const RegistryFrame *frame)
{
	return send_packet(link, frame, (RegistryBytes){ 0 }, (RegistryBytes){ 0 });
}

/** False when it could not be sent now. A leaf that fits into no packet is left out, and logged. */
static bool send_leaf(StationLink *link, uint64_t seq)
{
	_cleanup_(freep) char *leaf = NULL, *proof = NULL;
	RegistryFrame frame;
	size_t size;

	registry_frame_init(&frame, REGISTRY_LEAF);
	frame.leaf.seq = seq;
	if (log_copy_leaf(link->hub->log, seq, &leaf, &size) < 0 ||
		log_copy_prove(link->hub->log, seq, &proof) < 0) {
		log_error("leaf %llu of the registry's log cannot be read", (unsigned long long)seq);
		return false;
	}
	if (registry_frame_attach(&frame, size, strlen(proof)) < 0) {
		log_error("leaf %llu of the registry's log is too long for the daemon: %zu bytes",
			(unsigned long long)seq, size);
		return true;
	}
	if (!send_packet(
		    link, &frame, (RegistryBytes){ leaf, size }, (RegistryBytes){ proof, strlen(proof) }))
		return false;
	link->sent[link->ahead++] = seq;
	return true;
}

static void send_answers(StationLink *link)
{
	size_t kept = 0;

	for (size_t i = 0; i < link->n_answers && link->fd >= 0; i++) {
		const RegistryFrame *answer = &link->answers[i];

		if (answer->answer.next > link->next || !send_fixed(link, answer))
			link->answers[kept++] = *answer;
	}
	link->n_answers = link->fd >= 0 ? kept : 0;
}

void station_link_advance(StationLink *link)
{
	while (link->greeted && link->ahead < REGISTRY_LEAVES_AHEAD) {
		uint64_t seq = holders_next(link->hub->holders, link->next, link->hello.origin);

		if (seq == UINT64_MAX) {
			link->next = log_copy_size(link->hub->log);
			break;
		}
		if (!send_leaf(link, seq))
			break;
		link->next = seq + 1;
	}
	if (link->greeted)
		send_answers(link);
}

void station_link_answer(
	StationLink *link, uint64_t number, uint64_t next, RegistryStatus status, const char *text)
{
	RegistryFrame frame;

	if (!link->greeted)
		return;
	registry_frame_init(&frame, REGISTRY_ANSWER);
	frame.answer.number = number;
	frame.answer.next = next;
	frame.answer.status = status;
	snprintf(frame.answer.text, sizeof frame.answer.text, "%s", text);
	if (link->n_answers == ANSWERS_MAX) {
		log_warning("too many answers wait for leaves of the registry's log: one is not given");
		return;
	}
	link->answers[link->n_answers++] = frame;
	send_answers(link);
}

void station_link_report(StationLink *link, const RegistryFrame *report)
{
	if (link->greeted && memcmp(report, &link->report, sizeof *report) != 0 && send_fixed(link, report))
		link->report = *report;
}

void station_link_cosigned(StationLink *link, const char *note)
{
	const RegistryBytes bytes = { note, strlen(note) };
	RegistryFrame frame;

	registry_frame_init(&frame, REGISTRY_COSIGNED);
	if (link->greeted && registry_frame_attach(&frame, bytes.size, 0) == 0)
		(void)send_packet(link, &frame, bytes, (RegistryBytes){ 0 });
}

/* ---- receiving ---- */

static void take_cursor(StationLink *link, uint64_t next)
{
	unsigned passed = 0;

	while (passed < link->ahead && link->sent[passed] < next)
		passed++;
	memmove(link->sent, link->sent + passed, (link->ahead - passed) * sizeof link->sent[0]);
	link->ahead -= passed;
}

static void link_take_hello(StationLink *link, const RegistryHello *hello)
{
	link->hello = *hello;
	link->greeted = true;
	link->next = hello->next;
	link->ahead = 0;
	link->n_answers = 0;
	link->handler.up(link->handler.userdata);
}

static void take_ask(StationLink *link, const RegistryAsk *ask, RegistryBytes body)
{
	json_auto_t *object = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(object))
		link->handler.ask(link->handler.userdata, ask->number, (RegistryWhat)ask->what, object);
	else
		station_link_answer(link, ask->number, 0, REGISTRY_REFUSED,
			"the daemon's question has no body that can be read");
}

/** False when it is nothing that a daemon of this version says. */
static bool link_take_packet(StationLink *link, size_t size)
{
	RegistryFrame frame;
	RegistryBytes first, second;

	if (registry_frame_read(link->packet, size, &frame, &first, &second) < 0)
		return false;
	if (!link->greeted && frame.head.kind != REGISTRY_HELLO)
		return false;
	switch ((RegistryKind)frame.head.kind) {
	case REGISTRY_HELLO:
		link_take_hello(link, &frame.hello);
		break;
	case REGISTRY_CURSOR:
		take_cursor(link, frame.cursor.next);
		break;
	case REGISTRY_NEWS:
		link->handler.news(link->handler.userdata);
		break;
	case REGISTRY_ASK:
		take_ask(link, &frame.ask, first);
		break;
	case REGISTRY_LEAF:
	case REGISTRY_ANSWER:
	case REGISTRY_REPORT:
	case REGISTRY_COSIGNED:
	case REGISTRY_KIND_MAX:
		return false;
	}
	return true;
}

static int on_daemon_packet(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	StationLink *link = userdata;

	for (int i = 0; i < PACKETS_AT_ONCE && link->fd >= 0; i++) {
		ssize_t n = recv(link->fd, link->packet, REGISTRY_PACKET_MAX, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			lose_daemon(link);
		} else if ((size_t)n > REGISTRY_PACKET_MAX || !link_take_packet(link, (size_t)n)) {
			if (!link->foreign_logged)
				log_warning("the daemon at %s is of another version: start the one that "
					    "belongs to this program",
					link->path);
			link->foreign_logged = true;
			lose_daemon(link);
		}
	}
	station_link_advance(link);
	return 0;
}

/* ---- life ---- */

static void try_daemon(StationLink *link)
{
	_cleanup_(closep) int fd = local_socket_connect(link->path);
	int buffer = 2 * REGISTRY_PACKET_MAX;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer) < 0)
		return;
	if (sd_event_add_io(link->hub->event, &link->reading, fd, EPOLLIN, on_daemon_packet, link) < 0)
		return;
	link->fd = TAKE_FD(fd);
}

static int on_link_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	StationLink *link = userdata;

	if (link->fd < 0)
		try_daemon(link);
	else
		station_link_advance(link); /* what the socket did not take */
	return sd_event_source_set_time_relative(source, RETRY_US);
}

int station_link_new(Hub *hub, const StationLinkHandler *handler, StationLink **ret)
{
	_cleanup_(station_link_freep) StationLink *link = calloc(1, sizeof *link);
	int r;

	if (!link)
		return -ENOMEM;
	link->fd = -1;
	link->hub = hub;
	link->handler = *handler;
	link->packet = malloc(REGISTRY_PACKET_MAX);
	if (!link->packet || asprintf(&link->path, "%s/" REGISTRY_SOCKET, hub->config->run_folder) < 0)
		return -ENOMEM;
	if ((r = sd_event_add_time_relative(
		     hub->event, &link->retry, CLOCK_MONOTONIC, 0, SLACK_US, on_link_retry, link)) < 0 ||
		(r = sd_event_source_set_enabled(link->retry, SD_EVENT_ON)) < 0)
		return r;
	*ret = TAKE_PTR(link);
	return 0;
}

StationLink *station_link_free(StationLink *link)
{
	if (!link)
		return NULL;
	lose_daemon(link);
	sd_event_source_disable_unref(link->retry);
	free(link->packet);
	free(link->path);
	free(link);
	return NULL;
}

const RegistryHello *station_link_daemon(const StationLink *link)
{
	return link->greeted ? &link->hello : NULL;
}
