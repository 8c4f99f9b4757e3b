-- Release: what may be said aloud, decided once, with proof.

-- Catalogues. A policy says how, a measure what, a plan which tables.

CREATE TABLE tip.policy (
    id              text PRIMARY KEY,
    title           text NOT NULL,
    method          text NOT NULL DEFAULT 'suppress'
                    CHECK (method = 'suppress'),
    threshold       int4 NOT NULL CHECK (threshold BETWEEN 2 AND 1000),
    min_width       int4 NOT NULL DEFAULT 2 CHECK (min_width BETWEEN 1 AND 1000),
    reach_threshold boolean NOT NULL DEFAULT false,
    insiders        boolean NOT NULL DEFAULT true,
    cost_total      int8 NOT NULL DEFAULT 1000,
    cost_one_way    int8 NOT NULL DEFAULT 100,
    cost_two_way    int8 NOT NULL DEFAULT 10,
    cost_leaf       int8 NOT NULL DEFAULT 1,
    zero_rule       text NOT NULL DEFAULT 'shown' CHECK (zero_rule = 'shown'),
    unknown_rule    text NOT NULL DEFAULT 'row' CHECK (unknown_rule = 'row'),
    audience        text NOT NULL DEFAULT 'public'
                    CHECK (audience IN ('public', 'observatory')),
    is_local        boolean NOT NULL DEFAULT true,
    CONSTRAINT policy_costs_fall CHECK (cost_total > cost_one_way
        AND cost_one_way > cost_two_way AND cost_two_way > cost_leaf
        AND cost_leaf >= 1 AND cost_total <= 1000000)
);
SELECT pg_catalog.pg_extension_config_dump('tip.policy', 'WHERE is_local');
COMMENT ON TABLE tip.policy IS
'how counts are protected before anyone outside sees them';
COMMENT ON COLUMN tip.policy.id IS 'name of the policy';
COMMENT ON COLUMN tip.policy.title IS 'what it is for, in a sentence';
COMMENT ON COLUMN tip.policy.method IS 'suppress: small cells and the cells that would give them away are hidden';
COMMENT ON COLUMN tip.policy.threshold IS 'a count above 0 and below this is hidden';
COMMENT ON COLUMN tip.policy.min_width IS 'an attacker''s bounds of a small cell lie at least this far apart';
COMMENT ON COLUMN tip.policy.reach_threshold IS 'true: an attacker cannot even prove that a hidden cell is small';
COMMENT ON COLUMN tip.policy.insiders IS 'true: a person alone in a cell cannot work out anyone else''s either';
COMMENT ON COLUMN tip.policy.cost_total IS 'price of hiding a total';
COMMENT ON COLUMN tip.policy.cost_one_way IS 'price of hiding a one-way cell';
COMMENT ON COLUMN tip.policy.cost_two_way IS 'price of hiding a two-way cell';
COMMENT ON COLUMN tip.policy.cost_leaf IS 'price of hiding a cell of three and more dimensions';
COMMENT ON COLUMN tip.policy.zero_rule IS 'shown: a zero is published as zero';
COMMENT ON COLUMN tip.policy.unknown_rule IS 'row: unknown is a category of its own in every dimension';
COMMENT ON COLUMN tip.policy.audience IS 'public: everybody may read the views; observatory: only whom the DBA grants';
COMMENT ON COLUMN tip.policy.is_local IS 'false for shipped rows';

CREATE TABLE tip.measure (
    id          text PRIMARY KEY,
    title       text NOT NULL,
    unit        text NOT NULL,
    date_basis  text NOT NULL,
    age_basis   text NOT NULL,
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) BETWEEN 1 AND 7),
    source      text NOT NULL,
    is_local    boolean NOT NULL DEFAULT true
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
    dimensions  text[] NOT NULL CHECK (cardinality(dimensions) BETWEEN 1 AND 4),
    is_local    boolean NOT NULL DEFAULT true,
    UNIQUE (plan, ordinal)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_plan_table', 'WHERE is_local');
COMMENT ON TABLE tip.release_plan_table IS
'one table of a plan: a view of this name in schema tip_public once published';
COMMENT ON COLUMN tip.release_plan_table.name IS 'name of the table and of its view';
COMMENT ON COLUMN tip.release_plan_table.plan IS 'plan that it belongs to';
COMMENT ON COLUMN tip.release_plan_table.ordinal IS 'place in the plan';
COMMENT ON COLUMN tip.release_plan_table.title IS 'heading';
COMMENT ON COLUMN tip.release_plan_table.dimensions IS 'year or dimensions of the measure, in the order of the columns';
COMMENT ON COLUMN tip.release_plan_table.is_local IS 'false for shipped rows';

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
    certificate_digest bytea NOT NULL
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

CREATE TABLE tip.release_cell (
    release     int4 NOT NULL REFERENCES tip.release,
    table_name  text NOT NULL,
    codes       text[] NOT NULL,
    is_total    boolean NOT NULL,
    value       int8,
    shown       text NOT NULL,
    obs_status  text NOT NULL,
    conf_status text NOT NULL,
    PRIMARY KEY (release, table_name, codes)
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_cell', '');
COMMENT ON TABLE tip.release_cell IS 'cells of the published tables, as published';
COMMENT ON COLUMN tip.release_cell.release IS 'release that it belongs to';
COMMENT ON COLUMN tip.release_cell.table_name IS 'table of the release';
COMMENT ON COLUMN tip.release_cell.codes IS 'one code per dimension of the table; _T is the total';
COMMENT ON COLUMN tip.release_cell.is_total IS 'true where any code is _T: leave these out of sums';
COMMENT ON COLUMN tip.release_cell.value IS 'the count; NULL where it is hidden';
COMMENT ON COLUMN tip.release_cell.shown IS 'the count as text; * where it is hidden';
COMMENT ON COLUMN tip.release_cell.obs_status IS 'SDMX OBS_STATUS: A normal, P provisional (a revision is pending), Q suppressed';
COMMENT ON COLUMN tip.release_cell.conf_status IS 'SDMX CONF_STATUS: F free, C confidential';

CREATE TABLE tip.release_certificate (
    release     int4 PRIMARY KEY REFERENCES tip.release,
    body        jsonb NOT NULL
);
SELECT pg_catalog.pg_extension_config_dump('tip.release_certificate', '');
COMMENT ON TABLE tip.release_certificate IS
'for the auditor: what the attacker could find out; holds bounds, no true count';
COMMENT ON COLUMN tip.release_certificate.release IS 'release that it certifies';
COMMENT ON COLUMN tip.release_certificate.body IS 'policy, attackers, bounds of each hidden cell, digest of the published cells';

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
COMMENT ON COLUMN tip.release_log.action IS 'preview, publish or protect';
COMMENT ON COLUMN tip.release_log.plan IS 'plan; for protect the policy';
COMMENT ON COLUMN tip.release_log.first_year IS 'first year of the period';
COMMENT ON COLUMN tip.release_log.last_year IS 'last year of the period';
COMMENT ON COLUMN tip.release_log.release IS 'number of the release, if one was made';

-- A look that is rolled back takes its row with it; the server's log stays.
CREATE FUNCTION tip_impl.log_release(action text, plan text, first_year int4,
    last_year int4, release int4)
RETURNS void
LANGUAGE plpgsql VOLATILE
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
COMMENT ON FUNCTION tip_impl.log_release(text, text, int4, int4, int4) IS
'log a look or a release in tip.release_log and in the log of the server';

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
