/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The SQL of the ledger, as the files in sql/ have it: embed.py makes C of them.
 */

#include "ledger/ledger-private.h"

/** Element N: tables and views that make version N + 1 of version N. */
extern const char *const sql_schema[LEDGER_SCHEMA_VERSION];

typedef enum ArgumentType {
	ARGUMENT_TEXT,
	ARGUMENT_NUMBER,
	ARGUMENT_TIME,
} ArgumentType;

typedef struct Argument {
	const char *name; /* NULL ends a list */
	ArgumentType type;
	const char *where; /* condition that it adds where it is given; NULL: it stands in the statement */
	bool needed;
	bool figure; /* of a compliance profile */
} Argument;

struct LedgerQuery {
	const char *name;
	const char *select; /* to the end of WHERE */
	const char *order;  /* what comes behind the conditions */
	const Argument *arguments;
	bool lookup_only; /* the station's own business, not for an auditor's stream: it shows PIN hashes */
};

/** All questions, in the order of meson.build; ends with an element whose name is NULL. */
extern const LedgerQuery sql_questions[];

/** What a record of a kind changes in the tables. */
typedef struct Projecting {
	const char *kind;              /* NULL ends the list */
	const char *const *statements; /* run in this order; ends with NULL */
} Projecting;

extern const Projecting sql_projecting[];

/** The tables that these fill, in an order in which they can be emptied; ends with NULL. */
extern const char *const sql_tables[];

/** Fills the table of days, the last step of filling the tables anew. */
extern const char sql_days[];
