-- Privileges: nobody executes anything by default but what is listed here.

REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA tip FROM PUBLIC;

-- An IMMUTABLE function reads no table: a code's label, a date's bounds, an
-- addition of counts.  Of the others only the shipped reference data.
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid FROM pg_catalog.pg_proc AS p
         WHERE p.pronamespace = 'tip'::pg_catalog.regnamespace
           AND (p.provolatile = 'i' OR p.prokind = 'a'
                OR p.proname IN ('today', 'to_scheme', 'from_scheme', 'scheme_codes', 'label',
                                'current_ruleset'))
           AND NOT p.prosecdef
           -- Who is in which cell is no addition of counts.
           AND p.prorettype <> 'tip.person_tabulation'::pg_catalog.regtype
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC',
                                  routine);
    END LOOP;
END
$$;
GRANT SELECT ON tip.code_list, tip.code_label, tip.list TO PUBLIC;
GRANT EXECUTE ON FUNCTION tip.key_status(), tip.selfcheck() TO pg_monitor;

CREATE FUNCTION tip_impl.grant_routines(grantee regrole, names text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid FROM unnest(names) AS n(name)
          LEFT JOIN pg_proc AS p ON p.proname = n.name
                AND p.pronamespace = 'tip'::regnamespace
    LOOP
        IF routine IS NULL THEN
            RAISE EXCEPTION 'a routine to be granted does not exist'
                USING ERRCODE = 'internal_error';
        END IF;
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', routine, grantee);
    END LOOP;
END
$$;
COMMENT ON FUNCTION tip_impl.grant_routines(regrole, text[]) IS
'grant execution of the routines of schema tip that have one of these names';

CREATE FUNCTION tip.grant_recorder(grantee regrole,
    data_schema name DEFAULT 'tip_data')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', data_schema, grantee);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA %I TO %s',
                   data_schema, grantee);
    -- What the rules found and what is excused is not theirs to change.
    EXECUTE format('REVOKE INSERT, UPDATE ON %1$I.finding, %1$I.excuse FROM %2$s',
                   data_schema, grantee);
    -- Nor is the report of a load, once it is made.
    EXECUTE format('REVOKE UPDATE ON %I.load_batch FROM %s', data_schema, grantee);
    -- Who somebody is, is told by tip.find_person() and tip.reidentify() alone:
    -- a role that reads pseudonyms and has some made could try names, and one
    -- that writes them could have another victim re-identified.
    EXECUTE format('REVOKE ALL ON %1$I.identity, %1$I.victim_pseudonym FROM %2$s',
                   data_schema, grantee);
    EXECUTE format('GRANT SELECT ON tip.rule, tip.rule_override, tip.ruleset TO %s', grantee);
    PERFORM tip_impl.grant_routines(grantee,
        '{check_record,check_rules,check_case,check_table,save,load,load_batches,'
        'screen_record,screen_records,data_quality,data_quality_summary,'
        'identify,correct_identity,find_person,budget_state,new_victim_code}');
END
$$;
COMMENT ON FUNCTION tip.grant_recorder(regrole, name) IS
'let a role write and read the records of a data schema, but delete none';

CREATE FUNCTION tip.grant_analyst(grantee regrole,
    audience text DEFAULT 'observatory')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    table_name  text;
BEGIN
    IF audience IS NULL OR audience NOT IN ('public', 'observatory', 'regional') THEN
        RAISE EXCEPTION 'no tables are published for such an audience'
            USING ERRCODE = '22023',
                  HINT = 'Audiences are public, observatory and regional.';
    END IF;
    EXECUTE format('GRANT SELECT ON tip.release, tip.published_cell, tip.policy, '
                   'tip.measure, tip.measure_hierarchy, tip.release_plan, '
                   'tip.release_plan_table TO %s', grantee);
    IF audience <> 'public' THEN
        EXECUTE format('GRANT EXECUTE ON FUNCTION tip_impl.%I() TO %s',
                       'is_' || audience, grantee);
        FOR table_name IN
            SELECT DISTINCT c.table_name
              FROM tip.release AS r JOIN tip.release_cell AS c USING (release)
             WHERE r.policy ->> 'audience' = audience
        LOOP
            PERFORM tip_impl.grant_view(table_name, audience);
        END LOOP;
    END IF;
    PERFORM tip_impl.grant_routines(grantee,
        '{disaggregate,explain_release,protect}');
END
$$;
COMMENT ON FUNCTION tip.grant_analyst(regrole, text) IS
'let a role read what has been released to an audience besides the public, and no record';

CREATE FUNCTION tip.grant_publisher(grantee regrole,
    data_schema name DEFAULT 'tip_data')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    PERFORM tip.grant_analyst(grantee);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', data_schema, grantee);
    -- What the shipped measures read; for others the DBA grants what they need.
    EXECUTE format('GRANT SELECT ON %1$I.event, %1$I.victim, %1$I.victimization, '
                   '%1$I.involvement, %1$I.justice_step TO %2$s',
                   data_schema, grantee);
    EXECUTE format('GRANT SELECT ON tip.disclosure, tip.release_log, '
                   'tip.release_cell, tip.release_certificate, tip.release_link '
                   'TO %s', grantee);
    -- is_local is not hers: a row that is not would not be dumped.
    EXECUTE format('GRANT INSERT (id, title, measure, policy, years) '
                   'ON tip.release_plan TO %s', grantee);
    EXECUTE format('GRANT INSERT (name, plan, ordinal, title, dimensions, measure) '
                   'ON tip.release_plan_table TO %s', grantee);
    -- No function that stores cells: the two that freeze take counts, and
    -- protect and certify them themselves.
    EXECUTE format('GRANT EXECUTE ON FUNCTION tip_impl.next_release(), '
                   'tip_impl.freeze_publication(text, int4, int4, jsonb), '
                   'tip_impl.freeze_revision(text, int4, int4, jsonb), '
                   'tip_impl.judge_counts(text, int4, int4, jsonb), '
                   'tip_impl.log_look(text, text, int4, int4, int4), '
                   'tip_impl.release_dimensions(int4), '
                   'tip_impl.protect_cells(int4[], int4[], int4[], int8[], '
                   'int4[], int8[], int4, int4, boolean, int4, int4[], '
                   'boolean, int4[], int4[]), '
                   'tip_impl.note_transmission(text, int4, int4, text, text) TO %s',
                   grantee);
    PERFORM tip_impl.grant_routines(grantee,
        '{preview,preview_loss,publish,revise,verify_release,verify_release_report,'
        'recheck,'
        'register_disclosure,set_policy,transmit}');
END
$$;
COMMENT ON FUNCTION tip.grant_publisher(regrole, name) IS
'let a role preview, publish and transmit the figures of a data schema, plan tables, and set policies that are no weaker than the shipped ones';

REVOKE EXECUTE ON FUNCTION tip.grant_publisher(regrole, name) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION tip.grant_recorder(regrole, name),
    tip.grant_analyst(regrole, text) FROM PUBLIC;
