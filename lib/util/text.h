/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Names of enum values, and checks of untrusted text. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/cleanup.h"

/**
 * Defines `prefix_to_string(type)` (NULL when out of range) and `prefix_from_string(text)` (-EINVAL when
 * unknown) over a table `names` of TYPE_MAX strings.
 */
#define DEFINE_STRING_TABLE(prefix, type, names)                        \
	const char *prefix##_to_string(type value)                      \
	{                                                               \
		if ((int)value < 0 || (size_t)value >= ELEMENTS(names)) \
			return NULL;                                    \
		return names[value];                                    \
	}                                                               \
	type prefix##_from_string(const char *text)                     \
	{                                                               \
		for (size_t i = 0; text && i < ELEMENTS(names); i++)    \
			if (names[i] && strcmp(names[i], text) == 0)    \
				return (type)i;                         \
		return (type)(-EINVAL);                                 \
	}                                                               \
	struct string_table_semicolon_##prefix

#define DECLARE_STRING_TABLE(prefix, type)          \
	const char *prefix##_to_string(type value); \
	type prefix##_from_string(const char *text)

/**
 * Decodes the first character of `text`, which has `size` bytes (at least 1). Returns its length, or 0 when
 * it is truncated, malformed, overlong or a surrogate.
 */
size_t text_decode_utf8(const char *text, size_t size, uint32_t *ret);

/**
 * True when `text` is non-empty, at most `limit` bytes, valid UTF-8 and without control characters: what the
 * station accepts as a name, a lot, a note or a pseudonym.
 */
bool text_is_printable(const char *text, size_t limit);

/** Whether `word` is one of `list`, whose words are separated by blanks or commas. */
bool text_list_has(const char *list, const char *word);
/** Whether the two lists have a word in common. */
bool text_lists_meet(const char *a, const char *b);

/** Like text_is_printable(), but only letters, digits, '-', '_' and '.', for use in a path or a topic. */
bool text_is_identifier(const char *text, size_t limit);

/**
 * Whether this is a number as people write it: an optional sign, digits, and optionally a point with more
 * digits. strtod() alone also accepts hexadecimal numbers, powers of ten, words and leading blanks.
 */
bool text_is_decimal(const char *text);

/**
 * Replaces every byte that is not valid UTF-8 by '?', such as half a character in a truncated sentence: a
 * message bus disconnects whoever sends such text. Works in place; returns `text`.
 */
char *text_repair(char *text);

/**
 * Joins `n` texts and a NUL in *text, which the caller owns; it is NULL at first, and grows with its
 * *capacity. *ret_size is the length without the NUL. 0 or -ENOMEM.
 */
int text_join(
	const char *const *parts, size_t n, char **text, size_t *capacity, size_t *ret_size) _must_check_;

/** Writes the last `n` decimal digits of `number` (not negative), with leading zeros and without NUL. */
void text_write_digits(char *to, unsigned n, int64_t number);
