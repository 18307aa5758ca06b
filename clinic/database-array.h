/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** An array as the value of a statement: many rows with one round trip (unnest). */

#include "database.h"

typedef struct DatabaseArray {
	FILE *stream;
	char *text;
	size_t size, n;
} DatabaseArray;

/** Begins an empty array. -ENOMEM. */
int array_begin(DatabaseArray *ret) _must_check_;
/** NULL: null. Errors of memory show at array_end(). */
void array_add_text(DatabaseArray *array, const char *text);
void array_add_number(DatabaseArray *array, long long number);
void array_add_bytes(DatabaseArray *array, const void *data, size_t size);
/** The value, which the array owns. -ENOMEM. */
int array_end(DatabaseArray *array, DatabaseValue *ret) _must_check_;
void array_clear(DatabaseArray *array);
