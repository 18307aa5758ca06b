-- SPDX-License-Identifier: Apache-2.0
-- A request that nobody made yet. Nothing when it is known; one that is being answered is waited for.
-- $1: its number, a UUID; $2: the station

INSERT INTO request(request, station) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING request;
