/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Hand-over notes: with one of them, cartridges go from one station to another without the clinic's server. A
 * note is a text of tlog-proofs, one after the other: first that of the giver's record `clinic.released`,
 * then that of each leaf of the registry's log by which the giver held one of the cartridges. Whoever has the
 * giver's key and the registry's can check it.
 *
 * It says what the giver put on record, not where the cartridges are: that the giver did not use them first,
 * only the giver's own log says.
 */

#include <jansson.h>

#include "tlog/note.h"

enum { HANDOVER_NOTE_MAX = 256 * 1024 }; /* bytes of a note */

typedef struct HandoverNote {
	char giver[NOTE_NAME_MAX], to[NOTE_NAME_MAX]; /* the names of the stations' logs */
	uint64_t number;                              /* of the giver's record */
	json_t *units;                                /* names of the cartridges */
	json_t *grants; /* for each of them, the number of the registry's leaf by which it was held */
} HandoverNote;

/** Frees the lists. */
void handover_note_done(HandoverNote *note);

/** A leaf of the registry's log with its proof, which has no extra data. Borrowed. */
typedef struct HandoverGrant {
	const char *leaf, *proof;
} HandoverGrant;

/**
 * Writes a note, which the caller owns. `released`: the proof of the giver's record, which contains the
 * record. -EINVAL when one of them is no proof, -EMSGSIZE when the note gets too long.
 */
int handover_note_write(const char *released, const HandoverGrant *grants, size_t n, char **ret) _must_check_;

/** Whose note it is, by its own word: for finding the key. -EINVAL when it is no note. */
int handover_note_giver(const char *text, size_t size, char ret[NOTE_NAME_MAX], Error *error) _must_check_;

/**
 * Checks a note of `size` bytes with the giver's and the registry's key. Whether it is for this station, and
 * came before, is for the caller. -EINVAL malformed; -ENOKEY, -EBADMSG, -EXDEV as inclusion_proof_verify();
 * -EREMOTE when a cartridge was not the giver's by the leaf that the note names.
 */
int handover_note_open(const char *text, size_t size, const NoteVerifier *giver, const NoteVerifier *registry,
	HandoverNote *ret, Error *error) _must_check_;
