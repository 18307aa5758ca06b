/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the cells of a row, each by its type. Nothing else may read cells from SQLite. A cell of another type
 * must count as absent.
 */

#include "ledger/column.h"

#include <string.h>

const char *column_text(sqlite3_stmt *row, int i)
{
	const char *text;

	if (sqlite3_column_type(row, i) != SQLITE_TEXT)
		return NULL;
	text = (const char *)sqlite3_column_text(row, i);
	/* the size also counts bytes after a NUL; NULL means out of memory */
	return text && strlen(text) == (size_t)sqlite3_column_bytes(row, i) ? text : NULL;
}

const char *column_string(sqlite3_stmt *row, int i)
{
	const char *text = column_text(row, i);

	return text ? text : "";
}

DigestPart column_raw_text(sqlite3_stmt *row, int i)
{
	return sqlite3_column_type(row, i) == SQLITE_TEXT ? column_bytes(row, i) : (DigestPart){ 0 };
}

DigestPart column_bytes(sqlite3_stmt *row, int i)
{
	int type = sqlite3_column_type(row, i);
	DigestPart bytes = { 0 };

	if (type != SQLITE_BLOB && type != SQLITE_TEXT)
		return bytes;
	bytes.data = sqlite3_column_blob(row, i);
	bytes.size = (size_t)sqlite3_column_bytes(row, i);
	/* SQLite gives NULL for an empty blob, and when it runs out of memory */
	if (!bytes.data && bytes.size == 0)
		bytes.data = "";
	if (!bytes.data)
		bytes.size = 0;
	return bytes;
}

bool column_is_digest(sqlite3_stmt *row, int i, const uint8_t *hash)
{
	DigestPart bytes;

	if (sqlite3_column_type(row, i) != SQLITE_BLOB)
		return false;
	bytes = column_bytes(row, i);
	return bytes.size == DIGEST_BYTES && memcmp(bytes.data, hash, DIGEST_BYTES) == 0;
}

bool column_number(sqlite3_stmt *row, int i, int64_t *ret)
{
	if (sqlite3_column_type(row, i) != SQLITE_INTEGER)
		return false;
	*ret = sqlite3_column_int64(row, i);
	return true;
}

int64_t column_integer(sqlite3_stmt *row, int i)
{
	int64_t number = 0;

	(void)column_number(row, i, &number);
	return number;
}

double column_real(sqlite3_stmt *row, int i)
{
	int type = sqlite3_column_type(row, i);

	return type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_column_double(row, i) : 0;
}

bool column_is_null(sqlite3_stmt *row, int i)
{
	return sqlite3_column_type(row, i) == SQLITE_NULL;
}
