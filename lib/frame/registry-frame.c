/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks the frames between daemon and stipple-registryd. It must not believe a length that the packet's size
 * contradicts. Pure: no socket, no allocation.
 */

#include "frame/registry-frame.h"

#include <string.h>

#include "frame/frame-text.h"

static const size_t fixed_sizes[REGISTRY_KIND_MAX] = {
	[REGISTRY_HELLO] = sizeof(RegistryHello),
	[REGISTRY_CURSOR] = sizeof(RegistryCursor),
	[REGISTRY_NEWS] = sizeof(RegistryNews),
	[REGISTRY_ASK] = sizeof(RegistryAsk),
	[REGISTRY_LEAF] = sizeof(RegistryLeaf),
	[REGISTRY_ANSWER] = sizeof(RegistryAnswer),
	[REGISTRY_REPORT] = sizeof(RegistryReport),
	[REGISTRY_COSIGNED] = sizeof(RegistryCosigned),
};

static const char *const what_names[REGISTRY_WHAT_MAX] = {
	[REGISTRY_CLAIM] = "claim",
	[REGISTRY_HOLD] = "hold",
	[REGISTRY_TOP_UP] = "top-up",
	[REGISTRY_MOVE] = "move",
	[REGISTRY_HANDOVER] = "handover",
	[REGISTRY_HOLDER] = "holder",
};

const char *registry_what_to_string(RegistryWhat what)
{
	return what >= 0 && what < REGISTRY_WHAT_MAX ? what_names[what] : "";
}

void registry_frame_init(RegistryFrame *frame, RegistryKind kind)
{
	memset(frame, 0, sizeof *frame);
	frame->head = (RegistryHead){ .magic = REGISTRY_MAGIC,
		.version = REGISTRY_VERSION,
		.kind = (uint16_t)kind,
		.size = (uint32_t)fixed_sizes[kind] };
}

size_t registry_frame_size(RegistryKind kind)
{
	return fixed_sizes[kind];
}

int registry_frame_attach(RegistryFrame *frame, size_t first, size_t second)
{
	if (frame->head.kind == REGISTRY_ASK && first <= REGISTRY_BODY_MAX && second == 0) {
		frame->ask.body_size = (uint32_t)first;
	} else if (frame->head.kind == REGISTRY_COSIGNED && first <= REGISTRY_NOTE_MAX && second == 0) {
		frame->cosigned.note_size = (uint32_t)first;
	} else if (frame->head.kind == REGISTRY_LEAF && first <= REGISTRY_LEAF_MAX &&
		   second <= REGISTRY_PROOF_MAX) {
		frame->leaf.leaf_size = (uint32_t)first;
		frame->leaf.proof_size = (uint32_t)second;
	} else {
		return -EMSGSIZE;
	}
	frame->head.size = (uint32_t)(fixed_sizes[frame->head.kind] + first + second);
	return 0;
}

#define CLEAN(field) frame_clean_text(field, sizeof(field))

/** Checks the fixed part; says how many bytes it wants behind it. */
static bool check_fixed(RegistryFrame *frame, size_t *ret_first, size_t *ret_second)
{
	*ret_first = *ret_second = 0;
	switch ((RegistryKind)frame->head.kind) {
	case REGISTRY_HELLO:
		return CLEAN(frame->hello.boot) && CLEAN(frame->hello.origin);
	case REGISTRY_ASK:
		*ret_first = frame->ask.body_size;
		return frame->ask.what < REGISTRY_WHAT_MAX && frame->ask.body_size <= REGISTRY_BODY_MAX;
	case REGISTRY_LEAF:
		*ret_first = frame->leaf.leaf_size;
		*ret_second = frame->leaf.proof_size;
		return frame->leaf.leaf_size <= REGISTRY_LEAF_MAX &&
		       frame->leaf.proof_size <= REGISTRY_PROOF_MAX;
	case REGISTRY_COSIGNED:
		*ret_first = frame->cosigned.note_size;
		return frame->cosigned.note_size <= REGISTRY_NOTE_MAX;
	case REGISTRY_ANSWER:
		return CLEAN(frame->answer.text) && frame->answer.status < REGISTRY_STATUS_MAX;
	case REGISTRY_REPORT:
		return CLEAN(frame->report.text) && CLEAN(frame->report.advice) &&
		       CLEAN(frame->report.cosigned) && frame->report.connected <= 1 &&
		       (frame->report.warnings & ~(uint32_t)REGISTRY_WARN_ALL) == 0;
	case REGISTRY_CURSOR:
	case REGISTRY_NEWS:
		return true;
	case REGISTRY_KIND_MAX:
		break;
	}
	return false;
}

int registry_frame_read(const void *packet, size_t size, RegistryFrame *ret, RegistryBytes *ret_first,
	RegistryBytes *ret_second)
{
	RegistryFrame frame = { 0 };
	size_t fixed, first, second;

	if (size < sizeof frame.head || size > REGISTRY_PACKET_MAX)
		return -EBADMSG;
	memcpy(&frame.head, packet, sizeof frame.head);
	if (frame.head.magic != REGISTRY_MAGIC || frame.head.version != REGISTRY_VERSION ||
		frame.head.kind >= REGISTRY_KIND_MAX || frame.head.size != size ||
		size < fixed_sizes[frame.head.kind])
		return -EBADMSG;
	fixed = fixed_sizes[frame.head.kind];
	memcpy(&frame, packet, fixed);
	if (!check_fixed(&frame, &first, &second) || fixed + first + second != size)
		return -EBADMSG;
	*ret = frame;
	*ret_first = (RegistryBytes){ (const char *)packet + fixed, first };
	*ret_second = (RegistryBytes){ (const char *)packet + fixed + first, second };
	return 0;
}
