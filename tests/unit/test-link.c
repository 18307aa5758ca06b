/* SPDX-License-Identifier: Apache-2.0 */

/** The station's link engine against a scripted peer, and against the board model over a bad wire. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "board-model.h"
#include "control/board-frames.h"

#define MS 1000000LL

enum { NUMBER = 0x4711, OLD_FRAMES = 32, STEPS = 20000, STEP_US = 1000, SETTLE = 2000 };

/* ---- a scripted peer ---- */

typedef struct Peer {
	uint16_t sequence, flags, link;
	uint32_t time_us;
	uint8_t fault;
} Peer;

static LinkEvent say(Link *link, const Peer *peer, Frame frame, bool room)
{
	uint8_t bytes[STIPPLE_FRAME_BYTES];

	frame.marker = FRAME_FROM_BOARD;
	frame.link = peer->link;
	frame.sequence = peer->sequence;
	frame.time_us = peer->time_us;
	frame.flags = peer->flags;
	frame.fault = peer->fault;
	frame_encode(&frame, bytes);
	return link_take(link, bytes, peer->time_us * 1000LL, room);
}

static Frame compose(Link *link)
{
	uint8_t bytes[STIPPLE_FRAME_BYTES];
	Frame frame;

	link_compose(link, 0, bytes);
	assert_int_equal(frame_decode(bytes, FRAME_FROM_STATION, &frame), FRAME_OK);
	return frame;
}

static Frame one_sample(uint32_t time_us)
{
	Frame frame = { 0 };

	payload_put_samples(&frame, &(StrokeSample){ .time_us = time_us }, 1);
	return frame;
}

static void test_command_is_sent_until_it_is_answered(void **state)
{
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 1 };
	Frame command = { 0 }, answer = { 0 }, sent;

	link_start(&link, NUMBER);
	payload_put_command(&command, FRAME_STATUS);
	payload_put_result(&answer, FRAME_STATUS, BOARD_RESULT_OK);
	assert_true(link_command(&link, &command, 100 * MS));
	assert_false(link_command(&link, &command, 100 * MS));
	for (int i = 0; i < 3; i++) {
		sent = compose(&link);
		assert_int_equal(sent.type, FRAME_STATUS);
		assert_int_equal(sent.sequence, 1);
		assert_int_equal(sent.link, NUMBER);
		assert_int_equal(say(&link, &peer, (Frame){ .type = FRAME_IDLE }, true), LINK_NOTHING);
	}
	peer.sequence = 1;
	assert_int_equal(say(&link, &peer, answer, true), LINK_FRAME);
	assert_false(link.waiting);
	sent = compose(&link);
	assert_int_equal(sent.type, FRAME_IDLE);
	assert_int_equal(sent.sequence, 0);
	assert_int_equal(sent.acknowledge, 1);
	/* the same answer again is old news */
	assert_int_equal(say(&link, &peer, answer, true), LINK_NOTHING);
	assert_true(link_command(&link, &command, 200 * MS));
	assert_int_equal(compose(&link).sequence, 2);
	assert_false(link_expired(&link, 199 * MS));
	assert_true(link_expired(&link, 200 * MS));
	assert_false(link_expired(&link, 300 * MS));
}

static void test_gap_asks_again_until_the_missing_frame_comes(void **state)
{
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 1, .sequence = 2 };

	link_start(&link, NUMBER);
	assert_false(compose(&link).flags & FRAME_FLAG_AGAIN);
	assert_int_equal(say(&link, &peer, one_sample(2), true), LINK_NOTHING);
	assert_true(compose(&link).flags & FRAME_FLAG_AGAIN);
	peer.sequence = 3;
	assert_int_equal(say(&link, &peer, one_sample(3), true), LINK_NOTHING);
	assert_true(compose(&link).flags & FRAME_FLAG_AGAIN);
	assert_int_equal(compose(&link).acknowledge, 0);
	peer.sequence = 1;
	assert_int_equal(say(&link, &peer, one_sample(1), true), LINK_FRAME);
	assert_false(compose(&link).flags & FRAME_FLAG_AGAIN);
	assert_int_equal(compose(&link).acknowledge, 1);
}

static void test_without_room_the_board_keeps_its_frame(void **state)
{
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 1, .sequence = 1, .fault = BOARD_FAULT_OVERRUN };

	link_start(&link, NUMBER);
	assert_int_equal(say(&link, &peer, one_sample(1), false), LINK_FULL);
	assert_int_equal(compose(&link).acknowledge, 0);
	assert_true(compose(&link).flags & FRAME_FLAG_AGAIN);
	assert_int_equal(link.fault, BOARD_FAULT_OVERRUN);
	assert_int_equal(say(&link, &peer, one_sample(1), true), LINK_FRAME);
	assert_int_equal(compose(&link).acknowledge, 1);
}

static void test_sequence_numbers_wrap(void **state)
{
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 1 };

	link_start(&link, NUMBER);
	link.taken = 0xfffe;
	for (uint32_t i = 0; i < 3; i++) {
		peer.sequence = (uint16_t)(0xffff + i);
		assert_int_equal(say(&link, &peer, one_sample(i), true), LINK_FRAME);
		assert_int_equal(say(&link, &peer, one_sample(i), true), LINK_NOTHING);
	}
	assert_int_equal(link.taken, 1);
}

static void test_replayed_and_foreign_frames_change_nothing(void **state)
{
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 0xfffffff0u, .flags = FRAME_FLAG_ARMED };
	Peer old = peer, foreign = { .link = NUMBER + 1, .time_us = 500, .sequence = 1 };

	link_start(&link, NUMBER);
	say(&link, &peer, (Frame){ .type = FRAME_IDLE }, true);
	assert_true(link.flags & FRAME_FLAG_ARMED);
	peer.time_us = 5; /* the board's clock wraps */
	peer.flags = 0;
	peer.fault = BOARD_FAULT_OVER_FORCE;
	say(&link, &peer, (Frame){ .type = FRAME_IDLE }, true);
	assert_false(link.flags & FRAME_FLAG_ARMED);
	say(&link, &old, (Frame){ .type = FRAME_IDLE }, true);
	assert_false(link.flags & FRAME_FLAG_ARMED);
	assert_int_equal(link.fault, BOARD_FAULT_OVER_FORCE);
	assert_int_equal(link.heard_ns, 5000);
	assert_int_equal(say(&link, &foreign, one_sample(1), true), LINK_NOTHING);
	assert_int_equal(link.taken, 0);
	assert_int_equal(link.heard_ns, 5000);
}

static void test_bad_frames_in_a_row_are_counted(void **state)
{
	static const uint8_t silence[STIPPLE_FRAME_BYTES];
	Link link = { 0 };
	Peer peer = { .link = NUMBER, .time_us = 1 };

	link_start(&link, NUMBER);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(link_take(&link, silence, 0, true), LINK_BAD);
		assert_int_equal(link.bad_in_row, i);
	}
	assert_false(link.heard);
	say(&link, &peer, (Frame){ .type = FRAME_IDLE }, true);
	assert_int_equal(link.bad_in_row, 0);
	assert_int_equal(link.bad, 3);
	link_start(&link, NUMBER + 1);
	assert_int_equal(link.bad, 3);
}

/* ---- the board model over a bad wire ---- */

typedef struct Wire {
	BoardModel model;
	Link link;
	uint64_t random;
	int64_t now_ns;
	bool bad;
	uint8_t up[OLD_FRAMES][STIPPLE_FRAME_BYTES], down[OLD_FRAMES][STIPPLE_FRAME_BYTES];
	unsigned n;
	uint64_t samples;
	uint32_t last_us;
} Wire;

/** Marsaglia's xorshift64. */
static uint32_t any(Wire *wire, uint32_t below)
{
	wire->random ^= wire->random << 13;
	wire->random ^= wire->random >> 7;
	wire->random ^= wire->random << 17;
	return (uint32_t)(wire->random >> 32) % below;
}

/** Spoils one frame in four: a wrong bit, silence, or an older frame in its place. */
static void spoil(Wire *wire, uint8_t *bytes, uint8_t (*old)[STIPPLE_FRAME_BYTES])
{
	uint8_t true_bytes[STIPPLE_FRAME_BYTES];

	memcpy(true_bytes, bytes, sizeof true_bytes);
	switch (wire->bad ? any(wire, 12) : 3) {
	case 0:
		bytes[any(wire, STIPPLE_FRAME_BYTES)] ^= (uint8_t)(1 << any(wire, 8));
		break;
	case 1:
		memset(bytes, any(wire, 2) ? 0xff : 0, STIPPLE_FRAME_BYTES);
		break;
	case 2:
		memcpy(bytes, old[any(wire, OLD_FRAMES)], STIPPLE_FRAME_BYTES);
		break;
	default:
		break;
	}
	memcpy(old[wire->n % OLD_FRAMES], true_bytes, sizeof true_bytes);
}

static void take_samples(Wire *wire)
{
	StrokeSample samples[FRAME_SAMPLES_MAX];
	int n = payload_get_samples(&wire->link.received, samples);

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		assert_true(wire->samples == 0 || samples[i].time_us > wire->last_us);
		wire->last_us = samples[i].time_us;
		wire->samples++;
	}
}

static void exchange(Wire *wire)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];

	board_model_advance(&wire->model, STEP_US);
	wire->now_ns += STEP_US * 1000;
	link_compose(&wire->link, wire->now_ns, tx);
	spoil(wire, tx, wire->down);
	board_model_transfer(&wire->model, tx, rx);
	spoil(wire, rx, wire->up);
	wire->n++;
	if (link_take(&wire->link, rx, wire->now_ns, !wire->bad || any(wire, 10) > 0) == LINK_FRAME &&
		wire->link.received.type == FRAME_SAMPLES)
		take_samples(wire);
}

static void run_command(Wire *wire, const Frame *frame)
{
	BoardResult result = BOARD_RESULT_INVALID;

	assert_true(link_command(&wire->link, frame, wire->now_ns + 10000 * MS));
	for (int i = 0; i < 1000 && wire->link.waiting; i++)
		exchange(wire);
	assert_false(wire->link.waiting);
	assert_true(payload_get_result(&wire->link.received, &result));
	assert_int_equal(result, BOARD_RESULT_OK);
}

static void start(Wire *wire)
{
	Frame hello = { 0 }, configure = { 0 }, arm = { 0 };

	link_start(&wire->link, NUMBER);
	payload_put_hello(&hello, &(HelloPayload){ FRAME_PROTOCOL_VERSION, FRAME_PROTOCOL_VERSION });
	payload_put_settings(&configure, &(BoardSettings){ 800, 2500, 150, 90, 1900 });
	payload_put_arm(&arm, &(ArmPayload){ .claim = 12 });
	run_command(wire, &hello);
	run_command(wire, &configure);
	run_command(wire, &arm);
	board_model_set_enable(&wire->model, true);
	board_model_set_pedal(&wire->model, true);
}

static void test_no_stroke_is_lost_doubled_or_reordered(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		BoardModelConfig config = {
			.identity = board_model_identity, .mechanics_scale = 1, .seed = 1
		};
		Wire wire = { .random = seed * 0x9e3779b97f4a7c15u, .bad = true };
		Frame status = { 0 };

		board_model_init(&wire.model, &config);
		start(&wire);
		payload_put_command(&status, FRAME_STATUS);
		for (int i = 0; i < STEPS; i++) {
			exchange(&wire);
			if (i % 1000 == 0)
				run_command(&wire, &status);
		}
		board_model_set_pedal(&wire.model, false);
		wire.bad = false;
		for (int i = 0; i < SETTLE; i++)
			exchange(&wire);
		assert_int_equal(wire.model.fault, BOARD_FAULT_NONE);
		assert_true(wire.samples > 1000);
		assert_int_equal(wire.samples, wire.model.strokes);
		assert_true(wire.link.bad > 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_is_sent_until_it_is_answered),
		cmocka_unit_test(test_gap_asks_again_until_the_missing_frame_comes),
		cmocka_unit_test(test_without_room_the_board_keeps_its_frame),
		cmocka_unit_test(test_sequence_numbers_wrap),
		cmocka_unit_test(test_replayed_and_foreign_frames_change_nothing),
		cmocka_unit_test(test_bad_frames_in_a_row_are_counted),
		cmocka_unit_test(test_no_stroke_is_lost_doubled_or_reordered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
