-- Release: shipped policies, measures and plans.

-- A country chooses one of the two public products for a measure, once.  The
-- costs fall steeply: a headline cell is never hidden to save a leaf.

INSERT INTO tip.policy (id, title, method, threshold, audience, insiders,
    max_ways, min_totals, periods,
    sensitive, base, zero_rule, headline, is_local)
VALUES
('public_exact', 'exact counts for everybody; counts of 1 to 4 and what gives them away are hidden',
 'suppress', 5, 'public', 'each', 2, '{0,20}', '{1,3,5}',
 '[{"codes": {"age_status": "minor", "form": "sexual", "citizenship": "*"}, "minimum": 10},
   {"codes": {"age_status": "minor", "citizenship": "*"}, "minimum": 10}]',
 NULL, 'shown', 'exact', false),
('public_rounded', 'every cell for everybody, rounded to a multiple of 5; tables still add up',
 'round', 5, 'public', 'each', 3, '{0,0}', '{1,3,5}',
 '[{"codes": {"age_status": "minor", "form": "sexual", "citizenship": "*"}, "minimum": 10},
   {"codes": {"age_status": "minor", "citizenship": "*"}, "minimum": 10}]',
 5, 'hidden', 'exact', false),
('observatory', 'every cell for trusted analysts, rounded to a multiple of 3',
 'round', 3, 'observatory', 'each', 4, '{0,0}', '{1,2,3,4,5,10}', '[]',
 3, 'hidden', 'method', false),
('regional', 'counts of several states together for their analysts; up to three dimensions',
 'suppress', 5, 'regional', 'each', 3, '{0,20,100}', '{1,3,5}', '[]',
 NULL, 'shown', 'method', false),
('transmission', 'exact counts for a recipient that the law names; no release',
 'exact', 5, 'transmission', 'none', 4, '{0}', '{1,2,3,4,5,10}', '[]',
 NULL, 'shown', 'exact', false),
('microdata_k11', 'rows of an extract, each like at least ten others; no tables',
 'microdata', 11, 'observatory', 'none', 0, '{0}', '{1,3,5}', '[]',
 NULL, 'shown', 'method', false);

-- What SDG 16.2.2 and the shipped plans count.

CREATE FUNCTION tip_impl.form_group(forms tip.exploitation_form_set,
    main_form tip.exploitation_form)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT CASE count(DISTINCT g.name)
       WHEN 0 THEN 'unknown' WHEN 1 THEN min(g.name) ELSE 'mixed' END
  FROM (SELECT CASE tip.to_scheme('exploitation_form', f.code, 'SDG', 'series')
               WHEN 'VC_HTF_DETVSX' THEN 'sexual'
               WHEN 'VC_HTF_DETVFL' THEN 'forced_labour'
               WHEN 'VC_HTF_DETVOG' THEN 'organ_removal'
               WHEN 'VC_HTF_DETVOP' THEN 'other' END
          FROM (SELECT e::text FROM tip.each(forms) AS e
                 WHERE tip.is_missing(main_form) IS NOT FALSE
                UNION SELECT main_form::text) AS f(code)) AS g(name)
$$;
COMMENT ON FUNCTION tip_impl.form_group(tip.exploitation_form_set, tip.exploitation_form) IS
'one SDG group for a case, by the crosswalk: that of main_form or, without it, of all forms; mixed where they differ, unknown where there is none';

INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions,
                         source, partition, unit_column, unknown_with, is_local)
VALUES ('victims_identified',
'victims identified, each once a year', 'victim in a year',
'first identified in the year', 'at identification',
'{sex,age_status,form,country,citizenship}', $q$
SELECT y.year, coalesce(v.sex::text, 'unknown') AS sex, y.age_status, y.form,
       y.country, y.victim_id AS unit,
       CASE WHEN cardinality(v.citizenship) > 1 THEN 'several'
            ELSE coalesce(v.citizenship[1]::text, 'unknown') END AS citizenship
  FROM (SELECT r.victim_id, r.year,
               coalesce((array_agg(r.age_status ORDER BY r.day)
                         FILTER (WHERE r.age_status IS NOT NULL))[1],
                        'unknown') AS age_status,
               CASE count(DISTINCT nullif(r.form, 'unknown'))
               WHEN 0 THEN 'unknown' WHEN 1 THEN min(nullif(r.form, 'unknown'))
               ELSE 'mixed' END AS form,
               (array_agg(r.country ORDER BY r.day, r.country))[1] AS country
          FROM (SELECT z.victim_id, tip.earliest(z.identified_on) AS day,
                       extract(year FROM tip.earliest(z.identified_on))::int
                           AS year,
                       coalesce(z.age_status_at_identification,
                                w.age_status_at_identification)::text
                           AS age_status,
                       tip_impl.form_group(z.forms, z.main_form) AS form,
                       e.jurisdiction::text AS country
                  FROM %1$I.victimization AS z
                  JOIN %1$I.victim AS w USING (victim_id)
                  JOIN %1$I.event AS e USING (event_id)
                 WHERE z.victim_stage IS DISTINCT FROM 'draft'
                   AND (z.victim_status = 'identified'
                        OR (z.victim_status IS NULL
                            OR tip.is_missing(z.victim_status))
                           AND z.victim_stage = ANY (
                               '{identified,referred,assisted,exited}'))
                   AND z.identified_on IS NOT NULL) AS r
         GROUP BY r.victim_id, r.year) AS y
  JOIN %1$I.victim AS v USING (victim_id)
$q$, 'a victim has one sex, and age, form and country of the year: several forms are mixed, several citizenships several',
'unit', '{"form": "other"}', false);

-- What the US TIP report asks for, from April to March: the year is that in
-- which the period begins.
INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions,
                         source, partition, unit_column, is_local)
SELECT 'us_tip_victims', 'victims identified from April to March', m.unit,
       'first identified in the twelve months from April of the year',
       m.age_basis, m.dimensions,
       replace(m.source, 'extract(year FROM tip.earliest(z.identified_on))',
               'extract(year FROM tip.earliest(z.identified_on) - interval ''3 months'')'),
       m.partition, m.unit_column, false
  FROM tip.measure AS m WHERE m.id = 'victims_identified';

-- One form of a case: that of all its victims.
CREATE FUNCTION tip_impl.one_form(forms text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE count(DISTINCT f) WHEN 0 THEN 'unknown' WHEN 1 THEN min(f)
               ELSE 'mixed' END
          FROM unnest(forms) AS f WHERE f <> 'unknown');
COMMENT ON FUNCTION tip_impl.one_form(text[]) IS
'the form that all victims of a case have, mixed or unknown';

INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions,
                         source, partition, unit_column, is_local)
VALUES ('us_tip_investigations', 'investigations begun from April to March',
'case', 'recorded in the twelve months from April of the year', 'none',
'{form,country}', $q$
SELECT extract(year FROM e.recorded_on - interval '3 months')::int AS year,
       tip_impl.one_form(ARRAY(SELECT tip_impl.form_group(z.forms, z.main_form)
                                 FROM %1$I.victimization AS z
                                WHERE z.event_id = e.event_id)) AS form,
       e.jurisdiction::text AS country, e.event_id AS unit
  FROM %1$I.event AS e
 WHERE e.case_stage = ANY ('{investigated,charged,trial,closed}')
$q$, 'a case is recorded once; several forms are mixed', 'unit', false);

INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions,
                         source, partition, unit_column, is_local)
SELECT k.id, k.title, 'defendant in a case', k.basis, 'none',
'{form,country}', format($q$
SELECT extract(year FROM tip.earliest(s.day) - interval '3 months')::int AS year,
       tip_impl.one_form(ARRAY(SELECT tip_impl.form_group(z.forms, z.main_form)
                                 FROM %%1$I.victimization AS z
                                WHERE z.event_id = s.event_id)) AS form,
       e.jurisdiction::text AS country, s.involvement_id AS unit
  FROM (SELECT DISTINCT ON (j.involvement_id) j.involvement_id, j.event_id,
               j.stepped_on AS day
          FROM %%1$I.justice_step AS j
         WHERE j.involvement_id IS NOT NULL AND j.stepped_on IS NOT NULL
           AND j.step = ANY (%L)
         ORDER BY j.involvement_id, tip.earliest(j.stepped_on)) AS s
  JOIN %%1$I.event AS e USING (event_id)
$q$, k.steps), 'the first such step of a defendant counts; several forms are mixed',
'unit', false
  FROM (VALUES
    ('us_tip_prosecutions', 'prosecutions begun from April to March',
     'first charged or indicted in the twelve months from April of the year',
     '{charged,indicted}'),
    ('us_tip_convictions', 'convictions from April to March',
     'first convicted in the twelve months from April of the year',
     '{convicted}')) AS k(id, title, basis, steps);

INSERT INTO tip.release_plan (id, title, measure, policy, years, is_local)
VALUES
('annual', 'one year, one-way', 'victims_identified', 'public_exact', 1, false),
('closed_period', 'three closed years with annual totals', 'victims_identified',
 'public_exact', 3, false),
('glotip', 'the questionnaire of UNODC''s Global Report, for everybody',
 'victims_identified', 'public_rounded', 1, false),
('us_tip', 'figures that the US TIP report asks for, April to March',
 'us_tip_victims', 'transmission', 1, false);
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions,
                                    measure, is_local)
VALUES
('victims_of_year_by_sex', 'annual', 1, 'Victims identified by sex', '{sex}', NULL, false),
('victims_of_year_by_age', 'annual', 2, 'Victims identified by age', '{age_status}', NULL, false),
('victims_of_year_by_form', 'annual', 3, 'Victims identified by form of exploitation', '{form}', NULL, false),
('victims_by_year', 'closed_period', 1, 'Victims identified by year', '{year}', NULL, false),
('victims_by_form', 'closed_period', 2, 'Victims identified by form of exploitation', '{form}', NULL, false),
('victims_by_sex_and_age', 'closed_period', 3, 'Victims identified by sex and age', '{sex,age_status}', NULL, false),
('glotip_victims', 'glotip', 1, 'Victims detected', '{}', NULL, false),
('glotip_victims_by_sex_and_age', 'glotip', 2, 'Victims detected: men, women, boys and girls', '{sex,age_status}', NULL, false),
('glotip_victims_by_form', 'glotip', 3, 'Victims detected by form of exploitation, sex and age', '{form,sex,age_status}', NULL, false),
('glotip_victims_by_citizenship', 'glotip', 4, 'Victims detected by citizenship', '{citizenship}', NULL, false),
('us_tip_investigations', 'us_tip', 1, 'Investigations begun, by form', '{form}', 'us_tip_investigations', false),
('us_tip_prosecutions', 'us_tip', 2, 'Prosecutions begun, by form', '{form}', 'us_tip_prosecutions', false),
('us_tip_convictions', 'us_tip', 3, 'Convictions, by form', '{form}', 'us_tip_convictions', false),
('us_tip_victims', 'us_tip', 4, 'Victims identified: women, men, girls and boys, by form', '{sex,age_status,form}', NULL, false),
('us_tip_victims_by_citizenship', 'us_tip', 5, 'Victims identified by citizenship', '{citizenship}', NULL, false);
