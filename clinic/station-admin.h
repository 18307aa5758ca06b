/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What an administrator does with stations: invite, list, revoke. Each is a command. */

#include "program.h"

int station_invite_run(Program *program, char **words, Error *error) _must_check_;
int station_list_run(Program *program, char **words, Error *error) _must_check_;
int station_revoke_run(Program *program, char **words, Error *error) _must_check_;
