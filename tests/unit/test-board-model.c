/* SPDX-License-Identifier: Apache-2.0 */

/** Frame coding, and the board model driven frame by frame. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board-model.h"

/* ---- coding ---- */

static void test_crc_vector(void **state)
{
	assert_int_equal(frame_crc((const uint8_t *)"123456789", 9), 0x29b1);
	assert_int_equal(frame_crc(NULL, 0), 0xffff);
}

static void test_frame_round_trip(void **state)
{
	Frame frame = { .marker = FRAME_FROM_BOARD,
		.link = 0x1234,
		.sequence = 7,
		.acknowledge = 9,
		.time_us = 0xdeadbeef,
		.flags = FRAME_FLAG_ARMED,
		.fault = 3 };
	StrokeSample samples[FRAME_SAMPLES_MAX], back[FRAME_SAMPLES_MAX];
	uint8_t bytes[STIPPLE_FRAME_BYTES];
	Frame read;

	for (int i = 0; i < FRAME_SAMPLES_MAX; i++)
		samples[i] = (StrokeSample){ 0xfffffff0u + (unsigned)i, (uint16_t)(700 + i), 200, 190,
			(int16_t)-1500 };
	payload_put_samples(&frame, samples, FRAME_SAMPLES_MAX);
	frame_encode(&frame, bytes);
	assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &read), FRAME_OK);
	assert_int_equal(read.link, 0x1234);
	assert_int_equal(read.time_us, 0xdeadbeef);
	assert_int_equal(payload_get_samples(&read, back), FRAME_SAMPLES_MAX);
	assert_memory_equal(samples, back, sizeof samples);
	assert_int_equal(frame_decode(bytes, FRAME_FROM_STATION, &read), FRAME_BAD_MARKER);
}

/** CRC-16 finds every single flipped bit: there is no frame one bit away from a good one. */
static void test_every_flipped_bit_is_found(void **state)
{
	Frame frame = { .marker = FRAME_FROM_BOARD, .type = FRAME_IDLE }, read;
	uint8_t bytes[STIPPLE_FRAME_BYTES];

	frame_encode(&frame, bytes);
	for (int bit = 0; bit < STIPPLE_FRAME_BYTES * 8; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(frame_decode(bytes, FRAME_FROM_BOARD, &read), FRAME_OK);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(bytes, 0, sizeof bytes);
	assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &read), FRAME_BAD_MARKER);
	memset(bytes, 0xff, sizeof bytes);
	assert_int_equal(frame_decode(bytes, FRAME_FROM_BOARD, &read), FRAME_BAD_MARKER);
}

static void test_payload_round_trips(void **state)
{
	BoardIdentity identity = board_model_identity, identity_back;
	BoardSettings settings = { 800, 1500, 120, 90, 600 }, settings_back;
	ArmPayload arm = { .claim = 1ull << 40, .chip = { 4, { 1, 2, 3, 4 } } }, arm_back;
	BoardStatus status = { -5, 1, 2, 3, 4, 5 }, status_back;
	FaultPayload fault = { BOARD_FAULT_OVER_FORCE, -7 }, fault_back;
	Frame frame = { 0 };

	identity.version = 1;
	payload_put_identity(&frame, BOARD_RESULT_OK, &identity);
	assert_true(payload_get_identity(&frame, &identity_back));
	assert_string_equal(identity_back.serial, identity.serial);
	assert_int_equal(identity_back.watchdog_ms, identity.watchdog_ms);
	frame.payload[2] = 0x1b;
	assert_false(payload_get_identity(&frame, &identity_back));
	payload_put_settings(&frame, &settings);
	assert_true(payload_get_settings(&frame, &settings_back));
	assert_memory_equal(&settings, &settings_back, sizeof settings);
	payload_put_arm(&frame, &arm);
	assert_true(payload_get_arm(&frame, &arm_back));
	assert_int_equal(arm_back.claim, arm.claim);
	assert_int_equal(arm_back.chip.length, 4);
	frame.payload[8] = FRAME_CHIP_ID_MAX + 1;
	assert_false(payload_get_arm(&frame, &arm_back));
	payload_put_status(&frame, &status);
	assert_true(payload_get_status(&frame, &status_back));
	assert_int_equal(status_back.temperature_cc, -5);
	payload_put_fault(&frame, &fault);
	assert_true(payload_get_fault(&frame, &fault_back));
	assert_int_equal(fault_back.detail, -7);
	for (int i = 0; i < BOARD_FAULT_MAX; i++)
		assert_int_equal(board_fault_from_string(board_fault_to_string((BoardFault)i)), i);
	for (int i = 0; i < BOARD_RESULT_MAX; i++)
		assert_int_equal(board_result_from_string(board_result_to_string((BoardResult)i)), i);
	assert_null(board_fault_to_string(BOARD_FAULT_MAX));
}

/* ---- the model, by hand ---- */

typedef struct Peer {
	BoardModel board;
	uint16_t command, taken;
	bool again;
	Frame last; /* newest frame taken in order */
	uint32_t strokes, bad;
} Peer;

static void peer_start(Peer *peer, uint32_t scale)
{
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = scale, .seed = 7 };

	memset(peer, 0, sizeof *peer);
	board_model_init(&peer->board, &config);
}

static void take(Peer *peer, const uint8_t *bytes)
{
	StrokeSample samples[FRAME_SAMPLES_MAX];
	Frame frame;

	if (frame_decode(bytes, FRAME_FROM_BOARD, &frame) != FRAME_OK) {
		peer->again = true;
		peer->bad++;
		return;
	}
	if (frame.type == FRAME_IDLE || frame.link != 0x4711)
		return;
	if (frame.sequence != (uint16_t)(peer->taken + 1)) {
		peer->again = (int16_t)(frame.sequence - peer->taken) > 1;
		return;
	}
	peer->again = false;
	peer->taken++;
	peer->last = frame;
	if (frame.type == FRAME_SAMPLES)
		peer->strokes += (uint32_t)payload_get_samples(&frame, samples);
}

static void exchange(Peer *peer, Frame *frame)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];

	frame->marker = FRAME_FROM_STATION;
	frame->link = 0x4711;
	frame->acknowledge = peer->taken;
	frame->flags |= peer->again ? FRAME_FLAG_AGAIN : 0;
	frame_encode(frame, tx);
	board_model_transfer(&peer->board, tx, rx);
	take(peer, rx);
}

static void beat(Peer *peer)
{
	Frame frame = { 0 };

	exchange(peer, &frame);
}

/** Sends a command until its answer is there, as a station does. */
static BoardResult command(Peer *peer, Frame *frame)
{
	BoardResult result = BOARD_RESULT_INVALID;
	uint8_t type = frame->type | FRAME_ANSWER;

	frame->sequence = ++peer->command;
	for (int i = 0; i < 100 && peer->last.type != type; i++)
		exchange(peer, frame);
	assert_int_equal(peer->last.type, type);
	assert_true(payload_get_result(&peer->last, &result));
	peer->last.type = 0;
	return result;
}

static BoardResult simple(Peer *peer, FrameType type)
{
	Frame frame = { 0 };

	payload_put_command(&frame, type);
	return command(peer, &frame);
}

static void hello(Peer *peer)
{
	Frame frame = { 0 };

	payload_put_hello(&frame, &(HelloPayload){ 1, 1 });
	assert_int_equal(command(peer, &frame), BOARD_RESULT_OK);
}

static BoardResult configure(Peer *peer, uint16_t depth, uint16_t limit)
{
	Frame frame = { 0 };

	payload_put_settings(&frame, &(BoardSettings){ depth, limit, 120, 90, 900 });
	return command(peer, &frame);
}

static BoardResult arm(Peer *peer, const ChipId *chip)
{
	Frame frame = { 0 };

	payload_put_arm(&frame, &(ArmPayload){ .claim = 12, .chip = *chip });
	return command(peer, &frame);
}

static const ChipId chip_a = { 2, { 0xaa, 1 } }, chip_b = { 2, { 0xbb, 2 } }, no_chip = { 0 };

static void ready(Peer *peer, uint32_t scale)
{
	peer_start(peer, scale);
	board_model_set_chip(&peer->board, &chip_a);
	hello(peer);
	assert_int_equal(configure(peer, 800, 1500), BOARD_RESULT_OK);
	assert_int_equal(arm(peer, &chip_a), BOARD_RESULT_OK);
}

static void work(Peer *peer, int ms)
{
	board_model_set_enable(&peer->board, true);
	board_model_set_pedal(&peer->board, true);
	for (int i = 0; i < ms; i++) {
		board_model_advance(&peer->board, 1000);
		if (i % 5 == 0)
			beat(peer);
	}
}

static void drain(Peer *peer)
{
	board_model_set_pedal(&peer->board, false);
	board_model_advance(&peer->board, 50000);
	for (int i = 0; i < 300; i++)
		beat(peer);
}

static void test_arming_needs_everything(void **state)
{
	Peer peer;

	peer_start(&peer, 1);
	board_model_set_chip(&peer.board, &chip_a);
	hello(&peer);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_STATE); /* not configured */
	assert_int_equal(configure(&peer, 2000, 1500), BOARD_RESULT_RANGE);
	assert_int_equal(configure(&peer, 800, 9000), BOARD_RESULT_RANGE);
	assert_int_equal(configure(&peer, 800, 1500), BOARD_RESULT_OK);
	assert_int_equal(arm(&peer, &chip_b), BOARD_RESULT_CHIP);
	assert_int_equal(arm(&peer, &no_chip), BOARD_RESULT_CHIP);
	board_model_set_pedal(&peer.board, true);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_STATE);
	board_model_set_pedal(&peer.board, false);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_OK);
	assert_int_equal(configure(&peer, 800, 1500), BOARD_RESULT_STATE);
	assert_int_equal(simple(&peer, (FrameType)0x3f), BOARD_RESULT_UNKNOWN);
	assert_false(board_model_running(&peer.board));
	board_model_set_pedal(&peer.board, true);
	assert_false(board_model_running(&peer.board)); /* ENABLE is low */
	board_model_set_enable(&peer.board, true);
	assert_true(board_model_running(&peer.board));
}

static void test_strokes_arrive_once(void **state)
{
	Peer peer;

	ready(&peer, 1);
	work(&peer, 2000);
	drain(&peer);
	assert_true(peer.board.strokes >= 230);
	assert_int_equal(peer.strokes, peer.board.strokes);
}

static void test_corrupted_frames_lose_nothing(void **state)
{
	Peer peer;

	ready(&peer, 1);
	for (int i = 0; i < 200; i++) {
		peer.board.mischief.corrupt_tx = i % 3;
		peer.board.mischief.corrupt_rx = i % 2;
		peer.board.mischief.drop = i % 7 == 0;
		work(&peer, 20);
	}
	peer.board.mischief = (BoardModelMischief){ 0 };
	drain(&peer);
	assert_true(peer.bad > 50);
	assert_true(peer.board.bad_frames > 20);
	assert_int_equal(peer.board.fault, BOARD_FAULT_NONE);
	assert_int_equal(peer.strokes, peer.board.strokes);
}

static void test_replayed_command_runs_once(void **state)
{
	Peer peer;
	Frame frame = { 0 };

	ready(&peer, 1);
	payload_put_command(&frame, FRAME_DISARM);
	frame.sequence = ++peer.command;
	exchange(&peer, &frame);
	assert_false(peer.board.armed);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_OK);
	frame.flags = 0;
	exchange(&peer, &frame); /* the old DISARM again */
	assert_true(peer.board.armed);
}

static void test_frames_of_another_link_are_ignored(void **state)
{
	Peer peer;
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];
	Frame frame = { .marker = FRAME_FROM_STATION, .link = 0x1111, .flags = FRAME_FLAG_STOP };

	ready(&peer, 1);
	frame_encode(&frame, tx);
	board_model_transfer(&peer.board, tx, rx);
	assert_true(peer.board.armed);
}

static void test_stop_flag_stops(void **state)
{
	Peer peer;
	Frame frame = { .flags = FRAME_FLAG_STOP };

	ready(&peer, 1);
	work(&peer, 50);
	exchange(&peer, &frame);
	assert_false(board_model_running(&peer.board));
	assert_false(peer.board.armed);
}

static void test_watchdog_stops(void **state)
{
	Peer peer;

	ready(&peer, 1);
	work(&peer, 50);
	board_model_advance(&peer.board, 240000);
	assert_true(board_model_running(&peer.board));
	board_model_advance(&peer.board, 20000);
	assert_false(board_model_running(&peer.board));
	assert_int_equal(peer.board.fault, BOARD_FAULT_WATCHDOG);
}

static BoardResult clear(Peer *peer, BoardFault fault)
{
	Frame frame = { 0 };

	payload_put_clear_fault(&frame, (uint8_t)fault);
	return command(peer, &frame);
}

static void test_faults_latch_their_first_cause(void **state)
{
	Peer peer;

	ready(&peer, 1);
	work(&peer, 20);
	board_model_set_estop(&peer.board, true);
	assert_false(board_model_running(&peer.board));
	peer.board.mischief.over_temperature = true;
	board_model_advance(&peer.board, 1000);
	assert_int_equal(peer.board.fault, BOARD_FAULT_EMERGENCY_STOP);
	board_model_set_pedal(&peer.board, false);
	assert_int_equal(clear(&peer, BOARD_FAULT_EMERGENCY_STOP), BOARD_RESULT_STATE); /* still pressed */
	board_model_set_estop(&peer.board, false);
	peer.board.mischief.over_temperature = false;
	assert_int_equal(clear(&peer, BOARD_FAULT_WATCHDOG), BOARD_RESULT_STATE); /* not that one */
	assert_int_equal(clear(&peer, BOARD_FAULT_EMERGENCY_STOP), BOARD_RESULT_OK);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_OK);
}

static void test_limits_and_chip_stop(void **state)
{
	static const BoardFault expected[] = { BOARD_FAULT_OVER_DEPTH, BOARD_FAULT_OVER_FORCE,
		BOARD_FAULT_OVER_TEMPERATURE, BOARD_FAULT_CHIP_CHANGED };
	Peer peer;

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		ready(&peer, 1);
		peer.board.mischief.over_depth = i == 0;
		peer.board.mischief.over_force = i == 1;
		peer.board.mischief.over_temperature = i == 2;
		if (i == 3)
			board_model_set_chip(&peer.board, &no_chip);
		work(&peer, 20);
		assert_int_equal(peer.board.fault, expected[i]);
		assert_false(board_model_running(&peer.board));
	}
}

static void test_fast_mechanics_keep_the_watchdog(void **state)
{
	Peer peer;

	ready(&peer, 1000);
	work(&peer, 200);
	assert_int_equal(peer.board.fault, BOARD_FAULT_NONE);
	drain(&peer);
	assert_int_equal(peer.strokes, peer.board.strokes);
	assert_true(peer.strokes > 300);
}

/* ---- the rules of docs/board-protocol.md ---- */

/** One transfer; returns what the board sent. */
static Frame swap(BoardModel *board, Frame frame)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];
	Frame answer = { 0 };

	frame.marker = FRAME_FROM_STATION;
	frame.link = 0x4711;
	frame_encode(&frame, tx);
	board_model_transfer(board, tx, rx);
	if (frame_decode(rx, FRAME_FROM_BOARD, &answer) != FRAME_OK)
		answer.type = 0xff;
	return answer;
}

/** Section 5's table of transfers, as it is printed there. */
static void test_resending_goes_as_the_document_shows(void **state)
{
	static const struct {
		uint16_t acknowledge, flags, sequence;
		bool bad_tx, bad_rx;
	} steps[] = {
		{ 0, 0, 1, false, false },
		{ 1, 0, 2, true, false },
		{ 1, FRAME_FLAG_AGAIN, 3, false, false },
		{ 1, FRAME_FLAG_AGAIN, 2, false, false },
		{ 2, 0, 2, false, true },
		{ 2, 0, 3, false, false },
		{ 3, 0, 3, false, false },
		{ 3, 0, 0, false, false },
	};
	Peer peer;

	ready(&peer, 1);
	drain(&peer);
	work(&peer, 0);
	for (int i = 0; i < 2; i++) {
		board_model_advance(&peer.board, 1000);
		board_model_advance(&peer.board, 20000);
	}
	board_model_set_estop(&peer.board, true);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		Frame frame = { .acknowledge = (uint16_t)(peer.taken + steps[i].acknowledge),
			.flags = steps[i].flags };
		Frame answer;

		peer.board.mischief.corrupt_tx = steps[i].bad_tx;
		peer.board.mischief.corrupt_rx = steps[i].bad_rx;
		answer = swap(&peer.board, frame);
		if (steps[i].bad_tx)
			assert_int_equal(answer.type, 0xff);
		else if (steps[i].sequence == 0)
			assert_int_equal(answer.type, FRAME_IDLE);
		else
			assert_int_equal(answer.sequence, peer.taken + steps[i].sequence);
		if (steps[i].sequence == 3)
			assert_int_equal(answer.type, FRAME_FAULT);
	}
	assert_false(board_model_data_ready(&peer.board));
}

/** A station that listens but takes nothing: the needle stops in time, and every stroke made is still there.
 */
static void test_overrun_stops_and_loses_no_stroke(void **state)
{
	Peer peer;
	Frame frame = { 0 };

	ready(&peer, 1);
	drain(&peer);
	board_model_set_enable(&peer.board, true);
	board_model_set_pedal(&peer.board, true);
	for (int i = 0; i < 5000 && peer.board.fault == BOARD_FAULT_NONE; i++) {
		board_model_advance(&peer.board, 1000);
		(void)swap(&peer.board, (Frame){ .acknowledge = peer.taken });
	}
	assert_int_equal(peer.board.fault, BOARD_FAULT_OVERRUN);
	assert_false(peer.board.armed);
	/* not before it has been fetched */
	payload_put_clear_fault(&frame, BOARD_FAULT_OVERRUN);
	frame.sequence = ++peer.command;
	frame.acknowledge = peer.taken;
	(void)swap(&peer.board, frame);
	drain(&peer);
	assert_int_equal(peer.strokes, peer.board.strokes);
	assert_int_equal(peer.board.fault, BOARD_FAULT_OVERRUN);
	peer.last.type = 0;
	assert_int_equal(clear(&peer, BOARD_FAULT_OVERRUN), BOARD_RESULT_OK);
}

/** A command that finds no room for its answer waits, and runs once there is. */
static void test_commands_wait_for_room(void **state)
{
	Peer peer;
	Frame frame = { 0 };
	uint16_t run;

	ready(&peer, 1);
	drain(&peer);
	payload_put_command(&frame, FRAME_STATUS);
	frame.acknowledge = peer.taken;
	for (int i = 0; i < 80; i++) {
		frame.sequence = (uint16_t)(peer.board.command_sequence + 1);
		(void)swap(&peer.board, frame);
	}
	run = peer.board.command_sequence;
	assert_int_equal((uint16_t)(run - peer.command), 60);
	/* several cartridges while nothing is taken: the last one is told */
	for (int i = 0; i < 7; i++)
		board_model_set_chip(&peer.board, i % 2 ? &chip_a : &chip_b);
	board_model_set_estop(&peer.board, true);
	for (int i = 0; i < 70; i++)
		beat(&peer);
	assert_false(board_model_data_ready(&peer.board));
	assert_int_equal(peer.last.type, FRAME_CHIP_CHANGED);
	assert_memory_equal(peer.last.payload + 2, chip_b.bytes, 2);
	(void)swap(&peer.board, (Frame){ .type = FRAME_STATUS, .sequence = (uint16_t)(run + 1) });
	assert_int_equal(peer.board.command_sequence, (uint16_t)(run + 1));
}

static void test_new_link_forgets_all_but_the_fault(void **state)
{
	Peer peer;
	Frame frame = { .sequence = 1 }, answer;
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];

	ready(&peer, 1);
	work(&peer, 30);
	board_model_set_estop(&peer.board, true);
	payload_put_hello(&frame, &(HelloPayload){ 1, 1 });
	frame.marker = FRAME_FROM_STATION;
	frame.link = 0x4712;
	frame_encode(&frame, tx);
	board_model_transfer(&peer.board, tx, rx);
	board_model_transfer(&peer.board, tx, rx);
	assert_int_equal(frame_decode(rx, FRAME_FROM_BOARD, &answer), FRAME_OK);
	assert_int_equal(answer.type, FRAME_HELLO | FRAME_ANSWER);
	assert_int_equal(answer.sequence, 1);
	assert_int_equal(answer.acknowledge, 1);
	assert_int_equal(answer.fault, BOARD_FAULT_EMERGENCY_STOP);
	assert_false(peer.board.configured || peer.board.armed);
	/* neither 0 nor a sequence but 1 starts one */
	frame.link = 0;
	frame_encode(&frame, tx);
	board_model_transfer(&peer.board, tx, rx);
	frame.link = 0x4713;
	frame.sequence = 2;
	frame_encode(&frame, tx);
	board_model_transfer(&peer.board, tx, rx);
	assert_int_equal(peer.board.link, 0x4712);
}

static void test_without_a_common_version_nothing_runs(void **state)
{
	Peer peer;
	Frame frame = { 0 };

	peer_start(&peer, 1);
	payload_put_hello(&frame, &(HelloPayload){ 2, 9 });
	assert_int_equal(command(&peer, &frame), BOARD_RESULT_VERSION);
	assert_int_equal(configure(&peer, 800, 1500), BOARD_RESULT_VERSION);
	assert_false(peer.board.configured);
	hello(&peer); /* the same link may still agree */
	assert_int_equal(configure(&peer, 800, 1500), BOARD_RESULT_OK);
	assert_int_equal(arm(&peer, &no_chip), BOARD_RESULT_OK);
	work(&peer, 30);
	assert_true(board_model_running(&peer.board));
	payload_put_hello(&frame, &(HelloPayload){ 2, 9 });
	assert_int_equal(command(&peer, &frame), BOARD_RESULT_VERSION);
	assert_false(peer.board.armed);
}

static void test_armed_board_refuses_what_would_change_it(void **state)
{
	Peer peer;

	ready(&peer, 1);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_STATE);
	assert_int_equal(simple(&peer, FRAME_SELF_TEST), BOARD_RESULT_STATE);
	assert_int_equal(simple(&peer, FRAME_DISARM), BOARD_RESULT_OK);
	assert_int_equal(simple(&peer, FRAME_SELF_TEST), BOARD_RESULT_OK);
	assert_int_equal(arm(&peer, &chip_a), BOARD_RESULT_OK);
}

static void test_reset_keeps_the_causes_that_are_there(void **state)
{
	Peer peer;
	uint8_t tx[STIPPLE_FRAME_BYTES] = { 0 }, rx[STIPPLE_FRAME_BYTES],
		nothing[STIPPLE_FRAME_BYTES] = { 0 };

	ready(&peer, 1);
	work(&peer, 30);
	board_model_set_reset(&peer.board, true);
	assert_false(board_model_running(&peer.board));
	board_model_transfer(&peer.board, tx, rx);
	assert_memory_equal(rx, nothing, sizeof rx);
	board_model_set_reset(&peer.board, false);
	assert_false(peer.board.armed);
	assert_int_equal(peer.board.fault, BOARD_FAULT_NONE);
	board_model_set_estop(&peer.board, true);
	board_model_reset(&peer.board);
	assert_int_equal(peer.board.fault, BOARD_FAULT_EMERGENCY_STOP);
	board_model_set_estop(&peer.board, false);
	peer.board.mischief.self_test = SELF_TEST_MEMORY;
	board_model_reset(&peer.board);
	assert_int_equal(peer.board.fault, BOARD_FAULT_SELF_TEST);
	peer.command = peer.taken = 0;
	hello(&peer);
	assert_int_equal(clear(&peer, BOARD_FAULT_SELF_TEST), BOARD_RESULT_STATE);
	peer.board.mischief.self_test = 0;
	assert_int_equal(clear(&peer, BOARD_FAULT_SELF_TEST), BOARD_RESULT_OK);
}

static void test_next_time_is_when_something_happens(void **state)
{
	Peer peer;
	uint32_t strokes;

	peer_start(&peer, 1);
	board_model_set_chip(&peer.board, &chip_a);
	assert_true(board_model_next_us(&peer.board) == UINT64_MAX);
	ready(&peer, 1);
	assert_int_equal(board_model_next_us(&peer.board), 250001);
	work(&peer, 30);
	for (int i = 0; i < 20; i++) {
		uint64_t next = board_model_next_us(&peer.board);

		assert_true(next > 0 && next <= BOARD_MODEL_GATHER_US);
		strokes = peer.board.strokes + peer.board.next_sequence;
		board_model_advance(&peer.board, next - 1);
		assert_int_equal(peer.board.strokes + peer.board.next_sequence, strokes);
		board_model_advance(&peer.board, 1);
		assert_true(peer.board.strokes + peer.board.next_sequence > strokes);
		beat(&peer);
	}
	peer.board.mischief.hang_us = 1234;
	assert_int_equal(board_model_next_us(&peer.board), 1234);
}

/** Dots as the document has them: contacts of several strokes, about one a second, a few out of the window.
 */
static void test_hand_makes_about_a_dot_a_second(void **state)
{
	static const char *const types[] = { "normal", "scar", "atrophic", "plug" };

	for (size_t type = 0; type < sizeof types / sizeof *types; type++) {
		SkinModel skin;
		uint32_t dots = 0, in_contact = 0, outside = 0;
		bool touched = false;

		skin_model_init(&skin, 3);
		skin_model_move(&skin, "crown", types[type]);
		for (uint64_t now = 0; now < 1000 * 1000000ULL; now += 8333) {
			SkinStroke stroke = skin_model_stroke(&skin, now, 800, 90);

			if (stroke.depth_um > 0) {
				dots += !touched;
				in_contact++;
				outside += stroke.depth_um < 400 || stroke.depth_um > 1200;
				assert_true(stroke.depth_um < 1500);
				assert_true(stroke.resistance_mn > 40 && stroke.resistance_mn < 800);
			} else {
				assert_int_equal(stroke.resistance_mn, 0);
			}
			touched = stroke.depth_um > 0;
		}
		assert_true(dots > 900 && dots < 1500);
		assert_true(in_contact / dots >= 7 && in_contact / dots <= 14);
		assert_true(outside > in_contact / 200 && outside < in_contact / 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_vector),
		cmocka_unit_test(test_frame_round_trip),
		cmocka_unit_test(test_every_flipped_bit_is_found),
		cmocka_unit_test(test_payload_round_trips),
		cmocka_unit_test(test_arming_needs_everything),
		cmocka_unit_test(test_strokes_arrive_once),
		cmocka_unit_test(test_corrupted_frames_lose_nothing),
		cmocka_unit_test(test_replayed_command_runs_once),
		cmocka_unit_test(test_frames_of_another_link_are_ignored),
		cmocka_unit_test(test_stop_flag_stops),
		cmocka_unit_test(test_watchdog_stops),
		cmocka_unit_test(test_faults_latch_their_first_cause),
		cmocka_unit_test(test_limits_and_chip_stop),
		cmocka_unit_test(test_fast_mechanics_keep_the_watchdog),
		cmocka_unit_test(test_resending_goes_as_the_document_shows),
		cmocka_unit_test(test_overrun_stops_and_loses_no_stroke),
		cmocka_unit_test(test_commands_wait_for_room),
		cmocka_unit_test(test_new_link_forgets_all_but_the_fault),
		cmocka_unit_test(test_without_a_common_version_nothing_runs),
		cmocka_unit_test(test_armed_board_refuses_what_would_change_it),
		cmocka_unit_test(test_reset_keeps_the_causes_that_are_there),
		cmocka_unit_test(test_next_time_is_when_something_happens),
		cmocka_unit_test(test_hand_makes_about_a_dot_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
