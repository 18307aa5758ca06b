-- SPDX-License-Identifier: Apache-2.0
-- The registry signed two logs: nothing more is granted. The evidence is kept, with the head here.
-- $1: the kind of finding; $2: a sentence; $3: the checkpoint that contradicts the log

WITH kept AS (
  INSERT INTO finding(kind, says, note, other_note) SELECT $1, $2, $3, note FROM registry WHERE fork IS DISTINCT FROM $3)
UPDATE registry SET fork = coalesce(fork, $3);
