-- SPDX-License-Identifier: Apache-2.0
-- Settings with which the station opens its ledger for writing.

-- statement open_to_write
-- recursive_triggers: a deletion by INSERT OR REPLACE also meets the trigger against deletion. secure_delete:
-- deleted data, such as erased personal data, is overwritten. The cache is small, because a station needs its
-- memory for other things, and the file system caches too.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA recursive_triggers = ON;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -512;
PRAGMA temp_store = MEMORY;
