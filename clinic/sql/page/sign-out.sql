-- SPDX-License-Identifier: Apache-2.0
-- Ends a session.
-- $1: hash of the cookie

DELETE FROM sign_in WHERE token = $1;
