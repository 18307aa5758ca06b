/* SPDX-License-Identifier: Apache-2.0 */

/** Checks the frames between daemon and telemetry. Pure: no socket, no allocation. */

#include "frame/live-frame.h"

#include <math.h>
#include <string.h>

#include "frame/frame-text.h"

static const size_t sizes[LIVE_KIND_MAX] = {
	[LIVE_NEWS] = sizeof(LiveNews),
	[LIVE_STATE] = sizeof(LiveState),
	[LIVE_FIGURES] = sizeof(LiveFigures),
	[LIVE_REPORT] = sizeof(LiveReport),
};

void live_frame_init(LiveFrame *frame, LiveKind kind)
{
	memset(frame, 0, sizeof *frame);
	frame->head = (LiveHead){ .magic = LIVE_MAGIC,
		.version = LIVE_VERSION,
		.kind = (uint16_t)kind,
		.size = (uint32_t)sizes[kind] };
}

size_t live_frame_size(LiveKind kind)
{
	return sizes[kind];
}

#define CLEAN(field) frame_clean_text(field, sizeof(field))

static bool check_state(LiveState *state)
{
	return CLEAN(state->state) && CLEAN(state->fault) && CLEAN(state->zone) && CLEAN(state->lot) &&
	       CLEAN(state->subject) && CLEAN(state->badge) && CLEAN(state->unit) && CLEAN(state->pigment) &&
	       state->board <= 1 && state->waits <= 1;
}

static bool check_live_figures(LiveFigures *figures)
{
	return CLEAN(figures->state) && CLEAN(figures->zone) && isfinite(figures->density) &&
	       isfinite(figures->before) && isfinite(figures->outside) && isfinite(figures->dwell_ms) &&
	       figures->pedal <= 1 && figures->emergency_stop <= 1;
}

static bool check_report(LiveReport *report)
{
	return CLEAN(report->text) && CLEAN(report->advice) && report->connected <= 1 &&
	       report->stalled <= 1 && (report->warnings & ~(uint32_t)LIVE_WARN_ALL) == 0;
}

int live_frame_check(LiveFrame *frame, size_t size)
{
	bool good = true;

	if (size < sizeof frame->head || frame->head.magic != LIVE_MAGIC ||
		frame->head.version != LIVE_VERSION || frame->head.kind >= LIVE_KIND_MAX ||
		frame->head.size != size || sizes[frame->head.kind] != size)
		return -EBADMSG;
	switch ((LiveKind)frame->head.kind) {
	case LIVE_STATE:
		good = check_state(&frame->state);
		break;
	case LIVE_FIGURES:
		good = check_live_figures(&frame->figures);
		break;
	case LIVE_REPORT:
		good = check_report(&frame->report);
		break;
	case LIVE_NEWS:
	case LIVE_KIND_MAX:
		break;
	}
	return good ? 0 : -EBADMSG;
}
