/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges the log that a station shows after its start. One that is older than what was seen, or another of
 * the same size, comes from a restored or cloned card. It must not confirm a boot of a log that it did not
 * compare with what was seen.
 */

#include <string.h>

#include "registry-turn.h"
#include "tlog/checkpoint.h"

/** What is wrong with the log that is shown; NULL nothing. *ret_known: the checkpoint that contradicts it. */
static const char *find_contradiction(const TurnLog *log, const Checkpoint *shown, const char **ret_known)
{
	Checkpoint known;
	size_t text_size;

	*ret_known = NULL;
	if (!log)
		return NULL;
	if ((long long)shown->size < log->pending_size)
		return "it shows a log that is older than what was seen of it: its card was restored or cloned";
	if (!log->note || note_read(log->note, strlen(log->note), &text_size, NULL) < 0 ||
		checkpoint_parse(log->note, text_size, &known, NULL) < 0 ||
		merkle_hash_equal(&known.root, &shown->root))
		return NULL;
	*ret_known = log->note;
	return "it shows another log of the same size than what was seen of it: its card was cloned";
}

/** What the station holds is no longer anybody's, also for the other requests of this turn. */
static void write_off(Turn *turn, const TurnStation *station)
{
	for (size_t i = 0; i < turn->n_units; i++)
		if (turn->units[i].station && strcmp(turn->units[i].station, station->id) == 0 &&
			!turn->units[i].claimed)
			turn->units[i].written_off = true;
}

static int quarantine(Turn *turn, Ask *ask, TurnStation *station, const char *why, const char *known)
{
	const char *shown = ask_text(ask, "checkpoint");
	TurnFinding *findings = reallocarray(turn->findings, turn->n_findings + 1, sizeof *findings);
	char sentence[256];

	if (!findings)
		return error_set(&turn->error, -EIO, "no memory for a finding");
	turn->findings = findings;
	findings[turn->n_findings++] = (TurnFinding){ .station = station->id,
		.says = why,
		.note = shown,
		.other_note = known,
		.leaf = registry_batch_size(turn->batch) };
	station->active = false;
	write_off(turn, station);
	snprintf(sentence, sizeof sentence, "the station is quarantined, and what it held is written off: %s",
		why);
	ask_refuse(ask, 403, "Quarantined", sentence);
	return turn_add_leaf(turn, ask, station, "station.quarantined", "proof",
		known ? json_pack("{s:s, s:[s, s]}", "why", why, "notes", shown, known)
		      : json_pack("{s:s, s:[s]}", "why", why, "notes", shown));
}

int registry_decide_boot(Turn *turn, Ask *ask, TurnStation *station)
{
	const char *note = ask_text(ask, "checkpoint"), *boot = ask_text(ask, "boot"), *flaw, *known;
	NoteVerifier key;
	Checkpoint shown;
	Error error;
	int r = note_verifier_parse(station->key, &key, &turn->error);

	if (r < 0)
		return r;
	if (checkpoint_open(note, strlen(note), &key, 1, station->origin, &shown, NULL, &error) < 0) {
		ask->kept = true;
		ask_refuse(ask, 403, "Not signed by the log", error.text);
		return 0;
	}
	flaw = find_contradiction(turn_log(turn, station->id, shown.size), &shown, &known);
	if (flaw)
		return quarantine(turn, ask, station, flaw, known);
	ask_answer(ask, 200, json_object());
	return turn_add_leaf(turn, ask, station, "boot.confirmed", "proof",
		json_pack("{s:s, s:I}", "boot", boot, "size", (json_int_t)shown.size));
}
