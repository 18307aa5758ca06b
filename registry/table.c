/* SPDX-License-Identifier: Apache-2.0 */

/** Open addressing with steps of one. It must not fill up beyond three quarters. */

#include "table.h"

#include <string.h>

#include "util/digest.h"

typedef struct TableEntry {
	uint64_t key; /* 0: empty */
	uint32_t value;
} TableEntry;

struct Table {
	TableEntry *entries;
	size_t n, room; /* `room` is a power of two */
};

static TableEntry *find_entry(const Table *table, uint64_t key)
{
	size_t i = key & (table->room - 1);

	while (table->entries[i].key && table->entries[i].key != key)
		i = (i + 1) & (table->room - 1);
	return &table->entries[i];
}

bool table_get(const Table *table, uint64_t key, uint32_t *ret)
{
	const TableEntry *entry = find_entry(table, key);

	if (!entry->key)
		return false;
	*ret = entry->value;
	return true;
}

static int double_table(Table *table)
{
	Table larger = { calloc(2 * table->room, sizeof *larger.entries), table->n, 2 * table->room };

	if (!larger.entries)
		return -ENOMEM;
	for (size_t i = 0; i < table->room; i++)
		if (table->entries[i].key)
			*find_entry(&larger, table->entries[i].key) = table->entries[i];
	free(table->entries);
	*table = larger;
	return 0;
}

int table_put(Table *table, uint64_t key, uint32_t value)
{
	TableEntry *entry = find_entry(table, key);

	if (!entry->key && 4 * (table->n + 1) > 3 * table->room) {
		int r = double_table(table);

		if (r < 0)
			return r;
		entry = find_entry(table, key);
	}
	if (!entry->key)
		table->n++;
	*entry = (TableEntry){ key, value };
	return 0;
}

uint64_t table_hash(const char *text)
{
	const DigestPart part = { text, strlen(text) };
	uint8_t digest[DIGEST_BYTES];
	uint64_t key;

	digest_compute(&part, 1, digest);
	memcpy(&key, digest, sizeof key);
	return key ? key : 1;
}

int table_new(Table **ret)
{
	Table *table = calloc(1, sizeof *table);

	if (!table)
		return -ENOMEM;
	table->room = 1024;
	table->entries = calloc(table->room, sizeof *table->entries);
	if (!table->entries) {
		free(table);
		return -ENOMEM;
	}
	*ret = table;
	return 0;
}

Table *table_free(Table *table)
{
	if (!table)
		return NULL;
	free(table->entries);
	free(table);
	return NULL;
}
