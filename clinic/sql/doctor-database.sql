-- SPDX-License-Identifier: Apache-2.0
-- What a database says of itself: version, whether it is a standby, how it commits, how many copy it, its size and clock.

SELECT current_setting('server_version_num')::integer, current_setting('server_version'), pg_is_in_recovery(),
  current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), current_setting('fsync'),
  current_setting('full_page_writes'),
  (SELECT count(*) FROM pg_stat_replication WHERE coalesce(application_name, '') <> 'pg_basebackup'),
  pg_database_size(current_database()), extract(epoch FROM clock_timestamp()), to_regclass('schema_version') IS NOT NULL;
