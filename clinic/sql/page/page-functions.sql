-- SPDX-License-Identifier: Apache-2.0
-- Keeps the tables of the page up with the records. Functions hold no data: they are made anew at each start.
-- A record is proved to be its station's, and is foreign all the same: what is not of its form is left out and counted.

CREATE OR REPLACE FUNCTION utc_text(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

-- A leaf as an object; NULL for one that PostgreSQL cannot read as JSON.
CREATE OR REPLACE FUNCTION page_leaf(leaf bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN convert_from(leaf, 'UTF8')::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
  RETURN NULL;
END $$;

-- A text of a body, cut to what the page shows; NULL for what is none.
CREATE OR REPLACE FUNCTION page_text(body jsonb, field text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_typeof(body -> field) = 'string' THEN nullif(left(body ->> field, 200), '') END
$$;

CREATE OR REPLACE FUNCTION page_count(body jsonb, field text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN body ->> field ~ '^[0-9]{1,12}$' AND jsonb_typeof(body -> field) = 'number' THEN (body ->> field)::bigint END
$$;

CREATE OR REPLACE FUNCTION page_time(body jsonb, field text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(body -> field) = 'string' AND body ->> field ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[-+][0-9]{2}:[0-9]{2})$' THEN
    RETURN (body ->> field)::timestamptz;
  END IF;
  RETURN NULL;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION page_date(body jsonb, field text) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF jsonb_typeof(body -> field) = 'string' AND body ->> field ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
    RETURN (body ->> field)::date;
  END IF;
  RETURN NULL;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION page_treat(of integer, kind text, at timestamptz, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  number bigint := page_count(body, 'session');
BEGIN
  IF kind = 'session.begun' THEN
    INSERT INTO page_treatment(station, session, begun, protocol, visit)
    VALUES (of, number, at, page_text(body, 'protocol'), page_count(body, 'course_session')) ON CONFLICT DO NOTHING;
  ELSIF kind = 'session.finished' THEN
    UPDATE page_treatment SET ended = at, outcome = 'finished', dots = page_count(body, 'dots'), strokes = page_count(body, 'strokes'),
      cartridges = page_count(body, 'needles'), worked_s = page_count(body, 'worked_s')
    WHERE station = of AND session = number;
  ELSIF kind = 'needle.removed' THEN
    UPDATE page_treatment SET dots = coalesce(dots, 0) + coalesce(page_count(body, 'dots'), 0),
      strokes = coalesce(strokes, 0) + coalesce(page_count(body, 'strokes'), 0), cartridges = coalesce(cartridges, 0) + 1,
      worked_s = coalesce(worked_s, 0) + coalesce(page_count(body, 'worked_s'), 0)
    WHERE station = of AND session = number AND outcome IS NULL;
  ELSE
    UPDATE page_treatment SET ended = coalesce(ended, at), outcome = substr(kind, 9) WHERE station = of AND session = number;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION page_stock(of integer, kind text, its_time timestamptz, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  its_lot text := page_text(body, 'lot');
  its_gtin text := coalesce(page_text(body, 'gtin'), '');
BEGIN
  IF its_lot IS NULL THEN
    RETURN;
  ELSIF kind = 'lot.received' THEN
    INSERT INTO page_lot AS known(lot, gtin, product, maker, expiry, received)
    VALUES (its_lot, its_gtin, page_text(body, 'product'), page_text(body, 'maker'), page_date(body, 'expiry'),
      coalesce(page_count(body, 'quantity'), 0))
    ON CONFLICT (lot, gtin) DO UPDATE SET received = known.received + excluded.received, product = coalesce(excluded.product, known.product),
      maker = coalesce(excluded.maker, known.maker), expiry = coalesce(excluded.expiry, known.expiry);
  ELSIF kind = 'lot.status' THEN
    INSERT INTO page_lot_status AS known(lot, gtin, status, at) VALUES (its_lot, its_gtin, page_text(body, 'status'), its_time)
    ON CONFLICT (lot, gtin) DO UPDATE SET status = excluded.status, at = excluded.at WHERE known.at <= excluded.at;
  ELSE
    INSERT INTO page_used AS known(lot, gtin, day, station, used)
    VALUES (its_lot, its_gtin, (its_time AT TIME ZONE 'UTC')::date, of, 1)
    ON CONFLICT (lot, gtin, day, station) DO UPDATE SET used = known.used + 1;
  END IF;
END $$;

-- A test that passed or failed; one that proves nothing changes nothing.
CREATE OR REPLACE FUNCTION page_tested(its_site text, its_test text, at timestamptz, body jsonb, its_due date) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO page_test AS known(site, sterilizer, test, tested, result, due)
  SELECT its_site, page_text(body, 'sterilizer'), its_test, coalesce(page_time(body, 'tested'), at), body ->> 'result', its_due
  WHERE page_text(body, 'sterilizer') IS NOT NULL AND body ->> 'result' IN ('pass', 'fail')
  ON CONFLICT (site, sterilizer, test) DO UPDATE SET tested = excluded.tested, result = excluded.result, due = excluded.due
  WHERE excluded.tested >= known.tested
$$;

CREATE OR REPLACE FUNCTION page_sterilize(its_site text, kind text, its_time timestamptz, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  its_name text := page_text(body, 'sterilizer');
  days bigint := least(page_count(body, 'biological_days'), 3660);
BEGIN
  IF kind = 'sterilizer.registered' AND its_name IS NOT NULL THEN
    INSERT INTO page_sterilizer(site, sterilizer, model, serial, installed)
    VALUES (its_site, its_name, page_text(body, 'model'), page_text(body, 'serial'), page_date(body, 'installed'))
    ON CONFLICT (site, sterilizer) DO UPDATE SET model = excluded.model, serial = excluded.serial, installed = excluded.installed;
  ELSIF kind = 'sterilizer.serviced' AND body ->> 'work' IN ('retired', 'returned') THEN
    INSERT INTO page_sterilizer(site, sterilizer, retired) VALUES (its_site, its_name, body ->> 'work' = 'retired')
    ON CONFLICT (site, sterilizer) DO UPDATE SET retired = excluded.retired;
  ELSIF kind = 'indicator.tested' THEN
    PERFORM page_tested(its_site, 'biological', its_time, body, coalesce(page_date(body, 'due'),
      CASE WHEN days > 0 THEN (coalesce(page_time(body, 'tested'), its_time) AT TIME ZONE 'UTC')::date + days::int END));
  ELSIF kind = 'penetration.tested' THEN
    PERFORM page_tested(its_site, 'steam penetration', its_time, body, NULL);
  ELSIF kind = 'leak.tested' THEN
    PERFORM page_tested(its_site, 'vacuum leak', its_time, body, NULL);
  ELSIF kind = 'cycle.released' THEN
    INSERT INTO page_sterilizer(site, sterilizer, penetration, leak_days)
    VALUES (its_site, its_name, coalesce(body -> 'penetration_test' = 'true'::jsonb, false), page_count(body, 'leak_test_days'))
    ON CONFLICT (site, sterilizer) DO UPDATE SET penetration = excluded.penetration, leak_days = excluded.leak_days;
    IF jsonb_typeof(body -> 'contents') = 'array' THEN
      INSERT INTO page_sterilized AS known(site, item, at, until)
      SELECT DISTINCT its_site, left(item #>> '{}', 200), its_time, CASE WHEN page_count(body, 'sterile_days') > 0
        THEN (its_time AT TIME ZONE 'UTC')::date + least(page_count(body, 'sterile_days'), 3660)::int END
      FROM jsonb_array_elements(body -> 'contents') WITH ORDINALITY AS part(item, n) WHERE jsonb_typeof(item) = 'string' AND n <= 200
      ON CONFLICT (site, item) DO UPDATE SET at = excluded.at, until = excluded.until WHERE known.at <= excluded.at;
    END IF;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION page_handle(its_site text, kind text, at timestamptz, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  its_name text := page_text(body, 'handpiece');
BEGIN
  IF its_name IS NULL THEN
    RETURN;
  ELSIF kind = 'handpiece.registered' THEN
    INSERT INTO page_handpiece(site, handpiece, model) VALUES (its_site, its_name, page_text(body, 'model'))
    ON CONFLICT (site, handpiece) DO UPDATE SET model = excluded.model;
  ELSIF kind = 'handpiece.mounted' THEN
    INSERT INTO page_handpiece AS known(site, handpiece, mounted) VALUES (its_site, its_name, at)
    ON CONFLICT (site, handpiece) DO UPDATE SET mounted = greatest(known.mounted, excluded.mounted);
  ELSE
    INSERT INTO page_handpiece(site, handpiece, retired) VALUES (its_site, its_name, true)
    ON CONFLICT (site, handpiece) DO UPDATE SET retired = true;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION page_alarm(of integer, its_number bigint, kind text, its_time timestamptz, body jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cause text := page_text(body, 'cause');
  its_alarm text;
BEGIN
  IF kind = 'alert.acknowledged' THEN
    UPDATE page_alert SET cleared = its_time WHERE station = of AND alarm = page_text(body, 'alarm') AND cleared IS NULL;
    RETURN;
  ELSIF kind = 'fault.acknowledged' THEN
    UPDATE page_alert SET cleared = its_time
    WHERE station = of AND cleared IS NULL AND (alarm = 'fault.' || cause OR cause = 'board' AND alarm LIKE 'board-fault.%');
    RETURN;
  END IF;
  its_alarm := CASE kind
    WHEN 'fault.latched' THEN CASE WHEN cause = 'board' AND page_text(body, 'board_fault') IS NOT NULL
      THEN 'board-fault.' || page_text(body, 'board_fault') ELSE 'fault.' || coalesce(cause, 'unknown') END
    WHEN 'alert.raised' THEN 'alert.' || coalesce(page_text(body, 'alert'), 'unknown')
    ELSE kind END;
  INSERT INTO page_alert(station, number, at, alarm, priority, words, session)
  VALUES (of, its_number, its_time, its_alarm,
    CASE WHEN body ->> 'priority' IN ('low', 'medium', 'high') THEN body ->> 'priority' WHEN kind = 'fault.latched' THEN 'high' ELSE 'low' END,
    coalesce(page_text(body, 'text'), page_text(body, 'detail'), ''), page_count(body, 'session'))
  ON CONFLICT DO NOTHING;
END $$;

-- One record. Shared ones are counted where they were entered: a copy has "from".
CREATE OR REPLACE FUNCTION page_take(of integer, number bigint, at timestamptz, kind text, leaf jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := leaf -> 'body';
  site text := coalesce(nullif(left(split_part(leaf ->> 'station', '/', 1), 64), ''), 'clinic');
  copied boolean := body ? 'from';
BEGIN
  CASE
    WHEN kind IN ('session.begun', 'session.finished', 'session.signed', 'session.abandoned', 'session.interrupted', 'needle.removed') THEN
      PERFORM page_treat(of, kind, at, body);
    WHEN kind IN ('lot.received', 'lot.status', 'needle.claimed', 'needle.damaged') AND NOT copied THEN
      PERFORM page_stock(of, kind, at, body);
    WHEN kind IN ('sterilizer.registered', 'sterilizer.serviced', 'indicator.tested', 'penetration.tested', 'leak.tested',
      'cycle.released') AND NOT copied THEN
      PERFORM page_sterilize(site, kind, at, body);
    WHEN kind LIKE 'handpiece.%' AND NOT copied THEN
      PERFORM page_handle(site, kind, at, body);
    WHEN kind IN ('alert.raised', 'alert.acknowledged', 'fault.latched', 'fault.acknowledged', 'clock.backwards', 'operator.refused') THEN
      PERFORM page_alarm(of, number, kind, at, body);
    ELSE
      NULL;
  END CASE;
END $$;

-- The dots of a run of records, by quarters of an hour: most records are of this kind.
CREATE OR REPLACE FUNCTION page_count_strokes(of integer, begins bigint, ends bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO page_quarter AS known(quarter, station, dots, strokes)
  SELECT date_bin('15 minutes', utc, '2000-01-01Z'), of, sum(coalesce(page_count(body, 'dots'), 0)), sum(coalesce(page_count(body, 'strokes'), 0))
  FROM (SELECT utc, page_leaf(leaf) -> 'body' AS body FROM record
    WHERE station = of AND seq >= begins AND seq < ends AND kind = 'strokes') AS chunk
  GROUP BY 1
  ON CONFLICT (quarter, station) DO UPDATE SET dots = known.dots + excluded.dots, strokes = known.strokes + excluded.strokes
$$;

-- The records from the cursors on, at most so many; how many were looked at. Two at once share the stations. Those with the
-- least to do come first: one that joins with years of records holds up nobody.
CREATE OR REPLACE FUNCTION page_fold(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  cursor_row record;
  one record;
  parsed jsonb;
  ends bigint;
  bad bigint;
  latest timestamptz;
  done bigint := 0;
BEGIN
  INSERT INTO page_cursor(station) SELECT station FROM mirror ON CONFLICT DO NOTHING;
  FOR cursor_row IN SELECT page_cursor.station AS of, entry, next_entry FROM page_cursor JOIN mirror USING (station)
    WHERE entry < next_entry ORDER BY next_entry - entry, page_cursor.station LIMIT 50 FOR UPDATE OF page_cursor SKIP LOCKED
  LOOP
    EXIT WHEN done >= most;
    ends := least(cursor_row.next_entry, cursor_row.entry + most - done);
    bad := 0;
    PERFORM page_count_strokes(cursor_row.of, cursor_row.entry, ends);
    FOR one IN SELECT seq, utc, kind, leaf FROM record
      WHERE station = cursor_row.of AND seq >= cursor_row.entry AND seq < ends AND kind <> 'strokes' ORDER BY seq
    LOOP
      parsed := page_leaf(one.leaf);
      IF parsed IS NULL OR jsonb_typeof(parsed -> 'body') IS DISTINCT FROM 'object' THEN
        bad := bad + 1;
        CONTINUE;
      END IF;
      BEGIN
        PERFORM page_take(cursor_row.of, one.seq, one.utc, one.kind, parsed);
      EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        bad := bad + 1;
      END;
    END LOOP;
    SELECT max(utc) INTO latest FROM record WHERE station = cursor_row.of AND seq >= cursor_row.entry AND seq < ends;
    UPDATE page_cursor SET entry = ends, unread = unread + bad, newest = coalesce(latest, newest) WHERE station = cursor_row.of;
    done := done + ends - cursor_row.entry;
  END LOOP;
  RETURN done;
END $$;
