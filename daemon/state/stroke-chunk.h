/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Stroke samples in compact form: each field is the zigzag varint of its difference from the previous sample,
 * about 7 bytes per stroke. docs/ledger.md describes this encoding, "stroke-delta-1".
 */

#include <stdbool.h>
#include <stdint.h>

#include "stipple/board-frame.h"
#include "util/cleanup.h"

#define STROKE_CHUNK_ENCODING "stroke-delta-1"

enum {
	STROKE_CHUNK_SAMPLES = 4096,
	STROKE_CHUNK_SAMPLE_MAX = 17, /* bytes: 5 of time, 3 of each other field */
	STROKE_CHUNK_BYTES_MAX = STROKE_CHUNK_SAMPLES * STROKE_CHUNK_SAMPLE_MAX,
};

typedef struct StrokeChunk {
	uint32_t samples;
	uint32_t bytes;
	StrokeSample last;
	uint8_t data[STROKE_CHUNK_BYTES_MAX];
} StrokeChunk;

void stroke_chunk_clear(StrokeChunk *chunk);
/** False when the chunk is full; the sample was not taken. */
bool stroke_chunk_add(StrokeChunk *chunk, const StrokeSample *sample);
/**
 * Decodes up to `max` samples. Returns their number; -EBADMSG when malformed or longer than `max`: `ret` then
 * holds the samples decoded so far.
 */
int stroke_chunk_decode(const uint8_t *data, uint32_t size, StrokeSample *ret, uint32_t max) _must_check_;
