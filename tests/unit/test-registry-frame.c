/* SPDX-License-Identifier: Apache-2.0 */

/** Frames between daemon and stipple-registryd: nothing but a whole one is taken. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "frame/registry-frame.h"

/** A packet in memory of exactly its size, so that a sanitizer sees a read behind it. */
typedef struct Packet {
	uint8_t *bytes;
	size_t size;
} Packet;

static void packet_done(Packet *packet)
{
	free(packet->bytes);
}

static Packet make_packet(RegistryFrame *frame, const char *first, const char *second)
{
	size_t fixed = registry_frame_size((RegistryKind)frame->head.kind);
	Packet packet;

	if (*first || *second)
		assert_int_equal(registry_frame_attach(frame, strlen(first), strlen(second)), 0);
	packet.size = frame->head.size;
	packet.bytes = malloc(packet.size);
	assert_non_null(packet.bytes);
	assert_int_equal(packet.size, fixed + strlen(first) + strlen(second));
	memcpy(packet.bytes, frame, fixed);
	memcpy(packet.bytes + fixed, first, strlen(first));
	memcpy(packet.bytes + fixed + strlen(first), second, strlen(second));
	return packet;
}

static Packet make_kind(RegistryKind kind)
{
	RegistryFrame frame;

	registry_frame_init(&frame, kind);
	return make_packet(&frame, kind == REGISTRY_ASK || kind == REGISTRY_LEAF ? "{\"a\":1}" : "",
		kind == REGISTRY_LEAF ? "proof" : "");
}

static int read_bytes_of(const void *bytes, size_t size)
{
	_cleanup_(freep) void *exact = malloc(size ? size : 1);
	RegistryFrame frame;
	RegistryBytes first, second;

	assert_non_null(exact);
	memcpy(exact, bytes, size);
	return registry_frame_read(exact, size, &frame, &first, &second);
}

static void test_what_was_made_is_taken(void **state)
{
	for (int kind = 0; kind < REGISTRY_KIND_MAX; kind++) {
		_cleanup_(packet_done) Packet packet = make_kind((RegistryKind)kind);
		RegistryFrame frame;
		RegistryBytes first, second;

		assert_int_equal(registry_frame_read(packet.bytes, packet.size, &frame, &first, &second), 0);
		assert_int_equal(frame.head.kind, kind);
		if (kind == REGISTRY_LEAF) {
			assert_int_equal(first.size, 7);
			assert_memory_equal(first.data, "{\"a\":1}", 7);
			assert_int_equal(second.size, 5);
			assert_memory_equal(second.data, "proof", 5);
		} else {
			assert_int_equal(first.size, kind == REGISTRY_ASK ? 7 : 0);
			assert_int_equal(second.size, 0);
		}
	}
}

/** Each byte short, one too long, and each byte of the head changed. */
static void test_what_is_not_whole_is_refused(void **state)
{
	for (int kind = 0; kind < REGISTRY_KIND_MAX; kind++) {
		_cleanup_(packet_done) Packet packet = make_kind((RegistryKind)kind);
		_cleanup_(freep) uint8_t *longer = calloc(1, packet.size + 1);

		for (size_t size = 0; size < packet.size; size++)
			assert_int_equal(read_bytes_of(packet.bytes, size), -EBADMSG);
		assert_non_null(longer);
		memcpy(longer, packet.bytes, packet.size);
		assert_int_equal(read_bytes_of(longer, packet.size + 1), -EBADMSG);
		for (size_t i = 0; i < offsetof(RegistryHead, reserved); i++) {
			packet.bytes[i] ^= 0x40;
			assert_int_equal(read_bytes_of(packet.bytes, packet.size), -EBADMSG);
			packet.bytes[i] ^= 0x40;
		}
	}
}

/** Lengths of the bytes behind that do not add up, or wrap around. */
static void test_no_length_is_believed(void **state)
{
	static const uint32_t lengths[] = { 0, 6, 8, 100, REGISTRY_LEAF_MAX, UINT32_MAX, UINT32_MAX - 11,
		0x80000000U };
	RegistryFrame frame;

	for (size_t i = 0; i < ELEMENTS(lengths); i++) {
		_cleanup_(packet_done) Packet leaf = make_kind(REGISTRY_LEAF);
		_cleanup_(packet_done) Packet ask = make_kind(REGISTRY_ASK);

		memcpy(leaf.bytes + offsetof(RegistryLeaf, leaf_size), &lengths[i], sizeof lengths[i]);
		assert_int_equal(read_bytes_of(leaf.bytes, leaf.size), -EBADMSG);
		memcpy(ask.bytes + offsetof(RegistryAsk, body_size), &lengths[i], sizeof lengths[i]);
		assert_int_equal(read_bytes_of(ask.bytes, ask.size), -EBADMSG);
	}
	registry_frame_init(&frame, REGISTRY_LEAF);
	assert_int_equal(registry_frame_attach(&frame, REGISTRY_LEAF_MAX + 1, 0), -EMSGSIZE);
	assert_int_equal(registry_frame_attach(&frame, 1, REGISTRY_PROOF_MAX + 1), -EMSGSIZE);
	assert_int_equal(registry_frame_attach(&frame, REGISTRY_LEAF_MAX, REGISTRY_PROOF_MAX), 0);
	assert_in_range(frame.head.size, 0, REGISTRY_PACKET_MAX);
	registry_frame_init(&frame, REGISTRY_ASK);
	assert_int_equal(registry_frame_attach(&frame, REGISTRY_BODY_MAX + 1, 0), -EMSGSIZE);
	assert_int_equal(registry_frame_attach(&frame, 1, 1), -EMSGSIZE);
	registry_frame_init(&frame, REGISTRY_NEWS);
	assert_int_equal(registry_frame_attach(&frame, 1, 0), -EMSGSIZE);
}

static void test_choices_and_texts_are_what_they_can_be(void **state)
{
	RegistryFrame frame, got;
	RegistryBytes first, second;

	registry_frame_init(&frame, REGISTRY_REPORT);
	snprintf(frame.report.text, sizeof frame.report.text, "server\naway \xc3 \x1b[31m");
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), 0);
	assert_string_equal(got.report.text, "server?away ? ?[31m");
	frame.report.connected = 2;
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), -EBADMSG);
	frame.report.connected = 1;
	frame.report.warnings = REGISTRY_WARN_ALL;
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), 0);
	frame.report.warnings = REGISTRY_WARN_ALL + 1;
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), -EBADMSG);
	registry_frame_init(&frame, REGISTRY_HELLO);
	memset(frame.hello.origin, 'x', sizeof frame.hello.origin);
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), -EBADMSG);
	registry_frame_init(&frame, REGISTRY_ANSWER);
	frame.answer.status = REGISTRY_STATUS_MAX;
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), -EBADMSG);
	registry_frame_init(&frame, REGISTRY_ASK);
	frame.ask.what = REGISTRY_WHAT_MAX;
	assert_int_equal(registry_frame_read(&frame, frame.head.size, &got, &first, &second), -EBADMSG);
}

static void test_each_ask_has_a_name_of_its_own(void **state)
{
	for (int what = 0; what < REGISTRY_WHAT_MAX; what++) {
		assert_true(*registry_what_to_string((RegistryWhat)what));
		for (int other = 0; other < what; other++)
			assert_string_not_equal(registry_what_to_string((RegistryWhat)what),
				registry_what_to_string((RegistryWhat)other));
	}
	assert_string_equal(registry_what_to_string(REGISTRY_WHAT_MAX), "");
	assert_string_equal(registry_what_to_string(REGISTRY_WHAT_INVALID), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_made_is_taken),
		cmocka_unit_test(test_what_is_not_whole_is_refused),
		cmocka_unit_test(test_no_length_is_believed),
		cmocka_unit_test(test_choices_and_texts_are_what_they_can_be),
		cmocka_unit_test(test_each_ask_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
