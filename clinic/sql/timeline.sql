-- SPDX-License-Identifier: Apache-2.0
-- The timeline that the server writes, in hexadecimal. An error on a standby, which writes none.

SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8);
