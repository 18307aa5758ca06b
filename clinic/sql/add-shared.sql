-- SPDX-License-Identifier: Apache-2.0
-- Records of a station that became leaves.
-- $1: the station; $2: entries of its log; $3: the leaf of each

INSERT INTO shared(station, seq, leaf) SELECT $1::integer, seq, leaf FROM unnest($2::bigint[], $3::bigint[]) AS became(seq, leaf);
