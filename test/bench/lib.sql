-- What the benchmarks share: time statements in turn, print ratios.

CREATE SCHEMA bench;
CREATE TABLE bench.timing (subject text, variant text, round int, ms float8);

-- Run the variants of a subject in turn, A B C A B C, so that a machine whose
-- speed drifts treats them alike; the first round warms up and is not kept.
CREATE PROCEDURE bench.compare(subject text, variants text[], statements text[],
	rounds int DEFAULT 5)
LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
BEGIN
	FOR round IN 0 .. rounds LOOP
		FOR i IN 1 .. array_length(variants, 1) LOOP
			started := clock_timestamp();
			EXECUTE statements[i];
			IF round > 0 THEN
				INSERT INTO bench.timing VALUES (subject, variants[i], round,
					1000 * extract(epoch FROM clock_timestamp() - started));
			END IF;
			COMMIT;
		END LOOP;
	END LOOP;
END
$$;

CREATE FUNCTION bench.median(subject text, variant text) RETURNS float8
LANGUAGE sql AS $$
	SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)
	FROM bench.timing AS t
	WHERE t.subject = median.subject AND t.variant = median.variant
$$;

-- A ratio with the limit that it has to keep.
CREATE FUNCTION bench.bar(what text, ratio float8, kind text, bar numeric)
RETURNS text LANGUAGE sql AS $$
	SELECT format('%s: %s (bar: %s %s) %s', what, round(ratio::numeric, 2), kind, bar,
		CASE WHEN CASE kind WHEN 'at most' THEN ratio <= bar ELSE ratio >= bar END
			THEN 'kept' ELSE 'MISSED' END)
$$;
-- What a variant costs on top of the base.
CREATE FUNCTION bench.net(subject text, variant text, base text)
RETURNS float8 LANGUAGE sql AS $$
	SELECT bench.median(net.subject, net.variant) - bench.median(net.subject, net.base)
$$;

-- Medians, and how many times the base each variant takes.
CREATE FUNCTION bench.report(subject text, base text)
RETURNS TABLE (variant text, median_ms numeric, times_base numeric)
LANGUAGE sql AS $$
	SELECT v.variant, round(bench.median(report.subject, v.variant)::numeric, 1),
	       round((bench.median(report.subject, v.variant) /
	              bench.median(report.subject, report.base))::numeric, 2)
	FROM (SELECT t.variant, min(t.ctid) AS first FROM bench.timing AS t
	      WHERE t.subject = report.subject GROUP BY 1) AS v
	ORDER BY v.first
$$;
