-- Release: what a frozen release can be held to.

CREATE FUNCTION tip.verify_release(release int4) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT r.certificate_digest = sha256(convert_to(p.body::text, 'UTF8'))
       AND p.body ->> 'cells_sha256' = (
           SELECT tip_impl.cells_digest(array_agg(c.table_name),
                      array_agg(array_to_string(c.codes, ',')),
                      array_agg(c.shown))
             FROM tip.release_cell AS c WHERE c.release = r.release)
       -- The digest is of what is shown: the rest of a cell follows from it.
       AND NOT EXISTS (
           SELECT FROM tip.release_cell AS c
             LEFT JOIN tip_impl.published_tables(r.measure) AS t
               ON t.release = c.release AND t.table_name = c.table_name
            WHERE c.release = r.release
              AND (c.value::text IS DISTINCT FROM
                   CASE WHEN c.shown ~ '^[0-9]+$' THEN c.shown END
                   OR c.is_total IS DISTINCT FROM
                      tip_impl.is_margin(t.dimensions, c.codes, r.groups)
                   OR c.obs_status <> CASE WHEN c.value IS NULL THEN 'Q' ELSE 'A' END
                   OR c.conf_status <> CASE WHEN c.value IS NULL THEN 'C' ELSE 'F' END))
  FROM tip.release AS r JOIN tip.release_certificate AS p USING (release)
 WHERE r.release = verify_release.release
$$;
COMMENT ON FUNCTION tip.verify_release(int4) IS
'true where the frozen cells are those that the certificate was made for';
