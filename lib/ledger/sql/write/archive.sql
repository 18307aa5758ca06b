-- SPDX-License-Identifier: Apache-2.0
-- What makes an archive of a copy: the records up to a checkpoint, and what belongs to them. The triggers that make
-- the tables append-only are dropped before.

-- statement cut_after
-- The marks and cursors are those of what is left.
BEGIN;
DELETE FROM record WHERE seq > @size;
DELETE FROM checkpoint WHERE size > @size;
DELETE FROM personal WHERE seq > @size;
DELETE FROM attachment WHERE seq > @size;
DELETE FROM tree_node WHERE (number + 1) << level > @size;
UPDATE meta SET value = min(value, (SELECT max(utc_us) FROM record)) WHERE name = 'newest_utc_us';
UPDATE meta SET value = min(value, @size) WHERE name IN ('published', 'checkpoint_published');
COMMIT;
