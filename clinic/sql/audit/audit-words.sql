-- SPDX-License-Identifier: Apache-2.0
-- What records name when they mean a word: itself, and blends that have a part of a lot of that name.
-- $1: the word, in small letters

SELECT array_agg(word)
FROM (
  SELECT $1::text AS word
  UNION
  SELECT lower(audit_leaf(leaf) #>> '{body,blend}')
  FROM record
  WHERE names @> ARRAY[$1::text] AND kind = 'pigment.blended')
AS words
WHERE word IS NOT NULL;
