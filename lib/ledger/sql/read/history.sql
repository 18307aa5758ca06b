-- SPDX-License-Identifier: Apache-2.0
-- The past of a session, for a station that continues it.

-- statement session_records
SELECT record.seq, utc_us, kind, leaf, attachment.data, personal.data
FROM record
LEFT JOIN attachment ON attachment.seq = record.seq
LEFT JOIN personal ON personal.seq = record.seq
WHERE session = @session
ORDER BY record.seq;

-- statement session_before_restoring
-- Whether a backup took the ledger's place after the session's last record.
SELECT 1
FROM record
WHERE kind = 'ledger.restored' AND seq > (SELECT max(seq) FROM record WHERE session = @session);

-- statement session_start
-- The start of the station during which the session began.
SELECT leaf
FROM record
WHERE kind = 'station.started' AND seq < (SELECT min(seq) FROM record WHERE session = @session)
ORDER BY seq DESC
LIMIT 1;
