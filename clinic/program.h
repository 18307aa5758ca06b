/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the commands of stipple-clinicd share. A command is one row of the table in main.c: its file has the
 * function, which prints what a person reads and gives 0, COMMAND_BAD or a negative errno with a sentence.
 */

#include <stdbool.h>

#include "clinic-config.h"
#include "server.h"

enum { COMMAND_BAD = 1 }; /* it did its work, and what it found is bad: status 1 without one more sentence */

typedef struct ProgramOptions {
	bool json;
	const char *host;     /* setup: the name by which the stations reach the server */
	const char *user;     /* setup, restore: who runs the server */
	const char *keys;     /* setup, restore: the folder of keys and certificates */
	const char *database; /* setup, restore: as libpq takes it */
	const char *port;     /* setup */
	const char *role;     /* person add */
} ProgramOptions;

typedef struct Program {
	const char *path; /* of the configuration */
	ProgramOptions options;
	ClinicConfig config;
	Clinic clinic;
	Database *database;
	NoteSigner *mirror, *registry;       /* keys */
	NoteSigner *mirror_ml_dsa, *witness; /* NULL: none */
	Authority *authority;                /* NULL: none */
	RateLimit *limit;
} Program;

/** What a command needs opened before it runs. */
typedef enum CommandNeeds {
	NEEDS_NOTHING,
	NEEDS_CONFIG,   /* the configuration alone */
	NEEDS_DATABASE, /* configuration, keys, and the database at this version */
} CommandNeeds;

/** `words` are those after the command's name, NULL at the end. */
typedef int (*CommandRun)(Program *program, char **words, Error *error);

typedef struct Command {
	const char *name, *words; /* as in the help text */
	int min, max;             /* words after the name */
	CommandNeeds needs;
	CommandRun run;
	const char *says;
} Command;

/** Opens keys and database. Commands with NEEDS_DATABASE find this done. */
int program_open(Program *program, Error *error) _must_check_;
