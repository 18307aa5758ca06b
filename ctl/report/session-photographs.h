/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The photographs of a session, zone by zone. */

#include <stdio.h>

#include "report/report.h"

void session_put_photographs(FILE *stream, const Report *report);
