-- SPDX-License-Identifier: Apache-2.0
-- Changes nothing. But its commit waits until a standby has all that was committed before: also what can be read here already
-- though it is on this node alone, because its own wait was cancelled or the server died in it.

SELECT pg_logical_emit_message(true, 'stipple', '');
