/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Packs a proof into the letters of a QR code and reads it back. It must not verify anything: nobody may
 * rely on it for what the proof says.
 */

#include "report/proof-code.h"

#include <stdint.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#define PREFIX "STIPPLE1:"

enum { BASE = 45, PROOF_MAX = 1 << 20, WINDOW = -15 /* raw deflate, the widest window */ };

static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/* ---- base45 ---- */

static size_t write_letters(const uint8_t *data, size_t size, char *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i += 2) {
		bool pair = i + 1 < size;
		unsigned value = pair ? data[i] * 256u + data[i + 1] : data[i];

		ret[used++] = letters[value % BASE];
		ret[used++] = letters[value / BASE % BASE];
		if (pair)
			ret[used++] = letters[value / BASE / BASE];
	}
	return used;
}

static bool read_letters(const char *text, size_t length, uint8_t *ret, size_t *ret_size)
{
	size_t used = 0;

	if (length % 3 == 1)
		return false;
	for (size_t i = 0; i < length; i += 3) {
		size_t n = length - i < 3 ? 2 : 3;
		unsigned value = 0, weight = 1;

		for (size_t j = 0; j < n; j++, weight *= BASE) {
			const char *letter = text[i + j] ? strchr(letters, text[i + j]) : NULL;

			if (!letter)
				return false;
			value += (unsigned)(letter - letters) * weight;
		}
		if (value > (n == 3 ? 0xffffu : 0xffu))
			return false;
		if (n == 3)
			ret[used++] = (uint8_t)(value >> 8);
		ret[used++] = (uint8_t)value;
	}
	*ret_size = used;
	return true;
}

/* ---- codes ---- */

char *proof_code_write(const char *proof)
{
	_cleanup_(freep) uint8_t *packed = NULL;
	z_stream stream = { 0 };
	size_t length = strlen(proof), used;
	char *code = NULL;

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	stream.avail_out = (uInt)deflateBound(&stream, length);
	packed = malloc(stream.avail_out);
	stream.next_out = packed;
	stream.next_in = (const Bytef *)proof;
	stream.avail_in = (uInt)length;
	if (packed && deflate(&stream, Z_FINISH) == Z_STREAM_END)
		code = malloc(sizeof PREFIX + stream.total_out * 2 + 3);
	deflateEnd(&stream);
	if (!code)
		return NULL;
	memcpy(code, PREFIX, sizeof PREFIX - 1);
	used = write_letters(packed, stream.total_out, code + sizeof PREFIX - 1);
	code[sizeof PREFIX - 1 + used] = '\0';
	return code;
}

bool proof_code_is(const char *text)
{
	text += strspn(text, " \t\r\n");
	return strncmp(text, PREFIX, sizeof PREFIX - 1) == 0;
}

static int unpack(uint8_t *packed, size_t size, char **ret)
{
	_cleanup_(freep) char *proof = malloc(PROOF_MAX + 1);
	z_stream stream = { 0 };
	int r;

	if (!proof || inflateInit2(&stream, WINDOW) != Z_OK)
		return -ENOMEM;
	stream.next_in = packed;
	stream.avail_in = (uInt)size;
	stream.next_out = (Bytef *)proof;
	stream.avail_out = PROOF_MAX;
	r = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (r == Z_BUF_ERROR && stream.avail_out == 0)
		return -E2BIG;
	if (r != Z_STREAM_END || stream.avail_in > 0 || memchr(proof, '\0', stream.total_out))
		return -EBADMSG;
	proof[stream.total_out] = '\0';
	*ret = TAKE_PTR(proof);
	return 0;
}

int proof_code_read(const char *text, char **ret)
{
	_cleanup_(freep) uint8_t *packed = NULL;
	size_t length, size = 0;

	if (!proof_code_is(text))
		return -EBADMSG;
	text += strspn(text, " \t\r\n") + sizeof PREFIX - 1;
	length = strlen(text);
	while (length > 0 && strchr("\t\r\n", text[length - 1]))
		length--;
	packed = malloc(length + 1);
	if (!packed)
		return -ENOMEM;
	if (!read_letters(text, length, packed, &size))
		return -EBADMSG;
	return unpack(packed, size, ret);
}
