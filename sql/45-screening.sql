-- Screening: which dimensions the answers make positive, and what follows.
--
-- Source: ILO and European Commission, Operational indicators of trafficking
-- in human beings (Delphi survey, revised September 2009, WCMS_105023).  The
-- choices it leaves are explained in docs/screening.md.

CREATE FUNCTION tip.screen_dimensions(present tip.indicator[],
	profile tip.screening_profile, absent tip.indicator[] DEFAULT '{}',
	OUT dimension tip.indicator, OUT strong int, OUT medium int, OUT weak int,
	OUT is_positive boolean, OUT counted tip.indicator[], OUT unanswered int)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_screen_dimensions'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 6;
COMMENT ON FUNCTION tip.screen_dimensions(tip.indicator[], tip.screening_profile, tip.indicator[]) IS
'the six dimensions of a screening: signs by weight, positive or not, which signs counted, how many are not answered';

CREATE FUNCTION tip.screen(present tip.indicator[],
	profile tip.screening_profile, absent tip.indicator[] DEFAULT '{}',
	act boolean DEFAULT NULL,
	OUT result tip.screening_result, OUT positive tip.indicator[],
	OUT by_vulnerability boolean, OUT act_shown boolean,
	OUT is_settled boolean, OUT not_scored tip.indicator[],
	OUT contradictory tip.indicator[])
AS 'MODULE_PATHNAME', 'tip_screen'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip.screen(tip.indicator[], tip.screening_profile, tip.indicator[], boolean) IS
'result of a screening by the ILO/EC operational indicators; a screening, never a legal finding';

-- All screenings of a model, or one; with the rights of the caller.  An act
-- that is recorded for the victim counts; that none is recorded says nothing.
CREATE FUNCTION tip_impl.screen_stored(schema name, only_id uuid,
	OUT screening_id uuid, OUT profile tip.screening_profile,
	OUT stored_result tip.screening_result, OUT result tip.screening_result,
	OUT is_consistent boolean, OUT positive tip.indicator[],
	OUT by_vulnerability boolean, OUT act_shown boolean,
	OUT is_settled boolean, OUT not_scored tip.indicator[],
	OUT contradictory tip.indicator[])
RETURNS SETOF record LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass(format('%I.screening_answer', schema)) IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no model', schema),
			HINT = 'Use tip.create_model() to make one.';
	END IF;
	RETURN QUERY EXECUTE format($query$
	SELECT s.screening_id, s.profile, s.result, c.result,
	       CASE WHEN NOT tip.is_missing(s.result) THEN s.result = c.result END,
	       c.positive, c.by_vulnerability, c.act_shown, c.is_settled,
	       c.not_scored, c.contradictory
	FROM %1$I.screening AS s
	LEFT JOIN %1$I.victimization AS v ON v.victimization_id = s.victimization_id
	LEFT JOIN (SELECT DISTINCT i.profile FROM tip.indicator_weight AS i) AS w
		ON w.profile = s.profile
	CROSS JOIN LATERAL (
		SELECT coalesce(array_agg(a.indicator) FILTER (WHERE a.answer = 'present'), '{}') AS present,
		       coalesce(array_agg(a.indicator) FILTER (WHERE a.answer = 'absent'), '{}') AS absent
		FROM %1$I.screening_answer AS a
		WHERE a.screening_id = s.screening_id AND a.indicator IS NOT NULL) AS a
	CROSS JOIN LATERAL tip.screen(a.present, w.profile, a.absent,
		CASE WHEN tip.cardinality(v.acts) > 0 THEN true END) AS c
	WHERE $1 IS NULL OR s.screening_id = $1$query$, schema) USING only_id;
END
$$;

CREATE FUNCTION tip.screen_record(screening_id uuid,
	schema name DEFAULT 'tip_data',
	OUT profile tip.screening_profile, OUT stored_result tip.screening_result,
	OUT result tip.screening_result, OUT is_consistent boolean,
	OUT positive tip.indicator[], OUT by_vulnerability boolean,
	OUT act_shown boolean, OUT is_settled boolean,
	OUT not_scored tip.indicator[], OUT contradictory tip.indicator[])
RETURNS SETOF record LANGUAGE sql STABLE STRICT ROWS 1
SET search_path = pg_catalog, pg_temp AS $$
SELECT s.profile, s.stored_result, s.result, s.is_consistent, s.positive,
       s.by_vulnerability, s.act_shown, s.is_settled, s.not_scored,
       s.contradictory
FROM tip_impl.screen_stored(schema, screening_id) AS s
$$;
COMMENT ON FUNCTION tip.screen_record(uuid, name) IS
'what the stored answers of a screening come to, and whether the stored result agrees';

CREATE FUNCTION tip.screen_records(schema name DEFAULT 'tip_data',
	OUT screening_id uuid, OUT profile tip.screening_profile,
	OUT stored_result tip.screening_result, OUT result tip.screening_result,
	OUT is_consistent boolean, OUT positive tip.indicator[],
	OUT by_vulnerability boolean, OUT act_shown boolean,
	OUT is_settled boolean, OUT not_scored tip.indicator[],
	OUT contradictory tip.indicator[])
RETURNS SETOF record LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS $$
SELECT * FROM tip_impl.screen_stored(schema, NULL)
$$;
COMMENT ON FUNCTION tip.screen_records(name) IS
'the same for every screening of a model that the caller may read';
