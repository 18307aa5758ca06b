/* SPDX-License-Identifier: Apache-2.0 */

/** Whatever a board sends: a first byte chooses to repair the frame's CRC, so that its content is reached. */

#include <stdlib.h>
#include <string.h>

#include "control/board-frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHUNK = STIPPLE_FRAME_BYTES + 1, NUMBER = 1 };

static void read_payload(const Frame *frame)
{
	StrokeSample samples[FRAME_SAMPLES_MAX];
	BoardIdentity identity;
	BoardResult result;
	FaultPayload fault;
	BoardStatus status;
	uint32_t failed;
	ChipId chip;

	if (payload_get_samples(frame, samples) > FRAME_SAMPLES_MAX)
		abort();
	if (payload_get_chip(frame, &chip) && chip.length > FRAME_CHIP_ID_MAX)
		abort();
	if (payload_get_identity(frame, &identity) &&
		strnlen(identity.serial, FRAME_SERIAL_MAX) == FRAME_SERIAL_MAX)
		abort();
	(void)payload_get_result(frame, &result);
	(void)payload_get_fault(frame, &fault);
	(void)payload_get_status(frame, &status);
	(void)payload_get_self_test(frame, &failed);
}

static void repair(uint8_t *frame)
{
	uint16_t crc;

	frame[0] = FRAME_FROM_BOARD;
	frame[2] = NUMBER;
	frame[3] = 0;
	crc = frame_crc(frame, FRAME_CRC_OFFSET);
	frame[FRAME_CRC_OFFSET] = (uint8_t)crc;
	frame[FRAME_CRC_OFFSET + 1] = (uint8_t)(crc >> 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t frame[STIPPLE_FRAME_BYTES], tx[STIPPLE_FRAME_BYTES];
	Frame command = { 0 };
	Link link = { 0 };
	int64_t now = 0;

	link_start(&link, NUMBER);
	payload_put_command(&command, FRAME_STATUS);
	for (; size >= CHUNK; data += CHUNK, size -= CHUNK) {
		uint16_t before = link.taken;
		LinkEvent event;

		memcpy(frame, data + 1, sizeof frame);
		if (data[0] & 1)
			repair(frame);
		if (data[0] & 2)
			(void)link_command(&link, &command, now + 10);
		link_compose(&link, now, tx);
		event = link_take(&link, frame, now, !(data[0] & 4));
		if (link.taken != (uint16_t)(before + (event == LINK_FRAME)))
			abort();
		if (event == LINK_FRAME)
			read_payload(&link.received);
		(void)link_expired(&link, ++now);
	}
	return 0;
}
