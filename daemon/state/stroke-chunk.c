/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Packs strokes into chunks and unpacks them. It allocates nothing. The decoder must not trust its input: it
 * accepts only the shortest form of a number, and never reads or writes out of bounds.
 */

#include "state/stroke-chunk.h"

#include <string.h>

/* Differences are modulo the field's width, so that a wrapped clock costs nothing. */

static uint8_t *put_varint(uint8_t *at, uint32_t value)
{
	while (value >= 0x80) {
		*at++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static uint32_t zigzag(int32_t value)
{
	return (uint32_t)value << 1 ^ (uint32_t)(value >> 31);
}

static int32_t unzigzag(uint32_t value)
{
	return (int32_t)(value >> 1 ^ -(value & 1));
}

static uint8_t *put_16(uint8_t *at, uint16_t value, uint16_t last)
{
	return put_varint(at, zigzag((int16_t)(uint16_t)(value - last)));
}

void stroke_chunk_clear(StrokeChunk *chunk)
{
	chunk->samples = 0;
	chunk->bytes = 0;
	memset(&chunk->last, 0, sizeof chunk->last);
}

bool stroke_chunk_add(StrokeChunk *chunk, const StrokeSample *sample)
{
	const StrokeSample *last = &chunk->last;
	uint8_t *at = chunk->data + chunk->bytes;

	if (chunk->samples == STROKE_CHUNK_SAMPLES)
		return false;
	at = put_varint(at, zigzag((int32_t)(sample->time_us - last->time_us)));
	at = put_16(at, sample->depth_um, last->depth_um);
	at = put_16(at, sample->resistance_mn, last->resistance_mn);
	at = put_16(at, sample->current_ma, last->current_ma);
	at = put_16(at, (uint16_t)sample->angle_cdeg, (uint16_t)last->angle_cdeg);
	chunk->bytes = (uint32_t)(at - chunk->data);
	chunk->last = *sample;
	chunk->samples++;
	return true;
}

typedef struct Cursor {
	const uint8_t *at, *end;
} Cursor;

/** False: cut short, larger than `max`, or not in its shortest form. */
static bool get_varint(Cursor *cursor, uint32_t max, uint32_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 35 && cursor->at < cursor->end; shift += 7) {
		uint8_t byte = *cursor->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (value > max || (byte == 0 && shift > 0))
			return false;
		*ret = (uint32_t)value;
		return true;
	}
	return false;
}

static bool get_16(Cursor *cursor, uint16_t last, uint16_t *ret)
{
	uint32_t value;

	if (!get_varint(cursor, UINT16_MAX, &value))
		return false;
	*ret = (uint16_t)(last + (uint16_t)unzigzag(value));
	return true;
}

static bool get_sample(Cursor *cursor, const StrokeSample *last, StrokeSample *ret)
{
	uint32_t time;
	uint16_t angle;

	if (!get_varint(cursor, UINT32_MAX, &time) || !get_16(cursor, last->depth_um, &ret->depth_um) ||
		!get_16(cursor, last->resistance_mn, &ret->resistance_mn) ||
		!get_16(cursor, last->current_ma, &ret->current_ma) ||
		!get_16(cursor, (uint16_t)last->angle_cdeg, &angle))
		return false;
	ret->time_us = last->time_us + (uint32_t)unzigzag(time);
	ret->angle_cdeg = (int16_t)angle;
	return true;
}

int stroke_chunk_decode(const uint8_t *data, uint32_t size, StrokeSample *ret, uint32_t max)
{
	Cursor cursor = { data, data + size };
	StrokeSample last = { 0 }, sample;
	uint32_t n = 0;

	while (cursor.at < cursor.end) {
		if (n == max || !get_sample(&cursor, &last, &sample))
			return -EBADMSG;
		ret[n++] = last = sample;
	}
	return (int)n;
}
