-- SPDX-License-Identifier: Apache-2.0
-- The digest of a photograph, unless it is marked for erasure.
-- For the station alone.
--
-- @file text, needed: the name of a photograph

SELECT seq, sha256
FROM image
WHERE erase_seq IS NULL
  AND file = @file
ORDER BY seq DESC
LIMIT 1;
