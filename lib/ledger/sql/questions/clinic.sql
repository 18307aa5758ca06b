-- SPDX-License-Identifier: Apache-2.0
-- What the station is in its clinic, and the number of the leaf of the registry's log that comes next. No row: it
-- belongs to no clinic.
-- For the station alone.

SELECT clinic_member.station, clinic_member.name, registry, mirror, quarantined IS NOT NULL AS quarantined,
  1 + max(
    coalesce((SELECT max(number) FROM clinic_leaf), -1), coalesce((SELECT max(leaf) FROM shared_record), -1))
    AS next,
  (SELECT count(*) FROM held) AS held, (SELECT json_group_array(boot) FROM confirmed_boot) AS "boots:json"
FROM clinic_member
LEFT JOIN clinic_station USING(station);
