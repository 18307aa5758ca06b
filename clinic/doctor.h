/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * stipple-clinicd doctor: goes through what the server needs and says of each thing whether it is good, and
 * what to do. It changes nothing.
 */

#include <jansson.h>

#include "owned-file.h"
#include "program.h"

typedef struct Doctor {
	Program *program;
	json_t *checks; /* {"name", "good", "text"} each */
	bool bad;       /* one of them is */
	Owner owner;    /* who runs the server: the database knows that user */
} Doctor;

/** One result; `format`: what was found and, when it is not good, the next step. */
void doctor_say(Doctor *doctor, const char *name, bool good, const char *format, ...) _printf_(4, 5);

/** Keys and certificates, disk, backups. */
void doctor_check_files(Doctor *doctor);
/** The database: version, tables, clock, replication. */
void doctor_check_database(Doctor *doctor);
/** Each Patroni of [database] patroni. */
void doctor_check_patroni(Doctor *doctor);

/** The command: COMMAND_BAD when something is not good. */
int doctor_run(Program *program, char **words, Error *error) _must_check_;
