/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * How a station joins: with a one-time code it binds the key of its certificate and the key of its log to its
 * name. A code is kept as a hash, is used once, and is locked after ENROLMENT_TRIES wrong secrets.
 */

#include <stdbool.h>

#include <jansson.h>

#include "certificate.h"
#include "database.h"
#include "rate-limit.h"
#include "tlog/note.h"
#include "util/invitation-code.h"

enum {
	ENROLMENT_TRIES = 5,
	ENROLMENT_MINUTES = 60, /* a code is valid for */
	ENROLMENT_SALT_BYTES = 16,
};

typedef struct Enrolment {
	Database *database;
	const NoteSigner *registry, *mirror;
	Authority *authority; /* NULL: certificates are made elsewhere, and nobody can join */
	RateLimit *limit;
	unsigned station_days; /* of a station's certificate */
} Enrolment;

/** The hash of a code's secret that the database keeps. Slow on purpose. -EIO. */
int enrolment_hash(const Invitation *invitation, const uint8_t salt[ENROLMENT_SALT_BYTES],
	uint8_t ret[DIGEST_BYTES]) _must_check_;

/**
 * Appends a leaf about the log `origin` to the registry's log, within the caller's transaction. Takes `more`,
 * what this kind of leaf has besides; NULL: no memory. -EKEYEXPIRED as registry_may_append(); else as in
 * database.h.
 */
int enrolment_append_leaf(PGconn *connection, const NoteSigner *registry, const char *kind,
	const char *origin, json_t *more, Error *error) _must_check_;

/** Whether a station's certificate was revoked; *ret is then true. Errors as in database.h. */
int enrolment_is_revoked(Database *database, const char *serial, bool *ret, Error *error) _must_check_;
