// SPDX-License-Identifier: Apache-2.0

/** The frame coding: the CRC, every payload both ways, every bad input, and the frames that the document
 * shows. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stipple/board-frame.h"

#define ELEMENTS(a)  (sizeof(a) / sizeof *(a))
#define PROTOCOL_DOC STIPPLE_SOURCE_FOLDER "/docs/board-protocol.md"

/* ---- CRC ---- */

/** The definition, bit by bit. */
static uint16_t slow_crc(const uint8_t *data, size_t size)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < size * 8; i++) {
		uint16_t bit = (uint16_t)((data[i / 8] >> (7 - i % 8) & 1) ^ (crc >> 15));

		crc = (uint16_t)((crc << 1) ^ (bit ? 0x1021 : 0));
	}
	return crc;
}

static uint32_t random_state = 1;

/** xorshift32 (Marsaglia, 2003). */
static uint32_t any(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static void test_crc_is_as_defined(void **state)
{
	uint8_t data[STIPPLE_FRAME_BYTES];

	assert_int_equal(frame_crc((const uint8_t *)"123456789", 9), 0x29b1);
	assert_int_equal(frame_crc(NULL, 0), 0xffff);
	for (size_t size = 0; size <= sizeof data; size++) {
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = (uint8_t)any();
		assert_int_equal(frame_crc(data, size), slow_crc(data, size));
	}
}

/* ---- what the document shows ---- */

static const StrokeSample two_strokes[] = { { 4000000, 0, 0, 181, 1480 }, { 4008333, 812, 203, 221, 1512 } };

static const BoardIdentity identity = {
	.version = 1,
	.serial = "SN-000123",
	.hardware_major = 2,
	.hardware_minor = 1,
	.firmware_major = 1,
	.firmware_minor = 4,
	.capabilities = BOARD_CAN_READ_CHIP | BOARD_CAN_SENSE_FORCE | BOARD_CAN_SENSE_ANGLE,
	.depth_max_um = 3000,
	.rate_min_hz = 20,
	.rate_max_hz = 200,
	.dwell_max_ms = 500,
	.force_max_mn = 2000,
	.current_max_ma = 1200,
	.temperature_max_cc = 5500,
	.watchdog_ms = 250,
};

static const ChipId chip = { 7, { 0x04, 0xa2, 0x2b, 0x71, 0x5c, 0x10, 0x90 } };
static const BoardSettings settings = { 800, 1500, 120, 90, 900 };
static const ArmPayload arm = { .claim = 4711, .chip = { 7, { 0x04, 0xa2, 0x2b, 0x71, 0x5c, 0x10, 0x90 } } };
static const BoardStatus board_status = { 3150, 15, 12000, 48213, 3, 4711 };
static const FaultPayload over_depth = { BOARD_FAULT_OVER_DEPTH, 1612 };

static void fill_idle(Frame *frame)
{
	payload_put_command(frame, FRAME_IDLE);
}

static void fill_hello(Frame *frame)
{
	payload_put_hello(frame, &(HelloPayload){ 1, 1 });
}

static void fill_identity(Frame *frame)
{
	payload_put_identity(frame, BOARD_RESULT_OK, &identity);
}

static void fill_configure(Frame *frame)
{
	payload_put_settings(frame, &settings);
}

static void fill_configured(Frame *frame)
{
	payload_put_result(frame, FRAME_CONFIGURE, BOARD_RESULT_OK);
}

static void fill_arm(Frame *frame)
{
	payload_put_arm(frame, &arm);
}

static void fill_other_chip(Frame *frame)
{
	payload_put_result(frame, FRAME_ARM, BOARD_RESULT_CHIP);
}

static void fill_status(Frame *frame)
{
	payload_put_status(frame, &board_status);
}

static void fill_chip(Frame *frame)
{
	payload_put_chip(frame, FRAME_READ_CHIP | FRAME_ANSWER, &chip);
}

static void fill_self_test(Frame *frame)
{
	payload_put_self_test(frame, SELF_TEST_FORCE_SENSOR);
}

static void fill_samples(Frame *frame)
{
	payload_put_samples(frame, two_strokes, ELEMENTS(two_strokes));
}

static void fill_fault(Frame *frame)
{
	payload_put_fault(frame, &over_depth);
}

static void fill_removed(Frame *frame)
{
	payload_put_chip(frame, FRAME_CHIP_CHANGED, &(ChipId){ 0 });
}

static void fill_clear_fault(Frame *frame)
{
	payload_put_clear_fault(frame, BOARD_FAULT_OVER_DEPTH);
}

enum {
	WORKING = FRAME_FLAG_ARMED | FRAME_FLAG_RUNNING | FRAME_FLAG_PEDAL | FRAME_FLAG_ENABLED |
		  FRAME_FLAG_CARTRIDGE,
};

static const struct {
	const char *name;
	void (*fill)(Frame *frame);
	Frame header;
} shown[] = {
	{ "hello", fill_hello, { FRAME_FROM_STATION, 0, 0x4711, 1, 0, 1000000 } },
	{ "hello-answer", fill_identity,
		{ FRAME_FROM_BOARD, 0, 0x4711, 1, 1, 2500000, FRAME_FLAG_CARTRIDGE } },
	{ "read-chip-answer", fill_chip,
		{ FRAME_FROM_BOARD, 0, 0x4711, 2, 2, 2520000, FRAME_FLAG_CARTRIDGE } },
	{ "self-test-answer", fill_self_test,
		{ FRAME_FROM_BOARD, 0, 0x4711, 3, 3, 2540000, FRAME_FLAG_CARTRIDGE } },
	{ "configure", fill_configure, { FRAME_FROM_STATION, 0, 0x4711, 4, 3, 1060000 } },
	{ "configure-answer", fill_configured,
		{ FRAME_FROM_BOARD, 0, 0x4711, 4, 4, 2560000, FRAME_FLAG_CARTRIDGE } },
	{ "arm", fill_arm, { FRAME_FROM_STATION, 0, 0x4711, 5, 4, 1080000 } },
	{ "arm-refused", fill_other_chip,
		{ FRAME_FROM_BOARD, 0, 0x4711, 5, 5, 2580000, FRAME_FLAG_CARTRIDGE } },
	{ "heartbeat", fill_idle, { FRAME_FROM_STATION, 0, 0x4711, 0, 5, 1100000 } },
	{ "samples", fill_samples,
		{ FRAME_FROM_BOARD, 0, 0x4711, 12, 6, 4010000, WORKING | FRAME_FLAG_MORE } },
	{ "again", fill_idle, { FRAME_FROM_STATION, 0, 0x4711, 0, 11, 2520000, FRAME_FLAG_AGAIN } },
	{ "status-answer", fill_status, { FRAME_FROM_BOARD, 0, 0x4711, 13, 7, 4030000, WORKING } },
	{ "fault", fill_fault,
		{ FRAME_FROM_BOARD, 0, 0x4711, 14, 7, 4050000,
			FRAME_FLAG_PEDAL | FRAME_FLAG_ENABLED | FRAME_FLAG_CARTRIDGE,
			BOARD_FAULT_OVER_DEPTH } },
	{ "stop", fill_idle, { FRAME_FROM_STATION, 0, 0x4711, 0, 14, 2570000, FRAME_FLAG_STOP } },
	{ "clear-fault", fill_clear_fault, { FRAME_FROM_STATION, 0, 0x4711, 8, 14, 9000000 } },
	{ "chip-changed", fill_removed, { FRAME_FROM_BOARD, 0, 0x4711, 16, 8, 10600000 } },
};

static void encode_shown(size_t i, uint8_t ret[STIPPLE_FRAME_BYTES])
{
	Frame frame = shown[i].header;

	shown[i].fill(&frame);
	frame_encode(&frame, ret);
}

/** Reads the hexadecimal lines up to the closing fence. */
static size_t read_bytes(FILE *file, uint8_t ret[STIPPLE_FRAME_BYTES])
{
	char line[256];
	size_t n = 0;

	while (fgets(line, sizeof line, file) && line[0] != '`') {
		char *at = line;
		char *end;

		for (unsigned long byte = strtoul(at, &end, 16); end != at && n < STIPPLE_FRAME_BYTES;
			byte = strtoul(at, &end, 16)) {
			ret[n++] = (uint8_t)byte;
			at = end;
		}
	}
	return n;
}

/** Each is in the document once, as a block that begins with "```frame NAME". */
static void test_document_shows_what_is_sent(void **state)
{
	bool seen[ELEMENTS(shown)] = { false };
	FILE *file = fopen(PROTOCOL_DOC, "re");
	uint8_t bytes[STIPPLE_FRAME_BYTES], expected[STIPPLE_FRAME_BYTES];
	char line[256], name[64];

	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		size_t i = 0;

		if (sscanf(line, "```frame %63s", name) != 1)
			continue;
		while (i < ELEMENTS(shown) && strcmp(shown[i].name, name) != 0)
			i++;
		assert_true(i < ELEMENTS(shown) && !seen[i]);
		seen[i] = true;
		encode_shown(i, expected);
		print_message("%s\n", name);
		assert_int_equal(read_bytes(file, bytes), STIPPLE_FRAME_BYTES);
		assert_memory_equal(bytes, expected, STIPPLE_FRAME_BYTES);
	}
	fclose(file);
	for (size_t i = 0; i < ELEMENTS(shown); i++)
		assert_true(seen[i]);
}

/* ---- frames ---- */

static void test_every_field_of_the_header_has_its_bytes(void **state)
{
	static const uint8_t expected[] = { 0xa5, 0x42, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
		0x0a, 0x0b, 0x0c, 0x0d, 5 };
	Frame frame = { FRAME_FROM_BOARD, 0x42, 0x0201, 0x0403, 0x0605, 0x0a090807, 0x0c0b, 0x0d, 5,
		{ 1, 2, 3, 4, 5 } };
	uint8_t bytes[STIPPLE_FRAME_BYTES], again[STIPPLE_FRAME_BYTES];
	Frame back;

	memset(&back, 0xee, sizeof back);
	frame_encode(&frame, bytes);
	assert_memory_equal(bytes, expected, sizeof expected);
	assert_memory_equal(bytes + FRAME_HEADER_BYTES, "\1\2\3\4\5\0\0", 7);
	assert_int_equal(bytes[126] | bytes[127] << 8, slow_crc(bytes, 126));
	assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), FRAME_OK);
	frame_encode(&back, again);
	assert_memory_equal(again, bytes, sizeof bytes);
}

static void seal(uint8_t *bytes)
{
	uint16_t crc = frame_crc(bytes, FRAME_CRC_OFFSET);

	bytes[126] = (uint8_t)crc;
	bytes[127] = (uint8_t)(crc >> 8);
}

static void test_bad_frames_leave_the_result_alone(void **state)
{
	static const struct {
		uint8_t at, value;
		bool sealed;
		FrameError expected;
	} cases[] = {
		{ 0, 0x00, true, FRAME_BAD_MARKER }, { 0, 0xff, true, FRAME_BAD_MARKER },
		{ 0, FRAME_FROM_STATION, true, FRAME_BAD_MARKER }, { 15, 111, true, FRAME_BAD_LENGTH },
		{ 15, 255, true, FRAME_BAD_LENGTH }, { 15, 110, true, FRAME_OK },
		{ 15, 111, false, FRAME_BAD_CRC }, { 40, 1, false, FRAME_BAD_CRC },
		{ 127, 1, false, FRAME_BAD_CRC },
		{ 1, 0xff, true, FRAME_OK }, /* an unknown type is for the reader to judge */
	};

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		Frame frame = { .marker = FRAME_FROM_BOARD }, back, before;
		uint8_t bytes[STIPPLE_FRAME_BYTES];

		memset(&before, 0xee, sizeof before);
		back = before;
		frame_encode(&frame, bytes);
		bytes[cases[i].at] = cases[i].at == 127 ? bytes[127] ^ cases[i].value : cases[i].value;
		if (cases[i].sealed)
			seal(bytes);
		assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), cases[i].expected);
		if (cases[i].expected != FRAME_OK)
			assert_memory_equal(&back, &before, sizeof before);
	}
}

/** CRC-16/CCITT finds one or two wrong bits and every burst of up to 16 in a frame this short. */
static void test_wrong_bits_are_found(void **state)
{
	uint8_t good[STIPPLE_FRAME_BYTES], bytes[STIPPLE_FRAME_BYTES];
	Frame back;

	encode_shown(9, good);
	for (unsigned bit = 0; bit < 1024; bit++) {
		unsigned other = any() % 1024;

		memcpy(bytes, good, sizeof bytes);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), FRAME_OK);
		if (other == bit)
			continue;
		bytes[other / 8] ^= (uint8_t)(1 << other % 8);
		assert_int_not_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), FRAME_OK);
	}
	/* a burst runs in the order of the wire, highest bit first, and the CRC's last two bytes are swapped
	 */
	for (unsigned start = 0; start + 16 <= FRAME_CRC_OFFSET * 8; start++) {
		uint32_t burst = (any() & 0x7fff) | 0x8000;

		memcpy(bytes, good, sizeof bytes);
		for (unsigned i = 0; i < 16; i++)
			if (burst >> (15 - i) & 1)
				bytes[(start + i) / 8] ^= (uint8_t)(0x80 >> (start + i) % 8);
		assert_int_not_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), FRAME_OK);
	}
}

/* ---- payloads ---- */

static void test_identity_and_status_round_trip(void **state)
{
	BoardIdentity back;
	BoardStatus status = { -4000, 1, 2, 0xfffffffe, 0xfffffffd, UINT64_MAX - 1 }, status_back;
	BoardResult result;
	Frame frame;

	payload_put_identity(&frame, BOARD_RESULT_VERSION, &identity);
	assert_int_equal(frame.type, FRAME_HELLO | FRAME_ANSWER);
	assert_true(payload_get_result(&frame, &result));
	assert_int_equal(result, BOARD_RESULT_VERSION);
	memset(&back, 0, sizeof back);
	assert_true(payload_get_identity(&frame, &back));
	assert_string_equal(back.serial, identity.serial);
	assert_int_equal(back.version, 1);
	assert_int_equal(back.hardware_major, 2);
	assert_int_equal(back.hardware_minor, 1);
	assert_int_equal(back.firmware_major, 1);
	assert_int_equal(back.firmware_minor, 4);
	assert_int_equal(back.capabilities, identity.capabilities);
	assert_int_equal(back.depth_max_um, 3000);
	assert_int_equal(back.rate_min_hz, 20);
	assert_int_equal(back.rate_max_hz, 200);
	assert_int_equal(back.dwell_max_ms, 500);
	assert_int_equal(back.force_max_mn, 2000);
	assert_int_equal(back.current_max_ma, 1200);
	assert_int_equal(back.temperature_max_cc, 5500);
	assert_int_equal(back.watchdog_ms, 250);
	payload_put_status(&frame, &status);
	assert_true(payload_get_status(&frame, &status_back));
	assert_int_equal(status_back.temperature_cc, -4000);
	assert_int_equal(status_back.current_ma, 1);
	assert_int_equal(status_back.supply_mv, 2);
	assert_int_equal(status_back.strokes, 0xfffffffe);
	assert_int_equal(status_back.bad_frames, 0xfffffffd);
	assert_true(status_back.claim == UINT64_MAX - 1);
}

static void test_commands_round_trip(void **state)
{
	BoardSettings settings_back;
	HelloPayload hello;
	ArmPayload arm_back;
	uint8_t fault;
	Frame frame;

	payload_put_hello(&frame, &(HelloPayload){ 1, 3 });
	assert_true(payload_get_hello(&frame, &hello));
	assert_int_equal(hello.version_min, 1);
	assert_int_equal(hello.version_max, 3);
	payload_put_settings(&frame, &settings);
	assert_true(payload_get_settings(&frame, &settings_back));
	assert_memory_equal(&settings, &settings_back, sizeof settings);
	payload_put_arm(&frame, &arm);
	assert_true(payload_get_arm(&frame, &arm_back));
	assert_true(arm_back.claim == 4711 && arm_back.chip.length == 7);
	assert_memory_equal(arm_back.chip.bytes, chip.bytes, sizeof chip.bytes);
	payload_put_clear_fault(&frame, BOARD_FAULT_WATCHDOG);
	assert_true(payload_get_clear_fault(&frame, &fault));
	assert_int_equal(fault, BOARD_FAULT_WATCHDOG);
}

static void test_reports_round_trip(void **state)
{
	StrokeSample samples[FRAME_SAMPLES_MAX], back[FRAME_SAMPLES_MAX];
	FaultPayload fault;
	uint32_t failed;
	ChipId chip_back;
	Frame frame;

	payload_put_chip(&frame, FRAME_CHIP_CHANGED, &chip);
	assert_true(payload_get_chip(&frame, &chip_back));
	assert_int_equal(chip_back.length, 7);
	assert_memory_equal(chip_back.bytes, chip.bytes, sizeof chip.bytes);
	payload_put_self_test(&frame, 0x80000001u);
	assert_true(payload_get_self_test(&frame, &failed));
	assert_int_equal(failed, 0x80000001u);
	payload_put_fault(&frame, &(FaultPayload){ BOARD_FAULT_OVER_TEMPERATURE, INT32_MIN });
	assert_true(payload_get_fault(&frame, &fault));
	assert_int_equal(fault.fault, BOARD_FAULT_OVER_TEMPERATURE);
	assert_int_equal(fault.detail, INT32_MIN);
	for (size_t n = 1; n <= FRAME_SAMPLES_MAX; n++) {
		for (size_t i = 0; i < n; i++)
			samples[i] = (StrokeSample){ any(), (uint16_t)any(), (uint16_t)any(), (uint16_t)any(),
				(int16_t)any() };
		payload_put_samples(&frame, samples, n);
		assert_int_equal(payload_get_samples(&frame, back), n);
		assert_memory_equal(samples, back, n * sizeof *samples);
	}
}

/** Whatever reads a payload: true when it took it. */
typedef bool (*Reader)(const Frame *frame);

static bool read_hello(const Frame *frame)
{
	HelloPayload ret;

	return payload_get_hello(frame, &ret);
}

static bool read_identity(const Frame *frame)
{
	BoardIdentity ret;

	return payload_get_identity(frame, &ret) && strlen(ret.serial) < FRAME_SERIAL_MAX;
}

static bool read_settings(const Frame *frame)
{
	BoardSettings ret;

	return payload_get_settings(frame, &ret);
}

static bool read_arm(const Frame *frame)
{
	ArmPayload ret;

	return payload_get_arm(frame, &ret) && ret.chip.length <= FRAME_CHIP_ID_MAX;
}

static bool read_clear_fault(const Frame *frame)
{
	uint8_t ret;

	return payload_get_clear_fault(frame, &ret);
}

static bool read_result(const Frame *frame)
{
	BoardResult ret;

	return payload_get_result(frame, &ret) && board_result_to_string(ret);
}

static bool read_status(const Frame *frame)
{
	BoardStatus ret;

	return payload_get_status(frame, &ret);
}

static bool read_chip(const Frame *frame)
{
	ChipId ret;

	return payload_get_chip(frame, &ret) && ret.length <= FRAME_CHIP_ID_MAX;
}

static bool read_self_test(const Frame *frame)
{
	uint32_t ret;

	return payload_get_self_test(frame, &ret);
}

static bool read_samples(const Frame *frame)
{
	StrokeSample ret[FRAME_SAMPLES_MAX];
	int n = payload_get_samples(frame, ret);

	assert_true(n == -22 || (n >= 1 && n <= FRAME_SAMPLES_MAX));
	return n > 0;
}

static bool read_fault(const Frame *frame)
{
	FaultPayload ret;

	return payload_get_fault(frame, &ret) && board_fault_to_string((BoardFault)ret.fault);
}

static const struct {
	Reader read;
	void (*fill)(Frame *frame);
	int at; /* a byte that can be wrong; -1: none */
	uint8_t value;
} readers[] = {
	{ read_hello, fill_hello, 0, 2 },       /* lowest above highest */
	{ read_identity, fill_identity, 4, 7 }, /* serial not printable */
	{ read_settings, fill_configure, -1, 0 },
	{ read_arm, fill_arm, 8, FRAME_CHIP_ID_MAX + 1 },
	{ read_clear_fault, fill_clear_fault, -1, 0 },
	{ read_result, fill_configured, 0, BOARD_RESULT_MAX },
	{ read_status, fill_status, -1, 0 },
	{ read_chip, fill_chip, 1, FRAME_CHIP_ID_MAX + 1 },
	{ read_self_test, fill_self_test, -1, 0 },
	{ read_samples, fill_samples, 0, FRAME_SAMPLES_MAX + 1 },
	{ read_fault, fill_fault, 0, BOARD_FAULT_MAX },
};

static void test_short_and_wrong_payloads_are_refused(void **state)
{
	for (size_t i = 0; i < ELEMENTS(readers); i++) {
		Frame frame = { .marker = FRAME_FROM_BOARD }, cut;

		readers[i].fill(&frame);
		assert_true(readers[i].read(&frame));
		for (uint8_t length = 0; length < frame.length; length++) {
			cut = frame;
			cut.length = length;
			/* an answer's result is its first byte, whatever else it has */
			assert_int_equal(readers[i].read(&cut), readers[i].read == read_result && length > 0);
		}
		/* a later version may add to a payload's end */
		cut = frame;
		cut.length = FRAME_PAYLOAD_MAX;
		assert_true(readers[i].read(&cut));
		if (readers[i].at < 0)
			continue;
		cut = frame;
		cut.payload[readers[i].at] = readers[i].value;
		assert_false(readers[i].read(&cut));
	}
}

static void test_serials_are_printable_and_ended(void **state)
{
	static const struct {
		uint8_t at, value;
		bool taken;
	} cases[] = { { 2, 0, false }, { 2, ' ', true }, { 2, 0x1b, false }, { 3, 0x7f, false },
		{ 3, 0xc3, false }, { 17, 'x', false }, /* after its end */ { 4, 0, false } };
	Frame frame;

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		fill_identity(&frame);
		frame.payload[cases[i].at] = cases[i].value;
		assert_int_equal(read_identity(&frame), cases[i].taken);
	}
	/* all 16 characters used */
	memset(frame.payload + 2, 'A', FRAME_SERIAL_MAX - 1);
	assert_true(read_identity(&frame));
}

static void test_random_payloads_are_read_within_bounds(void **state)
{
	for (int round = 0; round < 20000; round++) {
		Frame frame = { .marker = FRAME_FROM_BOARD }, back;
		uint8_t bytes[STIPPLE_FRAME_BYTES], again[STIPPLE_FRAME_BYTES];

		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)any();
		bytes[0] = FRAME_FROM_BOARD;
		bytes[15] %= FRAME_PAYLOAD_MAX + 1;
		seal(bytes);
		assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &frame), FRAME_OK);
		for (size_t i = 0; i < ELEMENTS(readers); i++)
			(void)readers[i].read(&frame);
		frame_encode(&frame, bytes);
		assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &back), FRAME_OK);
		frame_encode(&back, again);
		assert_memory_equal(again, bytes, sizeof bytes);
	}
}

static void test_names_round_trip(void **state)
{
	for (int i = 0; i < BOARD_FAULT_MAX; i++)
		assert_int_equal(board_fault_from_string(board_fault_to_string((BoardFault)i)), i);
	for (int i = 0; i < BOARD_RESULT_MAX; i++)
		assert_int_equal(board_result_from_string(board_result_to_string((BoardResult)i)), i);
	assert_null(board_fault_to_string(BOARD_FAULT_MAX));
	assert_null(board_fault_to_string(BOARD_FAULT_INVALID));
	assert_null(board_result_to_string(BOARD_RESULT_MAX));
	assert_int_equal(board_fault_from_string("no such"), BOARD_FAULT_INVALID);
	assert_int_equal(board_result_from_string(""), BOARD_RESULT_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_is_as_defined),
		cmocka_unit_test(test_document_shows_what_is_sent),
		cmocka_unit_test(test_every_field_of_the_header_has_its_bytes),
		cmocka_unit_test(test_bad_frames_leave_the_result_alone),
		cmocka_unit_test(test_wrong_bits_are_found),
		cmocka_unit_test(test_identity_and_status_round_trip),
		cmocka_unit_test(test_commands_round_trip),
		cmocka_unit_test(test_reports_round_trip),
		cmocka_unit_test(test_short_and_wrong_payloads_are_refused),
		cmocka_unit_test(test_serials_are_printable_and_ended),
		cmocka_unit_test(test_random_payloads_are_read_within_bounds),
		cmocka_unit_test(test_names_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
