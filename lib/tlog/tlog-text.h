/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the text formats of this folder. Nothing outside the folder includes this. */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "tlog/merkle.h"
#include "tlog/note.h"

enum { TEXT_NUMBER_CHARS = 19 }; /* of MERKLE_SIZE_MAX */

/** A part of a text owned by somebody else; not NUL-terminated. */
typedef struct Slice {
	const char *text;
	size_t size;
} Slice;

/**
 * Takes the next line, without its newline, off the front of `rest` and counts it in `line`. False when there
 * is no further newline.
 */
bool text_next_line(Slice *rest, Slice *ret, unsigned *line);

/** Removes `word` from the front of a line; false, with the line unchanged, when it begins differently. */
bool text_take_word(Slice *line, const char *word);

/** A decimal number as RFC 6962 tools write it: digits only, no leading zero, at most MERKLE_SIZE_MAX. */
bool text_parse_number(Slice text, uint64_t *ret);

/** Valid UTF-8 without control characters below U+0020 other than newlines, as a signed note must be. */
bool text_is_note(Slice text);

/** A key's name: not empty, valid UTF-8, no control character, no Unicode space, no '+', fits NOTE_NAME_MAX.
 */
bool text_is_key_name(Slice text);

/** Encodes base64 of RFC 4648 section 4, padded. The caller owns the text; NULL when out of memory. */
char *base64_encode(const void *data, size_t size);

/**
 * Decodes only the canonical form: no spaces, no line breaks, padded, unused bits zero. The caller owns the
 * bytes. -EINVAL for any other text and for an empty one.
 */
int base64_decode(Slice text, uint8_t **ret, size_t *ret_size) _must_check_;

/** The same into exactly `size` bytes. */
int base64_decode_exactly(Slice text, void *ret, size_t size) _must_check_;
