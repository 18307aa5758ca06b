-- SPDX-License-Identifier: Apache-2.0
-- The stations.

SELECT station FROM station ORDER BY name;
