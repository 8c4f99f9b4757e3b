-- Model: the tables of the standard, made where and when a user asks for them.
--
-- They are ordinary tables and no members of the extension: pg_dump then
-- carries added columns, indexes, policies and triggers, restores data before
-- triggers, and DROP EXTENSION can never delete a person's row.  What follows
-- is the description from which tip.create_model() makes them; later topics
-- add to it.

CREATE TABLE tip_impl.model_table (
	name name PRIMARY KEY,
	ordinal int UNIQUE,
	in_case boolean NOT NULL,
	comment text NOT NULL
);
COMMENT ON TABLE tip_impl.model_table IS 'tables that tip.create_model() makes';

CREATE TABLE tip_impl.model_column (
	table_name name NOT NULL REFERENCES tip_impl.model_table,
	ordinal int NOT NULL,
	name name NOT NULL,
	type text NOT NULL,
	refers_to name REFERENCES tip_impl.model_table,
	index_method text,
	comment text NOT NULL,
	PRIMARY KEY (table_name, name)
);
COMMENT ON TABLE tip_impl.model_column IS 'columns of those tables besides their keys';

CREATE TABLE tip_impl.model_part (
	ordinal int PRIMARY KEY,
	topic text NOT NULL,
	name text NOT NULL,
	kind text NOT NULL CHECK (kind IN ('table', 'trigger', 'index', 'other')),
	ddl text NOT NULL
);
COMMENT ON TABLE tip_impl.model_part IS
'further statements that later topics have tip.create_model() run; %1$I is the schema';

INSERT INTO tip_impl.model_table (ordinal, name, in_case, comment) VALUES
	(1, 'reporting_entity', false, 'Organization that reports, decides or serves (IC-TIP unit: reporting entity)'),
	(2, 'event', true, 'Trafficking case as one event (IC-TIP unit: TIP event)'),
	(3, 'victim', false, 'Person who is or may be a victim (IC-TIP unit: victim); no name is kept here'),
	(4, 'perpetrator', false, 'Natural or legal person suspected, charged or convicted (IC-TIP unit: perpetrator)'),
	(5, 'victimization', true, 'One victim in one event: acts, means, forms, ages, status'),
	(6, 'involvement', true, 'One perpetrator in one event, with the roles played'),
	(7, 'exploitation', true, 'One form of exploitation of a victim in an event'),
	(8, 'screening', true, 'One screening of a victim in an event with an instrument'),
	(9, 'screening_answer', true, 'Answer to one indicator of a screening'),
	(10, 'status_decision', true, 'Decision on the status of a victim; rows are only added'),
	(11, 'referral', true, 'Referral of a victim from one organization to another'),
	(12, 'assistance', true, 'Service offered to a victim'),
	(13, 'justice_step', true, 'Step of criminal justice against a perpetrator; rows are only added'),
	(14, 'sentence', true, 'Sentence after a conviction'),
	(15, 'movement', true, 'Leg of the route of a victim');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('reporting_entity', 1, 'name', 'text', NULL, NULL,
	 'Name of the organization (HTCDS org_Name)'),
	('reporting_entity', 2, 'organization_type', 'tip.organization_type', NULL, NULL,
	 'Type (HTCDS org_Type)'),
	('reporting_entity', 3, 'country', 'tip.country', NULL, NULL,
	 'Country (ISO 3166-1)'),
	('reporting_entity', 4, 'subdivision', 'tip.subdivision', NULL, NULL,
	 'Subdivision (ISO 3166-2)');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('event', 1, 'jurisdiction', 'tip.country', NULL, 'btree',
	 'Country whose authorities handle the case (ISO 3166-1)'),
	('event', 2, 'local_ref', 'text', NULL, NULL,
	 'Case number of the recording agency, opaque to statistics'),
	('event', 3, 'prmis_ref', 'text', NULL, 'btree',
	 'Reference in the police records system; opaque, and a way back to names: guard it'),
	('event', 4, 'reporting_entity_id', 'uuid', 'reporting_entity', NULL,
	 'Organization that reported the event'),
	('event', 5, 'recorded_on', 'date', NULL, 'btree',
	 'Day on which the event was recorded'),
	('event', 6, 'reported_on', 'tip.partial_date', NULL, NULL,
	 'Day on which the event was reported'),
	('event', 7, 'report_sources', 'tip.report_source_set', NULL, NULL,
	 'Who reported it'),
	('event', 8, 'data_source', 'tip.data_source', NULL, NULL,
	 'Case management or hotline (CTDC datasource)'),
	('event', 9, 'case_stage', 'tip.case_stage', NULL, NULL,
	 'Stage of the case track'),
	('event', 10, 'case_status', 'tip.case_status', NULL, NULL,
	 'Case status (HTCDS cas_Status)'),
	('event', 11, 'completion', 'tip.completion', NULL, NULL,
	 'Attempted or completed (ICCS At/C)'),
	('event', 12, 'is_cross_border', 'boolean', NULL, NULL,
	 'Whether a border was crossed; not needed for trafficking (Palermo)'),
	('event', 13, 'location_type', 'tip.location_type', NULL, NULL,
	 'Type of location (ICCS Lo)'),
	('event', 14, 'is_cyber_related', 'boolean', NULL, NULL,
	 'Cybercrime-related (ICCS Cy)'),
	('event', 15, 'is_organized_group', 'boolean', NULL, NULL,
	 'Organized criminal group involved'),
	('event', 16, 'hotspot', 'tip.subdivision', NULL, NULL,
	 'Subdivision where the event centred (ISO 3166-2)'),
	('event', 17, 'closure_reason', 'tip.closure_reason', NULL, NULL,
	 'Why the case was closed (HTCDS cas_ReasonForCaseClosure)'),
	('event', 18, 'closed_on', 'date', NULL, NULL,
	 'Day on which the case was closed'),
	('event', 19, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive whose earlier steps may be lost'),
	('event', 20, 'legal_basis', 'text', NULL, NULL,
	 'Legal basis of keeping the record'),
	('event', 21, 'retention_until', 'date', NULL, NULL,
	 'Day until which the record is kept'),
	('event', 22, 'check_serial', 'bigint DEFAULT 0', NULL, NULL,
	 'Raised by the commit check; not for applications');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('victim', 1, 'sex', 'tip.sex', NULL, NULL,
	 'Sex (ISO 5218)'),
	('victim', 2, 'gender', 'tip.gender', NULL, NULL,
	 'Gender (HTCDS prs_Gender); never overwrites sex'),
	('victim', 3, 'birth_year', 'int2', NULL, NULL,
	 'Year of birth'),
	('victim', 4, 'age_at_identification', 'int2', NULL, NULL,
	 'Age in completed years when identified'),
	('victim', 5, 'age_status_at_identification', 'tip.age_status', NULL, NULL,
	 'Minor or adult when identified (CTDC majorityStatus)'),
	('victim', 6, 'age_basis', 'tip.age_basis', NULL, NULL,
	 'What the age rests on; disputed counts as a child'),
	('victim', 7, 'citizenship', 'tip.country[]', NULL, NULL,
	 'Citizenships (ISO 3166-1; ZZ unknown, XS stateless)'),
	('victim', 8, 'birth_country', 'tip.country', NULL, NULL,
	 'Country of birth'),
	('victim', 9, 'residence_country', 'tip.country', NULL, NULL,
	 'Country of residence'),
	('victim', 10, 'migration_status', 'tip.migration_status', NULL, NULL,
	 'Type of migrant (HTCDS guidance)'),
	('victim', 11, 'protection_status', 'tip.protection_status', NULL, NULL,
	 'International protection (HTCDS guidance)'),
	('victim', 12, 'other_statuses', 'tip.other_status_set', NULL, NULL,
	 'Further statuses (HTCDS guidance)'),
	('victim', 13, 'education', 'tip.education', NULL, NULL,
	 'Highest level of education (ISCED 2011)'),
	('victim', 14, 'marital_status', 'tip.marital_status', NULL, NULL,
	 'Marital status (HTCDS prs_MaritalStatus)'),
	('victim', 15, 'children_count', 'int2', NULL, NULL,
	 'Number of children (HTCDS prs_NumberOfChildren)'),
	('victim', 16, 'has_disability', 'boolean', NULL, NULL,
	 'Disability'),
	('victim', 17, 'vulnerabilities', 'tip.vulnerability_set', NULL, NULL,
	 'Vulnerabilities before recruitment'),
	('victim', 18, 'primary_language', 'tip.language', NULL, NULL,
	 'Primary language (ISO 639-2)'),
	('victim', 19, 'is_deceased', 'boolean', NULL, NULL,
	 'Deceased (HTCDS prs_Deceased)'),
	('victim', 20, 'prmis_ref', 'text', NULL, 'btree',
	 'Reference in the police records system; opaque, and a way back to names: guard it'),
	('victim', 21, 'recorded_on', 'date', NULL, NULL,
	 'Day on which the record was made'),
	('victim', 22, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('perpetrator', 1, 'person_kind', 'tip.person_kind', NULL, NULL,
	 'Natural or legal person (ICCS LS)'),
	('perpetrator', 2, 'sex', 'tip.sex', NULL, NULL,
	 'Sex (ISO 5218)'),
	('perpetrator', 3, 'age', 'int2', NULL, NULL,
	 'Age in completed years at first contact'),
	('perpetrator', 4, 'age_status', 'tip.age_status', NULL, NULL,
	 'Minor or adult'),
	('perpetrator', 5, 'citizenship', 'tip.country[]', NULL, NULL,
	 'Citizenships (ISO 3166-1)'),
	('perpetrator', 6, 'is_public_official', 'boolean', NULL, NULL,
	 'Public official (US TIP: complicity)'),
	('perpetrator', 7, 'agency', 'text', NULL, NULL,
	 'Agency of a public official'),
	('perpetrator', 8, 'is_organized_group', 'boolean', NULL, NULL,
	 'Acted in an organized group'),
	('perpetrator', 9, 'is_repeat_offender', 'boolean', NULL, NULL,
	 'Repeat offender (ICCS Rec)'),
	('perpetrator', 10, 'is_deceased', 'boolean', NULL, NULL,
	 'Deceased'),
	('perpetrator', 11, 'prmis_ref', 'text', NULL, 'btree',
	 'Reference in the police records system; opaque'),
	('perpetrator', 12, 'recorded_on', 'date', NULL, NULL,
	 'Day on which the record was made'),
	('perpetrator', 13, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('victimization', 1, 'event_id', 'uuid', 'event', NULL,
	 'Event'),
	('victimization', 2, 'victim_id', 'uuid', 'victim', NULL,
	 'Victim'),
	('victimization', 3, 'victim_stage', 'tip.victim_stage', NULL, NULL,
	 'Stage of the victim track'),
	('victimization', 4, 'victim_status', 'tip.victim_status', NULL, 'btree',
	 'Status (HTCDS vic_TraffickingStatus)'),
	('victimization', 5, 'status_decider', 'tip.status_decider', NULL, NULL,
	 'Who decided the status (HTCDS vic_TraffickingStatusDecisionMakingOrg)'),
	('victimization', 6, 'identified_on', 'tip.partial_date', NULL, 'btree',
	 'When the victim was formally identified'),
	('victimization', 7, 'acts', 'tip.act_set', NULL, 'gin',
	 'Acts (Palermo 3(a))'),
	('victimization', 8, 'means', 'tip.means_set', NULL, 'gin',
	 'Means (Palermo 3(a)); none needed for a child (3(c))'),
	('victimization', 9, 'forms', 'tip.exploitation_form_set', NULL, 'gin',
	 'Purposes, intended or realised (Palermo 3(a))'),
	('victimization', 10, 'main_form', 'tip.exploitation_form', NULL, NULL,
	 'The one form that counts where each victim counts once'),
	('victimization', 11, 'sex_types', 'tip.sex_exploitation_type_set', NULL, NULL,
	 'Types of sexual exploitation (HTCDS vic_TypeOfSexExploitation)'),
	('victimization', 12, 'sector', 'tip.sector', NULL, NULL,
	 'Sector (ISIC Rev.4; HTCDS vic_ForcedLabourIndustry)'),
	('victimization', 13, 'control_methods', 'tip.control_method_set', NULL, 'gin',
	 'Methods of control (HTCDS vic_MethodsOfControl, CTDC meansOfControl)'),
	('victimization', 14, 'recruitment_channels', 'tip.recruitment_channel_set', NULL, NULL,
	 'How the victim was recruited (HTCDS vic_MethodOfRecruitment)'),
	('victimization', 15, 'platforms', 'tip.platform_set', NULL, NULL,
	 'Websites and applications used'),
	('victimization', 16, 'age_at_entry', 'int2', NULL, NULL,
	 'Age at the first act, in completed years'),
	('victimization', 17, 'age_at_exploitation', 'int2', NULL, NULL,
	 'Age at the start of exploitation'),
	('victimization', 18, 'age_at_identification', 'int2', NULL, NULL,
	 'Age when identified'),
	('victimization', 19, 'age_status_at_entry', 'tip.age_status', NULL, NULL,
	 'Minor or adult at the first act (CTDC majorityEntry)'),
	('victimization', 20, 'age_status_at_exploitation', 'tip.age_status', NULL, NULL,
	 'Minor or adult at the start of exploitation (CTDC majorityStatusAtExploit)'),
	('victimization', 21, 'age_status_at_identification', 'tip.age_status', NULL, NULL,
	 'Minor or adult when identified (CTDC majorityStatus)'),
	('victimization', 22, 'recruiter_relationship', 'tip.relationship', NULL, NULL,
	 'Relationship to the recruiter (CTDC recruiterRelation)'),
	('victimization', 23, 'exploiter_relationship', 'tip.relationship', NULL, NULL,
	 'Relationship to the exploiter'),
	('victimization', 24, 'recruitment_country', 'tip.country', NULL, NULL,
	 'Country of recruitment'),
	('victimization', 25, 'exploitation_country', 'tip.country', NULL, NULL,
	 'Country of exploitation (CTDC CountryOfExploitation)'),
	('victimization', 26, 'exploitation_subdivision', 'tip.subdivision', NULL, NULL,
	 'Subdivision of exploitation (ISO 3166-2)'),
	('victimization', 27, 'recruited_on', 'tip.partial_date', NULL, NULL,
	 'Start of recruitment'),
	('victimization', 28, 'moved_on', 'tip.partial_date', NULL, NULL,
	 'Start of movement'),
	('victimization', 29, 'exploited_from', 'tip.partial_date', NULL, NULL,
	 'Start of exploitation'),
	('victimization', 30, 'exploited_to', 'tip.partial_date', NULL, NULL,
	 'End of exploitation'),
	('victimization', 31, 'is_intended_only', 'boolean', NULL, NULL,
	 'Exploitation was intended and did not happen'),
	('victimization', 32, 'debt_amount', 'numeric', NULL, NULL,
	 'Debt claimed from the victim'),
	('victimization', 33, 'debt_currency', 'text', NULL, NULL,
	 'Currency of the debt (ISO 4217)'),
	('victimization', 34, 'weekly_hours', 'int2', NULL, NULL,
	 'Hours worked a week'),
	('victimization', 35, 'took_part_in_proceedings', 'boolean', NULL, NULL,
	 'Took part in proceedings (US TIP)'),
	('victimization', 36, 'was_penalised', 'boolean', NULL, NULL,
	 'Penalised for acts compelled (US TIP)'),
	('victimization', 37, 'not_victim_reason', 'tip.not_victim_reason', NULL, NULL,
	 'Why decided not to be a victim; consent is never a reason where means were used (Palermo 3(b))'),
	('victimization', 38, 'consent_to_share', 'tip.consent', NULL, NULL,
	 'Consent to share (HTCDS con_Consent)'),
	('victimization', 39, 'recorded_on', 'date', NULL, NULL,
	 'Day on which the record was made'),
	('victimization', 40, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive'),
	('victimization', 41, 'age_band_at_identification', 'tip.age_band', NULL, NULL,
	 'Age band when identified, where no more is known (CTDC ageBroad)');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('involvement', 1, 'event_id', 'uuid', 'event', NULL,
	 'Event'),
	('involvement', 2, 'perpetrator_id', 'uuid', 'perpetrator', NULL,
	 'Perpetrator'),
	('involvement', 3, 'roles', 'tip.perpetrator_role_set', NULL, 'gin',
	 'Roles (HTCDS per_RoleInProcess)'),
	('involvement', 4, 'relationship', 'tip.relationship', NULL, NULL,
	 'Relationship to the victim (ICCS ViP)'),
	('involvement', 5, 'is_victim_offender', 'boolean', NULL, NULL,
	 'Offender who is also a victim (non-punishment)'),
	('involvement', 6, 'recorded_on', 'date', NULL, NULL,
	 'Day on which the record was made'),
	('involvement', 7, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('exploitation', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('exploitation', 2, 'form', 'tip.exploitation_form', NULL, NULL,
	 'Form (Palermo 3(a))'),
	('exploitation', 3, 'sex_types', 'tip.sex_exploitation_type_set', NULL, NULL,
	 'Types, where the form is sexual exploitation'),
	('exploitation', 4, 'sector', 'tip.sector', NULL, NULL,
	 'Sector (ISIC Rev.4)'),
	('exploitation', 5, 'country', 'tip.country', NULL, NULL,
	 'Country'),
	('exploitation', 6, 'subdivision', 'tip.subdivision', NULL, NULL,
	 'Subdivision'),
	('exploitation', 7, 'started_on', 'tip.partial_date', NULL, NULL,
	 'Start'),
	('exploitation', 8, 'ended_on', 'tip.partial_date', NULL, NULL,
	 'End'),
	('exploitation', 9, 'weekly_hours', 'int2', NULL, NULL,
	 'Hours a week');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('screening', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('screening', 2, 'screened_on', 'tip.partial_date', NULL, NULL,
	 'Day of the screening'),
	('screening', 3, 'profile', 'tip.screening_profile', NULL, NULL,
	 'Instrument (ILO/EC operational indicators)'),
	('screening', 4, 'result', 'tip.screening_result', NULL, NULL,
	 'Result; a screening, never a legal finding');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('screening_answer', 1, 'screening_id', 'uuid', 'screening', NULL,
	 'Screening'),
	('screening_answer', 2, 'indicator', 'tip.indicator', NULL, NULL,
	 'Indicator (ILO/EC Delphi, ILO 11)'),
	('screening_answer', 3, 'answer', 'tip.indicator_answer', NULL, NULL,
	 'Present or absent');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('status_decision', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('status_decision', 2, 'status', 'tip.victim_status', NULL, NULL,
	 'Status decided'),
	('status_decision', 3, 'decided_on', 'tip.partial_date', NULL, NULL,
	 'Day of the decision'),
	('status_decision', 4, 'decider', 'tip.status_decider', NULL, NULL,
	 'Who decided'),
	('status_decision', 5, 'reason', 'tip.not_victim_reason', NULL, NULL,
	 'Reason, where not a victim'),
	('status_decision', 6, 'reconsideration_reason', 'text', NULL, NULL,
	 'Why an earlier decision was reversed; no names');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('referral', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('referral', 2, 'from_entity_id', 'uuid', 'reporting_entity', NULL,
	 'Referring organization (HTCDS cas_ReferringOrganisation)'),
	('referral', 3, 'to_entity_id', 'uuid', 'reporting_entity', NULL,
	 'Organization referred to (HTCDS cas_ReferredOrganisation)'),
	('referral', 4, 'referred_on', 'tip.partial_date', NULL, NULL,
	 'Day of the referral'),
	('referral', 5, 'reason', 'tip.referral_reason', NULL, NULL,
	 'Reason (HTCDS)'),
	('referral', 6, 'consent', 'tip.consent', NULL, NULL,
	 'Informed consent (NRM)'),
	('referral', 7, 'is_accepted', 'boolean', NULL, NULL,
	 'Whether the receiving organization accepted');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('assistance', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('assistance', 2, 'service', 'tip.service', NULL, NULL,
	 'Service'),
	('assistance', 3, 'started_on', 'tip.partial_date', NULL, NULL,
	 'Start'),
	('assistance', 4, 'ended_on', 'tip.partial_date', NULL, NULL,
	 'End'),
	('assistance', 5, 'is_accepted', 'boolean', NULL, NULL,
	 'Accepted or refused by the victim (US TIP)'),
	('assistance', 6, 'provider_entity_id', 'uuid', 'reporting_entity', NULL,
	 'Organization that serves');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('justice_step', 1, 'event_id', 'uuid', 'event', NULL,
	 'Event'),
	('justice_step', 2, 'involvement_id', 'uuid', 'involvement', NULL,
	 'Perpetrator in an event'),
	('justice_step', 3, 'sequence', 'int', NULL, NULL,
	 'Order of the steps as they happened'),
	('justice_step', 4, 'step', 'tip.justice_step_kind', NULL, NULL,
	 'Step'),
	('justice_step', 5, 'stepped_on', 'tip.partial_date', NULL, NULL,
	 'Day of the step'),
	('justice_step', 6, 'statute_id', 'text', NULL, NULL,
	 'Statute (tip.statute)'),
	('justice_step', 7, 'charge_count', 'int', NULL, NULL,
	 'Number of charges'),
	('justice_step', 8, 'provenance', 'tip.provenance', NULL, NULL,
	 'Recorded live, or from an archive');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('sentence', 1, 'justice_step_id', 'uuid', 'justice_step', NULL,
	 'The conviction'),
	('sentence', 2, 'kind', 'tip.sentence_kind', NULL, NULL,
	 'Kind'),
	('sentence', 3, 'months', 'int', NULL, NULL,
	 'Months of imprisonment'),
	('sentence', 4, 'suspended_months', 'int', NULL, NULL,
	 'Months suspended'),
	('sentence', 5, 'amount', 'numeric', NULL, NULL,
	 'Amount of a fine, restitution or compensation'),
	('sentence', 6, 'currency', 'text', NULL, NULL,
	 'Currency (ISO 4217)'),
	('sentence', 7, 'aggravating_factors', 'tip.aggravating_factor_set', NULL, NULL,
	 'Aggravating factors found');

INSERT INTO tip_impl.model_column
	(table_name, ordinal, name, type, refers_to, index_method, comment) VALUES
	('movement', 1, 'victimization_id', 'uuid', 'victimization', NULL,
	 'Victim in an event'),
	('movement', 2, 'sequence', 'int', NULL, NULL,
	 'Order of the legs'),
	('movement', 3, 'stage', 'tip.movement_stage', NULL, NULL,
	 'Recruitment, transit or exploitation (HTCDS hte_Type)'),
	('movement', 4, 'from_country', 'tip.country', NULL, NULL,
	 'From country'),
	('movement', 5, 'from_subdivision', 'tip.subdivision', NULL, NULL,
	 'From subdivision'),
	('movement', 6, 'to_country', 'tip.country', NULL, NULL,
	 'To country'),
	('movement', 7, 'to_subdivision', 'tip.subdivision', NULL, NULL,
	 'To subdivision'),
	('movement', 8, 'moved_on', 'tip.partial_date', NULL, NULL,
	 'Day of the leg'),
	('movement', 9, 'is_consecutive', 'boolean', NULL, NULL,
	 'Whether nothing is missing between the previous leg and this one');

-- create_model() runs with the rights of its caller, who need not be a superuser.
GRANT SELECT ON tip_impl.model_table, tip_impl.model_column, tip_impl.model_part
	TO PUBLIC;

-- The columns that an index or a key of a table in a partitioned model needs
-- besides its own: none, jurisdiction or case_year.
CREATE FUNCTION tip_impl.model_partition_column(partition_by text)
RETURNS name LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE partition_by WHEN 'country' THEN 'jurisdiction'::name
       WHEN 'year' THEN 'case_year' END;

CREATE FUNCTION tip_impl.model_create_table(schema name, tbl name, partition_by text)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t tip_impl.model_table;
	part name;
	part_type text;
	columns text;
BEGIN
	SELECT * INTO STRICT t FROM tip_impl.model_table AS m WHERE m.name = tbl;
	IF t.in_case THEN
		part := tip_impl.model_partition_column(partition_by);
	END IF;
	part_type := CASE part WHEN 'jurisdiction' THEN 'tip.country'
		WHEN 'case_year' THEN 'int2' END;
	SELECT string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.ordinal)
	INTO columns
	FROM tip_impl.model_column AS c
	WHERE c.table_name = tbl AND c.name IS DISTINCT FROM part;
	EXECUTE format('CREATE TABLE %I.%I (%I uuid DEFAULT gen_random_uuid(), %s%s, PRIMARY KEY (%I%s))%s',
		schema, tbl, tbl || '_id',
		coalesce(quote_ident(part) || ' ' || part_type || ', ', ''), columns,
		tbl || '_id', coalesce(', ' || quote_ident(part), ''),
		CASE part WHEN 'jurisdiction' THEN ' PARTITION BY LIST (jurisdiction)'
			WHEN 'case_year' THEN ' PARTITION BY RANGE (case_year)'
			ELSE '' END);
	IF part IS NOT NULL THEN
		EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I DEFAULT',
			schema, tbl || '_default', schema, tbl);
		EXECUTE format('COMMENT ON TABLE %I.%I IS %L', schema, tbl || '_default',
			'Rows that no other partition takes');
	END IF;
	EXECUTE format('COMMENT ON TABLE %I.%I IS %L', schema, tbl, t.comment);
	EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, tbl, tbl || '_id',
		'Key; random, so that it says nothing about the row');
	IF part = 'case_year' OR (part IS NOT NULL AND tbl <> 'event') THEN
		EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, tbl, part,
			'Partition key; the same as that of the event');
	END IF;
END
$$;

CREATE FUNCTION tip_impl.model_describe_columns(schema name, tbl name)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c tip_impl.model_column;
BEGIN
	FOR c IN SELECT * FROM tip_impl.model_column AS m
	         WHERE m.table_name = tbl ORDER BY m.ordinal LOOP
		EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schema, tbl, c.name, c.comment);
		IF c.index_method IS NOT NULL THEN
			EXECUTE format('CREATE INDEX %I ON %I.%I USING %s (%I)',
				tbl || '_' || c.name || '_idx', schema, tbl, c.index_method, c.name);
		END IF;
	END LOOP;
END
$$;

CREATE FUNCTION tip_impl.model_create_references(schema name, tbl name, partition_by text)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
	part text;
BEGIN
	FOR c IN SELECT m.*, r.in_case FROM tip_impl.model_column AS m
	         JOIN tip_impl.model_table AS r ON r.name = m.refers_to
	         WHERE m.table_name = tbl ORDER BY m.ordinal LOOP
		part := CASE WHEN c.in_case
			THEN coalesce(', ' || quote_ident(tip_impl.model_partition_column(partition_by)), '')
			ELSE '' END;
		EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I FOREIGN KEY (%I%s) REFERENCES %I.%I (%I%s)',
			schema, tbl, tbl || '_' || c.name || '_fkey', c.name, part,
			schema, c.refers_to, c.refers_to || '_id', part);
		EXECUTE format('CREATE INDEX %I ON %I.%I (%I%s)',
			tbl || '_' || c.name || '_idx', schema, tbl, c.name, part);
	END LOOP;
END
$$;

-- A column of the view means what that of the table does.
CREATE FUNCTION tip_impl.model_comment_columns(tbl regclass, view regclass)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT a.attname, col_description(tbl, a.attnum) AS comment FROM pg_attribute AS a
	         WHERE a.attrelid = tbl AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', view, c.attname, c.comment);
	END LOOP;
END
$$;

CREATE FUNCTION tip_impl.model_create_text_views(schema name)
RETURNS int LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t record;
	columns text;
	made int := 0;
BEGIN
	FOR t IN SELECT c.oid, c.relname, m.comment
	         FROM pg_class AS c
	         JOIN tip_impl.model_table AS m ON m.name = c.relname
	         WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n
	                                 WHERE n.nspname = schema)
	           AND c.relkind IN ('r', 'p') ORDER BY m.ordinal LOOP
		SELECT string_agg(CASE
			WHEN y.typname IN ('text', 'int2', 'int4', 'int8', 'bool', 'date', 'numeric')
			 AND y.typnamespace = 'pg_catalog'::regnamespace
			THEN quote_ident(a.attname)
			ELSE format('%I::text AS %I', a.attname, a.attname) END,
			', ' ORDER BY a.attnum)
		INTO columns
		FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
		WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped;
		EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker = true) AS SELECT %s FROM %I.%I',
			schema, t.relname || '_text', columns, schema, t.relname);
		EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schema, t.relname || '_text',
			t.comment || '; as plain text, for clients that do not know the types');
		PERFORM tip_impl.model_comment_columns(t.oid, format('%I.%I', schema, t.relname || '_text')::regclass);
		made := made + 1;
	END LOOP;
	RETURN made;
END
$$;

-- A function of its own, since whoever may create a model may lack this one.
CREATE FUNCTION tip.create_text_views(schema name DEFAULT 'tip_data')
RETURNS int LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF to_regclass(format('%I.victimization', schema)) IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no model', schema),
			HINT = 'Use tip.create_model() to make one.';
	END IF;
	RETURN tip_impl.model_create_text_views(schema);
END
$$;
COMMENT ON FUNCTION tip.create_text_views(name) IS
'make the <table>_text views of a model again, after columns were added; number of views';

-- Whatever was in the schema before keeps its owner.
CREATE FUNCTION tip_impl.model_own(schema name, owner regrole, before oid[])
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT c.relname, c.relkind FROM pg_class AS c
	         JOIN pg_namespace AS n ON n.oid = c.relnamespace
	         WHERE n.nspname = schema AND c.relkind IN ('r', 'p', 'v', 'S')
	           AND c.relowner <> owner AND c.oid <> ALL (before)
	           AND NOT EXISTS (SELECT FROM pg_depend AS d
	                           WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
	                             AND d.deptype IN ('a', 'i') AND c.relkind = 'S') LOOP
		EXECUTE format('ALTER %s %I.%I OWNER TO %s',
			CASE r.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
			schema, r.relname, owner);
	END LOOP;
END
$$;

CREATE FUNCTION tip_impl.model_version(schema name) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT substring(obj_description(n.oid, 'pg_namespace') FROM '\(tip_module model ([0-9.]+)\)$')
        FROM pg_namespace AS n WHERE n.nspname = schema);

CREATE FUNCTION tip.create_model(schema name DEFAULT 'tip_data',
	owner regrole DEFAULT current_user::regrole, partition_by text DEFAULT NULL)
RETURNS int LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	t tip_impl.model_table;
	p tip_impl.model_part;
	before oid[];
	made int := 0;
BEGIN
	IF partition_by NOT IN ('country', 'year') THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a model can be partitioned by country or by year',
			HINT = 'Leave partition_by NULL for ordinary tables.';
	END IF;
	IF to_regclass(format('%I.victimization', schema)) IS NOT NULL THEN
		RAISE duplicate_table USING
			MESSAGE = format('schema "%s" already has a model', schema),
			HINT = 'Use tip.upgrade_model() to bring it to this version.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_namespace AS n WHERE n.nspname = schema) THEN
		EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %s', schema, owner);
	END IF;
	before := ARRAY(SELECT c.oid FROM pg_class AS c
	                WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n
	                                        WHERE n.nspname = schema));
	FOR t IN SELECT * FROM tip_impl.model_table AS m ORDER BY m.ordinal LOOP
		PERFORM tip_impl.model_create_table(schema, t.name, partition_by);
		PERFORM tip_impl.model_describe_columns(schema, t.name);
		PERFORM tip_impl.model_create_references(schema, t.name, partition_by);
		made := made + 1;
	END LOOP;
	FOR p IN SELECT * FROM tip_impl.model_part AS m ORDER BY m.ordinal LOOP
		EXECUTE format(p.ddl, schema);
	END LOOP;
	PERFORM tip_impl.model_create_text_views(schema);
	EXECUTE format('COMMENT ON SCHEMA %I IS %L', schema,
		format('cases of trafficking in persons (tip_module model %s)',
			(SELECT extversion FROM pg_extension WHERE extname = 'tip_module')));
	PERFORM tip_impl.model_own(schema, owner, before);
	RETURN made;
END
$$;
COMMENT ON FUNCTION tip.create_model(name, regrole, text) IS
'make the tables of the standard as ordinary tables of a schema, perhaps partitioned by country or year; number of tables';

CREATE FUNCTION tip.upgrade_model(schema name DEFAULT 'tip_data')
RETURNS TABLE (object text, name text, note text) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	version text := tip_impl.model_version(schema);
BEGIN
	IF to_regclass(format('%I.victimization', schema)) IS NULL THEN
		RAISE undefined_table USING
			MESSAGE = format('schema "%s" has no model', schema),
			HINT = 'Use tip.create_model() to make one.';
	END IF;
	RETURN QUERY
	SELECT 'model', schema::text, format('is at version %s; nothing to change', coalesce(version, 'unknown'));
	RETURN QUERY
	SELECT 'column', format('%s.%s', c.relname, a.attname), 'added here, kept'
	FROM pg_class AS c
	JOIN tip_impl.model_table AS m ON m.name = c.relname
	JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = schema)
	  AND a.attname NOT IN (c.relname || '_id', 'jurisdiction', 'case_year')
	  AND NOT EXISTS (SELECT FROM tip_impl.model_column AS k
	                  WHERE k.table_name = c.relname AND k.name = a.attname)
	ORDER BY 2;
	RETURN QUERY
	SELECT 'index', i.relname::text, 'added here, kept'
	FROM pg_index AS x
	JOIN pg_class AS i ON i.oid = x.indexrelid
	JOIN pg_class AS c ON c.oid = x.indrelid
	JOIN tip_impl.model_table AS m ON m.name = c.relname
	WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = schema)
	  AND NOT x.indisprimary
	  AND NOT EXISTS (SELECT FROM tip_impl.model_column AS k
	                  WHERE k.table_name = c.relname
	                    AND i.relname = k.table_name || '_' || k.name || '_idx')
	ORDER BY 2;
	RETURN QUERY
	SELECT 'partition', format('%s of %s', c.relname, m.name), 'added here, kept'
	FROM pg_inherits AS h
	JOIN pg_class AS c ON c.oid = h.inhrelid
	JOIN pg_class AS b ON b.oid = h.inhparent
	JOIN tip_impl.model_table AS m ON m.name = b.relname
	WHERE b.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = schema)
	  AND b.relkind = 'p' AND c.relkind IN ('r', 'p')
	  AND c.relname <> b.relname || '_default'
	ORDER BY 2;
	RETURN QUERY
	SELECT 'policy', format('%s on %s', o.polname, c.relname), 'added here, kept'
	FROM pg_policy AS o JOIN pg_class AS c ON c.oid = o.polrelid
	WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = schema)
	ORDER BY 2;
	RETURN QUERY
	SELECT 'trigger', format('%s on %s', g.tgname, c.relname), 'added here, kept'
	FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
	WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = schema)
	  AND NOT g.tgisinternal AND g.tgname NOT LIKE '~tip\_%' AND g.tgparentid = 0
	ORDER BY 2;
END
$$;
COMMENT ON FUNCTION tip.upgrade_model(name) IS
'bring a model to the version of the extension; lists what was added to it and is kept';

CREATE VIEW tip.model_element AS
SELECT t.name AS table_name, c.ordinal, c.name AS column_name, c.type,
       c.refers_to, c.comment
FROM tip_impl.model_table AS t JOIN tip_impl.model_column AS c ON c.table_name = t.name;
GRANT SELECT ON tip.model_element TO PUBLIC;
COMMENT ON VIEW tip.model_element IS 'the columns of the standard model, as documented';
COMMENT ON COLUMN tip.model_element.table_name IS 'table';
COMMENT ON COLUMN tip.model_element.ordinal IS 'place of the column in its table';
COMMENT ON COLUMN tip.model_element.column_name IS 'column';
COMMENT ON COLUMN tip.model_element.type IS 'type';
COMMENT ON COLUMN tip.model_element.refers_to IS 'table that the column refers to';
COMMENT ON COLUMN tip.model_element.comment IS 'what it means, with the element of the standard';

-- Catalogues: shipped rows come with the extension, local ones with a dump.

CREATE TABLE tip.population (
	country tip.country NOT NULL,
	year int NOT NULL,
	sex tip.sex,
	age_status tip.age_status,
	persons bigint NOT NULL CHECK (persons > 0),
	source text NOT NULL,
	is_local boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX population_key ON tip.population
	(country, year, coalesce(sex, 'not_applicable'), coalesce(age_status, 'not_applicable'));
SELECT pg_extension_config_dump('tip.population', 'WHERE is_local');
COMMENT ON TABLE tip.population IS
'resident population, for rates; sex or age status NULL means all';
COMMENT ON COLUMN tip.population.country IS 'country (ISO 3166-1)';
COMMENT ON COLUMN tip.population.year IS 'calendar year';
COMMENT ON COLUMN tip.population.sex IS 'sex; NULL for both';
COMMENT ON COLUMN tip.population.age_status IS 'minor or adult; NULL for all ages';
COMMENT ON COLUMN tip.population.persons IS 'persons';
COMMENT ON COLUMN tip.population.source IS 'where the number comes from';
COMMENT ON COLUMN tip.population.is_local IS 'added here; false for shipped rows';

CREATE TABLE tip.dictionary (
	dictionary text NOT NULL,
	number int NOT NULL CHECK (number BETWEEN 1 AND 1018),
	code text NOT NULL,
	label text NOT NULL,
	is_local boolean NOT NULL DEFAULT true,
	PRIMARY KEY (dictionary, number),
	UNIQUE (dictionary, code)
);
SELECT pg_extension_config_dump('tip.dictionary', 'WHERE is_local');
COMMENT ON TABLE tip.dictionary IS
'national code lists, such as agencies and stations; a number can be a dimension of a tabulation';
COMMENT ON COLUMN tip.dictionary.dictionary IS 'name of the list';
COMMENT ON COLUMN tip.dictionary.number IS 'stored number, 1 to 1018, never reused';
COMMENT ON COLUMN tip.dictionary.code IS 'code';
COMMENT ON COLUMN tip.dictionary.label IS 'label';
COMMENT ON COLUMN tip.dictionary.is_local IS 'added here; false for shipped rows';
