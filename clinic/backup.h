/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Backup and restore of the clinic's server. Each is a command. */

#include "program.h"

/** backup [FOLDER]: one more backup in FOLDER, or in [backup] folder, whose oldest ones are then deleted. */
int backup_run(Program *program, char **words, Error *error) _must_check_;
/** restore FOLDER: FOLDER is one backup. On a new server it also writes the keys and the configuration. */
int restore_run(Program *program, char **words, Error *error) _must_check_;
