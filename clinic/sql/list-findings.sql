-- SPDX-License-Identifier: Apache-2.0
-- What contradicts itself, newest last.

SELECT to_char(found AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), kind, coalesce(name, 'clinic'), says
FROM finding
LEFT JOIN station USING (station)
ORDER BY finding;
