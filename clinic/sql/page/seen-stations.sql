-- SPDX-License-Identifier: Apache-2.0
-- Stations that asked something since this was last said.
-- $1: their names, an array of JSON

UPDATE station SET seen = now() WHERE name IN (SELECT jsonb_array_elements_text($1::jsonb));
