-- SPDX-License-Identifier: Apache-2.0
-- What contradicts itself.
-- $1: the kind; $2: the station; $3: a sentence; $4: the unit, or null; $5: the record of the station's log, or null; $6: the leaf of
-- the registry's log that says so, or null; $7, $8: signed checkpoints that are the evidence, or null

INSERT INTO finding(kind, station, says, unit, seq, leaf, note, other_note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);
