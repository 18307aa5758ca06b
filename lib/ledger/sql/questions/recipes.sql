-- SPDX-License-Identifier: Apache-2.0
-- What a client was treated with, newest first. source: used, by the records of a session, or noted by a
-- practitioner for the next visit. depth_um and dwell_ms of what was used are means.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT time AS "time:utc", source, session, zone, pigment, needle, rate_hz, depth_um, dwell_ms, dots, operator, seq,
  (SELECT json_extract(data, '$.remark') FROM personal WHERE personal.seq = told.seq) AS remark
FROM (SELECT utc_us AS time, 'noted' AS source, session, zone, pigment, needle, rate_hz, depth_um, dwell_ms,
        NULL AS dots, operator, seq
      FROM recipe
      WHERE subject = @subject COLLATE NOCASE
      UNION ALL
      SELECT session.utc_us, 'used', session.session, zone_result.zone,
        (SELECT group_concat(DISTINCT brand || ' ' || colour || ', ' || lot)
         FROM pigment_zone
         JOIN pigment_use USING(seq)
         WHERE pigment_use.session = session.session AND pigment_zone.zone = zone_result.zone),
        (SELECT group_concat(DISTINCT coalesce(lot.configuration, lot.product))
         FROM stint
         JOIN unit USING(unit)
         JOIN lot ON lot.gtin = unit.gtin AND lot.lot = unit.lot
         WHERE stint.session = session.session AND stint.zone = zone_result.zone),
        NULL, CAST(round(depth_mean_um) AS INTEGER), CAST(round(dwell_mean_ms) AS INTEGER), zone_result.dots,
        session.operator, NULL
      FROM zone_result
      JOIN session USING(session)
      WHERE subject = @subject COLLATE NOCASE AND zone_result.dots > 0) AS told
ORDER BY time DESC, source, zone
LIMIT coalesce(@limit, -1);
