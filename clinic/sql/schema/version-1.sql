-- SPDX-License-Identifier: Apache-2.0
-- The clinic's registry: stations, how far the log of each is mirrored, and the records themselves.

CREATE TABLE schema_version(version integer NOT NULL);
INSERT INTO schema_version VALUES (1);

-- A station and the public key of its log. A quarantined one is answered nothing.
CREATE TABLE station(
  station integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  origin text NOT NULL UNIQUE,
  log_key text NOT NULL,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'quarantined')),
  enrolled timestamptz NOT NULL DEFAULT now()
);

-- How far each log got. The row guards what is appended: whoever appends records moves next_entry in the same
-- transaction. "pending" is the newest checkpoint that the log signed, "mirror" the newest whose records are all here.
CREATE TABLE mirror(
  station integer PRIMARY KEY REFERENCES station,
  next_entry bigint NOT NULL DEFAULT 0,
  pending_size bigint NOT NULL DEFAULT 0,
  mirror_size bigint NOT NULL DEFAULT 0,
  CHECK (0 <= mirror_size AND mirror_size <= next_entry AND next_entry <= pending_size)
);

-- Every checkpoint that a station signed and this server took. Two of one size with different roots cannot be here.
CREATE TABLE checkpoint(
  station integer NOT NULL REFERENCES station,
  size bigint NOT NULL,
  note text NOT NULL,
  taken timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (station, size)
);

-- The records of all stations, byte for byte as their logs have them, by the month in which they were made.
CREATE TABLE record(
  month date NOT NULL,
  station integer NOT NULL,
  seq bigint NOT NULL,
  utc timestamptz NOT NULL,
  kind text NOT NULL,
  session bigint,
  unit text,
  lot text,
  leaf bytea NOT NULL,
  PRIMARY KEY (month, station, seq)
) PARTITION BY RANGE (month);
CREATE INDEX record_seq ON record(station, seq);
CREATE INDEX record_unit ON record(unit) WHERE unit IS NOT NULL;
CREATE INDEX record_lot ON record(lot) WHERE lot IS NOT NULL;

-- Makes the partition of a month, unless it is there. Two at once wait for each other.
CREATE FUNCTION make_month(first date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass('record_' || to_char(first, 'YYYYMM')) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('stipple.make_month'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF record FOR VALUES FROM (%L) TO (%L)',
      'record_' || to_char(first, 'YYYYMM'), first, first + interval '1 month');
  END IF;
END $$;
