-- SPDX-License-Identifier: Apache-2.0
-- Turns a copy into an archive: keeps the records up to a checkpoint, and what belongs to them. The triggers that
-- make the tables append-only are dropped first.

-- statement cut_after
-- Marks and cursors are set for the remaining records.
BEGIN;
DELETE FROM record WHERE seq > @size;
DELETE FROM checkpoint WHERE size > @size;
DELETE FROM personal WHERE seq > @size;
DELETE FROM attachment WHERE seq > @size;
DELETE FROM tree_node WHERE (number + 1) << level > @size;
UPDATE meta SET value = min(value, (SELECT max(utc_us) FROM record)) WHERE name = 'newest_utc_us';
UPDATE meta SET value = min(value, @size) WHERE name IN ('published', 'checkpoint_published');
COMMIT;
