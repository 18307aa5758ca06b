/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Sounds alarms: bursts of pulses from files, through GSound (libcanberra). A sound server may hang, so a
 * thread of its own plays them; the functions here never block. Main thread only.
 */

#include <stdbool.h>

#include "alarm/alarm.h"

typedef struct Sounder Sounder;

typedef struct SounderOptions {
	const char *folder; /* with the files of alarm_signals */
	/**
	 * A burst has begun, or could not: then `error` is a sentence, else "". `cause` is that of
	 * sounder_set(), "start" once when the sound is ready or is known not to be, or "test".
	 */
	void (*sounded)(void *userdata, const char *cause, const char *error);
	void *userdata;
} SounderOptions;

Sounder *sounder_new(const SounderOptions *options);
/** Silences. Accepts NULL; returns NULL. A sound server that hangs does not keep it. */
Sounder *sounder_free(Sounder *sounder);

/**
 * Sounds this alarm from now on, at once and again as its priority says, until another call; NULL: silence.
 * `occasion` tells apart two alarms of one cause: with the same cause and occasion nothing changes.
 */
void sounder_set(Sounder *sounder, const char *cause, int64_t occasion, AlarmPriority priority);
/** Sounds each priority once, the highest first, each with the cause "test". Alarms go on afterwards. */
void sounder_test(Sounder *sounder);
