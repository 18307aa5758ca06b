/* SPDX-License-Identifier: Apache-2.0 */

/** Stands in for libevdev in the tests of the scanner: events come from a FIFO. It touches no real device. */

#include "fake-evdev.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <libevdev/libevdev.h>

FakeEvdev fake_evdev;

struct libevdev {
	int fd;
	bool grabbed;
};

int libevdev_new_from_fd(int fd, struct libevdev **ret)
{
	struct libevdev *device = calloc(1, sizeof *device);

	if (!device)
		return -ENOMEM;
	device->fd = fd;
	*ret = device;
	return 0;
}

void libevdev_free(struct libevdev *device)
{
	free(device);
}

int libevdev_has_event_code(const struct libevdev *device, unsigned type, unsigned code)
{
	return type == EV_KEY && !(code == KEY_ENTER && atomic_load(&fake_evdev.is_mouse));
}

int libevdev_grab(struct libevdev *device, enum libevdev_grab_mode mode)
{
	int error = atomic_load(&fake_evdev.grab_error);

	if (error < 0)
		return error;
	if (device->grabbed != (mode == LIBEVDEV_GRAB))
		atomic_fetch_add(&fake_evdev.grabbed, mode == LIBEVDEV_GRAB ? 1 : -1);
	device->grabbed = mode == LIBEVDEV_GRAB;
	return 0;
}

/** Nobody at the other end is a device that was pulled out. */
int libevdev_next_event(struct libevdev *device, unsigned flags, struct input_event *event)
{
	ssize_t n;

	if (flags == LIBEVDEV_READ_FLAG_SYNC)
		return -EAGAIN;
	n = read(device->fd, event, sizeof *event);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof *event)
		return -ENODEV;
	return event->type == EV_SYN && event->code == SYN_DROPPED ? LIBEVDEV_READ_STATUS_SYNC
								   : LIBEVDEV_READ_STATUS_SUCCESS;
}
