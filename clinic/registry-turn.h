/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One transaction that answers many requests: it reads all that they are about, decides in memory under the
 * lock on the registry's log, and writes all that changed. Two round trips, however many requests.
 * Nothing outside registry-*.c includes this.
 */

#include "database-array.h"
#include "registry-ask.h"
#include "registry-batch.h"

enum { TURN_ASKS_MAX = 1000 };

typedef struct TurnStation {
	const char *id, *name, *origin, *key;
	bool active;
} TurnStation;

/** A cartridge that a request is about, as it is, or will be. */
typedef struct TurnUnit {
	const char *unit, *lot;
	const char *station, *holder; /* id and name; NULL: nobody has it */
	const char *granted;          /* NULL: never */
	const char *claimed, *claim_request;
	bool written_off, changed;
	char grant_text[NUMBER_MAX];
} TurnUnit;

typedef struct TurnLot {
	const char *lot, *gtin, *status;
	long long quantity, next;
} TurnLot;

/** A range that this turn grants. */
typedef struct TurnRange {
	char unit[2 * UNIT_MAX + 16];
	const char *lot, *station;
	long long first, last;
	uint64_t granted;
} TurnRange;

/** What the station's log was at its start, and what is known of it. */
typedef struct TurnLog {
	const char *station;
	long long pending_size;
	long long shown_size;
	const char *note; /* taken at the shown size; NULL none */
} TurnLog;

/** What a turn finds out about a cloned card. */
typedef struct TurnFinding {
	const char *station, *says, *note, *other_note;
	uint64_t leaf;
} TurnFinding;

enum {
	TURN_BEGIN,
	TURN_LOGS,
	TURN_HEAD,
	TURN_STATIONS,
	TURN_REQUESTS,
	TURN_UNITS,
	TURN_RANGES,
	TURN_LOTS,
	TURN_READS,
};

typedef struct Turn {
	const Registry *registry;
	PGconn *connection;
	Ask **asks;
	size_t n_asks;
	PGresult *rows[TURN_READS];
	RegistryHead head;
	RegistryBatch *batch;
	const char *now;
	TurnStation *stations;
	size_t n_stations;
	json_t *unit_numbers; /* of a unit's name in `units` */
	TurnUnit *units;
	size_t n_units;
	TurnLot *lots;
	size_t n_lots;
	TurnLog *logs;
	size_t n_logs;
	TurnRange *ranges;
	size_t n_ranges;
	TurnFinding *findings;
	size_t n_findings;
	Error error;
} Turn;

/** Begins the transaction, and reads what the asks are about. */
int turn_read(Turn *turn) _must_check_;
/** Writes what changed, keeps the answers, and commits. */
int turn_write(Turn *turn) _must_check_;
void turn_clear(Turn *turn);

/** NULL: no such station. */
TurnStation *turn_station(const Turn *turn, const char *name);
/** Of one that an ask names: never NULL. */
TurnUnit *turn_unit(const Turn *turn, const char *unit);
/** The station's log at its start; NULL: it has no mirror. */
const TurnLog *turn_log(const Turn *turn, const char *station, uint64_t shown_size);

/** Decides one ask: its answer, leaves, and what changes. Negative: the turn fails. */
int registry_decide(Turn *turn, Ask *ask) _must_check_;
int registry_decide_boot(Turn *turn, Ask *ask, TurnStation *station) _must_check_;
/** Adds a leaf about a station for an ask, whose proof goes into the answer as `name`. */
int turn_add_leaf(Turn *turn, Ask *ask, const TurnStation *station, const char *kind, const char *name,
	json_t *more) _must_check_;

/**
 * Claims of what stations hold, without a leaf: one statement. Those that it does not answer need a turn.
 */
int registry_claim_held(
	const Registry *registry, PGconn *connection, Ask **asks, size_t n, Error *error) _must_check_;
/** Answers all of them. */
int registry_take_turn(
	const Registry *registry, PGconn *connection, Ask **asks, size_t n, Error *error) _must_check_;
