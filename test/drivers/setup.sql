-- What every driver test starts from: one table with a code, a set, an array
-- of codes and a date that may be partial.
CREATE EXTENSION IF NOT EXISTS tip_module CASCADE;
DROP TABLE IF EXISTS driver_case;
CREATE TABLE driver_case (
	id int PRIMARY KEY,
	sex tip.sex,
	acts tip.act_set,
	citizenship tip.country[]
);
CREATE INDEX driver_case_sex ON driver_case (sex);
CREATE INDEX driver_case_acts ON driver_case USING gin (acts);
