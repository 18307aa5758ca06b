/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Encodes and decodes the frames between station and board, for both sides. It makes no system call and
 * allocates nothing. It must not trust a received frame: its length is checked before its payload is read.
 */

#include "stipple/board-frame.h"

#include <string.h>

static const char *const fault_names[] = {
	[BOARD_FAULT_NONE] = "none",
	[BOARD_FAULT_EMERGENCY_STOP] = "emergency-stop",
	[BOARD_FAULT_WATCHDOG] = "watchdog",
	[BOARD_FAULT_OVER_DEPTH] = "over-depth",
	[BOARD_FAULT_OVER_FORCE] = "over-force",
	[BOARD_FAULT_OVER_TEMPERATURE] = "over-temperature",
	[BOARD_FAULT_OVER_CURRENT] = "over-current",
	[BOARD_FAULT_CHIP_CHANGED] = "chip-changed",
	[BOARD_FAULT_OVERRUN] = "overrun",
	[BOARD_FAULT_SELF_TEST] = "self-test",
};

static const char *const result_names[] = {
	[BOARD_RESULT_OK] = "ok",
	[BOARD_RESULT_UNKNOWN] = "unknown-command",
	[BOARD_RESULT_RANGE] = "out-of-range",
	[BOARD_RESULT_STATE] = "wrong-state",
	[BOARD_RESULT_CHIP] = "other-chip",
	[BOARD_RESULT_VERSION] = "no-common-version",
};

static int find_name(const char *const *names, int n, const char *text)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return -22;
}

const char *board_fault_to_string(BoardFault fault)
{
	return (int)fault >= 0 && fault < BOARD_FAULT_MAX ? fault_names[fault] : NULL;
}

BoardFault board_fault_from_string(const char *text)
{
	return (BoardFault)find_name(fault_names, BOARD_FAULT_MAX, text);
}

const char *board_result_to_string(BoardResult result)
{
	return (int)result >= 0 && result < BOARD_RESULT_MAX ? result_names[result] : NULL;
}

BoardResult board_result_from_string(const char *text)
{
	return (BoardResult)find_name(result_names, BOARD_RESULT_MAX, text);
}

/**
 * Slicing by eight (Kounavis and Berry, 2005): table k has the remainders of every byte followed by k bytes.
 * The CRC is linear, so the remainders of a byte's eight bits give all 256; the compiler fills in the tables.
 */
#define BYTE(b, x0, x1, x2, x3, x4, x5, x6, x7)                                           \
	(uint16_t)(((b) & 1 ? (x0) : 0) ^ ((b) & 2 ? (x1) : 0) ^ ((b) & 4 ? (x2) : 0) ^   \
		   ((b) & 8 ? (x3) : 0) ^ ((b) & 16 ? (x4) : 0) ^ ((b) & 32 ? (x5) : 0) ^ \
		   ((b) & 64 ? (x6) : 0) ^ ((b) & 128 ? (x7) : 0))
#define BYTES_4(b, ...)                                                               \
	BYTE(b, __VA_ARGS__), BYTE((b) + 1, __VA_ARGS__), BYTE((b) + 2, __VA_ARGS__), \
		BYTE((b) + 3, __VA_ARGS__)
#define BYTES_16(b, ...)                                                                       \
	BYTES_4(b, __VA_ARGS__), BYTES_4((b) + 4, __VA_ARGS__), BYTES_4((b) + 8, __VA_ARGS__), \
		BYTES_4((b) + 12, __VA_ARGS__)
#define BYTES_64(b, ...)                                                                            \
	BYTES_16(b, __VA_ARGS__), BYTES_16((b) + 16, __VA_ARGS__), BYTES_16((b) + 32, __VA_ARGS__), \
		BYTES_16((b) + 48, __VA_ARGS__)
#define TABLE(...)                                                                         \
	{ BYTES_64(0, __VA_ARGS__), BYTES_64(64, __VA_ARGS__), BYTES_64(128, __VA_ARGS__), \
		BYTES_64(192, __VA_ARGS__) }

/* in row k: x^(16 + 8k) to x^(23 + 8k) modulo x^16 + x^12 + x^5 + 1 */
static const uint16_t crc_tables[8][256] = {
	TABLE(0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48c4, 0x9188),
	TABLE(0x3331, 0x6662, 0xccc4, 0x89a9, 0x0373, 0x06e6, 0x0dcc, 0x1b98),
	TABLE(0x3730, 0x6e60, 0xdcc0, 0xa9a1, 0x4363, 0x86c6, 0x1dad, 0x3b5a),
	TABLE(0x76b4, 0xed68, 0xcaf1, 0x85c3, 0x1ba7, 0x374e, 0x6e9c, 0xdd38),
	TABLE(0xaa51, 0x4483, 0x8906, 0x022d, 0x045a, 0x08b4, 0x1168, 0x22d0),
	TABLE(0x45a0, 0x8b40, 0x06a1, 0x0d42, 0x1a84, 0x3508, 0x6a10, 0xd420),
	TABLE(0xb861, 0x60e3, 0xc1c6, 0x93ad, 0x377b, 0x6ef6, 0xddec, 0xabf9),
	TABLE(0x47d3, 0x8fa6, 0x0f6d, 0x1eda, 0x3db4, 0x7b68, 0xf6d0, 0xfd81),
};

uint16_t frame_crc(const uint8_t *data, size_t size)
{
	uint16_t crc = 0xffff;

	for (; size >= 8; data += 8, size -= 8)
		crc = crc_tables[7][(crc >> 8) ^ data[0]] ^ crc_tables[6][(crc & 255) ^ data[1]] ^
		      crc_tables[5][data[2]] ^ crc_tables[4][data[3]] ^ crc_tables[3][data[4]] ^
		      crc_tables[2][data[5]] ^ crc_tables[1][data[6]] ^ crc_tables[0][data[7]];
	for (; size > 0; data++, size--)
		crc = (uint16_t)(crc << 8) ^ crc_tables[0][(crc >> 8) ^ *data];
	return crc;
}

/* ---- little-endian fields ---- */

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)value);
	put16(at + 2, (uint16_t)(value >> 16));
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

/* ---- the frame ---- */

void frame_encode(const Frame *frame, uint8_t ret[STIPPLE_FRAME_BYTES])
{
	memset(ret, 0, STIPPLE_FRAME_BYTES);
	ret[0] = (uint8_t)frame->marker;
	ret[1] = frame->type;
	put16(ret + 2, frame->link);
	put16(ret + 4, frame->sequence);
	put16(ret + 6, frame->acknowledge);
	put32(ret + 8, frame->time_us);
	put16(ret + 12, frame->flags);
	ret[14] = frame->fault;
	ret[15] = frame->length;
	memcpy(ret + FRAME_HEADER_BYTES, frame->payload, frame->length);
	put16(ret + FRAME_CRC_OFFSET, frame_crc(ret, FRAME_CRC_OFFSET));
}

FrameError frame_decode(const uint8_t bytes[STIPPLE_FRAME_BYTES], FrameMarker marker, Frame *ret)
{
	if (bytes[0] != marker)
		return FRAME_BAD_MARKER;
	if (get16(bytes + FRAME_CRC_OFFSET) != frame_crc(bytes, FRAME_CRC_OFFSET))
		return FRAME_BAD_CRC;
	if (bytes[15] > FRAME_PAYLOAD_MAX)
		return FRAME_BAD_LENGTH;
	ret->marker = marker;
	ret->type = bytes[1];
	ret->link = get16(bytes + 2);
	ret->sequence = get16(bytes + 4);
	ret->acknowledge = get16(bytes + 6);
	ret->time_us = get32(bytes + 8);
	ret->flags = get16(bytes + 12);
	ret->fault = bytes[14];
	ret->length = bytes[15];
	memset(ret->payload, 0, sizeof ret->payload);
	memcpy(ret->payload, bytes + FRAME_HEADER_BYTES, ret->length);
	return FRAME_OK;
}

/* ---- payloads ---- */

static uint8_t *start_payload(Frame *frame, uint8_t type, uint8_t length)
{
	frame->type = type;
	frame->length = length;
	memset(frame->payload, 0, sizeof frame->payload);
	return frame->payload;
}

void payload_put_hello(Frame *frame, const HelloPayload *hello)
{
	uint8_t *p = start_payload(frame, FRAME_HELLO, 2);

	p[0] = hello->version_min;
	p[1] = hello->version_max;
}

bool payload_get_hello(const Frame *frame, HelloPayload *ret)
{
	if (frame->length < 2 || frame->payload[0] > frame->payload[1])
		return false;
	ret->version_min = frame->payload[0];
	ret->version_max = frame->payload[1];
	return true;
}

enum { IDENTITY_BYTES = 42, SETTINGS_BYTES = 10, ARM_BYTES = 9 + FRAME_CHIP_ID_MAX, STATUS_BYTES = 23 };

void payload_put_identity(Frame *frame, BoardResult result, const BoardIdentity *identity)
{
	uint8_t *p = start_payload(frame, FRAME_HELLO | FRAME_ANSWER, IDENTITY_BYTES);

	p[0] = (uint8_t)result;
	p[1] = identity->version;
	memcpy(p + 2, identity->serial, strnlen(identity->serial, FRAME_SERIAL_MAX - 1));
	p[18] = identity->hardware_major;
	p[19] = identity->hardware_minor;
	p[20] = identity->firmware_major;
	p[21] = identity->firmware_minor;
	put32(p + 22, identity->capabilities);
	put16(p + 26, identity->depth_max_um);
	put16(p + 28, identity->rate_min_hz);
	put16(p + 30, identity->rate_max_hz);
	put16(p + 32, identity->dwell_max_ms);
	put16(p + 34, identity->force_max_mn);
	put16(p + 36, identity->current_max_ma);
	put16(p + 38, (uint16_t)identity->temperature_max_cc);
	put16(p + 40, identity->watchdog_ms);
}

/** The serial is shown to people and recorded, so only printable ASCII is allowed. */
static bool serial_is_printable(const uint8_t *serial)
{
	bool ended = false;

	for (int i = 0; i < FRAME_SERIAL_MAX - 1; i++) {
		if (serial[i] == 0)
			ended = true;
		else if (ended || serial[i] < 0x20 || serial[i] > 0x7e)
			return false;
	}
	return serial[0] != 0;
}

bool payload_get_identity(const Frame *frame, BoardIdentity *ret)
{
	const uint8_t *p = frame->payload;

	if (frame->length < IDENTITY_BYTES || !serial_is_printable(p + 2))
		return false;
	memset(ret, 0, sizeof *ret);
	ret->version = p[1];
	memcpy(ret->serial, p + 2, FRAME_SERIAL_MAX - 1);
	ret->hardware_major = p[18];
	ret->hardware_minor = p[19];
	ret->firmware_major = p[20];
	ret->firmware_minor = p[21];
	ret->capabilities = get32(p + 22);
	ret->depth_max_um = get16(p + 26);
	ret->rate_min_hz = get16(p + 28);
	ret->rate_max_hz = get16(p + 30);
	ret->dwell_max_ms = get16(p + 32);
	ret->force_max_mn = get16(p + 34);
	ret->current_max_ma = get16(p + 36);
	ret->temperature_max_cc = (int16_t)get16(p + 38);
	ret->watchdog_ms = get16(p + 40);
	return true;
}

void payload_put_settings(Frame *frame, const BoardSettings *settings)
{
	uint8_t *p = start_payload(frame, FRAME_CONFIGURE, SETTINGS_BYTES);

	put16(p, settings->depth_um);
	put16(p + 2, settings->depth_limit_um);
	put16(p + 4, settings->rate_hz);
	put16(p + 6, settings->dwell_ms);
	put16(p + 8, settings->force_limit_mn);
}

bool payload_get_settings(const Frame *frame, BoardSettings *ret)
{
	const uint8_t *p = frame->payload;

	if (frame->length < SETTINGS_BYTES)
		return false;
	*ret = (BoardSettings){ get16(p), get16(p + 2), get16(p + 4), get16(p + 6), get16(p + 8) };
	return true;
}

static void put_chip(uint8_t *p, const ChipId *chip)
{
	p[0] = chip->length;
	memcpy(p + 1, chip->bytes, chip->length);
}

static bool get_chip(const uint8_t *p, ChipId *ret)
{
	if (p[0] > FRAME_CHIP_ID_MAX)
		return false;
	memset(ret, 0, sizeof *ret);
	ret->length = p[0];
	memcpy(ret->bytes, p + 1, p[0]);
	return true;
}

void payload_put_arm(Frame *frame, const ArmPayload *arm)
{
	uint8_t *p = start_payload(frame, FRAME_ARM, ARM_BYTES);

	put64(p, arm->claim);
	put_chip(p + 8, &arm->chip);
}

bool payload_get_arm(const Frame *frame, ArmPayload *ret)
{
	ChipId chip;

	if (frame->length < ARM_BYTES || !get_chip(frame->payload + 8, &chip))
		return false;
	ret->claim = get64(frame->payload);
	ret->chip = chip;
	return true;
}

void payload_put_command(Frame *frame, FrameType type)
{
	start_payload(frame, (uint8_t)type, 0);
}

void payload_put_clear_fault(Frame *frame, uint8_t fault)
{
	start_payload(frame, FRAME_CLEAR_FAULT, 1)[0] = fault;
}

bool payload_get_clear_fault(const Frame *frame, uint8_t *ret_fault)
{
	if (frame->length < 1)
		return false;
	*ret_fault = frame->payload[0];
	return true;
}

void payload_put_result(Frame *frame, FrameType command, BoardResult result)
{
	start_payload(frame, (uint8_t)(command | FRAME_ANSWER), 1)[0] = (uint8_t)result;
}

bool payload_get_result(const Frame *frame, BoardResult *ret)
{
	if (frame->length < 1 || frame->payload[0] >= BOARD_RESULT_MAX)
		return false;
	*ret = (BoardResult)frame->payload[0];
	return true;
}

void payload_put_status(Frame *frame, const BoardStatus *status)
{
	uint8_t *p = start_payload(frame, FRAME_STATUS | FRAME_ANSWER, STATUS_BYTES);

	put16(p + 1, (uint16_t)status->temperature_cc);
	put16(p + 3, status->current_ma);
	put16(p + 5, status->supply_mv);
	put32(p + 7, status->strokes);
	put32(p + 11, status->bad_frames);
	put64(p + 15, status->claim);
}

bool payload_get_status(const Frame *frame, BoardStatus *ret)
{
	const uint8_t *p = frame->payload;

	if (frame->length < STATUS_BYTES)
		return false;
	ret->temperature_cc = (int16_t)get16(p + 1);
	ret->current_ma = get16(p + 3);
	ret->supply_mv = get16(p + 5);
	ret->strokes = get32(p + 7);
	ret->bad_frames = get32(p + 11);
	ret->claim = get64(p + 15);
	return true;
}

void payload_put_chip(Frame *frame, uint8_t type, const ChipId *chip)
{
	put_chip(start_payload(frame, type, 2 + FRAME_CHIP_ID_MAX) + 1, chip);
}

bool payload_get_chip(const Frame *frame, ChipId *ret)
{
	return frame->length >= 2 + FRAME_CHIP_ID_MAX && get_chip(frame->payload + 1, ret);
}

void payload_put_self_test(Frame *frame, uint32_t failed)
{
	put32(start_payload(frame, FRAME_SELF_TEST | FRAME_ANSWER, 5) + 1, failed);
}

bool payload_get_self_test(const Frame *frame, uint32_t *ret_failed)
{
	if (frame->length < 5)
		return false;
	*ret_failed = get32(frame->payload + 1);
	return true;
}

enum { SAMPLE_BYTES = 12 };

void payload_put_samples(Frame *frame, const StrokeSample *samples, size_t n)
{
	uint8_t *p = start_payload(frame, FRAME_SAMPLES, (uint8_t)(1 + n * SAMPLE_BYTES));

	*p++ = (uint8_t)n;
	for (size_t i = 0; i < n; i++, p += SAMPLE_BYTES) {
		put32(p, samples[i].time_us);
		put16(p + 4, samples[i].depth_um);
		put16(p + 6, samples[i].resistance_mn);
		put16(p + 8, samples[i].current_ma);
		put16(p + 10, (uint16_t)samples[i].angle_cdeg);
	}
}

int payload_get_samples(const Frame *frame, StrokeSample ret[FRAME_SAMPLES_MAX])
{
	const uint8_t *p = frame->payload;
	unsigned n = p[0];

	if (frame->length < 1 || n < 1 || n > FRAME_SAMPLES_MAX || frame->length < 1 + n * SAMPLE_BYTES)
		return -22;
	p++;
	for (unsigned i = 0; i < n; i++, p += SAMPLE_BYTES)
		ret[i] = (StrokeSample){ get32(p), get16(p + 4), get16(p + 6), get16(p + 8),
			(int16_t)get16(p + 10) };
	return (int)n;
}

void payload_put_fault(Frame *frame, const FaultPayload *fault)
{
	uint8_t *p = start_payload(frame, FRAME_FAULT, 5);

	p[0] = fault->fault;
	put32(p + 1, (uint32_t)fault->detail);
}

bool payload_get_fault(const Frame *frame, FaultPayload *ret)
{
	if (frame->length < 5 || frame->payload[0] >= BOARD_FAULT_MAX)
		return false;
	ret->fault = frame->payload[0];
	ret->detail = (int32_t)get32(frame->payload + 1);
	return true;
}
