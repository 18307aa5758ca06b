-- SPDX-License-Identifier: Apache-2.0
-- The clinic's registry: stations, how far the log of each is mirrored, and the records themselves.

CREATE TABLE schema_version(version integer NOT NULL);
INSERT INTO schema_version VALUES (1);

-- A station and the public key of its log. A quarantined one is answered nothing; once it is admitted again, with a new log, its
-- old log is a retired station of the same name.
CREATE TABLE station(
  station integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  origin text NOT NULL,
  log_key text NOT NULL UNIQUE,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'quarantined', 'retired')),
  enrolled timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX station_name ON station(name) WHERE state <> 'retired';
CREATE UNIQUE INDEX station_origin ON station(origin) WHERE state <> 'retired';

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
  names text[],
  leaf bytea NOT NULL,
  PRIMARY KEY (month, station, seq)
) PARTITION BY RANGE (month);
CREATE INDEX record_seq ON record(station, seq);
CREATE INDEX record_unit ON record(unit) WHERE unit IS NOT NULL;
CREATE INDEX record_lot ON record(lot) WHERE lot IS NOT NULL;
-- For auditors. names: the cartridges, lots and people that a record is about, in small letters.
CREATE INDEX record_names ON record USING gin(names) WHERE names IS NOT NULL;
CREATE INDEX record_free ON record(station, seq) WHERE session IS NULL;
CREATE INDEX record_session ON record(station, session, seq) WHERE session IS NOT NULL;
CREATE INDEX record_corrected ON record(station, seq) WHERE kind = 'record.corrected';
CREATE INDEX record_claimed ON record(station, seq) WHERE kind = 'needle.claimed';
CREATE INDEX record_claims_of ON record(unit, station, seq) WHERE kind = 'needle.claimed';

-- What a clock that was never set, or a station that means harm, dates to other years: without it each such month would be a
-- table of its own.
CREATE TABLE record_other PARTITION OF record DEFAULT;

-- Makes the partition of a month, unless it is there. Two at once wait for each other.
CREATE FUNCTION make_month(first date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF first >= '2024-01-01' AND first < '2050-01-01' AND to_regclass('record_' || to_char(first, 'YYYYMM')) IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtext('stipple.make_month'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF record FOR VALUES FROM (%L) TO (%L)',
      'record_' || to_char(first, 'YYYYMM'), first, first + interval '1 month');
  END IF;
END $$;

-- The registry's own log (RFC 6962): each grant, hand-over, confirmed boot and quarantine is a leaf. The head is locked by
-- whoever appends. edge: the complete nodes that make up the tree, one of each level that the size has, lowest first. seen: the
-- newest size that is proved, never what a station merely says; above size the database is an older copy, and nothing is granted
-- until the leaves are brought back. fork: a checkpoint that the registry signed, and that contradicts this log.
CREATE TABLE registry(
  head boolean PRIMARY KEY DEFAULT true CHECK (head),
  size bigint NOT NULL DEFAULT 0,
  edge bytea NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  seen bigint NOT NULL DEFAULT 0,
  fork text
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
  status smallint NOT NULL,
  answer text NOT NULL
);

-- Every cartridge that a station may claim, or claimed. granted: the leaf of the registry's log that says so; null: it was claimed
-- and never granted. claim_seq: the record of the station's log that claims it. No index has a column that a claim changes, so
-- that a claim writes one row and nothing else.
CREATE TABLE unit(
  unit text PRIMARY KEY,
  lot text NOT NULL,
  station integer NOT NULL,
  granted bigint,
  claimed timestamptz,
  claim_request uuid,
  claim_seq bigint,
  written_off timestamptz
) WITH (fillfactor = 45);
CREATE INDEX unit_station ON unit(station);
CREATE INDEX unit_lot ON unit(lot);

-- Numbers of a lot whose cartridges have no serials: (10)L1 from first to last are (10)L1#1, (10)L1#2 and so on. A number that is
-- a row of "unit" is what that row says.
CREATE TABLE unit_range(
  unit text NOT NULL,
  first bigint NOT NULL,
  last bigint NOT NULL CHECK (first <= last),
  lot text NOT NULL,
  station integer NOT NULL REFERENCES station,
  granted bigint NOT NULL,
  written_off timestamptz,
  PRIMARY KEY (unit, first)
);
CREATE INDEX unit_range_station ON unit_range(station);

-- Lots as the stations' records have them. next: the number of the next cartridge that is not in any range.
CREATE TABLE lot(
  lot text NOT NULL,
  gtin text NOT NULL DEFAULT '',
  quantity bigint NOT NULL DEFAULT 0,
  next bigint NOT NULL DEFAULT 1,
  status text NOT NULL DEFAULT 'released',
  PRIMARY KEY (lot, gtin)
);

-- Records of a station that are leaves of the registry's log, so that all chairs know them.
CREATE TABLE shared(
  station integer NOT NULL REFERENCES station,
  seq bigint NOT NULL,
  leaf bigint NOT NULL,
  PRIMARY KEY (station, seq)
);

-- What contradicts itself, and the leaf that says so. note, other_note: signed checkpoints that are the evidence.
CREATE TABLE finding(
  finding bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  found timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  station integer REFERENCES station,
  says text NOT NULL,
  unit text,
  seq bigint,
  leaf bigint,
  note text,
  other_note text
);

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

-- The clinic's page. People who may look at it; a session of one is known by the hash of its cookie.
ALTER TABLE station ADD COLUMN seen timestamptz;
CREATE TABLE person(
  person text PRIMARY KEY,
  role text NOT NULL CHECK (role IN ('viewer', 'manager')),
  hash text NOT NULL,
  added timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE sign_in(
  token bytea PRIMARY KEY,
  person text NOT NULL REFERENCES person ON DELETE CASCADE,
  expires timestamptz NOT NULL
);
-- Attempts since the last that was right, by a part of a hash of the name: names that nobody has are delayed alike.
CREATE TABLE sign_in_attempt(
  bucket smallint PRIMARY KEY,
  attempts integer NOT NULL,
  next_try timestamptz NOT NULL
);
-- Somebody has taken note of an alarm of a station, or of a finding. The first counts.
CREATE TABLE acknowledgement(
  what text NOT NULL CHECK (what IN ('alert', 'finding')),
  station integer NOT NULL,
  number bigint NOT NULL,
  person text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  note text NOT NULL,
  PRIMARY KEY (what, station, number)
);

-- What the page asks for, kept beside the records by page_fold(). All of it can be made again from the records.
-- entry: the first record that was not looked at; unread: records that are not what their kind says.
CREATE TABLE page_cursor(
  station integer PRIMARY KEY REFERENCES station,
  entry bigint NOT NULL DEFAULT 0,
  newest timestamptz,
  unread bigint NOT NULL DEFAULT 0
);
-- By quarters of an hour, so that days of every time zone can be made of them.
CREATE TABLE page_quarter(
  quarter timestamptz NOT NULL,
  station integer NOT NULL,
  dots bigint NOT NULL,
  strokes bigint NOT NULL,
  PRIMARY KEY (quarter, station)
);
CREATE TABLE page_treatment(
  station integer NOT NULL,
  session bigint NOT NULL,
  begun timestamptz NOT NULL,
  ended timestamptz,
  outcome text,
  protocol text,
  visit bigint,
  dots bigint,
  strokes bigint,
  cartridges bigint,
  worked_s bigint,
  PRIMARY KEY (station, session)
);
CREATE INDEX page_treatment_begun ON page_treatment(begun);
CREATE TABLE page_lot(
  lot text NOT NULL,
  gtin text NOT NULL,
  product text,
  maker text,
  expiry date,
  received bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (lot, gtin)
);
-- The newest of each: another station's may be read before the lot's receipt.
CREATE TABLE page_lot_status(
  lot text NOT NULL,
  gtin text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (lot, gtin)
);
-- Cartridges that are gone: claimed or damaged.
CREATE TABLE page_used(
  lot text NOT NULL,
  gtin text NOT NULL,
  day date NOT NULL,
  station integer NOT NULL,
  used bigint NOT NULL,
  PRIMARY KEY (lot, gtin, day, station)
);
-- site: the clinic as the station's records name it.
CREATE TABLE page_sterilizer(
  site text NOT NULL,
  sterilizer text NOT NULL,
  model text,
  serial text,
  installed date,
  retired boolean NOT NULL DEFAULT false,
  penetration boolean NOT NULL DEFAULT false,
  leak_days bigint,
  PRIMARY KEY (site, sterilizer)
);
CREATE TABLE page_test(
  site text NOT NULL,
  sterilizer text NOT NULL,
  test text NOT NULL,
  tested timestamptz NOT NULL,
  result text NOT NULL,
  due date,
  PRIMARY KEY (site, sterilizer, test)
);
CREATE TABLE page_handpiece(
  site text NOT NULL,
  handpiece text NOT NULL,
  model text,
  mounted timestamptz,
  retired boolean NOT NULL DEFAULT false,
  PRIMARY KEY (site, handpiece)
);
-- What was in a load when it was released: handpieces, and whatever else.
CREATE TABLE page_sterilized(
  site text NOT NULL,
  item text NOT NULL,
  at timestamptz NOT NULL,
  until date,
  PRIMARY KEY (site, item)
);
-- cleared: acknowledged at the station itself.
CREATE TABLE page_alert(
  station integer NOT NULL,
  number bigint NOT NULL,
  at timestamptz NOT NULL,
  alarm text NOT NULL,
  priority text NOT NULL,
  words text NOT NULL,
  session bigint,
  cleared timestamptz,
  PRIMARY KEY (station, number)
);
CREATE INDEX page_alert_at ON page_alert(at);
CREATE INDEX page_alert_open ON page_alert(station, alarm) WHERE cleared IS NULL;
-- ---- for auditors ----

-- The trees over the records of the stations, as far as proofs needed them: nodes over 256 records and above. All of it
-- can be made again from the records.
CREATE TABLE mirror_node(
  station integer NOT NULL REFERENCES station,
  level smallint NOT NULL,
  number bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (station, level, number)
);

-- A record's leaf as JSON. It was read as JSON when it came; what PostgreSQL cannot read all the same is NULL.
CREATE FUNCTION audit_leaf(leaf bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN convert_from(leaf, 'UTF8')::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $$;

CREATE FUNCTION audit_utc(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
