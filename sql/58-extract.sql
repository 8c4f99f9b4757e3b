-- Extracts for research: dates shifted, values generalised, the rest measured.

CREATE FUNCTION tip.shift_date(value date, subject uuid, domain text, born date,
	most_days int4 DEFAULT 182, whole_weeks bool DEFAULT false, key_version int4 DEFAULT NULL)
RETURNS date
AS 'MODULE_PATHNAME', 'tip_shift_date_uuid'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.shift_date(date, uuid, text, date, int4, bool, int4) IS
'date moved by a secret number of days, the same for all dates of the subject in the domain; ages stay';
CREATE FUNCTION tip.shift_date(value date, subject tip.pseudonym, domain text, born date,
	most_days int4 DEFAULT 182, whole_weeks bool DEFAULT false, key_version int4 DEFAULT NULL)
RETURNS date
AS 'MODULE_PATHNAME', 'tip_shift_date_pseudonym'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.shift_date(date, tip.pseudonym, text, date, int4, bool, int4) IS
'date moved by a secret number of days, the same for all dates of the subject in the domain; ages stay';
CREATE FUNCTION tip.shift_date(value tip.partial_date, subject uuid, domain text, born tip.partial_date,
	most_days int4 DEFAULT 182, whole_weeks bool DEFAULT false, key_version int4 DEFAULT NULL)
RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_shift_partial_uuid'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.shift_date(tip.partial_date, uuid, text, tip.partial_date, int4, bool, int4) IS
'date known to the day, moved as tip.shift_date() moves a date; refused for others';
CREATE FUNCTION tip.shift_date(value tip.partial_date, subject tip.pseudonym, domain text,
	born tip.partial_date,
	most_days int4 DEFAULT 182, whole_weeks bool DEFAULT false, key_version int4 DEFAULT NULL)
RETURNS tip.partial_date
AS 'MODULE_PATHNAME', 'tip_shift_partial_pseudonym'
LANGUAGE C STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tip.shift_date(tip.partial_date, tip.pseudonym, text, tip.partial_date, int4, bool, int4) IS
'date known to the day, moved as tip.shift_date() moves a date; refused for others';
-- Who may call these can undo a shift.
REVOKE EXECUTE ON FUNCTION
	tip.shift_date(date, uuid, text, date, int4, bool, int4),
	tip.shift_date(date, tip.pseudonym, text, date, int4, bool, int4),
	tip.shift_date(tip.partial_date, uuid, text, tip.partial_date, int4, bool, int4),
	tip.shift_date(tip.partial_date, tip.pseudonym, text, tip.partial_date, int4, bool, int4)
FROM PUBLIC;

CREATE FUNCTION tip_impl.age_range(band text) RETURNS int4range
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
	WHEN band ~ '^[0-9]{1,3}$' THEN int4range(band::int4, band::int4, '[]')
	WHEN band ~ '^[0-9]{1,3}\+$' THEN int4range(rtrim(band, '+')::int4, NULL)
	WHEN band ~ '^[0-9]{1,3}-[0-9]{1,3}$'
		AND split_part(band, '-', 1)::int4 <= split_part(band, '-', 2)::int4
	THEN int4range(split_part(band, '-', 1)::int4, split_part(band, '-', 2)::int4, '[]')
	END;
COMMENT ON FUNCTION tip_impl.age_range(text) IS
'ages that a band such as 9-17, 7 or 48+ holds; NULL for other text';

-- A level says what becomes of the values of the level below, so that a
-- coarser one is a function of a finer one, whatever the rows are.
CREATE TABLE tip.generalisation (
	dimension text NOT NULL
		CONSTRAINT generalisation_dimension CHECK (dimension IN ('age', 'place', 'time')),
	version int4 NOT NULL
		CONSTRAINT generalisation_version CHECK (version > 0 AND is_local = (version >= 100)),
	level int4 NOT NULL
		CONSTRAINT generalisation_level CHECK (level BETWEEN 1 AND 9),
	source text NOT NULL,
	target text NOT NULL
		CONSTRAINT generalisation_target CHECK (target <> ''),
	is_local bool NOT NULL DEFAULT true,
	ages int4range GENERATED ALWAYS AS (CASE WHEN dimension = 'age' AND level = 1
		THEN tip_impl.age_range(source) END) STORED,
	PRIMARY KEY (dimension, version, level, source)
);
SELECT pg_catalog.pg_extension_config_dump('tip.generalisation', 'WHERE is_local');
COMMENT ON TABLE tip.generalisation IS
'how ages, places and times are made coarser, level by level; a version never changes';
COMMENT ON COLUMN tip.generalisation.dimension IS 'age, place or time';
COMMENT ON COLUMN tip.generalisation.version IS 'version of the lattice; local ones begin at 100';
COMMENT ON COLUMN tip.generalisation.level IS 'level, from 1; level 0 is the value as it was recorded';
COMMENT ON COLUMN tip.generalisation.source IS
'value of the level below; at level 1 a range of ages, a code of subdivision or country, or day';
COMMENT ON COLUMN tip.generalisation.target IS
'value at this level; of time the length of the period';
COMMENT ON COLUMN tip.generalisation.is_local IS 'added here; false for shipped rows';
COMMENT ON COLUMN tip.generalisation.ages IS 'ages that the source holds, at level 1 of ages';
GRANT SELECT ON tip.generalisation TO PUBLIC;

INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT 'age', 1, v.*, false FROM (VALUES
	-- CTDC
	(1, '0-8', '0-8'), (1, '9-17', '9-17'), (1, '18-20', '18-20'), (1, '21-23', '21-23'),
	(1, '24-26', '24-26'), (1, '27-29', '27-29'), (1, '30-38', '30-38'), (1, '39-47', '39-47'),
	(1, '48+', '48+'), (1, 'unknown', 'unknown'),
	(2, '0-8', '0-17'), (2, '9-17', '0-17'), (2, '18-20', '18-29'), (2, '21-23', '18-29'),
	(2, '24-26', '18-29'), (2, '27-29', '18-29'), (2, '30-38', '30+'), (2, '39-47', '30+'),
	(2, '48+', '30+'), (2, 'unknown', 'unknown'),
	-- SDG 16.2.2
	(3, '0-17', '0-17'), (3, '18-29', '18+'), (3, '30+', '18+'), (3, 'unknown', 'unknown'),
	(4, '0-17', 'all'), (4, '18+', 'all'), (4, 'unknown', 'all')
) AS v(level, source, target);

-- 3 and 5 years do not nest in each other: two versions.
INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT 'time', v.*, false FROM (VALUES
	(1, 1, 'day', 'month'), (1, 2, 'month', 'quarter'), (1, 3, 'quarter', 'year'),
	(1, 4, 'year', '3 years'), (1, 5, '3 years', 'all'),
	(2, 1, 'day', 'month'), (2, 2, 'month', 'quarter'), (2, 3, 'quarter', 'year'),
	(2, 4, 'year', '5 years'), (2, 5, '5 years', 'all')
) AS v(version, level, source, target);

-- Island: Tobago and Nevis have more than 10,000 people and stand alone.
-- Barbuda has about 1,600: it is not told apart, and so Antigua is not either.
INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT 'place', 1, 1, c.code,
	CASE WHEN c.code = 'TT-TOB' THEN 'TT: Tobago'
	     WHEN c.parent = 'TT' THEN 'TT: Trinidad'
	     WHEN c.code IN ('KN-N', 'KN-04', 'KN-05', 'KN-07', 'KN-10', 'KN-12') THEN 'KN: Nevis'
	     WHEN c.parent = 'KN' THEN 'KN: Saint Kitts'
	     ELSE c.parent END, false
FROM tip.code_list AS c WHERE c.list = 'subdivision' AND c.parent <> ''
UNION ALL
SELECT 'place', 1, 1, c.code, CASE c.code WHEN 'ZZ' THEN 'unknown' ELSE c.code END, false
FROM tip.code_list AS c WHERE c.list = 'country'
	AND c.code NOT IN ('unknown', 'not_stated', 'not_applicable', 'withheld')
UNION ALL
SELECT 'place', 1, 1, m, 'unknown', false
FROM unnest('{unknown,not_stated,not_applicable,withheld}'::text[]) AS m;
INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT DISTINCT 'place', 1, 2, g.target, split_part(g.target, ':', 1), false
FROM tip.generalisation AS g WHERE (g.dimension, g.version, g.level) = ('place', 1, 1);
-- Regions of the United Nations (M49), America by its four parts.  A state
-- that is no more is where it was.
INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT 'place', 1, 3, unnest(string_to_array(r.codes, ' ')), r.region, false FROM (VALUES
	('Caribbean', 'AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI AN'),
	('Central America', 'BZ CR SV GT HN MX NI PA'),
	('South America', 'AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE'),
	('Northern America', 'BM CA GL PM US'),
	('Africa', 'DZ EG LY MA SD TN EH IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW AO CM CF TD CG CD GQ GA ST BW SZ LS NA ZA BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG ZR'),
	('Asia', 'KZ KG TJ TM UZ CN HK MO TW KP JP MN KR BN KH ID LA MY MM PH SG TH TL TP VN AF BD BT IN IR MV NP PK LK AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE'),
	('Europe', 'BY BG CZ HU PL MD RO RU SK UA AX GG JE DK EE FO FI IS IE IM LV LT NO SJ SE GB AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES AT BE FR DE LI LU MC NL CH CS YU SU'),
	('Oceania', 'AU CX CC HM NZ NF FJ NC PG SB VU GU KI MH FM NR MP PW UM AS CK PF NU PN WS TK TO TV WF'),
	('Antarctica', 'AQ'),
	('stateless', 'XS'), ('unknown', 'unknown')
) AS r(region, codes);
INSERT INTO tip.generalisation (dimension, version, level, source, target, is_local)
SELECT DISTINCT 'place', 1, 4, g.target, 'all', false
FROM tip.generalisation AS g WHERE (g.dimension, g.version, g.level) = ('place', 1, 3);

-- Months of a period; 0 for all time.
CREATE FUNCTION tip_impl.period_months(unit text) RETURNS int4
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN unit = 'month' THEN 1 WHEN unit = 'quarter' THEN 3
	WHEN unit = 'year' THEN 12 WHEN unit = 'all' THEN 0
	WHEN unit ~ '^[1-9][0-9]{0,2} years$' THEN 12 * split_part(unit, ' ', 1)::int4 END;
COMMENT ON FUNCTION tip_impl.period_months(text) IS
'months of a unit of time: month, quarter, year, some years; 0 for all, NULL for other text';

CREATE FUNCTION tip_impl.check_ages(version int4) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	IF EXISTS (SELECT FROM generalisation AS g
		WHERE g.dimension = 'age' AND g.version = check_ages.version AND g.level = 1
		  AND g.source <> 'unknown' AND g.ages IS NULL) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'a source of ages at level 1 is not a range',
			HINT = 'Write 9-17, 7, 48+ or unknown.';
	END IF;
	IF EXISTS (SELECT FROM generalisation AS a JOIN generalisation AS b
			ON a.source < b.source AND a.ages && b.ages
		WHERE (a.dimension, a.version, a.level) = ('age', check_ages.version, 1)
		  AND (b.dimension, b.version, b.level) = ('age', check_ages.version, 1)) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'ranges of ages overlap', HINT = 'Each age has one band.';
	END IF;
	-- Which ages reach which band; a band that reads as a range must hold them.
	IF EXISTS (WITH RECURSIVE reached AS (
			SELECT g.level, g.target, g.ages FROM generalisation AS g
			WHERE (g.dimension, g.version, g.level) = ('age', check_ages.version, 1)
			  AND g.source <> 'unknown'
			UNION
			SELECT g.level, g.target, r.ages FROM reached AS r JOIN generalisation AS g
			ON g.dimension = 'age' AND g.version = check_ages.version
			   AND g.level = r.level + 1 AND g.source = r.target)
		SELECT FROM reached AS r WHERE r.target <> 'all'
		GROUP BY r.level, r.target
		HAVING NOT coalesce(bool_and(age_range(r.target) @> r.ages), true)
		    OR bool_or(r.ages && int4range(0, 18)) AND bool_or(r.ages && int4range(18, NULL))) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'a band of ages holds children and adults, or other ages than it says',
			HINT = 'A band ends at 17 or begins at 18; only the band all may hold both.';
	END IF;
END $$;
COMMENT ON FUNCTION tip_impl.check_ages(int4) IS
'refuse a lattice of ages whose bands overlap, straddle 18 or are not what they say';

-- Each check holds for part of a version if it holds for the whole, so that
-- rows may come in any order, as they do when a dump is restored.
CREATE FUNCTION tip_impl.generalisation_added() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
DECLARE
	changed int4;
BEGIN
	-- Two who add to one version see each other's rows.
	PERFORM pg_advisory_xact_lock('generalisation'::regclass::oid::int8);
	FOR changed IN SELECT DISTINCT a.version FROM added AS a WHERE a.dimension = 'age' LOOP
		PERFORM check_ages(changed);
	END LOOP;
	IF EXISTS (SELECT FROM added AS a WHERE a.dimension = 'time' AND NOT coalesce(
			CASE WHEN a.level = 1 THEN a.source = 'day' AND period_months(a.target) IS NOT NULL
			     WHEN period_months(a.source) = 0 THEN a.target = 'all'
			     ELSE period_months(a.target) % period_months(a.source) = 0 END, false)) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'a period of time does not nest in the next',
			HINT = 'Level 1 begins with day; periods are month, quarter, year, some years and all, each a multiple of the one below.';
	END IF;
	IF EXISTS (SELECT FROM added AS a WHERE a.dimension = 'place' AND a.level = 1
		AND NOT EXISTS (SELECT FROM code_list AS c
			WHERE c.list IN ('subdivision', 'country') AND c.code = a.source)) THEN
		RAISE EXCEPTION USING ERRCODE = 'check_violation',
			MESSAGE = 'a source of places at level 1 is not a code',
			HINT = 'See tip.code_list, lists subdivision and country.';
	END IF;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION tip_impl.generalisation_added() IS
'refuse rows of tip.generalisation that do not fit';
CREATE TRIGGER "~tip_generalisation_added" AFTER INSERT ON tip.generalisation
	REFERENCING NEW TABLE AS added
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.generalisation_added();

CREATE FUNCTION tip_impl.generalisation_kept() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, tip, tip_impl, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' AND OLD.is_local THEN
		RETURN OLD;
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
		MESSAGE = 'rows of a generalisation lattice are never changed',
		HINT = 'Add a version of your own, from number 100.';
END $$;
COMMENT ON FUNCTION tip_impl.generalisation_kept() IS
'refuse changes of tip.generalisation other than the removal of local rows';
CREATE TRIGGER "~tip_generalisation_kept" BEFORE UPDATE OR DELETE ON tip.generalisation
	FOR EACH ROW EXECUTE FUNCTION tip_impl.generalisation_kept();
CREATE TRIGGER "~tip_generalisation_emptied" BEFORE TRUNCATE ON tip.generalisation
	FOR EACH STATEMENT EXECUTE FUNCTION tip_impl.generalisation_kept();

-- These are called for every record: what is public pins the search_path, and
-- what it calls names every schema.  A table without statistics looks small to
-- the planner, hence enable_seqscan: the key is faster.
CREATE FUNCTION tip_impl.lattice(dimension text, level int4, INOUT version int4, OUT top int4)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
	IF version IS NULL THEN
		SELECT pg_catalog.max(g.version) INTO version FROM tip.generalisation AS g
		WHERE g.dimension OPERATOR(pg_catalog.=) lattice.dimension;
	END IF;
	SELECT pg_catalog.max(g.level) INTO top FROM tip.generalisation AS g
	WHERE g.dimension OPERATOR(pg_catalog.=) lattice.dimension
	  AND g.version OPERATOR(pg_catalog.=) lattice.version;
	IF top IS NULL OR level IS NULL OR level OPERATOR(pg_catalog.<) 0
		OR level OPERATOR(pg_catalog.>) top THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = 'no such version or level of generalisation',
			HINT = 'See tip.generalisation.';
	END IF;
END $$;
COMMENT ON FUNCTION tip_impl.lattice(text, int4, int4) IS
'version, the latest if none is given, and highest level of a lattice';

CREATE FUNCTION tip_impl.generalise(dimension text, version int4, above int4, level int4, value text)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	result text := value;
	next text;
BEGIN
	FOR i IN above OPERATOR(pg_catalog.+) 1 .. level LOOP
		SELECT g.target INTO next FROM tip.generalisation AS g
		WHERE g.dimension OPERATOR(pg_catalog.=) generalise.dimension
		  AND g.version OPERATOR(pg_catalog.=) generalise.version
		  AND g.level OPERATOR(pg_catalog.=) i AND g.source OPERATOR(pg_catalog.=) result;
		IF next IS NULL THEN
			PERFORM tip_impl.refuse('22023', 'a value has no row in the generalisation lattice',
				'Each version needs a row for every value, and for unknown, at every level.');
		END IF;
		result := next;
	END LOOP;
	RETURN result;
END $$;
COMMENT ON FUNCTION tip_impl.generalise(text, int4, int4, int4, text) IS
'value at a level, from its value at the level above which to begin';

CREATE FUNCTION tip_impl.age_label(age int4, level int4, version int4) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	band text := 'unknown';
BEGIN
	IF level OPERATOR(pg_catalog.=) 0 THEN
		RETURN coalesce(age::pg_catalog.text, 'unknown');
	ELSIF age OPERATOR(pg_catalog.>=) 0 AND age OPERATOR(pg_catalog.<=) 130 THEN
		SELECT g.source INTO band FROM tip.generalisation AS g
		WHERE g.dimension OPERATOR(pg_catalog.=) 'age' AND g.version OPERATOR(pg_catalog.=) age_label.version
		  AND g.level OPERATOR(pg_catalog.=) 1 AND g.ages OPERATOR(pg_catalog.@>) age;
		band := coalesce(band, '');
	END IF;
	RETURN tip_impl.generalise('age', version, 0, level, band);
END $$;
COMMENT ON FUNCTION tip_impl.age_label(int4, int4, int4) IS
'band of an age at a level of a version';

CREATE FUNCTION tip.generalise_age(age int4, level int4, version int4 DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp SET enable_seqscan = off AS $$
BEGIN
	RETURN age_label(age, level, (lattice('age', level, version)).version);
END $$;
COMMENT ON FUNCTION tip.generalise_age(int4, int4, int4) IS
'band of an age in completed years at a level of a lattice; unknown where there is none';

-- Ages that fall into several bands are told by the first level at which they
-- are one, so that levels still nest; never by the top, which would say less
-- than that the age is unknown.
CREATE FUNCTION tip.generalise_age(birth tip.partial_date, at tip.partial_date,
	level int4, version int4 DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp SET enable_seqscan = off AS $$
DECLARE
	ages int4range := tip.age_at(birth, at);
	shape record;
	labels text[];
BEGIN
	shape := lattice('age', level, version);
	FOR i IN level .. shape.top - 1 LOOP
		EXIT WHEN ages IS NULL OR isempty(ages) OR upper(ages) > 131;
		SELECT array_agg(DISTINCT age_label(a, i, shape.version)) INTO labels
		FROM generate_series(lower(ages), upper(ages) - 1) AS a;
		IF cardinality(labels) = 1 THEN
			RETURN labels[1];
		END IF;
	END LOOP;
	RETURN age_label(NULL, level, shape.version);
END $$;
COMMENT ON FUNCTION tip.generalise_age(tip.partial_date, tip.partial_date, int4, int4) IS
'band of the age at a date, as fine as the level and what is known of the dates allow';

CREATE FUNCTION tip_impl.place_label(place text, level int4, version int4) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp SET enable_seqscan = off AS $$
BEGIN
	RETURN generalise('place', (lattice('place', level, version)).version, 0, level,
		coalesce(place, 'unknown'));
END $$;
COMMENT ON FUNCTION tip_impl.place_label(text, int4, int4) IS
'place at a level of a version';
CREATE FUNCTION tip.generalise_place(place tip.subdivision, level int4, version int4 DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN tip_impl.place_label(place::text, level, version);
COMMENT ON FUNCTION tip.generalise_place(tip.subdivision, int4, int4) IS
'place at a level: 1 island, 2 country, 3 region, 4 all; unknown where there is none';
CREATE FUNCTION tip.generalise_place(place tip.country, level int4, version int4 DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN tip_impl.place_label(place::text, level, version);
COMMENT ON FUNCTION tip.generalise_place(tip.country, int4, int4) IS
'country at a level: 1 and 2 itself, 3 region, 4 all; unknown where there is none';

CREATE FUNCTION tip_impl.years_label(year int4, n int4) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lpad((year / n * n)::text, 4, '0') || '-' || lpad((year / n * n + n - 1)::text, 4, '0');
COMMENT ON FUNCTION tip_impl.years_label(int4, int4) IS
'name of the n years that a year lies in';
CREATE FUNCTION tip_impl.period_label(day date, unit text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE unit WHEN 'day' THEN to_char(day::timestamp, 'YYYY-MM-DD')
	WHEN 'month' THEN to_char(day::timestamp, 'YYYY-MM')
	WHEN 'quarter' THEN to_char(day::timestamp, 'YYYY-"Q"Q')
	WHEN 'year' THEN to_char(day::timestamp, 'YYYY')
	WHEN 'all' THEN 'all'
	ELSE tip_impl.years_label(extract(year FROM day)::int4, tip_impl.period_months(unit) / 12) END;
COMMENT ON FUNCTION tip_impl.period_label(date, text) IS
'name of the month, quarter, year or years that a day lies in';

CREATE FUNCTION tip_impl.time_label(value tip.partial_date, level int4, version int4)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, tip, tip_impl, pg_temp SET enable_seqscan = off AS $$
DECLARE
	shape record;
	unit text;
	label text;
BEGIN
	shape := lattice('time', level, version);
	unit := generalise('time', shape.version, 0, level, 'day');
	FOR i IN level .. shape.top - 1 LOOP
		label := period_label(earliest(value), unit);
		IF label = period_label(latest(value), unit) THEN
			RETURN label;
		END IF;
		unit := generalise('time', shape.version, i, i + 1, unit);
	END LOOP;
	RETURN CASE WHEN level < shape.top THEN 'unknown' ELSE 'all' END;
END $$;
COMMENT ON FUNCTION tip_impl.time_label(tip.partial_date, int4, int4) IS
'period of a date at a level of a version, or at the first level at which it is certain';
CREATE FUNCTION tip.generalise_time(value tip.partial_date, level int4, version int4 DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN tip_impl.time_label(value, level, version);
COMMENT ON FUNCTION tip.generalise_time(tip.partial_date, int4, int4) IS
'time at a level: 1 month, 2 quarter, 3 year, 4 some years, 5 all; coarser where the date is';
CREATE FUNCTION tip.generalise_time(value date, level int4, version int4 DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN tip_impl.time_label(CASE WHEN value BETWEEN '0001-01-01' AND '9999-12-31'
	THEN value::tip.partial_date END, level, version);
COMMENT ON FUNCTION tip.generalise_time(date, int4, int4) IS
'time at a level: 1 month, 2 quarter, 3 year, 4 some years, 5 all; unknown where there is none';

-- The caller's query is read under the caller's own search_path, so that these
-- set none and name the schema of everything.
CREATE FUNCTION tip_impl.checked_select(source text, names text[]) RETURNS text
AS 'MODULE_PATHNAME', 'tip_checked_select'
LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION tip_impl.checked_select(text, text[]) IS
'text of a query if it is a single SELECT with these columns';

CREATE FUNCTION tip_impl.diversity(names text[], counts int8[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(n.name, n.l), '{}') FROM unnest(names, counts) AS n(name, l));
COMMENT ON FUNCTION tip_impl.diversity(text[], int8[]) IS
'number of distinct values by name of the sensitive column';

-- One row for each equivalence class: its values as text, its size, and how
-- many values of each sensitive column it has.  NULL is a value.
CREATE FUNCTION tip_impl.classes_query(source text, quasi_identifiers text[], sensitive text[],
	at_least int4, l_at_least int4) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	query text;
	columns text;
	keys text;
	counts text;
BEGIN
	IF source IS NULL OR quasi_identifiers IS NULL OR sensitive IS NULL
		OR at_least IS NULL OR l_at_least IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
			MESSAGE = 'an argument of the measurement is missing',
			HINT = 'Without quasi-identifiers or sensitive columns write ''{}''.';
	END IF;
	query := tip_impl.checked_select(source, quasi_identifiers OPERATOR(pg_catalog.||) sensitive);
	SELECT pg_catalog.string_agg(pg_catalog.format('(q.%I)::pg_catalog.text COLLATE pg_catalog."C" AS c%s',
			n.name, n.i), ', ' ORDER BY n.i)
	INTO columns
	FROM pg_catalog.unnest(quasi_identifiers OPERATOR(pg_catalog.||) sensitive)
		WITH ORDINALITY AS n(name, i);
	SELECT pg_catalog.string_agg(pg_catalog.format('c%s', i), ', ' ORDER BY i) INTO keys
	FROM pg_catalog.generate_series(1, pg_catalog.cardinality(quasi_identifiers)) AS i;
	SELECT pg_catalog.string_agg(pg_catalog.format('pg_catalog.count(DISTINCT c%1$s) OPERATOR(pg_catalog.+) '
			'pg_catalog.max(CASE WHEN c%1$s IS NULL THEN 1 ELSE 0 END)', i), ', ' ORDER BY i) INTO counts
	FROM pg_catalog.generate_series(pg_catalog.cardinality(quasi_identifiers) OPERATOR(pg_catalog.+) 1,
		pg_catalog.cardinality(quasi_identifiers) OPERATOR(pg_catalog.+) pg_catalog.cardinality(sensitive)) AS i;
	RETURN pg_catalog.format('SELECT v, records, l, records OPERATOR(pg_catalog.<) %s '
			'OR %s OPERATOR(pg_catalog.>) ANY (l) AS offends FROM ('
			'SELECT ARRAY[%s]::pg_catalog.text[] AS v, pg_catalog.count(*) AS records, '
			'ARRAY[%s]::pg_catalog.int8[] AS l FROM (SELECT %s FROM (',
			at_least, l_at_least, keys, counts, columns)
		-- a comment at the end of the query ends with its line
		OPERATOR(pg_catalog.||) query OPERATOR(pg_catalog.||) E'\n'
		OPERATOR(pg_catalog.||) pg_catalog.format(') AS q) AS q GROUP BY %s '
			'HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0) AS c', coalesce(keys, '()'));
END $$;
COMMENT ON FUNCTION tip_impl.classes_query(text, text[], text[], int4, int4) IS
'query of the equivalence classes of a query';

CREATE FUNCTION tip.k_anonymity(source text, quasi_identifiers text[], sensitive text[] DEFAULT '{}',
	at_least int4 DEFAULT 11, l_at_least int4 DEFAULT 1,
	OUT records int8, OUT groups int8, OUT k int8, OUT l jsonb,
	OUT offending_groups int8, OUT offending_records int8)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	least_l int8[];
	minima text;
BEGIN
	SELECT pg_catalog.string_agg(pg_catalog.format('pg_catalog.min(l[%s])', i), ', ' ORDER BY i) INTO minima
	FROM pg_catalog.generate_series(1, pg_catalog.cardinality(sensitive)) AS i;
	EXECUTE pg_catalog.format('SELECT coalesce(pg_catalog.sum(records), 0)::pg_catalog.int8, pg_catalog.count(*), '
			'pg_catalog.min(records), ARRAY[%s]::pg_catalog.int8[], pg_catalog.count(*) FILTER (WHERE offends), '
			'coalesce(pg_catalog.sum(records) FILTER (WHERE offends), 0)::pg_catalog.int8 FROM (', minima)
		OPERATOR(pg_catalog.||) tip_impl.classes_query(source, quasi_identifiers, sensitive, at_least, l_at_least)
		OPERATOR(pg_catalog.||) ') AS c'
	INTO records, groups, k, least_l, offending_groups, offending_records;
	l := tip_impl.diversity(sensitive, least_l);
END $$;
COMMENT ON FUNCTION tip.k_anonymity(text, text[], text[], int4, int4) IS
'size of the smallest group of records that share their quasi-identifiers, and how few values of each sensitive column a group has';
CREATE FUNCTION tip.k_anonymity(source regclass, quasi_identifiers text[], sensitive text[] DEFAULT '{}',
	at_least int4 DEFAULT 11, l_at_least int4 DEFAULT 1,
	OUT records int8, OUT groups int8, OUT k int8, OUT l jsonb,
	OUT offending_groups int8, OUT offending_records int8)
LANGUAGE sql STABLE
RETURN tip.k_anonymity('TABLE ' || source::text, quasi_identifiers, sensitive, at_least, l_at_least);
COMMENT ON FUNCTION tip.k_anonymity(regclass, text[], text[], int4, int4) IS
'k-anonymity and l-diversity of a table or view';

CREATE FUNCTION tip.k_anonymity_groups(source text, quasi_identifiers text[], sensitive text[] DEFAULT '{}',
	at_least int4 DEFAULT 11, l_at_least int4 DEFAULT 1, most int4 DEFAULT 100)
RETURNS TABLE (cell jsonb, records int8, l jsonb)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT pg_catalog.jsonb_object($1, c.v), c.records, '
			'tip_impl.diversity($2, c.l) FROM ('
		OPERATOR(pg_catalog.||) tip_impl.classes_query(source, quasi_identifiers, sensitive, at_least, l_at_least)
		OPERATOR(pg_catalog.||) ') AS c WHERE c.offends ORDER BY c.records, c.v LIMIT $3'
	USING quasi_identifiers, sensitive, most;
END $$;
COMMENT ON FUNCTION tip.k_anonymity_groups(text, text[], text[], int4, int4, int4) IS
'groups of records that are too small or too alike, smallest first: for the owner of the data, they point at people';
CREATE FUNCTION tip.k_anonymity_groups(source regclass, quasi_identifiers text[], sensitive text[] DEFAULT '{}',
	at_least int4 DEFAULT 11, l_at_least int4 DEFAULT 1, most int4 DEFAULT 100)
RETURNS TABLE (cell jsonb, records int8, l jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM tip.k_anonymity_groups('TABLE ' || source::text, quasi_identifiers, sensitive,
		at_least, l_at_least, most);
END;
COMMENT ON FUNCTION tip.k_anonymity_groups(regclass, text[], text[], int4, int4, int4) IS
'groups of records of a table or view that are too small or too alike, smallest first';
