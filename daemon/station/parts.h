/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a station is made of. Each part is written by the file of its name alone; the state by daemon/apply/.
 * Only files of this folder and their tests may include it.
 */

#include "station/alert.h"
#include "station/erase.h"
#include "station/facts.h"
#include "station/journal.h"
#include "station/label.h"
#include "station/observers.h"
#include "station/pin-check.h"
#include "station/runtime.h"
#include "station/station.h"
#include "station/strokes.h"
#include "station/verify.h"
#include "station/watch.h"
#include "util/worker.h"

struct Station {
	StationOptions options;
	State state;
	Notice notice;
	Journal journal;
	Alerts alerts;
	Strokes strokes;
	Worker *worker; /* PINs, and the disk of photographs */
	Pins pins;
	FactDesk fact_desk;
	Verifier verifier;
	Runtime runtime;
	Label label;
	Eraser eraser;
	Watch watch;
	/* what the parts above do when those below have news */
	void (*follow)(Station *station, const AppliedRecord *record);
	void (*unrecorded)(Station *station, const char *kind, const json_t *body);
	void (*facts_came)(Station *station);
};
