# The analyst asks, the observatory publishes; part of run.sh.
title "5. The analyst asks for victims by sex, age and form"

tell <<-'TEXT'
	She reads no record, so she cannot count them herself.
TEXT
refuse analyst <<-'SQL'
	SELECT count(*) FROM tip_data.victim WHERE sex = 'male';
SQL

tell <<-'TEXT'
	Counts by cell are a value of their own: exact, so for trusted hands, and
	without a person in them. Those of two agencies are added up first and
	protected once.
TEXT
show <<-'SQL'
	CREATE TABLE public.agency_counts AS
	SELECT o.name AS agency, tip.tabulate(tip.cell(v.sex, z.main_form), 1) AS counts
	FROM tip_data.victimization AS z
	JOIN tip_data.victim AS v USING (victim_id)
	JOIN tip_data.event AS e USING (event_id)
	JOIN tip_data.reporting_entity AS o USING (reporting_entity_id)
	WHERE o.organization_type = 'law_enforcement' AND v.sex = ANY ('{female,male}')
	GROUP BY o.name;
SQL
show <<-'SQL'
	SELECT replace(p.codes[2], '_T', 'all forms') AS "police, victimizations",
	       replace(p.codes[1], '_T', 'everybody') AS sex, p.shown
	FROM tip.protect((SELECT tip.merge(counts) FROM public.agency_counts),
	                 'public_exact') AS p
	ORDER BY p.codes[2] = '_T', p.codes[2], p.codes[1] = '_T', p.codes[1]
	\crosstabview
SQL

tell <<-'TEXT'
	What may be said aloud is planned, looked at and published, all tables of a
	period together. The plan is a row; the look spends nothing.
TEXT
show <<-'SQL'
	SELECT tip.relax_policy('decades', '{"max_ways": 3, "periods": [10]}',
	                        'the board of the observatory, 12 May') > 0 AS in_ledger;
	INSERT INTO tip.release_plan (id, title, measure, policy, years)
	VALUES ('decade', 'ten years by sex, age and form',
	        'victims_identified', 'decades', 10);
	INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions)
	VALUES ('victims_by_sex_age_form', 'decade', 1,
	        'Victims by sex, age and form', '{sex,age_status,form}');
	SELECT level AS dimensions, cells, nonzero, hidden, shown_percent
	FROM tip.preview_loss('decade', 2016, 2025);
	SELECT tip.publish('decade', 2016, 2025) AS release;
SQL

tell <<-'TEXT'
	A count of 1 to 4 is hidden, and so is whatever would give it away by
	subtraction. The attacker that proved it is part of the release: it knows
	every number printed here, and that of each person who is alone in a cell.
TEXT
show analyst <<-'SQL'
	SELECT concat_ws(' ', replace(sex, '_T', 'everybody'),
	                 nullif(age_status, '_T')) AS "2016-2025",
	       replace(form, '_T', 'all forms') AS form, shown
	FROM tip_public.victims_by_sex_age_form AS t
	WHERE '0' <> ALL (SELECT a.shown FROM tip_public.victims_by_sex_age_form AS a
	                  WHERE (a.sex, a.age_status, a.form) IN
	                        ((t.sex, t.age_status, '_T'), ('_T', '_T', t.form)))
	ORDER BY sex = '_T', sex = 'unknown', sex, age_status = '_T', age_status,
	         form = '_T', form = 'unknown', form
	\crosstabview
SQL
printf '    * hidden; a total includes what is hidden\n'

show analyst <<-'SQL'
	SELECT release, plan, first_year, last_year, policy ->> 'threshold' AS threshold,
	       left(encode(certificate_digest, 'hex'), 16) AS certificate
	FROM tip.release;
SQL

tell <<-'TEXT'
	A question that no published table answers is refused, with the nearest one:
TEXT
refuse analyst <<-'SQL'
	SELECT * FROM tip.disaggregate('victims_identified', '{form,country}',
	                               period => '2016-2025');
SQL

tell <<-'TEXT'
	Once is enough. A second release of the same people could be subtracted from
	the first; what has changed since is published as a revision:
TEXT
refuse dba <<-'SQL'
	SELECT tip.publish('decade', 2016, 2025);
SQL
show <<-'SQL'
	SELECT tip.verify_release(1) AS as_published,
	       jsonb_array_length(body -> 'hidden') AS hidden_cells,
	       (SELECT count(*) FROM tip.release_log) AS looks_and_releases
	FROM tip.release_certificate;
SQL
