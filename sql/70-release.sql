-- Release: what may be said aloud, decided once, with proof.

-- Catalogues. A policy says how, a measure what, a plan which tables.

-- The methods stand here and nowhere else.  What cannot be published yet is
-- refused by tip_impl.check_method().
CREATE TABLE tip.policy (
    id              text PRIMARY KEY,
    title           text NOT NULL,
    method          text NOT NULL DEFAULT 'suppress'
                    CONSTRAINT policy_method CHECK (method IN
                    ('suppress', 'round', 'exact', 'cellkey', 'dp',
                     'magnitude', 'microdata')),
    threshold       int4 NOT NULL CHECK (threshold BETWEEN 2 AND 1000),
    min_width       int4 NOT NULL DEFAULT 2 CHECK (min_width BETWEEN 1 AND 1000),
    reach_threshold boolean NOT NULL DEFAULT false,
    insiders        text NOT NULL DEFAULT 'each'
                    CHECK (insiders IN ('none', 'each', 'pairs')),
    cost_total      int8 NOT NULL DEFAULT 1000,
    cost_one_way    int8 NOT NULL DEFAULT 100,
    cost_two_way    int8 NOT NULL DEFAULT 10,
    cost_leaf       int8 NOT NULL DEFAULT 1,
    zero_rule       text NOT NULL DEFAULT 'shown'
                    CHECK (zero_rule IN ('shown', 'hidden')),
    unknown_rule    text NOT NULL DEFAULT 'row'
                    CHECK (unknown_rule IN ('row', 'merge')),
    audience        text NOT NULL DEFAULT 'public'
                    CHECK (audience IN
                    ('public', 'observatory', 'regional', 'transmission')),
    is_local        boolean NOT NULL DEFAULT true,
    max_ways        int4 NOT NULL DEFAULT 2 CHECK (max_ways BETWEEN 0 AND 4),
    min_totals      int8[] NOT NULL DEFAULT '{0,20}'
                    CHECK (cardinality(min_totals) <= 4
                           AND array_position(min_totals, NULL) IS NULL),
    sensitive       jsonb NOT NULL DEFAULT '[]'
                    CHECK (jsonb_typeof(sensitive) = 'array'),
    periods         int4[] NOT NULL DEFAULT '{1,3,5}'
                    CHECK (cardinality(periods) BETWEEN 1 AND 20
                           AND array_position(periods, NULL) IS NULL),
    history_depth   int4 NOT NULL DEFAULT 10
                    CHECK (history_depth BETWEEN 0 AND 100),
    show_bounds     boolean NOT NULL DEFAULT false,
    base            int4 CHECK (base BETWEEN 2 AND 100),
    headline        text NOT NULL DEFAULT 'method'
                    CHECK (headline IN ('method', 'exact')),
    CONSTRAINT policy_costs_fall CHECK (cost_total > cost_one_way
        AND cost_one_way > cost_two_way AND cost_two_way > cost_leaf
        AND cost_leaf >= 1 AND cost_total <= 1000000),
    CONSTRAINT policy_round_has_base CHECK (method <> 'round' OR base IS NOT NULL),
    CONSTRAINT policy_exact_is_transmitted
        CHECK ((method = 'exact') = (audience = 'transmission'))
);
SELECT pg_catalog.pg_extension_config_dump('tip.policy', 'WHERE is_local');
COMMENT ON TABLE tip.policy IS
'how counts are protected before anyone outside sees them; see tip.set_policy()';
COMMENT ON COLUMN tip.policy.id IS 'name of the policy';
COMMENT ON COLUMN tip.policy.title IS 'what it is for, in a sentence';
COMMENT ON COLUMN tip.policy.method IS 'suppress: small cells and the cells that would give them away are hidden; round: controlled rounding; exact: for a transmission alone; others are not implemented yet';
COMMENT ON COLUMN tip.policy.threshold IS 'a count above 0 and below this is small';
COMMENT ON COLUMN tip.policy.min_width IS 'an attacker''s bounds of a small cell lie at least this far apart';
COMMENT ON COLUMN tip.policy.reach_threshold IS 'true: an attacker cannot even prove that a hidden cell is small';
COMMENT ON COLUMN tip.policy.insiders IS 'who attacks besides an outsider: none; each person alone in a cell; pairs of them';
COMMENT ON COLUMN tip.policy.cost_total IS 'price of hiding a total';
COMMENT ON COLUMN tip.policy.cost_one_way IS 'price of hiding a one-way cell';
COMMENT ON COLUMN tip.policy.cost_two_way IS 'price of hiding a two-way cell';
COMMENT ON COLUMN tip.policy.cost_leaf IS 'price of hiding a cell of three and more dimensions';
COMMENT ON COLUMN tip.policy.zero_rule IS 'shown: a zero is published as zero; hidden: a zero is no fact that is published';
COMMENT ON COLUMN tip.policy.unknown_rule IS 'row: unknown is a category of its own in every dimension; merge: with the category that tip.measure.unknown_with names';
COMMENT ON COLUMN tip.policy.audience IS 'public: everybody may read the views; observatory, regional: whom the DBA grants; transmission: a recipient by law';
COMMENT ON COLUMN tip.policy.is_local IS 'false for shipped rows';
COMMENT ON COLUMN tip.policy.max_ways IS 'most dimensions of a table';
COMMENT ON COLUMN tip.policy.min_totals IS 'least total of the period for tables of one dimension, of two, and so on; what is missing is as the last';
COMMENT ON COLUMN tip.policy.sensitive IS 'combinations with a higher threshold: [{"codes": {"age_status": "minor", "citizenship": "*"}, "minimum": 10}]; * is any code';
COMMENT ON COLUMN tip.policy.periods IS 'lengths of a period in years that may be published, when it is over';
COMMENT ON COLUMN tip.policy.history_depth IS 'how many earlier releases of the same records count';
COMMENT ON COLUMN tip.policy.show_bounds IS 'true: the bounds of a hidden cell are shown';
COMMENT ON COLUMN tip.policy.base IS 'counts are rounded to multiples of this';
COMMENT ON COLUMN tip.policy.headline IS 'a table without dimensions: method, like any other cell; exact: 0, as "1-4", or exact';

CREATE TABLE tip.measure (
    id          text PRIMARY KEY,
    title       text NOT NULL,
    unit        text NOT NULL,
    date_basis  text NOT NULL,
    age_basis   text NOT NULL,
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) BETWEEN 1 AND 7),
    source      text NOT NULL,
    is_local    boolean NOT NULL DEFAULT true,
    partition   text NOT NULL DEFAULT 'each unit is one row of its year',
    is_additive boolean NOT NULL DEFAULT true,
    unit_column text,
    unknown_with jsonb NOT NULL DEFAULT '{}'
                CHECK (jsonb_typeof(unknown_with) = 'object')
);
SELECT pg_catalog.pg_extension_config_dump('tip.measure', 'WHERE is_local');
COMMENT ON TABLE tip.measure IS
'what is counted: one row of the source is one unit in one year and one cell';
COMMENT ON COLUMN tip.measure.id IS 'name of the measure';
COMMENT ON COLUMN tip.measure.title IS 'what it counts, in a sentence';
COMMENT ON COLUMN tip.measure.unit IS 'what one count is';
COMMENT ON COLUMN tip.measure.date_basis IS 'which date puts a unit into a year';
COMMENT ON COLUMN tip.measure.age_basis IS 'which age is meant';
COMMENT ON COLUMN tip.measure.dimensions IS 'columns of the source that tables may use, besides year';
COMMENT ON COLUMN tip.measure.source IS 'query with year and the dimensions; %1$I stands for the data schema; run with the rights of who previews or publishes';
COMMENT ON COLUMN tip.measure.is_local IS 'false for shipped rows';
COMMENT ON COLUMN tip.measure.partition IS 'why each unit falls into exactly one cell of a year';
COMMENT ON COLUMN tip.measure.is_additive IS 'false: a unit may be in several cells, so that margins are no sums; it can be transmitted, not published';
COMMENT ON COLUMN tip.measure.unit_column IS 'column of the source that names the unit; once a year, or publishing is refused';
COMMENT ON COLUMN tip.measure.unknown_with IS 'category that unknown is merged with, by dimension, where the policy merges: {"form": "other"}';

CREATE TABLE tip.measure_hierarchy (
    measure     text NOT NULL REFERENCES tip.measure,
    dimension   text NOT NULL,
    code        text NOT NULL,
    parent      text NOT NULL CHECK (parent <> '_T'),
    is_local    boolean NOT NULL DEFAULT true,
    PRIMARY KEY (measure, dimension, code)
);
SELECT pg_catalog.pg_extension_config_dump('tip.measure_hierarchy', 'WHERE is_local');
COMMENT ON TABLE tip.measure_hierarchy IS
'groups of codes, such as countries of a region; tables show each group as a margin';
COMMENT ON COLUMN tip.measure_hierarchy.measure IS 'measure that uses the groups';
COMMENT ON COLUMN tip.measure_hierarchy.dimension IS 'dimension of the measure';
COMMENT ON COLUMN tip.measure_hierarchy.code IS 'code of the dimension, or a group';
COMMENT ON COLUMN tip.measure_hierarchy.parent IS 'group that it belongs to';
COMMENT ON COLUMN tip.measure_hierarchy.is_local IS 'false for shipped rows';

CREATE TABLE tip.release_plan (
    id          text PRIMARY KEY,
    title       text NOT NULL,
    measure     text NOT NULL REFERENCES tip.measure,
    policy      text NOT NULL REFERENCES tip.policy,
    years       int4 NOT NULL CHECK (years BETWEEN 1 AND 20),
    is_local    boolean NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_plan', 'WHERE is_local');
COMMENT ON TABLE tip.release_plan IS
'the tables of a period that are protected and published together';
COMMENT ON COLUMN tip.release_plan.id IS 'name of the plan';
COMMENT ON COLUMN tip.release_plan.title IS 'what it is for';
COMMENT ON COLUMN tip.release_plan.measure IS 'what is counted';
COMMENT ON COLUMN tip.release_plan.policy IS 'how it is protected';
COMMENT ON COLUMN tip.release_plan.years IS 'length of a period in years';
COMMENT ON COLUMN tip.release_plan.is_local IS 'false for shipped rows';

CREATE TABLE tip.release_plan_table (
    name        text PRIMARY KEY
                CHECK (name ~ '^[a-z][a-z0-9_]{0,57}$'),
    plan        text NOT NULL REFERENCES tip.release_plan,
    ordinal     int4 NOT NULL,
    title       text NOT NULL,
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) <= 4
                AND array_position(dimensions, NULL) IS NULL),
    is_local    boolean NOT NULL DEFAULT true,
    measure     text REFERENCES tip.measure,
    UNIQUE (plan, ordinal)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_plan_table', 'WHERE is_local');
COMMENT ON TABLE tip.release_plan_table IS
'one table of a plan: a view of this name in schema tip_public once published';
COMMENT ON COLUMN tip.release_plan_table.name IS 'name of the table and of its view';
COMMENT ON COLUMN tip.release_plan_table.plan IS 'plan that it belongs to';
COMMENT ON COLUMN tip.release_plan_table.ordinal IS 'place in the plan';
COMMENT ON COLUMN tip.release_plan_table.title IS 'heading';
COMMENT ON COLUMN tip.release_plan_table.dimensions IS 'year or dimensions of the measure, in the order of the columns; none for the headline total';
COMMENT ON COLUMN tip.release_plan_table.is_local IS 'false for shipped rows';
COMMENT ON COLUMN tip.release_plan_table.measure IS 'measure of this table where it is not that of the plan; for a transmission alone';

CREATE FUNCTION tip_impl.insider_level(insiders text) RETURNS int4
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN array_position('{none,each,pairs}', insiders) - 1;
COMMENT ON FUNCTION tip_impl.insider_level(text) IS
'how many persons alone in a cell attack together';

-- What was published, for ever: public numbers only, no true count.

CREATE TABLE tip.release (
    release     int4 PRIMARY KEY,
    plan        text NOT NULL,
    measure     text NOT NULL,
    first_year  int4 NOT NULL,
    last_year   int4 NOT NULL CHECK (last_year >= first_year),
    policy      jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    published_by name NOT NULL DEFAULT session_user,
    certificate_digest bytea NOT NULL,
    groups      jsonb NOT NULL DEFAULT '{}'
);
SELECT pg_catalog.pg_extension_config_dump('tip.release', '');
COMMENT ON TABLE tip.release IS 'published releases, numbered, never changed';
COMMENT ON COLUMN tip.release.release IS 'number of the release, without gaps';
COMMENT ON COLUMN tip.release.plan IS 'plan that was published';
COMMENT ON COLUMN tip.release.measure IS 'measure of the plan';
COMMENT ON COLUMN tip.release.first_year IS 'first year of the period';
COMMENT ON COLUMN tip.release.last_year IS 'last year of the period';
COMMENT ON COLUMN tip.release.policy IS 'the policy as it was applied';
COMMENT ON COLUMN tip.release.published_at IS 'when';
COMMENT ON COLUMN tip.release.published_by IS 'by which login';
COMMENT ON COLUMN tip.release.certificate_digest IS 'SHA-256 of the certificate, which goes with the public file';
COMMENT ON COLUMN tip.release.groups IS 'codes that are sums of others, by dimension';

CREATE TABLE tip.release_cell (
    release     int4 NOT NULL REFERENCES tip.release,
    table_name  text NOT NULL,
    codes       text[] NOT NULL,
    is_total    boolean NOT NULL,
    value       int8,
    shown       text NOT NULL,
    obs_status  text NOT NULL,
    conf_status text NOT NULL,
    low         int8,
    high        int8,
    PRIMARY KEY (release, table_name, codes)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_cell', '');
COMMENT ON TABLE tip.release_cell IS 'cells of the published tables, as published';
COMMENT ON COLUMN tip.release_cell.release IS 'release that it belongs to';
COMMENT ON COLUMN tip.release_cell.table_name IS 'table of the release';
COMMENT ON COLUMN tip.release_cell.codes IS 'one code per dimension of the table; _T is the total';
COMMENT ON COLUMN tip.release_cell.is_total IS 'true where any code is _T or a group: leave these out of sums';
COMMENT ON COLUMN tip.release_cell.value IS 'the count as published; NULL where it is hidden';
COMMENT ON COLUMN tip.release_cell.shown IS 'the same as text; * where it is hidden, 1-4 for a small headline';
COMMENT ON COLUMN tip.release_cell.obs_status IS 'SDMX OBS_STATUS: A normal, P provisional (a revision is pending), Q suppressed';
COMMENT ON COLUMN tip.release_cell.conf_status IS 'SDMX CONF_STATUS: F free, C confidential';
COMMENT ON COLUMN tip.release_cell.low IS 'least count that an attacker finds possible, where the policy shows bounds';
COMMENT ON COLUMN tip.release_cell.high IS 'greatest count that an attacker finds possible, where the policy shows bounds';

CREATE TABLE tip.release_certificate (
    release     int4 PRIMARY KEY REFERENCES tip.release,
    body        jsonb NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_certificate', '');
COMMENT ON TABLE tip.release_certificate IS
'for the auditor: what the attacker could find out; holds bounds, no true count';
COMMENT ON COLUMN tip.release_certificate.release IS 'release that it certifies';
COMMENT ON COLUMN tip.release_certificate.body IS 'policy, attackers, bounds of each hidden cell, digest of the published cells';

-- Numbers that others have made public: the attacker has read them.
CREATE TABLE tip.disclosure (
    id          int4 PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),
    measure     text NOT NULL,
    first_year  int4 NOT NULL,
    last_year   int4 NOT NULL CHECK (last_year >= first_year),
    dims        jsonb NOT NULL CHECK (jsonb_typeof(dims) = 'object'),
    value       int8 NOT NULL CHECK (value >= 0),
    registered_at timestamptz NOT NULL DEFAULT now(),
    registered_by name NOT NULL DEFAULT session_user
);
SELECT pg_catalog.pg_extension_config_dump('tip.disclosure', '');
COMMENT ON TABLE tip.disclosure IS
'counts that are public elsewhere, in a report or the press; see tip.register_disclosure()';
COMMENT ON COLUMN tip.disclosure.id IS 'number of the disclosure';
COMMENT ON COLUMN tip.disclosure.source IS 'who said it, and where';
COMMENT ON COLUMN tip.disclosure.measure IS 'measure that it is a count of';
COMMENT ON COLUMN tip.disclosure.first_year IS 'first year that it covers';
COMMENT ON COLUMN tip.disclosure.last_year IS 'last year that it covers';
COMMENT ON COLUMN tip.disclosure.dims IS 'code by dimension; a dimension that is not named is added up';
COMMENT ON COLUMN tip.disclosure.value IS 'the count as it was made public';
COMMENT ON COLUMN tip.disclosure.registered_at IS 'when it was registered';
COMMENT ON COLUMN tip.disclosure.registered_by IS 'by which login';

CREATE TABLE tip.release_log (
    logged_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       name NOT NULL DEFAULT session_user,
    action      text NOT NULL,
    plan        text NOT NULL,
    first_year  int4,
    last_year   int4,
    release     int4
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_log', '');
COMMENT ON TABLE tip.release_log IS 'who previewed or published what';
COMMENT ON COLUMN tip.release_log.logged_at IS 'when';
COMMENT ON COLUMN tip.release_log.actor IS 'login';
COMMENT ON COLUMN tip.release_log.action IS 'preview, publish, protect, recheck, transmit or policy';
COMMENT ON COLUMN tip.release_log.plan IS 'plan; for protect and policy the policy';
COMMENT ON COLUMN tip.release_log.first_year IS 'first year of the period';
COMMENT ON COLUMN tip.release_log.last_year IS 'last year of the period';
COMMENT ON COLUMN tip.release_log.release IS 'number of the release, if one was made';

-- A look that is rolled back takes its row with it; the server's log stays.
-- Runs as the owner: a publisher adds rows, and writes no table of releases.
CREATE FUNCTION tip_impl.log_release(action text, plan text, first_year int4,
    last_year int4, release int4)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    INSERT INTO tip.release_log (action, plan, first_year, last_year, release)
    VALUES (log_release.action, log_release.plan, log_release.first_year,
            log_release.last_year, log_release.release);
    RAISE LOG 'release: % of "%", years % to %, by "%"', action, plan,
        first_year, last_year, session_user;
END
$$;
REVOKE EXECUTE ON FUNCTION
    tip_impl.log_release(text, text, int4, int4, int4) FROM PUBLIC;
COMMENT ON FUNCTION tip_impl.log_release(text, text, int4, int4, int4) IS
'log a look or a release in tip.release_log and in the log of the server';

-- What a publisher may write of herself: that she looked.
CREATE FUNCTION tip_impl.log_look(action text, plan text, first_year int4,
    last_year int4, release int4)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF action IS NULL OR action NOT IN ('preview', 'recheck') THEN
        RAISE EXCEPTION 'only looks are logged this way'
            USING ERRCODE = '42501';
    END IF;
    PERFORM tip_impl.log_release(action, plan, first_year, last_year, release);
END
$$;
REVOKE EXECUTE ON FUNCTION
    tip_impl.log_look(text, text, int4, int4, int4) FROM PUBLIC;
COMMENT ON FUNCTION tip_impl.log_look(text, text, int4, int4, int4) IS
'log a preview or recheck';

CREATE FUNCTION tip_impl.refuse_release_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'a release cannot be changed'
        USING ERRCODE = '55000',
              HINT = 'Publish another period instead.';
END
$$;
COMMENT ON FUNCTION tip_impl.refuse_release_change() IS
'trigger: what has been published stays as it was published';

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_cell
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_certificate
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.release_log
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON tip.disclosure
FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.refuse_release_change();

-- Who belongs to an audience: EXECUTE on these says so, and is all they are for.

CREATE FUNCTION tip_impl.is_observatory() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN true;
COMMENT ON FUNCTION tip_impl.is_observatory() IS
'whoever may execute this reads releases for the observatory';
CREATE FUNCTION tip_impl.is_regional() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN true;
COMMENT ON FUNCTION tip_impl.is_regional() IS
'whoever may execute this reads releases for the region';
REVOKE EXECUTE ON FUNCTION tip_impl.is_observatory(), tip_impl.is_regional()
FROM PUBLIC;

CREATE FUNCTION tip_impl.is_in_audience(audience text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE audience
    WHEN 'public' THEN true
    WHEN 'observatory'
    THEN has_function_privilege('tip_impl.is_observatory()', 'EXECUTE')
    WHEN 'regional'
    THEN has_function_privilege('tip_impl.is_regional()', 'EXECUTE')
    ELSE false END;
COMMENT ON FUNCTION tip_impl.is_in_audience(text) IS
'whether the current user may read releases for an audience';

CREATE VIEW tip.published_cell WITH (security_barrier) AS
SELECT c.release, c.table_name, c.codes, c.is_total, c.value, c.shown,
       c.obs_status, c.conf_status, c.low, c.high
  FROM tip.release_cell AS c
  JOIN tip.release AS r ON r.release = c.release
 WHERE tip_impl.is_in_audience(r.policy ->> 'audience');
COMMENT ON VIEW tip.published_cell IS
'published cells that the reader''s grants let her see';
COMMENT ON COLUMN tip.published_cell.release IS 'release that it belongs to';
COMMENT ON COLUMN tip.published_cell.table_name IS 'table of the release';
COMMENT ON COLUMN tip.published_cell.codes IS 'one code per dimension of the table; _T is the total';
COMMENT ON COLUMN tip.published_cell.is_total IS 'true where any code is _T or a group';
COMMENT ON COLUMN tip.published_cell.value IS 'the count as published; NULL where it is hidden';
COMMENT ON COLUMN tip.published_cell.shown IS 'the same as text';
COMMENT ON COLUMN tip.published_cell.obs_status IS 'SDMX OBS_STATUS';
COMMENT ON COLUMN tip.published_cell.conf_status IS 'SDMX CONF_STATUS';
COMMENT ON COLUMN tip.published_cell.low IS 'least possible count, where bounds are shown';
COMMENT ON COLUMN tip.published_cell.high IS 'greatest possible count, where bounds are shown';
