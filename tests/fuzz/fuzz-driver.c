/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs a fuzz target as an ordinary test: every file named on the command line as it is, cut short at many
 * lengths, and with bytes changed, removed and doubled by a generator that is the same on every run.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, ROUNDS = FUZZ_ROUNDS, CHANGES_MAX = 8 };

static uint32_t random_state = 1;

/** Numerical Recipes' linear congruential generator. */
static uint32_t any(size_t below)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

/** From memory of exactly this size, so that the sanitizer sees a read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	_cleanup_(freep) uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
}

static size_t change(uint8_t *data, size_t size)
{
	size_t at = any(size), length = 1 + any(size - at < 16 ? size - at : 16);

	switch (any(4)) {
	case 0:
		data[at] = (uint8_t)any(256);
		return size;
	case 1:
		data[at] ^= (uint8_t)(1u << any(8));
		return size;
	case 2:
		memmove(data + at, data + at + length, size - at - length);
		return size - length;
	default:
		memmove(data + at + length, data + at, size - at);
		return size + length;
	}
}

static void run_changed(const char *original, size_t size)
{
	_cleanup_(freep) uint8_t *data = malloc(size + CHANGES_MAX * 16);

	if (!data)
		abort();
	for (int round = 0; round < ROUNDS; round++) {
		size_t now = size;

		memcpy(data, original, size);
		for (uint32_t changes = 1 + any(CHANGES_MAX); changes > 0 && now > 0; changes--)
			now = change(data, now);
		run(data, now);
	}
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		_cleanup_(freep) char *text = NULL;
		size_t size, step;

		if (file_read(argv[i], INPUT_MAX, &text, &size) < 0) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
		step = 1 + size / 500;
		for (size_t length = 0; length <= size; length += step)
			run((const uint8_t *)text, length);
		run((const uint8_t *)text, size);
		if (size > 0)
			run_changed(text, size);
	}
	return 0;
}
