# What goes to the United Nations; part of run.sh.
title "6. The focal point reports SDG 16.2.2"

tell <<-'TEXT'
	Detected victims per 100,000 population, exact, by whoever may read the
	records. Each figure states its unit; the series add up to the first.
TEXT
show <<-'SQL'
	SELECT CASE WHEN sex = '_T' THEN series ELSE '  of these ' || sex END AS series,
	       year, rate
	FROM tip.sdg_16_2_2() AS s
	WHERE country = 'BB' AND age = '_T' AND year BETWEEN 2018 AND 2024
	  AND (sex = '_T' OR series = 'VC_HTF_DETV' AND sex IN ('female', 'male'))
	ORDER BY s.series, sex = '_T' DESC, sex, year
	\crosstabview
SQL
