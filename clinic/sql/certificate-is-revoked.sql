-- SPDX-License-Identifier: Apache-2.0
-- Whether a certificate was revoked. One that this server did not issue was not.
-- $1: its serial number

SELECT EXISTS (SELECT FROM certificate WHERE serial = $1 AND revoked IS NOT NULL);
