-- SPDX-License-Identifier: Apache-2.0
-- How records of operators change the tables.

-- record operator.enrolled
INSERT INTO operator(badge, name, roles, pin, seq) VALUES (@badge, @name, @roles, @pin, @seq);

-- record operator.signed-in
DELETE FROM attempt WHERE badge = @badge;

-- record operator.refused
INSERT INTO attempt(badge, attempts, utc_us) VALUES (@badge, 1, @utc_us)
ON CONFLICT DO UPDATE SET attempts = attempts + 1, utc_us = excluded.utc_us;

-- record operator.verified
DELETE FROM attempt WHERE badge = @badge;

-- record operator.pin-changed
UPDATE operator SET pin = @pin WHERE badge = @badge;
DELETE FROM attempt WHERE badge = @badge;

-- record operator.roles
UPDATE operator SET roles = @roles WHERE badge = @badge;

-- record operator.revoked
UPDATE operator SET revoked_us = @utc_us, revoked_seq = @seq WHERE badge = @badge;

-- record operator.certified
-- A newer certificate replaces an older one of the same name.
INSERT INTO certification(badge, certificate, issuer, number, expiry, seq)
VALUES (@badge, @certificate, @issuer, @number, @expiry, @seq)
ON CONFLICT DO UPDATE
SET issuer = excluded.issuer, number = excluded.number, expiry = excluded.expiry, seq = excluded.seq;
