/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The SQL of the ledger, which embed.py turns from the files in sql/ into C. */

#include "ledger/ledger-private.h"

/** Element N: the tables and views that turn version N into version N + 1. */
extern const char *const sql_schema[LEDGER_SCHEMA_VERSION];

typedef enum ArgumentType {
	ARGUMENT_TEXT,
	ARGUMENT_NUMBER,
	ARGUMENT_TIME,
} ArgumentType;

typedef struct Argument {
	const char *name; /* NULL ends a list */
	ArgumentType type;
	const char *where; /* condition added to the statement when the argument is given; NULL: it is part of
			      the statement */
	bool needed;
	bool figure; /* a figure of the compliance profile */
} Argument;

struct LedgerQuery {
	const char *name;
	const char *select; /* the statement up to the end of WHERE */
	const char *order;  /* the text after the conditions */
	const Argument *arguments;
	bool lookup_only; /* for the station itself, not for an auditor's stream: it shows PIN hashes */
};

/** All questions, in the order of meson.build; ends with an element whose name is NULL. */
extern const LedgerQuery sql_questions[];

/** How records of one kind change the tables. */
typedef struct Projecting {
	const char *kind;              /* NULL ends the list */
	const char *const *statements; /* run in this order; ends with NULL */
} Projecting;

extern const Projecting sql_projecting[];

/** The tables that these statements fill, in an order in which they can be emptied; ends with NULL. */
extern const char *const sql_tables[];

/** Fills the table of days: the last step of a rebuild. */
extern const char sql_days[];
