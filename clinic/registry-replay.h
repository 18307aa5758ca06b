/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * POST /registry/replay {"from", "leaves": [base64], "checkpoint"}: after a restore of an older database, a
 * station brings back the leaves of the registry's log that are missing. The checkpoint is the newest one
 * that the station has, signed by the registry's own key, and the leaves are those up to its size. A
 * checkpoint that contradicts the log here is a finding, and nothing is granted until the right backup is
 * restored.
 */

#include "route.h"

Answer registry_handle_replay(const struct Clinic *clinic, Request *request);
