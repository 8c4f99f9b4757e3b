-- Load a file of the CTDC Global Dataset layout through the crosswalk.
--
--   gzip -dc ctdc.csv.gz | psql -X -d DATABASE -f docs/importing-ctdc.sql
--
-- The file needs the columns yearOfRegistration, gender, ageBroad, citizenship,
-- isForcedLabour, isSexualExploit and CountryOfExploitation, in this order.
-- Every row is stored in the model of schema ctdc, or kept in ctdc.quarantine.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT tip.create_model('ctdc') AS tables WHERE to_regclass('ctdc.victim') IS NULL \g /dev/null
-- CTDC tells "no" from "not stated" for each form; a set of forms cannot.
ALTER TABLE ctdc.victimization
	ADD COLUMN IF NOT EXISTS is_forced_labour tip.indicator_answer,
	ADD COLUMN IF NOT EXISTS is_sexual_exploit tip.indicator_answer;

BEGIN;
CREATE TEMP TABLE ctdc_file (
	"yearOfRegistration" text, gender text, "ageBroad" text, citizenship text,
	"isForcedLabour" text, "isSexualExploit" text, "CountryOfExploitation" text,
	victim_id uuid DEFAULT gen_random_uuid()
);
\copy ctdc_file ("yearOfRegistration", gender, "ageBroad", citizenship, "isForcedLabour", "isSexualExploit", "CountryOfExploitation") FROM pstdin (FORMAT csv, HEADER)

-- Each value once through the crosswalk.  An empty field is no value, so NULL.
-- What has no translation stays as it is: no column takes it, so that
-- tip.load() sets the row aside and says why.
CREATE TEMP TABLE ctdc_code AS
SELECT v.variable, v.list, v.value,
       coalesce(tip.from_scheme('CTDC', v.variable, v.value, v.list), v.value) AS code
FROM (SELECT DISTINCT s.variable, s.list, s.value
      FROM ctdc_file AS f
      CROSS JOIN LATERAL (VALUES
		('yearOfRegistration', 'calendar_year', f."yearOfRegistration"),
		('gender', 'gender', f.gender),
		('gender', 'sex', f.gender),
		('ageBroad', 'age_band', f."ageBroad"),
		('citizenship', 'country', f.citizenship),
		('CountryOfExploitation', 'country', f."CountryOfExploitation")
	) AS s(variable, list, value)
      WHERE s.value <> '') AS v;
ALTER TABLE ctdc_code ADD PRIMARY KEY (variable, list, value);
ANALYZE ctdc_code;

-- 1, 0 and -99 of a variable that is one form; some exports write 1.0.
CREATE TEMP TABLE ctdc_flag AS
SELECT v.value, CASE replace(v.value, '.0', '') WHEN '1' THEN 'present'
		WHEN '0' THEN 'absent' WHEN '-99' THEN 'not_stated'
		ELSE v.value END AS answer
FROM (SELECT "isForcedLabour" FROM ctdc_file UNION SELECT "isSexualExploit" FROM ctdc_file) AS v(value)
WHERE v.value <> '';

CREATE TEMP TABLE ctdc_victim AS
SELECT f.victim_id, sex.code AS sex, gender.code AS gender,
       '{' || citizenship.code || '}' AS citizenship, 'archive' AS provenance
FROM ctdc_file AS f
LEFT JOIN ctdc_code AS sex
	ON (sex.variable, sex.list, sex.value) = ('gender', 'sex', f.gender)
LEFT JOIN ctdc_code AS gender
	ON (gender.variable, gender.list, gender.value) = ('gender', 'gender', f.gender)
LEFT JOIN ctdc_code AS citizenship
	ON (citizenship.variable, citizenship.value) = ('citizenship', f.citizenship);

CREATE TEMP TABLE ctdc_victimization AS
SELECT f.victim_id, year.code AS identified_on,
       age.code AS age_band_at_identification,
       CASE WHEN age.code = ANY ('{0-8,9-17}') THEN 'minor'
            WHEN age.code = ANY ('{18-20,21-23,24-26,27-29,30-38,39-47,48+}') THEN 'adult' END
       AS age_status_at_identification,
       labour.answer AS is_forced_labour, sexual.answer AS is_sexual_exploit,
       '{' || nullif(concat_ws(',',
		CASE sexual.answer WHEN 'present' THEN tip.from_scheme('CTDC', 'isSexualExploit', '1') END,
		CASE labour.answer WHEN 'present' THEN tip.from_scheme('CTDC', 'isForcedLabour', '1') END),
		'') || '}' AS forms,
       country.code AS exploitation_country, 'archive' AS provenance
FROM ctdc_file AS f
LEFT JOIN ctdc_flag AS labour ON labour.value = f."isForcedLabour"
LEFT JOIN ctdc_flag AS sexual ON sexual.value = f."isSexualExploit"
LEFT JOIN ctdc_code AS year
	ON (year.variable, year.value) = ('yearOfRegistration', f."yearOfRegistration")
LEFT JOIN (SELECT value, code FROM ctdc_code WHERE variable = 'ageBroad') AS age
	ON age.value = f."ageBroad"
LEFT JOIN ctdc_code AS country
	ON (country.variable, country.value) = ('CountryOfExploitation', f."CountryOfExploitation");

CREATE TEMP TABLE ctdc_report AS
SELECT 1 AS step, 'victim' AS entity, l.* FROM tip.load('ctdc_victim', 'victim', 'ctdc') AS l;
INSERT INTO ctdc_report
SELECT 2, 'victimization', l.* FROM tip.load('ctdc_victimization', 'victimization', 'ctdc') AS l;
COMMIT;

\echo Rows of the file, and what became of them
SELECT entity, read, stored, quarantined, read = stored + quarantined AS exact
FROM ctdc_report ORDER BY step;
\echo Why rows were set aside
SELECT q.entity, f ->> 'rule' AS rule, f -> 'columns' AS columns, count(*)
FROM ctdc.quarantine AS q, jsonb_array_elements(q.findings) AS f
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
