-- SPDX-License-Identifier: Apache-2.0
-- Claims that contradict what is known.
-- $1: the station; $2: the kind of each; $3: the units; $4: entries of the station's log; $5: the leaves that say so; $6: a sentence

INSERT INTO finding(station, kind, unit, seq, leaf, says)
SELECT $1::integer, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]);
