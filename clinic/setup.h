/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The first setup of a clinic's server, once. */

#include "owned-file.h"
#include "program.h"

#ifndef STIPPLE_CLINIC_STATE_FOLDER
#define STIPPLE_CLINIC_STATE_FOLDER "/var/lib/stipple-clinic"
#endif
#define CLINIC_KEYS_FOLDER STIPPLE_CLINIC_STATE_FOLDER "/keys"

/** The command. */
int setup_run(Program *program, char **words, Error *error) _must_check_;
/** Who runs the server: --user, or as root the package's user, or whoever runs this. */
int setup_owner(const ProgramOptions *options, Owner *ret, Error *error) _must_check_;
/** Writes the configuration that goes with a folder of keys, unless it is there (-EEXIST). */
int setup_write_config(const Program *program, const char *host, const char *keys, const Owner *owner,
	Error *error) _must_check_;
