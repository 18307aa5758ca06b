-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of operators is accepted.

-- statement administrator_left
-- Whether an administrator remains when @badge is revoked, or gets @roles in place of the earlier ones.
SELECT 1
FROM operator
WHERE revoked_us IS NULL AND badge <> @badge AND roles LIKE '%"administrator"%'
UNION ALL
SELECT 1
WHERE @roles LIKE '%"administrator"%'
LIMIT 1;
