-- Release: shipped policies, measures and plans.

-- Shipped: two policies that hold, and room for the country's own.

INSERT INTO tip.policy (id, title, threshold, audience, is_local) VALUES
('public_exact', 'exact counts for everybody; counts of 1 to 4 and what gives them away are hidden', 5, 'public', false),
('observatory_exact', 'the same for trusted analysts, from a count of 3', 3, 'observatory', false);

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
                         source, is_local)
VALUES ('victims_identified',
'victims identified, each once a year', 'victim in a year',
'first identified in the year', 'at identification',
'{sex,age_status,form,country}', $q$
SELECT y.year, coalesce(v.sex::text, 'unknown') AS sex, y.age_status, y.form,
       y.country
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
$q$, false);

INSERT INTO tip.release_plan (id, title, measure, policy, years, is_local)
VALUES
('annual', 'one year, one-way', 'victims_identified', 'public_exact', 1, false),
('closed_period', 'three closed years with annual totals', 'victims_identified',
 'public_exact', 3, false);
INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions,
                                    is_local)
VALUES
('victims_of_year_by_sex', 'annual', 1, 'Victims identified by sex', '{sex}', false),
('victims_of_year_by_age', 'annual', 2, 'Victims identified by age', '{age_status}', false),
('victims_of_year_by_form', 'annual', 3, 'Victims identified by form of exploitation', '{form}', false),
('victims_by_year', 'closed_period', 1, 'Victims identified by year', '{year}', false),
('victims_by_form', 'closed_period', 2, 'Victims identified by form of exploitation', '{form}', false),
('victims_by_sex_and_age', 'closed_period', 3, 'Victims identified by sex and age', '{sex,age_status}', false);
