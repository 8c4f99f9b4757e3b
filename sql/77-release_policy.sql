-- Release: who may write a policy, and which way.

CREATE FUNCTION tip_impl.shipped_policy(audience text, method text)
RETURNS tip.policy
LANGUAGE sql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
SELECT p FROM tip.policy AS p
 WHERE NOT p.is_local AND p.method IN (shipped_policy.method, 'suppress')
   AND p.audience IN (shipped_policy.audience, 'public')
 ORDER BY p.method = shipped_policy.method DESC,
          p.audience = shipped_policy.audience DESC, p.id
 LIMIT 1
$$;
COMMENT ON FUNCTION tip_impl.shipped_policy(text, text) IS
'the shipped policy that a local one is measured by: of its method and audience, or the public one';

-- Every combination is still there, with a minimum at least as high.
CREATE FUNCTION tip_impl.covers_sensitive(own jsonb, other jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN NOT EXISTS (
    SELECT FROM jsonb_array_elements(other) AS o
     WHERE NOT EXISTS (
        SELECT FROM jsonb_array_elements(own) AS s
         WHERE s.value -> 'codes' = o.value -> 'codes'
           AND (s.value ->> 'minimum')::int8 >= (o.value ->> 'minimum')::int8));
COMMENT ON FUNCTION tip_impl.covers_sensitive(jsonb, jsonb) IS
'whether one list of sensitive combinations demands all that the other does';

CREATE FUNCTION tip_impl.min_total(totals int8[], ways int4) RETURNS int8
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN ways < 1 OR cardinality(totals) = 0 THEN 0
            ELSE totals[least(ways, cardinality(totals))] END;
COMMENT ON FUNCTION tip_impl.min_total(int8[], int4) IS
'least total of the period for a table of so many dimensions';

CREATE FUNCTION tip_impl.weaker_settings(own tip.policy, other tip.policy)
RETURNS text[]
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, tip_impl, pg_temp
AS $$
SELECT array_remove(ARRAY[
    CASE WHEN own.method <> other.method THEN 'method' END,
    CASE WHEN own.threshold < other.threshold THEN 'threshold' END,
    CASE WHEN own.min_width < other.min_width THEN 'min_width' END,
    CASE WHEN other.reach_threshold AND NOT own.reach_threshold
         THEN 'reach_threshold' END,
    CASE WHEN array_position('{none,each,pairs}', own.insiders)
              < array_position('{none,each,pairs}', other.insiders)
         THEN 'insiders' END,
    CASE WHEN own.zero_rule = 'shown' AND other.zero_rule = 'hidden'
         THEN 'zero_rule' END,
    CASE WHEN own.max_ways > other.max_ways THEN 'max_ways' END,
    CASE WHEN EXISTS (SELECT FROM generate_series(1, 4) AS w
                       WHERE min_total(own.min_totals, w)
                             < min_total(other.min_totals, w))
         THEN 'min_totals' END,
    CASE WHEN NOT covers_sensitive(own.sensitive, other.sensitive)
         THEN 'sensitive' END,
    CASE WHEN NOT own.periods <@ other.periods THEN 'periods' END,
    CASE WHEN own.history_depth < other.history_depth THEN 'history_depth' END,
    CASE WHEN own.show_bounds AND NOT other.show_bounds THEN 'show_bounds' END,
    CASE WHEN own.base < other.base THEN 'base' END,
    CASE WHEN own.headline = 'exact' AND other.headline <> 'exact'
         THEN 'headline' END], NULL)
$$;
COMMENT ON FUNCTION tip_impl.weaker_settings(tip.policy, tip.policy) IS
'settings in which one policy protects less than another; costs protect nothing';

CREATE FUNCTION tip_impl.check_sensitive(sensitive jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(sensitive) IS DISTINCT FROM 'array' OR EXISTS (
        SELECT FROM jsonb_array_elements(
                CASE jsonb_typeof(sensitive) WHEN 'array' THEN sensitive END) AS s
         WHERE coalesce(jsonb_typeof(s.value -> 'codes') <> 'object'
               OR s.value -> 'codes' = '{}'
               OR jsonb_typeof(s.value -> 'minimum') <> 'number'
               OR NOT s.value ->> 'minimum' ~ '^[1-9][0-9]{0,2}$'
               OR (SELECT bool_or(jsonb_typeof(c.value) <> 'string')
                     FROM jsonb_each(CASE jsonb_typeof(s.value -> 'codes')
                                     WHEN 'object' THEN s.value -> 'codes'
                                     END) AS c), true)) THEN
        RAISE EXCEPTION 'list of sensitive combinations is not understood'
            USING ERRCODE = '22023',
                  HINT = 'Write [{"codes": {"age_status": "minor", "citizenship": "*"}, "minimum": 10}]; a minimum is 1 to 999.';
    END IF;
END
$$;
COMMENT ON FUNCTION tip_impl.check_sensitive(jsonb) IS
'complain unless a list of sensitive combinations can be read';

-- The row that the settings make of a policy, or of the shipped one if new.
CREATE FUNCTION tip_impl.policy_with(id text, settings jsonb)
RETURNS tip.policy
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    made    tip.policy;
    unknown text;
BEGIN
    IF num_nulls(id, settings) > 0 OR jsonb_typeof(settings) <> 'object' THEN
        RAISE EXCEPTION 'a policy needs a name and an object of settings'
            USING ERRCODE = '22004';
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(settings) AS k
     WHERE k IN ('id', 'is_local')
        OR k NOT IN (SELECT a.attname FROM pg_attribute AS a
                      WHERE a.attrelid = 'tip.policy'::regclass AND a.attnum > 0)
     ORDER BY k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'a policy has no setting "%"', unknown
            USING ERRCODE = '42703', HINT = 'See the columns of tip.policy.';
    END IF;
    SELECT p.* INTO made FROM tip.policy AS p WHERE p.id = policy_with.id;
    IF NOT FOUND THEN
        made := tip_impl.shipped_policy(
            coalesce(settings ->> 'audience', 'public'),
            coalesce(settings ->> 'method', 'suppress'));
        made.title := policy_with.id;
    ELSIF NOT made.is_local THEN
        RAISE EXCEPTION 'policy "%" is shipped and stays as it is', id
            USING ERRCODE = '42501',
                  HINT = 'Make one of another name, and plans that use it.';
    END IF;
    made := jsonb_populate_record(made, settings);
    made.id := policy_with.id;
    made.is_local := true;
    PERFORM tip_impl.check_sensitive(made.sensitive);
    RETURN made;
END
$$;
COMMENT ON FUNCTION tip_impl.policy_with(text, jsonb) IS
'a local policy with settings changed; one that is new begins as the shipped one';

CREATE FUNCTION tip_impl.store_policy(made tip.policy) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
BEGIN
    DELETE FROM tip.policy AS p
     WHERE p.id = made.id AND p.is_local
       AND NOT EXISTS (SELECT FROM tip.release_plan AS r WHERE r.policy = p.id);
    INSERT INTO tip.policy SELECT (made).* ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a release plan uses policy "%"', made.id
            USING ERRCODE = '55006',
                  HINT = 'Make a policy of another name, and a plan that uses it.';
    END IF;
    PERFORM tip_impl.log_release('policy', made.id, NULL, NULL, NULL);
END
$$;
COMMENT ON FUNCTION tip_impl.store_policy(tip.policy) IS
'write a local policy that no plan uses yet, and log it';

-- Both run as the owner: nobody else writes tip.policy.
CREATE FUNCTION tip.set_policy(id text, settings jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    made    tip.policy := tip_impl.policy_with(id, settings);
    shipped tip.policy := tip_impl.shipped_policy(made.audience, made.method);
    weaker  text[] := tip_impl.weaker_settings(made, shipped);
BEGIN
    IF weaker <> '{}' THEN
        RAISE EXCEPTION 'policy "%" would be weaker than the shipped "%"',
            set_policy.id, shipped.id
            USING ERRCODE = '42501',
                  DETAIL = format('Weaker: %s.',
                                  array_to_string(weaker, ', ')),
                  HINT = 'Use tip.relax_policy() with a reason, which is written to the ledger.';
    END IF;
    PERFORM tip_impl.store_policy(made);
END
$$;
COMMENT ON FUNCTION tip.set_policy(text, jsonb) IS
'make a policy of one''s own, at least as strict as the shipped one of its audience and method';

CREATE FUNCTION tip.relax_policy(id text, settings jsonb, reason text)
RETURNS int8
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, tip, tip_impl, pg_temp
AS $$
DECLARE
    made    tip.policy := tip_impl.policy_with(id, settings);
BEGIN
    IF coalesce(btrim(reason), '') = '' THEN
        RAISE EXCEPTION 'a weaker policy needs a reason'
            USING ERRCODE = '22004', HINT = 'Say who decided it, and why.';
    END IF;
    PERFORM tip_impl.store_policy(made);
    RETURN tip_impl.ledger_append('relax_policy', NULL, NULL, relax_policy.id,
                                  reason, NULL);
END
$$;
COMMENT ON FUNCTION tip.relax_policy(text, jsonb, text) IS
'make a policy that is weaker than the shipped one; the reason goes to the ledger, whose row number is returned';

REVOKE EXECUTE ON FUNCTION tip_impl.store_policy(tip.policy) FROM PUBLIC;
