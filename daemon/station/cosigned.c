/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps cosigned checkpoints, on the worker's thread. It must not keep what this station's own key has not
 * signed: who cosigned is judged by whoever reads it.
 */

#include "station/cosigned.h"

#include <string.h>

#include "ledger/cosigned.h"
#include "station/parts.h"
#include "util/log.h"

/** On the worker's thread. */
static void keep_cosigned(void *userdata)
{
	Cosigning *cosigning = userdata;
	NoteVerifier key;
	Checkpoint checkpoint;
	int r = note_verifier_parse(cosigning->key, &key, NULL);

	r = r < 0 ? r
		  : checkpoint_open(
			    cosigning->note, strlen(cosigning->note), &key, 1, NULL, &checkpoint, NULL, NULL);
	cosigning->result = r < 0 ? r : cosigned_write(cosigning->ledger, cosigning->note);
}

static void cosigned_kept(void *userdata)
{
	Cosigning *cosigning = userdata;

	if (cosigning->result < 0)
		log_warning(
			"a checkpoint that witnesses cosigned is not kept: %s", strerror(-cosigning->result));
	cosigned_forget(cosigning);
}

void cosigned_forget(Cosigning *cosigning)
{
	free(TAKE_PTR(cosigning->note));
	free(TAKE_PTR(cosigning->ledger));
}

void station_cosigned(Station *station, const char *note, size_t size)
{
	Cosigning *cosigning = &station->cosigning;
	WorkerJob job = { keep_cosigned, cosigned_kept, cosigning };

	if (cosigning->note || !station->options.ledger)
		return;
	ledger_key(station->options.ledger, cosigning->key);
	cosigning->ledger = config_ledger(station->options.config);
	cosigning->note = strndup(note, size);
	if (!cosigning->ledger || !cosigning->note || worker_run(station->worker, &job) < 0)
		cosigned_forget(cosigning);
}
