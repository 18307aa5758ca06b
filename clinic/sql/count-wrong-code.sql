-- SPDX-License-Identifier: Apache-2.0
-- Somebody gave a wrong secret for an invitation.
-- $1: its number

UPDATE invitation SET wrong = wrong + 1 WHERE number = $1;
