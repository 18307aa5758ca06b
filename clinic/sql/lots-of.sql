-- SPDX-License-Identifier: Apache-2.0
-- What is known of some lots.
-- $1: their numbers

SELECT lot, gtin, status, quantity, next FROM lot WHERE lot = ANY ($1::text[]) ORDER BY lot, gtin;
