-- SPDX-License-Identifier: Apache-2.0
-- The tables that are derived from the records and the data kept beside them. A rebuild empties them, runs the
-- statements of project/ for each record in order, and then those of days.sql.

DELETE FROM record_day;
DELETE FROM operator;
DELETE FROM attempt;
DELETE FROM certification;
DELETE FROM session;
DELETE FROM image;
DELETE FROM zone_result;
DELETE FROM zone_dots;
DELETE FROM zone_area;
DELETE FROM lot;
DELETE FROM unit;
DELETE FROM pigment_use;
DELETE FROM distinct_unit;
DELETE FROM pigment_stock;
DELETE FROM pigment_blend;
DELETE FROM pigment_part;
DELETE FROM pigment_zone;
DELETE FROM handpiece;
DELETE FROM sterilizer;
DELETE FROM sterilizer_event;
DELETE FROM counter_reset;
DELETE FROM program;
DELETE FROM cycle_file;
DELETE FROM equipment_test;
DELETE FROM cycle;
DELETE FROM cycle_item;
DELETE FROM indicator_test;
DELETE FROM handpiece_sterile;
DELETE FROM handpiece_use;
DELETE FROM subject;
DELETE FROM course;
DELETE FROM incident;
DELETE FROM correction;
DELETE FROM signing_key;
