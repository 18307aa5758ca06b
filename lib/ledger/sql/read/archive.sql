-- SPDX-License-Identifier: Apache-2.0
-- Queries on a copy that is being made into an archive.

-- statement checkpoint_before
-- The newest checkpoint whose records are all older than @utc_us, even where the clock was set back.
SELECT coalesce(max(size), 0)
FROM checkpoint
WHERE size < (SELECT coalesce(min(seq), 9e18) FROM record WHERE utc_us >= @utc_us);

-- statement triggers_made
SELECT group_concat(sql, ';')
FROM sqlite_master
WHERE type = 'trigger';

-- statement triggers_dropped
SELECT group_concat('DROP TRIGGER ' || name, ';')
FROM sqlite_master
WHERE type = 'trigger';
