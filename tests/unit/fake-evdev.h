/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A stand-in for libevdev: the device is a FIFO that holds struct input_event. */

#include <stdatomic.h>

typedef struct FakeEvdev {
	atomic_int grabbed;    /* how many devices are held exclusively now */
	atomic_int grab_error; /* what taking one gives, 0 or a negative errno */
	atomic_int is_mouse;   /* it has no Enter key */
} FakeEvdev;

extern FakeEvdev fake_evdev;
