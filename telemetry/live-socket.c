/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Receives what the daemon sends over its live socket. It must send nothing there but the state of the
 * connection to the broker.
 */

#include "live-socket.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "util/clock.h"
#include "util/local-socket.h"
#include "util/log.h"

enum { RETRY_US = USEC_PER_SEC / 4, SLACK_US = 50000, FRAMES_AT_ONCE = 64 };

struct LiveSocket {
	sd_event *event;
	char *path;
	LiveSocketHandler handler;
	int fd; /* -1: the daemon is away */
	sd_event_source *reading, *retry;
	bool foreign_logged;
};

static void close_live_socket(LiveSocket *live)
{
	live->reading = sd_event_source_disable_unref(live->reading);
	closep(&live->fd);
}

static void lose_live_socket(LiveSocket *live)
{
	close_live_socket(live);
	live->handler.down(live->handler.userdata);
}

static int on_frame(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	LiveSocket *live = userdata;

	for (int i = 0; i < FRAMES_AT_ONCE && live->fd >= 0; i++) {
		LiveFrame frame;
		ssize_t n = recv(live->fd, &frame, sizeof frame, MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n <= 0) {
			lose_live_socket(live);
		} else if ((size_t)n > sizeof frame || live_frame_check(&frame, (size_t)n) < 0 ||
			   frame.head.kind == LIVE_REPORT) {
			if (!live->foreign_logged)
				log_warning(
					"the daemon at %s is of another version: start the one that belongs to this program",
					live->path);
			live->foreign_logged = true;
			lose_live_socket(live);
		} else {
			live->handler.heard(live->handler.userdata, &frame);
		}
	}
	return 0;
}

static void try_live_socket(LiveSocket *live)
{
	_cleanup_(closep) int fd = local_socket_connect(live->path);

	if (fd < 0)
		return;
	if (sd_event_add_io(live->event, &live->reading, fd, EPOLLIN, on_frame, live) < 0)
		return;
	live->fd = TAKE_FD(fd);
	live->handler.up(live->handler.userdata);
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	LiveSocket *live = userdata;

	if (live->fd < 0)
		try_live_socket(live);
	return sd_event_source_set_time_relative(source, RETRY_US);
}

int live_socket_new(sd_event *event, const char *folder, const LiveSocketHandler *handler, LiveSocket **ret)
{
	_cleanup_(live_socket_freep) LiveSocket *live = calloc(1, sizeof *live);
	int r;

	if (!live)
		return -ENOMEM;
	live->fd = -1;
	live->event = sd_event_ref(event);
	live->handler = *handler;
	if (asprintf(&live->path, "%s/" LIVE_SOCKET, folder) < 0)
		return -ENOMEM;
	if ((r = sd_event_add_time_relative(
		     event, &live->retry, CLOCK_MONOTONIC, 0, SLACK_US, on_retry, live)) < 0 ||
		(r = sd_event_source_set_enabled(live->retry, SD_EVENT_ON)) < 0)
		return r;
	*ret = TAKE_PTR(live);
	return 0;
}

LiveSocket *live_socket_free(LiveSocket *live)
{
	if (!live)
		return NULL;
	close_live_socket(live);
	sd_event_source_disable_unref(live->retry);
	sd_event_unref(live->event);
	free(live->path);
	free(live);
	return NULL;
}

bool live_socket_say(LiveSocket *live, const LiveFrame *frame)
{
	return live->fd >= 0 && send(live->fd, frame, frame->head.size, MSG_DONTWAIT | MSG_NOSIGNAL) ==
					(ssize_t)frame->head.size;
}
