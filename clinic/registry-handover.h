/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Hand-over notes: cartridges went to another station without the server, and the receiver reports it. */

#include "registry-ask.h"

/**
 * Checks the note of an ASK_HANDOVER with the giver's and the registry's key, and puts "units" and "to" into
 * its body. An answer with a status is a refusal. Blocks on the database.
 */
Answer registry_open_handover(const Registry *registry, Ask *ask);
