-- SPDX-License-Identifier: Apache-2.0
-- Keeps the answers to requests.
-- $1: their numbers; $2: the stations; $3: the statuses; $4: the answers

INSERT INTO request(request, station, status, answer) SELECT * FROM unnest($1::uuid[], $2::integer[], $3::smallint[], $4::text[]);
