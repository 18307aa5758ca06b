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

-- The registry's own log (RFC 6962): each grant, hand-over, confirmed boot and quarantine is a leaf. The head is locked by
-- whoever appends. edge: the complete nodes that make up the tree, one of each level that the size has, lowest first.
CREATE TABLE registry(
  head boolean PRIMARY KEY DEFAULT true CHECK (head),
  size bigint NOT NULL DEFAULT 0,
  edge bytea NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT ''
);
INSERT INTO registry DEFAULT VALUES;
CREATE TABLE registry_leaf(
  seq bigint PRIMARY KEY,
  leaf bytea NOT NULL
);
CREATE TABLE registry_node(
  level smallint NOT NULL,
  number bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (level, number)
);

-- What a station asked, with the answer: the same request is answered the same, and done once.
CREATE TABLE request(
  request uuid PRIMARY KEY,
  station integer NOT NULL REFERENCES station,
  asked timestamptz NOT NULL DEFAULT now(),
  status smallint,
  answer text
);

-- Every cartridge that a station may claim, or claimed. granted: the leaf of the registry's log that says so.
CREATE TABLE unit(
  unit text PRIMARY KEY,
  lot text NOT NULL,
  station integer NOT NULL REFERENCES station,
  granted bigint NOT NULL,
  claimed timestamptz,
  claim_request uuid,
  written_off timestamptz
);
CREATE INDEX unit_held ON unit(station) WHERE claimed IS NULL AND written_off IS NULL;
CREATE INDEX unit_lot ON unit(lot);

-- Enrolment. Who may join, once, with a code of which only a salted hash is here. key_hash, log_key and answer: of the
-- station that used it, so that it is answered the same when it asks again.
CREATE TABLE invitation(
  number text PRIMARY KEY,
  name text NOT NULL,
  salt bytea NOT NULL,
  secret_hash bytea NOT NULL,
  expires timestamptz NOT NULL,
  wrong smallint NOT NULL DEFAULT 0,
  key_hash bytea,
  log_key text,
  answer text
);

-- The certificates that this server issued, until they end. A revoked one is answered nothing.
CREATE TABLE certificate(
  serial text PRIMARY KEY,
  station integer NOT NULL REFERENCES station,
  issued timestamptz NOT NULL DEFAULT now(),
  ends timestamptz NOT NULL,
  revoked timestamptz
);
CREATE INDEX certificate_of ON certificate(station);
