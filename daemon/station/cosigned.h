/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Keeps the checkpoint of this station's log that witnesses cosigned, beside the ledger. */

#include "station/station.h"
#include "tlog/note.h"

typedef struct Cosigning {
	char *note; /* that is being kept; NULL: none is */
	char *ledger;
	char key[NOTE_KEY_MAX]; /* of this station's log */
	int result;
} Cosigning;

/** At the end, when the worker has ended. */
void cosigned_forget(Cosigning *cosigning);
