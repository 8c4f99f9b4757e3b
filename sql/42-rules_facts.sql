-- Views of facts: what rules at commit are about.
--
-- A rule of timing tx is a predicate over one row of such a view, which is
-- judged by SELECT * FROM <view> WHERE event_id = ANY (changed cases).  So each
-- view has event_id, and is written so that this condition reaches an index of
-- every table it reads: it goes into grouped rows and windows that have event_id
-- among their keys, yet not through a join to the other side, as = ANY makes no
-- class of equal columns.  What is many to a row is therefore gathered LATERALly,
-- one table at a time, each with an index scan.  OFFSET 0 keeps the planner from
-- making joins of these: without statistics, as in the transaction that loads a
-- model, it would hash a whole table for each case.
--
-- Facts are true, false or, where nobody can tell, NULL.  A fact about dates is
-- true only if it is certain: it compares the last day that one date may mean
-- with the first of the other.  Nothing here may raise, whatever the rows are:
-- days are added and taken away only between tip.earliest() and tip.latest(),
-- which are finite, numbers are widened before they are multiplied.

-- Indicators that an instrument scores, kept so that looking one up is an index
-- scan (rule S06).
CREATE TABLE tip_impl.scored_indicator (
	indicator tip.indicator,
	profile   tip.screening_profile,
	CONSTRAINT scored_indicator_pkey PRIMARY KEY (indicator, profile)
);
INSERT INTO tip_impl.scored_indicator
SELECT DISTINCT indicator, profile FROM tip.indicator_weight;
GRANT SELECT ON tip_impl.scored_indicator TO PUBLIC;
COMMENT ON TABLE tip_impl.scored_indicator IS
'indicators by the instruments that weigh them, from tip.indicator_weight';
COMMENT ON COLUMN tip_impl.scored_indicator.indicator IS 'indicator';
COMMENT ON COLUMN tip_impl.scored_indicator.profile IS 'instrument';

INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl) VALUES
(160, 'rules', 'prosecution', 'other', $view$
CREATE VIEW %1$I.prosecution WITH (security_invoker = true) AS
SELECT g.event_id, g.involvement_id, g.recorded_on, g.has_archive,
       g.has_conviction, g.has_other_guilt, g.has_charge, g.has_contact,
       g.has_sentence OR coalesce(z.has_sentence, false) AS has_sentence,
       g.has_acquittal, g.is_legal_person, g.is_victim_offender,
       CASE WHEN g.outcomes <= 1 OR g.outcomes <= g.appeals
                 + greatest(1, g.charge_steps, g.charged_charges) THEN false
            WHEN g.outcomes IS NOT NULL AND g.is_counted THEN true END AS has_too_many_outcomes,
       g.has_step_after_death, g.has_dates_out_of_order,
       coalesce(g.sentenced_by < g.convicted_from, false) AS has_sentence_before_conviction,
       g.has_abatement, g.is_deceased,
       CASE WHEN g.appeals > 0 THEN g.most_convicted_charges
            ELSE g.convicted_charges END AS convicted_charges,
       CASE WHEN g.is_counted THEN g.charged_charges END AS charged_charges,
       g.has_foreign_statute, g.has_foreign_involvement,
       g.has_unnamed_step, g.has_other_guilt_under_act,
       g.has_child_section, g.has_adult_section,
       o.victims, o.has_only_child_victims, o.has_only_adult_victims,
       coalesce(o.begun_by < g.in_force_from OR o.begun_from > g.in_force_to, false)
         AS has_statute_not_in_force,
       coalesce(o.ended_by < g.in_force_from, false) AS has_statute_never_in_force,
       coalesce(z.has_stray_sentence, false) AS has_stray_sentence,
       coalesce(z.is_below_minimum, false) AS is_below_minimum,
       coalesce(z.is_above_maximum, false) AS is_above_maximum,
       coalesce(z.is_above_aggravated_maximum, false) AS is_above_aggravated_maximum,
       CASE WHEN NOT coalesce(z.has_only_fines, false) OR NOT z.is_fine_doubtful THEN false
            WHEN z.fine_alone_to IS NULL THEN true
            ELSE o.begun_from > z.fine_alone_to END AS has_fine_without_prison,
       coalesce(z.has_child_aggravation, false) AS has_child_aggravation,
       coalesce(z.has_several_aggravation, false) AS has_several_aggravation,
       coalesce(z.has_official_aggravation, false) AS has_official_aggravation,
       g.is_public_official
FROM (
	SELECT s.event_id, s.involvement_id,
	       max(e.recorded_on) AS recorded_on,
	       coalesce(bool_or(s.provenance = 'archive' OR e.provenance = 'archive'
	                        OR i.provenance = 'archive'), false) AS has_archive,
	       coalesce(bool_or(s.step = 'convicted'), false) AS has_conviction,
	       coalesce(bool_or(s.step = 'guilty_other_offence'), false) AS has_other_guilt,
	       coalesce(bool_or(s.step = ANY ('{charged,indicted}')), false) AS has_charge,
	       coalesce(bool_or(s.step = ANY ('{suspected,arrested,cautioned}')), false) AS has_contact,
	       coalesce(bool_or(s.step = 'sentenced'), false) AS has_sentence,
	       coalesce(bool_or(s.step = 'acquitted'), false) AS has_acquittal,
	       coalesce(bool_or(p.person_kind = 'legal'), false) AS is_legal_person,
	       coalesce(bool_or(i.is_victim_offender), false) AS is_victim_offender,
	       coalesce(bool_or(p.is_deceased), false) AS is_deceased,
	       coalesce(bool_or(p.is_public_official), false) AS is_public_official,
	       coalesce(bool_or(s.step = 'abated_death'), false) AS has_abatement,
	       CASE WHEN s.involvement_id IS NOT NULL THEN count(*) FILTER
	         (WHERE s.step = ANY ('{convicted,acquitted,dismissed,discharged,discontinued,guilty_other_offence}'))
	       END AS outcomes,
	       count(*) FILTER (WHERE s.step = ANY ('{charged,indicted}')) AS charge_steps,
	       bool_and(s.charge_count IS NOT NULL) FILTER
	         (WHERE s.step = ANY ('{charged,indicted}')) IS NOT FALSE AS is_counted,
	       count(*) FILTER (WHERE s.step = ANY ('{appeal_filed,conviction_quashed}')) AS appeals,
	       CASE WHEN s.involvement_id IS NOT NULL
	            THEN coalesce(bool_or(s.sequence IS NOT NULL AND s.death_before), false)
	       END AS has_step_after_death,
	       CASE WHEN s.involvement_id IS NOT NULL
	            THEN coalesce(bool_or(s.sequence IS NOT NULL
	                                  AND s.day_before > tip.latest(s.stepped_on)), false)
	       END AS has_dates_out_of_order,
	       min(tip.latest(s.stepped_on)) FILTER (WHERE s.step = 'sentenced') AS sentenced_by,
	       min(tip.earliest(s.stepped_on)) FILTER
	         (WHERE s.step = ANY ('{convicted,guilty_other_offence}')) AS convicted_from,
	       sum(s.charge_count) FILTER (WHERE s.step = 'convicted') AS convicted_charges,
	       max(s.charge_count) FILTER (WHERE s.step = 'convicted') AS most_convicted_charges,
	       greatest(sum(s.charge_count) FILTER (WHERE s.step = 'charged'),
	                sum(s.charge_count) FILTER (WHERE s.step = 'indicted')) AS charged_charges,
	       CASE WHEN min(s.statute_id) FILTER (WHERE s.step = 'convicted')
	                 = max(s.statute_id) FILTER (WHERE s.step = 'convicted')
	            THEN min(s.statute_id) FILTER (WHERE s.step = 'convicted') END AS convicted_under,
	       coalesce(bool_or(s.statute_id IS NOT NULL AND e.jurisdiction IS NOT NULL
	                        AND t.country IS DISTINCT FROM e.jurisdiction), false) AS has_foreign_statute,
	       coalesce(bool_or(i.event_id <> s.event_id), false) AS has_foreign_involvement,
	       s.involvement_id IS NULL
	         AND coalesce(bool_or(s.step <> 'reported'), false) AS has_unnamed_step,
	       coalesce(bool_or(s.step = 'guilty_other_offence' AND NOT t.is_local
	                        AND t.act <> 'other law'), false) AS has_other_guilt_under_act,
	       coalesce(bool_or(t.victim_class = 'minor') FILTER (WHERE s.is_accusation), false) AS has_child_section,
	       coalesce(bool_or(t.victim_class = 'adult') FILTER (WHERE s.is_accusation), false) AS has_adult_section,
	       max(t.in_force_from) FILTER (WHERE s.is_accusation) AS in_force_from,
	       min(t.in_force_to) FILTER (WHERE s.is_accusation) AS in_force_to
	FROM (
		SELECT j.*, j.step = ANY ('{charged,indicted,convicted}') AS is_accusation,
		       max(tip.earliest(j.stepped_on)) OVER earlier AS day_before,
		       bool_or(j.step = 'abated_death') OVER earlier AS death_before
		FROM %1$I.justice_step AS j
		WINDOW earlier AS (PARTITION BY j.event_id, j.involvement_id ORDER BY j.sequence
		                   RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP)) AS s
	LEFT JOIN %1$I.event AS e ON e.event_id = s.event_id
	LEFT JOIN %1$I.involvement AS i ON i.involvement_id = s.involvement_id
	LEFT JOIN %1$I.perpetrator AS p ON p.perpetrator_id = i.perpetrator_id
	LEFT JOIN tip.statute AS t ON t.statute_id = s.statute_id
	GROUP BY s.event_id, s.involvement_id) AS g
LEFT JOIN LATERAL (
	SELECT count(*) AS victims,
	       count(*) > 0 AND count(*) = count(*) FILTER (WHERE a.is_child) AS has_only_child_victims,
	       count(*) > 0 AND count(*) = count(*) FILTER
	         (WHERE NOT a.is_child AND a.is_adult) AS has_only_adult_victims,
	       min(least(tip.latest(a.recruited_on), tip.latest(a.moved_on),
	                 tip.latest(a.exploited_from))) AS begun_by,
	       CASE WHEN count(*) = count(coalesce(a.exploited_from, a.moved_on, a.recruited_on))
	            THEN min(least(tip.earliest(a.recruited_on), tip.earliest(a.moved_on),
	                           tip.earliest(a.exploited_from))) END AS begun_from,
	       CASE WHEN count(*) = count(coalesce(a.exploited_to, a.identified_on))
	                 AND NOT coalesce(bool_or(a.victim_stage = 'draft'), false)
	            THEN max(tip.latest(coalesce(a.exploited_to, a.identified_on))) END AS ended_by
	FROM (
		SELECT v.*,
		       (v.age_status_at_entry = 'minor' OR v.age_at_entry < 18
		        OR v.age_status_at_exploitation = 'minor' OR v.age_at_exploitation < 18
		        OR v.age_status_at_identification = 'minor' OR v.age_at_identification < 18)
		       IS TRUE AS is_child,
		       (v.age_status_at_entry = 'adult' OR v.age_at_entry >= 18) IS TRUE AS is_adult
		FROM %1$I.victimization AS v
		WHERE v.event_id = g.event_id
		  AND (v.victim_stage = 'not_victim' OR v.victim_status = 'not_victim') IS NOT TRUE) AS a) AS o ON true
LEFT JOIN LATERAL (
	SELECT bool_or(x.is_penalty) AS has_sentence,
	       bool_or(x.is_penalty AND NOT x.step = ANY
	         ('{convicted,guilty_other_offence,sentenced,appeal_filed}')) AS has_stray_sentence,
	       bool_or(x.is_prison AND x.months < x.min_months) AS is_below_minimum,
	       bool_or(x.additions IS NULL AND (x.is_prison AND x.months > x.most_months
	               OR x.kind = 'life' AND x.most_months IS NOT NULL AND NOT x.allows_life)) AS is_above_maximum,
	       bool_or(x.country = 'LC' AND x.is_prison AND x.months > x.most_months + x.additions)
	         AS is_above_aggravated_maximum,
	       bool_or(x.kind = 'fine')
	         AND bool_and(x.kind = ANY ('{fine,forfeiture,restitution,compensation}')) AS has_only_fines,
	       coalesce(bool_or(x.kind = 'fine' AND NOT x.fine_alone), false) AS is_fine_doubtful,
	       max(x.fine_alone_to) FILTER (WHERE x.kind = 'fine') AS fine_alone_to,
	       bool_or(x.aggravating_factors @> '{child}') AS has_child_aggravation,
	       bool_or(x.aggravating_factors @> '{multiple_victims}') AS has_several_aggravation,
	       bool_or(x.aggravating_factors @> '{official}') AS has_official_aggravation
	FROM (
		SELECT j.step, n.kind, n.months, n.aggravating_factors, t.country, t.min_months,
		       t.allows_life, t.fine_alone, t.fine_alone_to,
		       n.kind = ANY ('{imprisonment,fine_and_prison,suspended}') AS is_prison,
		       (n.kind = ANY ('{forfeiture,restitution,compensation}')) IS NOT TRUE AS is_penalty,
		       t.max_months::numeric * greatest(coalesce(j.charge_count, g.convicted_charges), 1) AS most_months,
		       CASE WHEN tip.cardinality(n.aggravating_factors) > 0 THEN
		         CASE WHEN n.aggravating_factors @> '{dangerous_weapon}' THEN 24 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{serious_injury}' THEN 24 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{child}' THEN 60 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{life_threatening_illness}' THEN 60 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{permanent_injury}' THEN 120 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{organized_group}' THEN 36 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{organized_group_leader}' THEN 60 ELSE 0 END
		         + CASE WHEN n.aggravating_factors @> '{abuse_of_authority}' THEN 48 ELSE 0 END
		       END AS additions
		FROM %1$I.justice_step AS j
		CROSS JOIN LATERAL (
			SELECT h.* FROM %1$I.sentence AS h
			WHERE h.justice_step_id = j.justice_step_id OFFSET 0) AS n
		LEFT JOIN LATERAL (
			SELECT h.* FROM tip.statute AS h
			WHERE h.statute_id = coalesce(j.statute_id, g.convicted_under) OFFSET 0) AS t ON true
		WHERE j.event_id = g.event_id
		  AND j.involvement_id IS NOT DISTINCT FROM g.involvement_id) AS x
	HAVING count(*) > 0) AS z ON true;
COMMENT ON VIEW %1$I.prosecution IS
'what became of one perpetrator in one event: a row for each who has a step of justice there'
$view$),

(161, 'rules', 'victim_path', 'other', $view$
CREATE VIEW %1$I.victim_path WITH (security_invoker = true) AS
SELECT v.event_id, v.victimization_id, e.recorded_on, v.victim_stage, v.victim_status,
       coalesce(e.provenance = 'archive' OR v.provenance = 'archive', false) AS is_archive,
       coalesce(tip.latest(v.identified_on) < tip.earliest(e.reported_on), false) AS has_late_report,
       coalesce(tip.latest(v.identified_on) < c.screened_from, false) AS has_late_screening,
       coalesce(tip.latest(v.identified_on) < d.presumed_from, false) AS has_late_presumption,
       coalesce(r.referred_by < f.found_from, false) AS has_early_referral,
       coalesce(s.assisted_by < f.found_from, false) AS has_early_assistance,
       coalesce(s.reflected_by < f.found_from, false) AS has_early_reflection,
       coalesce(c.is_recent, false) AS has_recent_screening,
       coalesce(c.is_indicated, false) AS has_indication,
       coalesce(c.is_negative, false) AS has_only_negative_screenings,
       coalesce(c.is_unscored, false) AS has_unscored_answer,
       coalesce(v.means && '{deception,fraud}', false)
         AND NOT coalesce(v.control_methods @> '{false_promise}', false)
         AND NOT coalesce(c.has_deception, false)
         AND coalesce(c.has_answers, false) AS has_unsupported_deception,
       coalesce(v.means @> '{abuse_vuln}', false)
         AND NOT coalesce(tip.cardinality(p.vulnerabilities) > 0, false)
         AND NOT coalesce(tip.cardinality(p.other_statuses) > 0, false)
         AND NOT coalesce(NOT tip.is_missing(p.protection_status), false)
         AND NOT coalesce(p.migration_status = 'irregular', false)
         AND NOT coalesce(p.has_disability, false) AND NOT a.is_child
         AND NOT coalesce(c.has_vulnerability, false) AS has_unsupported_vulnerability,
       coalesce(d.is_reversed, false) AS has_unexplained_reversal,
       coalesce(v.victim_status = 'identified' AND d.denied_from > coalesce(d.affirmed_by, '-infinity')
                OR v.victim_status = 'not_victim' AND d.affirmed_from > coalesce(d.denied_by, '-infinity'),
                false) AS has_later_decision,
       coalesce(r.has_referral, false) AS has_referral,
       coalesce(r.is_unasked, false) AND NOT a.is_child AS has_referral_without_consent,
       coalesce(s.has_assistance, false) AS has_assistance,
       a.is_child,
       tip.latest(v.identified_on) + 14 AS child_protection_due,
       coalesce(r.has_child_protection, false) OR coalesce(s.has_child_care, false)
         OR coalesce(v.status_decider = 'child_protection', false)
         OR coalesce(o.organization_type = 'child_protection', false) AS has_child_protection,
       coalesce(p.other_statuses @> '{separated_child}', false) AS is_unaccompanied,
       coalesce(v.is_intended_only, false) AS is_intended_only,
       coalesce(x.has_exploitation, false) AS has_exploitation,
       coalesce(x.is_dated, false) AS has_dated_exploitation,
       coalesce(x.is_other_form, false) AS has_other_form,
       coalesce(x.is_outside, false) AS has_exploitation_outside,
       CASE WHEN e.jurisdiction IS NULL OR v.recruitment_country = e.jurisdiction
                 OR v.exploitation_country = e.jurisdiction
                 OR x.is_here OR m.is_here THEN false
            ELSE coalesce(v.exploitation_country <> e.jurisdiction
                          AND NOT tip.is_missing(v.exploitation_country)
                          AND v.exploitation_country <> 'ZZ', false)
                 OR coalesce(x.is_elsewhere, false) END AS is_outside_jurisdiction,
       coalesce(p.age_basis = ANY ('{documented,stated}')
                AND (v.age_at_identification
                     < extract(year FROM tip.earliest(v.identified_on))::int - p.birth_year - 2
                     OR v.age_at_identification
                     > extract(year FROM tip.latest(v.identified_on))::int - p.birth_year + 1),
                false) AS has_age_against_birth_year
FROM %1$I.victimization AS v
LEFT JOIN %1$I.event AS e ON e.event_id = v.event_id
LEFT JOIN %1$I.reporting_entity AS o ON o.reporting_entity_id = e.reporting_entity_id
LEFT JOIN %1$I.victim AS p ON p.victim_id = v.victim_id
CROSS JOIN LATERAL (
	SELECT coalesce(v.age_status_at_identification = 'minor' OR v.age_at_identification < 18
	                OR p.age_status_at_identification = 'minor' OR p.age_at_identification < 18,
	                false) AS is_child) AS a
LEFT JOIN LATERAL (
	SELECT min(tip.earliest(n.screened_on)) AS screened_from,
	       bool_or(n.screened_on IS NULL OR v.identified_on IS NULL
	               OR tip.earliest(v.identified_on) - tip.latest(n.screened_on) <= 365
	                  AND tip.earliest(n.screened_on) <= tip.latest(v.identified_on)) AS is_recent,
	       bool_or(n.result = 'trafficking_indicated') AS is_indicated,
	       bool_and(n.result = 'not_indicated') AND count(n.result) > 0 AS is_negative,
	       bool_or(n.profile = ANY ('{adult_labour,child_labour}') AND q.indicator IS NOT NULL
	               AND NOT tip.is_missing(q.indicator)
	               AND (SELECT k.profile FROM tip_impl.scored_indicator AS k
	                    WHERE k.indicator = q.indicator AND k.profile = n.profile) IS NULL) AS is_unscored,
	       bool_or(q.answer = 'present') AS has_answers,
	       bool_or(q.answer = 'present' AND left(q.indicator::text, 2) = 'D1') AS has_deception,
	       bool_or(q.answer = 'present' AND left(q.indicator::text, 2) IN ('D3', 'D6')) AS has_vulnerability
	FROM %1$I.screening AS n
	LEFT JOIN LATERAL (
		SELECT h.indicator, h.answer FROM %1$I.screening_answer AS h
		WHERE h.screening_id = n.screening_id OFFSET 0) AS q ON true
	WHERE n.victimization_id = v.victimization_id) AS c ON true
LEFT JOIN LATERAL (
	SELECT min(tip.earliest(w.decided_on)) FILTER (WHERE w.status = 'presumed') AS presumed_from,
	       min(tip.earliest(w.decided_on)) FILTER (WHERE w.status = ANY ('{presumed,identified}')) AS found_from,
	       max(tip.earliest(w.decided_on)) FILTER (WHERE w.status = 'identified') AS affirmed_from,
	       max(tip.latest(w.decided_on)) FILTER (WHERE w.status = 'identified') AS affirmed_by,
	       max(tip.earliest(w.decided_on)) FILTER (WHERE w.status = 'not_victim') AS denied_from,
	       max(tip.latest(w.decided_on)) FILTER (WHERE w.status = 'not_victim') AS denied_by,
	       bool_or(coalesce(w.reconsideration_reason, '') !~ '\S'
	               AND (w.status = 'identified' AND w.denied_before < tip.earliest(w.decided_on)
	                    AND (w.affirmed_before < w.denied_since) IS NOT FALSE
	                    OR w.status = 'not_victim' AND w.affirmed_before < tip.earliest(w.decided_on)
	                    AND (w.denied_before < w.affirmed_since) IS NOT FALSE)) AS is_reversed
	FROM (
		SELECT h.status, h.decided_on, h.reconsideration_reason,
		       max(tip.earliest(h.decided_on)) FILTER (WHERE h.status = 'identified') OVER earlier AS affirmed_since,
		       max(tip.latest(h.decided_on)) FILTER (WHERE h.status = 'identified') OVER earlier AS affirmed_before,
		       max(tip.earliest(h.decided_on)) FILTER (WHERE h.status = 'not_victim') OVER earlier AS denied_since,
		       max(tip.latest(h.decided_on)) FILTER (WHERE h.status = 'not_victim') OVER earlier AS denied_before
		FROM %1$I.status_decision AS h
		WHERE h.victimization_id = v.victimization_id
		WINDOW earlier AS (ORDER BY tip.earliest(h.decided_on), tip.latest(h.decided_on),
		                   coalesce(h.reconsideration_reason, '') !~ '\S'
		                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS w) AS d ON true
LEFT JOIN LATERAL (
	SELECT true AS has_referral,
	       min(tip.latest(l.referred_on)) AS referred_by,
	       bool_or(l.consent = 'not_required') AS is_unasked,
	       bool_or((SELECT t.organization_type FROM %1$I.reporting_entity AS t
	                WHERE t.reporting_entity_id = l.to_entity_id) = 'child_protection') AS has_child_protection
	FROM %1$I.referral AS l
	WHERE l.victimization_id = v.victimization_id
	HAVING count(*) > 0) AS r ON true
LEFT JOIN LATERAL (
	SELECT true AS has_assistance,
	       min(tip.latest(l.started_on)) FILTER
	         (WHERE NOT l.service = ANY ('{food,health,medical,psych,shelter_short,social_care,transport,interpretation,child_care,reflection}'))
	         AS assisted_by,
	       min(tip.latest(l.started_on)) FILTER (WHERE l.service = 'reflection') AS reflected_by,
	       bool_or(l.service = 'child_care') AS has_child_care
	FROM %1$I.assistance AS l
	WHERE l.victimization_id = v.victimization_id
	HAVING count(*) > 0) AS s ON true
LEFT JOIN LATERAL (
	SELECT true AS has_exploitation,
	       bool_or(l.started_on IS NOT NULL) AS is_dated,
	       bool_or(NOT v.forms @> l.form AND NOT tip.is_missing(l.form)
	               AND NOT tip.is_missing(v.forms)) AS is_other_form,
	       bool_or(tip.latest(l.started_on) < tip.earliest(v.exploited_from)
	               OR tip.earliest(l.ended_on) > tip.latest(v.exploited_to)) AS is_outside,
	       bool_or(l.country = e.jurisdiction) AS is_here,
	       bool_or(l.country <> e.jurisdiction AND l.country <> 'ZZ'
	               AND NOT tip.is_missing(l.country)) AS is_elsewhere
	FROM %1$I.exploitation AS l
	WHERE l.victimization_id = v.victimization_id
	HAVING count(*) > 0) AS x ON true
LEFT JOIN LATERAL (
	SELECT bool_or(l.from_country = e.jurisdiction OR l.to_country = e.jurisdiction) AS is_here
	FROM %1$I.movement AS l
	WHERE l.victimization_id = v.victimization_id) AS m ON true
CROSS JOIN LATERAL (
	SELECT least(tip.earliest(v.identified_on), d.found_from) AS found_from) AS f;
COMMENT ON VIEW %1$I.victim_path IS
'the way of one victim through one event: screening, decisions, referral, assistance, exploitation'
$view$),

(162, 'rules', 'victim_route', 'other', $view$
CREATE VIEW %1$I.victim_route WITH (security_invoker = true) AS
SELECT l.event_id, l.victimization_id, max(l.recorded_on) AS recorded_on, l.victim_stage,
       coalesce(bool_or(l.is_joined AND l.to_before <> l.from_country
                        AND NOT tip.is_missing(l.to_before) AND NOT tip.is_missing(l.from_country)
                        AND l.to_before <> 'ZZ' AND l.from_country <> 'ZZ'), false) AS has_gap,
       coalesce(bool_or(l.sequence IS NOT NULL AND l.day_before > tip.latest(l.moved_on)), false)
         AS has_dates_out_of_order,
       coalesce(bool_or(l.stage = 'transit' AND l.is_joined AND l.is_joined_after
                        AND l.origin <> l.destination AND NOT tip.is_missing(l.to_country)
                        AND l.to_country <> 'ZZ' AND l.to_country <> l.from_country
                        AND (l.to_country = l.origin OR l.to_country = l.destination)), false)
         AS has_transit_at_an_end
FROM (
	SELECT v.event_id, v.victim_stage, e.recorded_on, m.victimization_id, m.sequence, m.stage,
	       m.from_country, m.to_country, m.moved_on,
	       m.is_consecutive IS TRUE AND lag(m.sequence) OVER route < m.sequence
	         AND (lead(m.sequence) OVER route > m.sequence) IS NOT FALSE
	         AND (lag(m.sequence, 2) OVER route < lag(m.sequence) OVER route) IS NOT FALSE
	         AND (lag(m.is_consecutive) OVER route IS TRUE
	              OR row_number() OVER route = 2 AND lag(m.is_consecutive) OVER route IS NOT FALSE)
	         AS is_joined,
	       lead(m.is_consecutive) OVER route IS TRUE AS is_joined_after,
	       lag(m.to_country) OVER route AS to_before,
	       first_value(m.from_country) OVER route AS origin,
	       last_value(m.to_country) OVER (PARTITION BY v.event_id, m.victimization_id ORDER BY m.sequence, m.movement_id
	         ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS destination,
	       max(tip.earliest(m.moved_on)) OVER (PARTITION BY v.event_id, m.victimization_id ORDER BY m.sequence
	         RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS day_before
	FROM %1$I.victimization AS v
	JOIN %1$I.movement AS m ON m.victimization_id = v.victimization_id
	LEFT JOIN %1$I.event AS e ON e.event_id = v.event_id
	WINDOW route AS (PARTITION BY v.event_id, m.victimization_id ORDER BY m.sequence, m.movement_id)) AS l
GROUP BY l.event_id, l.victimization_id, l.victim_stage;
COMMENT ON VIEW %1$I.victim_route IS
'the route of one victim in one event, where legs of it are recorded'
$view$),

(163, 'rules', 'case_unit', 'other', $view$
CREATE VIEW %1$I.case_unit WITH (security_invoker = true) AS
SELECT e.event_id, e.recorded_on, e.case_stage, e.case_status, e.closure_reason, e.completion,
       coalesce(e.provenance = 'archive', false) AS is_archive,
       coalesce(e.is_cross_border, false) AS is_cross_border,
       CASE WHEN e.is_cross_border AND e.jurisdiction IS NULL THEN NULL
            ELSE k.has_other_country END AS has_other_country,
       v.has_victim, v.has_settled_victim, v.has_draft, v.has_identified, v.has_witness,
       CASE WHEN cardinality(v.persons) > 1 THEN
         (SELECT count(d.person) > count(DISTINCT d.person) OR count(d.ref) > count(DISTINCT d.ref)
          FROM unnest(v.persons, v.person_refs) AS d(person, ref))
       ELSE false END AS has_person_twice,
       i.has_perpetrator,
       CASE WHEN cardinality(i.persons) > 1 THEN
         (SELECT count(d.person) > count(DISTINCT d.person) FROM unnest(i.persons) AS d(person))
       ELSE false END AS has_perpetrator_twice,
       CASE WHEN e.recorded_on BETWEEN '0001-01-01' AND '9000-01-01'
            THEN e.recorded_on + 365 END AS perpetrator_due,
       coalesce(v.refs && i.refs, false) AS has_unmarked_victim_offender,
       v.has_referral,
       j.has_step, j.has_charge, j.has_outcome
FROM %1$I.event AS e
CROSS JOIN LATERAL (
	SELECT count(*) > 0 AS has_victim,
	       count(*) FILTER (WHERE w.victim_stage IS DISTINCT FROM 'draft') > 0 AS has_settled_victim,
	       count(*) FILTER (WHERE w.victim_stage = 'draft') > 0 AS has_draft,
	       count(*) FILTER (WHERE w.victim_stage IS DISTINCT FROM 'draft'
	                          AND w.victim_status = 'identified') > 0 AS has_identified,
	       count(*) FILTER (WHERE w.took_part_in_proceedings) > 0 AS has_witness,
	       array_agg(w.victim_id) FILTER (WHERE NOT w.is_set_aside) AS persons,
	       array_agg(w.ref) FILTER (WHERE NOT w.is_set_aside) AS person_refs,
	       array_agg(w.ref) FILTER (WHERE w.victim_stage IS DISTINCT FROM 'draft') AS refs,
	       coalesce(bool_or(w.is_referred), false) AS has_referral
	FROM (
		SELECT u.victim_id, u.victim_stage, u.victim_status, u.took_part_in_proceedings, r.is_referred,
		       CASE WHEN p.prmis_ref ~ '\S' THEN p.prmis_ref END AS ref,
		       coalesce(u.victim_stage = 'draft', false)
		         OR coalesce(u.not_victim_reason = 'duplicate', false) AS is_set_aside
		FROM %1$I.victimization AS u
		LEFT JOIN LATERAL (
			SELECT h.prmis_ref FROM %1$I.victim AS h
			WHERE h.victim_id = u.victim_id OFFSET 0) AS p ON true
		CROSS JOIN LATERAL (
			SELECT count(*) > 0 AS is_referred FROM %1$I.referral AS h
			WHERE h.victimization_id = u.victimization_id) AS r
		WHERE u.event_id = e.event_id) AS w) AS v
CROSS JOIN LATERAL (
	SELECT count(*) > 0 AS has_perpetrator,
	       array_agg(n.perpetrator_id) AS persons,
	       array_agg(q.prmis_ref) FILTER (WHERE n.is_victim_offender IS NOT TRUE) AS refs
	FROM %1$I.involvement AS n
	LEFT JOIN LATERAL (
		SELECT h.prmis_ref FROM %1$I.perpetrator AS h
		WHERE h.perpetrator_id = n.perpetrator_id OFFSET 0) AS q ON true
	WHERE n.event_id = e.event_id) AS i
CROSS JOIN LATERAL (
	SELECT count(*) > 0 AS has_step,
	       coalesce(bool_or(n.step = ANY ('{charged,indicted,prelim_inquiry,committed}')), false) AS has_charge,
	       coalesce(bool_or(n.step = ANY ('{convicted,acquitted,dismissed,discharged,discontinued,guilty_other_offence,abated_death,conviction_quashed,sentenced}')), false)
	         AS has_outcome
	FROM %1$I.justice_step AS n
	WHERE n.event_id = e.event_id) AS j
CROSS JOIN LATERAL (
	SELECT coalesce(bool_or(u.country <> e.jurisdiction), false) AS has_other_country
	FROM (SELECT unnest(ARRAY[w.recruitment_country, w.exploitation_country]) AS country
	      FROM %1$I.victimization AS w WHERE w.event_id = e.event_id
	      UNION ALL SELECT x.country FROM %1$I.victimization AS w
	      CROSS JOIN LATERAL (
			SELECT h.country FROM %1$I.exploitation AS h
			WHERE h.victimization_id = w.victimization_id
			UNION ALL SELECT h.from_country FROM %1$I.movement AS h
			WHERE h.victimization_id = w.victimization_id
			UNION ALL SELECT h.to_country FROM %1$I.movement AS h
			WHERE h.victimization_id = w.victimization_id OFFSET 0) AS x
	      WHERE w.event_id = e.event_id) AS u
	WHERE e.is_cross_border AND NOT tip.is_missing(u.country) AND u.country <> 'ZZ') AS k;
COMMENT ON VIEW %1$I.case_unit IS 'one event as a whole: its victims, perpetrators, steps and closure'
$view$);

-- What the columns mean.
INSERT INTO tip_impl.model_part (ordinal, topic, name, kind, ddl)
SELECT 164, 'rules', 'facts', 'other',
	string_agg(format('COMMENT ON COLUMN %%1$I.%I.%I IS %L', c.view, c.name, c.comment), '; ')
FROM (VALUES
	('prosecution', 'event_id', 'event'),
	('prosecution', 'involvement_id', 'perpetrator in the event; empty: steps that name none'),
	('prosecution', 'recorded_on', 'day on which the event was recorded'),
	('prosecution', 'has_archive', 'some step, the event or the involvement comes from an archive'),
	('prosecution', 'has_conviction', 'some step is a conviction'),
	('prosecution', 'has_other_guilt', 'some step is: guilty of another offence'),
	('prosecution', 'has_charge', 'some step is a charge or an indictment'),
	('prosecution', 'has_contact', 'some step is a formal contact: suspected, arrested, cautioned'),
	('prosecution', 'has_sentence', 'some step is a sentence, or has one other than forfeiture, restitution or compensation'),
	('prosecution', 'has_acquittal', 'some step is an acquittal'),
	('prosecution', 'is_legal_person', 'the perpetrator is a legal person'),
	('prosecution', 'is_victim_offender', 'the perpetrator is marked as also a victim'),
	('prosecution', 'has_too_many_outcomes', 'more final outcomes than charges and appeals; empty if the charges are not counted, or nobody is named'),
	('prosecution', 'has_step_after_death', 'a step of a higher sequence than the abatement by death'),
	('prosecution', 'has_dates_out_of_order', 'a step certainly lies before one of a lower sequence'),
	('prosecution', 'has_sentence_before_conviction', 'the first sentence certainly lies before the first conviction'),
	('prosecution', 'has_abatement', 'some step is the abatement by death'),
	('prosecution', 'is_deceased', 'the perpetrator is marked as deceased'),
	('prosecution', 'convicted_charges', 'charges convicted of; the most at once, if there was an appeal'),
	('prosecution', 'charged_charges', 'charges brought, by charge or by indictment; empty if some are not counted'),
	('prosecution', 'has_foreign_statute', 'a statute that is not known, or not of the jurisdiction'),
	('prosecution', 'has_foreign_involvement', 'a step names a perpetrator of another event'),
	('prosecution', 'has_unnamed_step', 'steps other than a report name no perpetrator'),
	('prosecution', 'has_other_guilt_under_act', 'guilty of another offence, yet under the anti-trafficking act'),
	('prosecution', 'has_child_section', 'accused under a section for child victims'),
	('prosecution', 'has_adult_section', 'accused under a section for adult victims'),
	('prosecution', 'victims', 'victims of the event, without those decided not to be'),
	('prosecution', 'has_only_child_victims', 'all of them were children at entry'),
	('prosecution', 'has_only_adult_victims', 'all of them were adults at entry'),
	('prosecution', 'has_statute_not_in_force', 'the offence certainly began before the statute was in force, or after'),
	('prosecution', 'has_statute_never_in_force', 'the offence had certainly ended before the statute was in force'),
	('prosecution', 'has_stray_sentence', 'such a sentence belongs to a step that is no conviction, sentence or appeal'),
	('prosecution', 'is_below_minimum', 'months below the least of the statute'),
	('prosecution', 'is_above_maximum', 'months above the most of the statute for all charges, without aggravation'),
	('prosecution', 'is_above_aggravated_maximum', 'months above it and all that the aggravating factors add (Saint Lucia)'),
	('prosecution', 'has_fine_without_prison', 'a fine alone where the law has none; empty where the day of the offence decides'),
	('prosecution', 'has_child_aggravation', 'a sentence was aggravated because of a child'),
	('prosecution', 'has_several_aggravation', 'a sentence was aggravated because of several victims'),
	('prosecution', 'has_official_aggravation', 'a sentence was aggravated because of an official'),
	('prosecution', 'is_public_official', 'the perpetrator is marked as a public official'),
	('victim_path', 'event_id', 'event'),
	('victim_path', 'victimization_id', 'victim in the event'),
	('victim_path', 'recorded_on', 'day on which the event was recorded'),
	('victim_path', 'victim_stage', 'stage of the victim track'),
	('victim_path', 'victim_status', 'status'),
	('victim_path', 'is_archive', 'the event or the record comes from an archive'),
	('victim_path', 'has_late_report', 'certainly reported after the identification'),
	('victim_path', 'has_late_screening', 'certainly first screened after the identification'),
	('victim_path', 'has_late_presumption', 'certainly first presumed after the identification'),
	('victim_path', 'has_early_referral', 'certainly referred before being presumed or identified'),
	('victim_path', 'has_early_assistance', 'certainly assisted before it, emergency aid aside'),
	('victim_path', 'has_early_reflection', 'a reflection period certainly began before it'),
	('victim_path', 'has_recent_screening', 'perhaps screened in the 365 days before the identification'),
	('victim_path', 'has_indication', 'a screening indicated trafficking'),
	('victim_path', 'has_only_negative_screenings', 'screened, and no screening indicated anything'),
	('victim_path', 'has_unscored_answer', 'an answer to an indicator that the instrument does not score'),
	('victim_path', 'has_unsupported_deception', 'deception or fraud, yet no answer or false promise says so'),
	('victim_path', 'has_unsupported_vulnerability', 'abuse of vulnerability, yet no vulnerability is recorded'),
	('victim_path', 'has_unexplained_reversal', 'a decision certainly reversed the one before, without a reason'),
	('victim_path', 'has_later_decision', 'the last decision certainly says the opposite of the status'),
	('victim_path', 'has_referral', 'there is a referral'),
	('victim_path', 'has_referral_without_consent', 'an adult was referred and consent not required'),
	('victim_path', 'has_assistance', 'there is assistance'),
	('victim_path', 'is_child', 'a minor when identified'),
	('victim_path', 'child_protection_due', 'fourteen days after the identification'),
	('victim_path', 'has_child_protection', 'a child-protection service reported, decided or was referred to, or child care was given'),
	('victim_path', 'is_unaccompanied', 'a separated or unaccompanied child'),
	('victim_path', 'is_intended_only', 'exploitation was intended only'),
	('victim_path', 'has_exploitation', 'there is a row about exploitation'),
	('victim_path', 'has_dated_exploitation', 'one with its start'),
	('victim_path', 'has_other_form', 'one whose form is not among the forms of the victim'),
	('victim_path', 'has_exploitation_outside', 'one that certainly begins before, or ends after, that of the victim'),
	('victim_path', 'is_outside_jurisdiction', 'exploited abroad, and neither recruited in the jurisdiction nor moved through it'),
	('victim_path', 'has_age_against_birth_year', 'the age when identified is more than a year off the year of birth'),
	('victim_route', 'event_id', 'event'),
	('victim_route', 'victimization_id', 'victim in the event'),
	('victim_route', 'recorded_on', 'day on which the event was recorded'),
	('victim_route', 'victim_stage', 'stage of the victim track'),
	('victim_route', 'has_gap', 'a consecutive leg begins in another country than the one before ended'),
	('victim_route', 'has_dates_out_of_order', 'a leg certainly lies before one of a lower sequence'),
	('victim_route', 'has_transit_at_an_end', 'a consecutive leg of transit ends in the first or the last country'),
	('case_unit', 'event_id', 'event'),
	('case_unit', 'recorded_on', 'day on which the event was recorded'),
	('case_unit', 'case_stage', 'stage of the case track'),
	('case_unit', 'case_status', 'status of the case'),
	('case_unit', 'closure_reason', 'why the case was closed'),
	('case_unit', 'completion', 'attempted or completed'),
	('case_unit', 'is_archive', 'the event comes from an archive'),
	('case_unit', 'is_cross_border', 'a border was crossed'),
	('case_unit', 'has_other_country', 'a place or leg of a cross-border case is not of the jurisdiction; empty if that is unknown'),
	('case_unit', 'has_victim', 'there is a victim'),
	('case_unit', 'has_settled_victim', 'there is one that is no draft'),
	('case_unit', 'has_draft', 'there is one in stage draft'),
	('case_unit', 'has_identified', 'there is one with status identified'),
	('case_unit', 'has_witness', 'a victim took part in proceedings'),
	('case_unit', 'has_person_twice', 'one victim stands twice, drafts and marked duplicates aside'),
	('case_unit', 'has_perpetrator', 'there is a perpetrator'),
	('case_unit', 'has_perpetrator_twice', 'one perpetrator stands twice'),
	('case_unit', 'perpetrator_due', 'a year after the event was recorded'),
	('case_unit', 'has_unmarked_victim_offender', 'a perpetrator has the reference of a victim and is not marked'),
	('case_unit', 'has_referral', 'there is a referral'),
	('case_unit', 'has_step', 'there is a step of justice'),
	('case_unit', 'has_charge', 'there is a charge, or what follows one'),
	('case_unit', 'has_outcome', 'there is an outcome of justice')
) AS c(view, name, comment);

-- A fact is in the stage of its victim or of its case.
INSERT INTO tip_impl.rule_stage (entity, track, stage, condition)
SELECT 'victim_path', s.track, s.stage, s.condition
FROM tip_impl.rule_stage AS s WHERE s.entity = 'victimization'
UNION ALL
SELECT 'victim_route', s.track, s.stage, s.condition
FROM tip_impl.rule_stage AS s WHERE s.entity = 'victimization' AND s.stage = 'draft'
UNION ALL
SELECT 'case_unit', s.track, s.stage, s.condition
FROM tip_impl.rule_stage AS s WHERE s.entity = 'event';

-- The rules about them.  Numbers from 50 on are rules that the codebook lacks.

-- Criminal justice: one perpetrator in one event
INSERT INTO tip.rule (id, entity, columns, severity, timing, track, stage, standard,
	predicate, null_passes, message_en, message_es, message_fr, hint, is_local) VALUES
	('D11', 'prosecution', '{statute_id}', 'warning', 'tx', NULL, NULL,
	 'no punishment without law; the day of the offence decides',
	 $$NOT has_statute_not_in_force$$, false,
	 'the offence began before the statute was in force, or after: was part of it under other law?',
	 'el delito empezó antes de que la ley entrara en vigor, o después: ¿parte se rige por otra ley?',
	 'l''infraction a commencé avant l''entrée en vigueur de la loi, ou après : une partie relève-t-elle d''une autre loi ?',
	 'Other law of a country is XX-OTHER.', false),
	('J04_DATE', 'prosecution', '{stepped_on}', 'error', 'tx', NULL, NULL,
	 'US TIP report',
	 $$CASE WHEN NOT has_sentence_before_conviction THEN true WHEN NOT has_archive THEN false END$$, false,
	 'sentenced before being convicted',
	 'pena anterior a la condena',
	 'peine antérieure à la condamnation',
	 'Correct the day of the sentence or of the conviction.', false),
	('J06_DECEASED', 'prosecution', '{is_deceased}', 'warning', 'tx', NULL, NULL,
	 'Trinidad and Tobago case data: abatement by death',
	 $$NOT has_abatement OR is_deceased$$, false,
	 'abated by death, yet the perpetrator is not marked as deceased',
	 'sobreseído por muerte, pero el autor no consta como fallecido',
	 'éteint par décès, mais l''auteur n''est pas noté décédé',
	 NULL, false),
	('J07_FORCE', 'prosecution', '{statute_id}', 'error', 'tx', NULL, NULL,
	 'no punishment without law; the day of the offence decides',
	 $$CASE WHEN NOT has_statute_never_in_force THEN true WHEN NOT has_archive THEN false END$$, false,
	 'the whole offence lies before the statute was in force',
	 'todo el delito es anterior a la entrada en vigor de la ley',
	 'toute l''infraction est antérieure à l''entrée en vigueur de la loi',
	 'Other law of a country is XX-OTHER.', false),
	('J08', 'prosecution', '{statute_id}', 'warning', 'tx', NULL, NULL,
	 'Trinidad and Tobago s. 16 and 18; Barbados s. 3 and 4; Antigua and Barbuda s. 13 and 15',
	 $$NOT (has_only_child_victims AND has_adult_section AND NOT has_child_section)
	   AND NOT (has_only_adult_victims AND has_child_section)$$, false,
	 'all victims are children and the section is that for adults, or the reverse',
	 'todas las víctimas son menores y el artículo es el de adultos, o al revés',
	 'toutes les victimes sont mineures et l''article vise les adultes, ou l''inverse',
	 NULL, false),
	('J09', 'prosecution', '{months}', 'warning', 'tx', NULL, NULL,
	 'penalties of the statute',
	 $$NOT is_below_minimum AND NOT is_above_maximum$$, false,
	 'the sentence lies outside of what the section allows',
	 'la pena está fuera de lo que permite el artículo',
	 'la peine sort de ce que l''article permet',
	 'A plea or a young offender may explain it; else check months, section and charge_count.', false),
	('J10', 'prosecution', '{kind}', 'warning', 'tx', NULL, NULL,
	 'Trinidad and Tobago; Antigua and Barbuda since 2018; Saint Lucia since 2021',
	 $$NOT has_fine_without_prison$$, false,
	 'a fine alone, where the law knows no fine in the place of imprisonment',
	 'solo una multa, donde la ley no admite multa en lugar de prisión',
	 'une amende seule, là où la loi n''admet pas d''amende à la place de la prison',
	 NULL, false),
	('J11', 'prosecution', '{aggravating_factors}', 'warning', 'tx', NULL, NULL,
	 'Saint Lucia s. 10',
	 $$NOT (has_child_aggravation AND has_only_adult_victims)$$, false,
	 'aggravated because of a child, yet all victims are adults',
	 'agravada por un menor, pero todas las víctimas son adultas',
	 'aggravée en raison d''un mineur, mais toutes les victimes sont adultes',
	 NULL, false),
	('J12', 'prosecution', '{months,aggravating_factors}', 'warning', 'tx', NULL, NULL,
	 'Saint Lucia s. 10',
	 $$NOT is_above_aggravated_maximum$$, false,
	 'more months than the section and its aggravating factors add up to',
	 'más meses de los que suman el artículo y sus agravantes',
	 'plus de mois que l''article et ses circonstances aggravantes réunis',
	 NULL, false),
	('J14', 'prosecution', '{step,statute_id}', 'warning', 'tx', NULL, NULL,
	 'Trinidad and Tobago case data; US TIP report',
	 $$NOT has_other_guilt_under_act$$, false,
	 'guilty of another offence, yet under the anti-trafficking act: it will not count as a conviction',
	 'culpable de otro delito, pero según la ley contra la trata: no contará como condena',
	 'coupable d''une autre infraction, mais selon la loi contre la traite : cela ne comptera pas comme condamnation',
	 'Record convicted, or the statute of the other offence.', false),
	('J17', 'prosecution', '{step}', 'warning', 'tx', NULL, NULL,
	 'non-punishment principle; US TIP report',
	 $$NOT (is_victim_offender AND (has_charge OR has_conviction))$$, false,
	 'a victim was charged in the same event: review',
	 'una víctima fue acusada en el mismo caso: revise',
	 'une victime a été accusée dans la même affaire : à examiner',
	 NULL, false),
	('J50', 'prosecution', '{involvement_id}', 'error', 'tx', NULL, NULL,
	 'NIBRS: arrestee and offender belong to the incident',
	 $$NOT has_foreign_involvement$$, false,
	 'a step names a perpetrator of another event',
	 'un paso nombra a un autor de otro caso',
	 'une étape désigne un auteur d''une autre affaire',
	 'Record the perpetrator in this event, too.', false),
	('J51', 'prosecution', '{involvement_id}', 'warning', 'tx', NULL, NULL,
	 'NIBRS: an arrest names its arrestee',
	 $$NOT has_unnamed_step$$, false,
	 'steps of justice that name no perpetrator: they are judged as a whole',
	 'pasos judiciales que no nombran autor: se evalúan en conjunto',
	 'des étapes judiciaires ne désignent aucun auteur : elles sont jugées ensemble',
	 NULL, false),
	('J52', 'prosecution', '{justice_step_id}', 'error', 'tx', NULL, NULL,
	 'US TIP report: sentences of those convicted',
	 $$CASE WHEN NOT has_stray_sentence THEN true WHEN NOT has_archive THEN false END$$, false,
	 'a sentence belongs to a step that is neither conviction, sentence nor appeal',
	 'una pena pertenece a un paso que no es condena, pena ni apelación',
	 'une peine relève d''une étape qui n''est ni condamnation, ni peine, ni appel',
	 NULL, false),
	('J53', 'prosecution', '{aggravating_factors,is_public_official}', 'warning', 'tx', NULL, NULL,
	 'US TIP report: complicity',
	 $$NOT has_official_aggravation OR is_public_official$$, false,
	 'aggravated because of an official, yet the perpetrator is not marked as one',
	 'agravada por un funcionario, pero el autor no consta como tal',
	 'aggravée en raison d''un agent public, mais l''auteur n''est pas noté comme tel',
	 NULL, false),
	('J54', 'prosecution', '{aggravating_factors}', 'warning', 'tx', NULL, NULL,
	 'Trinidad and Tobago s. 23: several persons',
	 $$NOT has_several_aggravation OR victims = 0 OR victims > 1$$, false,
	 'aggravated because of several victims, yet there is one',
	 'agravada por varias víctimas, pero hay una',
	 'aggravée en raison de plusieurs victimes, mais il n''y en a qu''une',
	 NULL, false);

-- One victim in one event
INSERT INTO tip.rule (id, entity, columns, severity, timing, track, stage, standard,
	predicate, null_passes, message_en, message_es, message_fr, hint, is_local) VALUES
	('D03', 'victim_path', '{identified_on,reported_on,screened_on,decided_on}', 'warning', 'tx', NULL, NULL,
	 'National Referral Mechanism: report, screening, presumption, identification',
	 $$NOT has_late_report AND NOT has_late_screening AND NOT has_late_presumption$$, false,
	 'identified before the report, the screening or the presumption: right after a raid',
	 'identificada antes de la denuncia, el cribado o la presunción: correcto tras una redada',
	 'identifiée avant le signalement, le dépistage ou la présomption : exact après une descente',
	 NULL, false),
	('D04', 'victim_path', '{referred_on,started_on}', 'warning', 'tx', NULL, NULL,
	 'National Referral Mechanism; emergency aid aside',
	 $$NOT has_early_referral AND NOT has_early_assistance$$, false,
	 'referred or assisted before being presumed a victim: right where a shelter was first',
	 'derivada o asistida antes de la presunción: correcto si un refugio fue lo primero',
	 'orientée ou assistée avant d''être présumée victime : exact si un foyer fut le premier',
	 NULL, false),
	('D05_PRESUMED', 'victim_path', '{started_on}', 'warning', 'tx', NULL, NULL,
	 'National Referral Mechanism: the reflection period follows the presumption',
	 $$NOT has_early_reflection$$, false,
	 'the reflection period began before the presumption',
	 'el período de reflexión empezó antes de la presunción',
	 'le délai de réflexion a commencé avant la présomption',
	 NULL, false),
	('D07_ADULT', 'victim_path', '{consent}', 'warning', 'tx', NULL, NULL,
	 'National Referral Mechanism: informed consent',
	 $$NOT has_referral_without_consent$$, false,
	 'an adult was referred without consent: was there a risk to life?',
	 'una adulta fue derivada sin consentimiento: ¿había riesgo para la vida?',
	 'une adulte a été orientée sans consentement : y avait-il danger pour la vie ?',
	 NULL, false),
	('S01', 'victim_path', '{reconsideration_reason}', 'error', 'tx', NULL, NULL,
	 'HTCDS vic_TraffickingStatus: a reversal is explained',
	 $$CASE WHEN NOT has_unexplained_reversal THEN true WHEN NOT is_archive THEN false END$$, false,
	 'a decision reverses the one before without a reason',
	 'una decisión revierte la anterior sin motivo',
	 'une décision renverse la précédente sans motif',
	 'Record {columns} with the later decision; no names.', false),
	('S01_STATUS', 'victim_path', '{victim_status,status}', 'error', 'tx', NULL, NULL,
	 'HTCDS vic_TraffickingStatus: no change of status without a decision',
	 $$CASE WHEN NOT has_later_decision THEN true WHEN NOT is_archive THEN false END$$, false,
	 'the last decision says the opposite of the status',
	 'la última decisión dice lo contrario del estado',
	 'la dernière décision dit le contraire du statut',
	 'Add the decision that changed the status, or correct the status.', false),
	('S04', 'victim_path', '{screened_on}', 'warning', 'tx', 'victim', 'identified',
	 'National Referral Mechanism: screening within a year',
	 $$has_recent_screening OR is_archive$$, false,
	 'identified without a screening in the year before',
	 'identificada sin cribado en el año anterior',
	 'identifiée sans dépistage dans l''année précédente',
	 NULL, false),
	('S05', 'victim_path', '{result,victim_status}', 'warning', 'tx', NULL, NULL,
	 'ILO/EC operational indicators',
	 $$(victim_status IS NOT DISTINCT FROM 'not_victim' AND has_indication
	    OR victim_status IS NOT DISTINCT FROM 'identified' AND has_only_negative_screenings) IS FALSE$$, false,
	 'the screening and the status say the opposite',
	 'el cribado y el estado dicen lo contrario',
	 'le dépistage et le statut disent le contraire',
	 'A screening is no legal finding: both may be right.', false),
	('S06', 'victim_path', '{indicator,profile}', 'error', 'tx', NULL, NULL,
	 'ILO/EC operational indicators, Delphi weights',
	 $$NOT has_unscored_answer$$, false,
	 'an answer to an indicator that the instrument does not score',
	 'una respuesta a un indicador que el instrumento no puntúa',
	 'une réponse à un indicateur que l''instrument ne pondère pas',
	 'tip.indicator_weight lists the indicators of each instrument.', false),
	('M01', 'victim_path', '{means,indicator}', 'warning', 'tx', 'victim', 'identified',
	 'ILO/EC operational indicators, dimension 1',
	 $$NOT has_unsupported_deception$$, false,
	 'deception or fraud as a means, yet neither an indicator nor a false promise says so',
	 'engaño o fraude como medio, pero ni un indicador ni una falsa promesa lo dice',
	 'tromperie ou fraude comme moyen, mais ni indicateur ni fausse promesse ne le dit',
	 NULL, false),
	('M02', 'victim_path', '{means,vulnerabilities}', 'warning', 'tx', 'victim', 'identified',
	 'ILO/EC operational indicators, dimensions 3 and 6; HTCDS',
	 $$NOT has_unsupported_vulnerability$$, false,
	 'abuse of vulnerability as a means, yet no vulnerability is recorded',
	 'abuso de vulnerabilidad como medio, pero no consta vulnerabilidad alguna',
	 'abus de vulnérabilité comme moyen, mais aucune vulnérabilité n''est enregistrée',
	 NULL, false),
	('E50', 'victim_path', '{form,is_intended_only}', 'warning', 'tx', 'victim', 'identified',
	 'Palermo Protocol: intended or realised',
	 $$has_exploitation OR is_intended_only$$, false,
	 'an identified victim without a row about exploitation, and not intended only',
	 'víctima identificada sin registro de explotación, y no solo pretendida',
	 'victime identifiée sans ligne d''exploitation, et non seulement visée',
	 NULL, false),
	('E51', 'victim_path', '{form,forms}', 'error', 'tx', NULL, NULL,
	 'NIBRS: the offence of a victim is one of the incident',
	 $$CASE WHEN NOT has_other_form THEN true WHEN NOT is_archive THEN false END$$, false,
	 'a form of exploitation is not among the forms of the victim',
	 'una forma de explotación no está entre las formas de la víctima',
	 'une forme d''exploitation ne figure pas parmi les formes de la victime',
	 'Add it to forms.', false),
	('E52', 'victim_path', '{started_on,ended_on,exploited_from,exploited_to}', 'warning', 'tx', NULL, NULL,
	 'logic',
	 $$NOT has_exploitation_outside$$, false,
	 'a row about exploitation reaches beyond the period of exploitation of the victim',
	 'un registro de explotación excede el período de explotación de la víctima',
	 'une ligne d''exploitation dépasse la période d''exploitation de la victime',
	 NULL, false),
	('E53', 'victim_path', '{is_intended_only,started_on}', 'warning', 'tx', NULL, NULL,
	 'Palermo Protocol: intended or realised',
	 $$NOT (is_intended_only AND has_dated_exploitation)$$, false,
	 'intended only, yet a form of exploitation has a start',
	 'solo pretendida, pero una forma de explotación tiene inicio',
	 'seulement visée, mais une forme d''exploitation a un début',
	 NULL, false),
	('R50', 'victim_path', '{to_entity_id}', 'warning', 'tx', 'victim', 'identified',
	 'UNICEF guidelines on child victims of trafficking',
	 $$NOT is_child OR has_child_protection OR is_archive
	   OR child_protection_due IS NULL OR child_protection_due >= tip.today()$$, false,
	 'a child was identified more than fourteen days ago, and no child-protection service knows',
	 'una menor fue identificada hace más de catorce días y ningún servicio de protección lo sabe',
	 'une mineure est identifiée depuis plus de quatorze jours et aucun service de protection ne le sait',
	 'Record the referral to an organization of type child_protection.', false),
	('R51', 'victim_path', '{to_entity_id}', 'warning', 'tx', 'victim', 'presumed',
	 'Convention on the Rights of the Child, art. 20; UNICEF guidelines: a guardian',
	 $$NOT is_unaccompanied OR has_child_protection$$, false,
	 'an unaccompanied child without child protection or child care: who is the guardian?',
	 'una menor no acompañada sin protección ni cuidado: ¿quién es el tutor?',
	 'une mineure non accompagnée sans protection ni garde : qui est le tuteur ?',
	 NULL, false),
	('R52', 'victim_path', '{victim_stage,referred_on}', 'warning', 'tx', NULL, NULL,
	 'DHIS2: completeness by stage',
	 $$(victim_stage IS NOT DISTINCT FROM 'referred') IS FALSE OR has_referral OR is_archive$$, false,
	 'in stage referred, yet there is no referral',
	 'en etapa referred, pero no hay derivación',
	 'à l''étape referred, mais sans orientation',
	 NULL, false),
	('R53', 'victim_path', '{victim_stage,service}', 'warning', 'tx', NULL, NULL,
	 'DHIS2: completeness by stage',
	 $$(victim_stage IS NOT DISTINCT FROM 'assisted') IS FALSE OR has_assistance OR is_archive$$, false,
	 'in stage assisted, yet there is no assistance',
	 'en etapa assisted, pero no hay asistencia',
	 'à l''étape assisted, mais sans assistance',
	 NULL, false),
	('A50', 'victim_path', '{age_at_identification,birth_year,identified_on}', 'warning', 'tx', NULL, NULL,
	 'CTDC: age at registration',
	 $$NOT has_age_against_birth_year$$, false,
	 'the age when identified and the year of birth are more than a year apart',
	 'la edad al ser identificada y el año de nacimiento difieren en más de un año',
	 'l''âge à l''identification et l''année de naissance diffèrent de plus d''un an',
	 NULL, false),
	('L50', 'victim_path', '{exploitation_country,jurisdiction}', 'warning', 'tx', NULL, NULL,
	 'jurisdiction over the offence',
	 $$NOT is_outside_jurisdiction$$, false,
	 'exploited abroad, and no part of it in the jurisdiction',
	 'explotada en el extranjero y ninguna parte en la jurisdicción',
	 'exploitée à l''étranger, et rien dans la juridiction',
	 'Right for offences of own citizens abroad.', false),
	('L03', 'victim_route', '{to_country,stage}', 'warning', 'tx', NULL, NULL,
	 'HTCDS hte_Type; consecutive legs only',
	 $$NOT has_transit_at_an_end$$, false,
	 'a leg of transit ends in the first or the last country of the route',
	 'un tramo de tránsito termina en el primer o el último país de la ruta',
	 'une étape de transit finit dans le premier ou le dernier pays du trajet',
	 NULL, false),
	('L04', 'victim_route', '{from_country,to_country}', 'warning', 'tx', NULL, NULL,
	 'logic; consecutive legs only',
	 $$NOT has_gap$$, false,
	 'a consecutive leg begins in another country than the one before ended',
	 'un tramo consecutivo empieza en otro país que donde terminó el anterior',
	 'une étape consécutive commence dans un autre pays que celui où finit la précédente',
	 'Clear is_consecutive where something lies between.', false),
	('L06', 'victim_route', '{moved_on,sequence}', 'warning', 'tx', NULL, NULL,
	 'logic: by sequence',
	 $$NOT has_dates_out_of_order$$, false,
	 'a leg lies before the one of a lower sequence',
	 'un tramo es anterior al de menor secuencia',
	 'une étape précède celle de rang inférieur',
	 NULL, false);

-- One event as a whole
INSERT INTO tip.rule (id, entity, columns, severity, timing, track, stage, standard,
	predicate, null_passes, message_en, message_es, message_fr, hint, is_local) VALUES
	('D09', 'case_unit', '{case_status,referred_on}', 'error', 'tx', NULL, NULL,
	 'HTCDS cas_Status: ClosedReferred',
	 $$CASE WHEN (case_status IS NOT DISTINCT FROM 'closed_referred') IS FALSE OR has_referral THEN true
	        WHEN has_settled_victim AND NOT is_archive THEN false END$$, false,
	 'closed and referred, yet there is no referral',
	 'cerrado y derivado, pero no hay derivación',
	 'close et orientée, mais sans orientation',
	 'Record the referral in the same transaction.', false),
	('J16', 'case_unit', '{is_victim_offender,prmis_ref}', 'error', 'tx', NULL, NULL,
	 'non-punishment principle',
	 $$NOT has_unmarked_victim_offender$$, false,
	 'a perpetrator is also a victim of the event and not marked',
	 'un autor es también víctima del caso y no consta como tal',
	 'un auteur est aussi victime dans l''affaire et n''est pas noté',
	 'Set is_victim_offender, or correct the reference.', false),
	('L02', 'case_unit', '{is_cross_border}', 'warning', 'tx', NULL, NULL,
	 'UNODC GLOTIP: domestic and cross-border trafficking',
	 $$NOT is_cross_border OR has_other_country$$, false,
	 'a border was crossed, yet all places and legs are of the jurisdiction',
	 'se cruzó una frontera, pero todos los lugares y tramos son de la jurisdicción',
	 'une frontière a été franchie, mais tous les lieux et étapes sont de la juridiction',
	 NULL, false),
	('R03', 'case_unit', '{victim_id}', 'warning', 'tx', 'case', 'charged',
	 'IC-TIP units; NIBRS: an offence has a victim',
	 $$has_victim OR completion IS NOT DISTINCT FROM 'attempted'$$, false,
	 'a case at court without a victim: attempted only?',
	 'un caso en tribunales sin víctima: ¿solo tentativa?',
	 'une affaire en justice sans victime : tentative seulement ?',
	 NULL, false),
	('R04', 'case_unit', '{perpetrator_id}', 'warning', 'tx', NULL, NULL,
	 'UNODC GLOTIP: perpetrators',
	 $$has_perpetrator OR closure_reason IS NOT NULL
	   OR perpetrator_due IS NULL OR perpetrator_due >= tip.today()$$, false,
	 'no perpetrator for more than a year',
	 'sin autor desde hace más de un año',
	 'aucun auteur depuis plus d''un an',
	 'A perpetrator may be unknown; close the case if no suspect was found.', false),
	('R54', 'case_unit', '{victim_id,prmis_ref}', 'error', 'tx', NULL, NULL,
	 'NIBRS: duplicate victim; IC-TIP units',
	 $$NOT has_person_twice$$, false,
	 'one victim stands twice in the event',
	 'una víctima figura dos veces en el caso',
	 'une victime figure deux fois dans l''affaire',
	 'Set not_victim_reason to duplicate on the row that does not count.', false),
	('R55', 'case_unit', '{victim_stage,case_stage}', 'warning', 'tx', 'case', 'closed',
	 'DHIS2: what may be open while investigating is not when closing',
	 $$NOT has_draft$$, false,
	 'a closed case still has a victim in draft',
	 'un caso cerrado tiene aún una víctima en borrador',
	 'une affaire close a encore une victime à l''état de brouillon',
	 NULL, false),
	('R56', 'case_unit', '{closure_reason,victim_status}', 'warning', 'tx', NULL, NULL,
	 'HTCDS cas_ReasonForCaseClosure',
	 $$(closure_reason IS NOT DISTINCT FROM 'not_trafficking') IS FALSE OR NOT has_identified$$, false,
	 'closed as no trafficking, yet a victim is identified',
	 'cerrado por no ser trata, pero hay una víctima identificada',
	 'close car sans traite, mais une victime est identifiée',
	 NULL, false),
	('J55', 'case_unit', '{case_stage,step}', 'warning', 'tx', NULL, NULL,
	 'DHIS2: completeness by stage',
	 $$(case_stage IS NOT DISTINCT FROM 'charged' OR case_stage IS NOT DISTINCT FROM 'trial') IS FALSE
	   OR has_charge OR is_archive$$, false,
	 'the case is at court, yet there is no charge',
	 'el caso está en tribunales, pero no hay acusación',
	 'l''affaire est en justice, mais sans mise en accusation',
	 NULL, false),
	('J56', 'case_unit', '{closure_reason,step}', 'warning', 'tx', NULL, NULL,
	 'HTCDS cas_ReasonForCaseClosure',
	 $$(closure_reason IS NOT DISTINCT FROM 'judicial_outcome') IS FALSE OR has_outcome OR is_archive$$, false,
	 'closed with a judicial outcome, yet there is none',
	 'cerrado por resultado judicial, pero no hay ninguno',
	 'close par une issue judiciaire, mais il n''y en a pas',
	 NULL, false),
	('J57', 'case_unit', '{took_part_in_proceedings,step}', 'warning', 'tx', NULL, NULL,
	 'US TIP report: victims who took part in proceedings',
	 $$NOT has_witness OR has_step OR is_archive$$, false,
	 'a victim took part in proceedings, yet there are none',
	 'una víctima participó en un proceso, pero no hay ninguno',
	 'une victime a participé à une procédure, mais il n''y en a pas',
	 NULL, false),
	('J58', 'case_unit', '{perpetrator_id}', 'warning', 'tx', NULL, NULL,
	 'NIBRS: duplicate offender',
	 $$NOT has_perpetrator_twice$$, false,
	 'one perpetrator stands twice in the event: right for two relationships',
	 'un autor figura dos veces en el caso: correcto con dos relaciones',
	 'un auteur figure deux fois dans l''affaire : exact pour deux relations',
	 NULL, false);
