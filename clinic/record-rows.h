/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Records on their way into the table: rows in PostgreSQL's binary format of COPY. */

#include <jansson.h>

#include "database.h"
#include "util/digest.h"

typedef struct RecordRows RecordRows;

int record_rows_new(RecordRows **ret) _must_check_;
/** Accepts NULL; returns NULL. */
RecordRows *record_rows_free(RecordRows *rows);

/**
 * Adds a record with the columns that its leaf gives; `ret_record`, the caller's, is the leaf as JSON.
 * -EBADMSG with the reason in `error` for a leaf that is no record of a station, -EIO out of memory.
 */
int record_rows_add(RecordRows *rows, const char *station, uint64_t seq, DigestPart leaf, json_t **ret_record,
	Error *error) _must_check_;
/** Makes the partitions that are missing and stores all rows. Within a transaction; errors as in database.h.
 */
int record_rows_store(RecordRows *rows, PGconn *connection, Error *error) _must_check_;
