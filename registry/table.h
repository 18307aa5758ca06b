/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A table from 64 bits of a digest to a number: 16 bytes an entry, nothing is ever removed. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"

typedef struct Table Table;

int table_new(Table **ret) _must_check_;
/** Accepts NULL; returns NULL. */
Table *table_free(Table *table);

/** The first 64 bits of a text's SHA-256, but never 0. */
uint64_t table_hash(const char *text);

bool table_get(const Table *table, uint64_t key, uint32_t *ret) _must_check_;
/** Adds an entry or replaces its number. -ENOMEM. */
int table_put(Table *table, uint64_t key, uint32_t value) _must_check_;
