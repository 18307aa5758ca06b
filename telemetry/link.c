/* SPDX-License-Identifier: Apache-2.0 */

/** The daemon, as heard over its live socket. Nothing goes there but how it stands with the broker. */

#include "link.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/clock.h"
#include "util/log.h"

enum { RETRY_US = USEC_PER_SEC / 4, SLACK_US = 50000, FRAMES_AT_ONCE = 64 };

struct Link {
	sd_event *event;
	char *path;
	LinkHandler handler;
	int fd; /* -1: the daemon is away */
	sd_event_source *reading, *retry;
	bool foreign_logged;
};

static void drop(Link *link)
{
	link->reading = sd_event_source_disable_unref(link->reading);
	closep(&link->fd);
}

static void close_lost_link(Link *link)
{
	drop(link);
	link->handler.down(link->handler.userdata);
}

static int on_frame(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Link *link = userdata;

	for (int i = 0; i < FRAMES_AT_ONCE && link->fd >= 0; i++) {
		LiveFrame frame;
		ssize_t n = recv(link->fd, &frame, sizeof frame, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0) {
			close_lost_link(link);
		} else if ((size_t)n > sizeof frame || live_frame_check(&frame, (size_t)n) < 0 ||
			   frame.head.kind == LIVE_REPORT) {
			if (!link->foreign_logged)
				log_warning(
					"the daemon at %s is of another version: start the one that belongs "
					"to this program",
					link->path);
			link->foreign_logged = true;
			close_lost_link(link);
		} else {
			link->handler.heard(link->handler.userdata, &frame);
		}
	}
	return 0;
}

static void try(Link *link)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", link->path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return;
	if (sd_event_add_io(link->event, &link->reading, fd, EPOLLIN, on_frame, link) < 0)
		return;
	link->fd = TAKE_FD(fd);
	link->handler.up(link->handler.userdata);
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	Link *link = userdata;

	if (link->fd < 0)
		try(link);
	return sd_event_source_set_time_relative(source, RETRY_US);
}

int link_new(sd_event *event, const char *folder, const LinkHandler *handler, Link **ret)
{
	_cleanup_(link_freep) Link *link = calloc(1, sizeof *link);
	int r;

	if (!link)
		return -ENOMEM;
	link->fd = -1;
	link->event = sd_event_ref(event);
	link->handler = *handler;
	if (asprintf(&link->path, "%s/" LIVE_SOCKET, folder) < 0)
		return -ENOMEM;
	r = sd_event_add_time_relative(event, &link->retry, CLOCK_MONOTONIC, 0, SLACK_US, on_retry, link);
	if (r >= 0)
		r = sd_event_source_set_enabled(link->retry, SD_EVENT_ON);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(link);
	return 0;
}

Link *link_free(Link *link)
{
	if (!link)
		return NULL;
	drop(link);
	sd_event_source_disable_unref(link->retry);
	sd_event_unref(link->event);
	free(link->path);
	free(link);
	return NULL;
}

bool link_is_up(const Link *link)
{
	return link->fd >= 0;
}

bool link_say(Link *link, const LiveFrame *frame)
{
	return link->fd >= 0 && send(link->fd, frame, frame->head.size, MSG_DONTWAIT | MSG_NOSIGNAL) ==
					(ssize_t)frame->head.size;
}
