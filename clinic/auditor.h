/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The command `auditor NAME FOLDER`. */

#include "program.h"

/**
 * Makes a folder with what an auditor's stipplectl needs: a certificate that lets its owner read all records,
 * its key, the authority's certificate, and the public keys to pin. -EINVAL for a name that cannot be,
 * -EEXIST.
 */
int auditor_run(Program *program, char **words, Error *error) _must_check_;
