-- Reports: exact figures for those who may read the records.

CREATE FUNCTION tip.sdg_16_2_2(data_schema name DEFAULT 'tip_data')
RETURNS TABLE (year int4, country text, series text, rate_series text,
    sex text, age text, form text, n int8, population int8, rate numeric,
    unit text, status text, period text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH unit AS (
            SELECT s.year, s.country, s.sex, s.age_status, s.form
              FROM (%s) AS s
        ), counted AS (
            SELECT u.year, u.country, coalesce(u.sex, '_T') AS sex,
                   coalesce(u.age_status, '_T') AS age,
                   coalesce(u.form, '_T') AS form, count(*) AS n
              FROM unit AS u
             GROUP BY u.year, u.country, CUBE (u.sex, u.age_status, u.form)
        )
        SELECT c.year, c.country, x.series, x.series || 'R', c.sex, c.age,
               c.form, c.n, p.persons::int8,
               round(100000.0 * c.n / nullif(p.persons, 0), 2),
               'victims identified', 'detected', c.year::text
          FROM counted AS c
          JOIN (VALUES ('_T', 'VC_HTF_DETV'), ('sexual', 'VC_HTF_DETVSX'),
                       ('forced_labour', 'VC_HTF_DETVFL'),
                       ('organ_removal', 'VC_HTF_DETVOG'),
                       ('other', 'VC_HTF_DETVOP'),
                       ('mixed', NULL), ('unknown', NULL)) AS x(form, series)
            ON x.form = c.form
          LEFT JOIN tip.population AS p
            ON p.country::text = c.country AND p.year = c.year
           AND coalesce(p.sex::text, '_T') = c.sex
           AND coalesce(p.age_status::text, '_T') = c.age
         ORDER BY c.year, c.country, x.series, c.form, c.sex, c.age
        $q$, (SELECT format(m.source, data_schema) FROM tip.measure AS m
               WHERE m.id = 'victims_identified'));
END
$$;
COMMENT ON FUNCTION tip.sdg_16_2_2(name) IS
'SDG 16.2.2: victims identified by year, country, sex, age and form, with rates per 100,000 where tip.population has the row; victims of mixed or unknown form have rows without a series; exact, not for publication';
