/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The parts of a station. Only the file with a part's name writes that part; only daemon/apply/ writes the
 * state. Only files of this folder and their tests may include this.
 */

#include "station/alert.h"
#include "station/clinic.h"
#include "station/cosigned.h"
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
	Worker *worker; /* PIN checks, and disk work on photographs and cosigned checkpoints */
	Pins pins;
	FactDesk fact_desk;
	Verifier verifier;
	Runtime runtime;
	Label label;
	Eraser eraser;
	Watch watch;
	ClinicLink clinic;
	Cosigning cosigning;
	/* callbacks through which lower parts report news to upper ones */
	void (*follow)(Station *station, const AppliedRecord *record);
	void (*unrecorded)(Station *station, const char *kind, const json_t *body);
	void (*facts_came)(Station *station);
};
