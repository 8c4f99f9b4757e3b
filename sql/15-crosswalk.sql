-- Crosswalk: other standards' codes as rows.
--
-- A row says how one of our codes stands to one of theirs.  "broader" and
-- "narrower" are said of ours, so that a translation is sound upwards only:
-- from_scheme() follows exact, close and broader, to_scheme() exact, close and
-- narrower.  What has no sound translation gives NULL, never a guess.

CREATE TABLE tip.code_map (
	scheme         text NOT NULL,
	scheme_version text NOT NULL,
	variable       text NOT NULL,
	scheme_code    text NOT NULL,
	list           text NOT NULL,
	code           text,
	relation       text NOT NULL CONSTRAINT code_map_relation
	               CHECK (relation IN ('exact', 'close', 'broader', 'narrower', 'unmapped')),
	note           text,
	is_local       boolean NOT NULL DEFAULT true,
	CONSTRAINT code_map_unmapped
		CHECK ((relation = 'unmapped') = (code IS NULL)),
	CONSTRAINT code_map_reason
		CHECK (relation <> 'unmapped' OR coalesce(note, '') ~ '\S')
);
CREATE UNIQUE INDEX code_map_key ON tip.code_map
	(scheme, variable, scheme_code, list, coalesce(code, ''), scheme_version, is_local);
CREATE INDEX code_map_code ON tip.code_map (list, code, scheme);
SELECT pg_catalog.pg_extension_config_dump('tip.code_map', 'WHERE is_local');
GRANT SELECT ON tip.code_map TO PUBLIC;
COMMENT ON TABLE tip.code_map IS
'crosswalk: how our codes stand to those of other standards; a local row wins over a shipped one';
COMMENT ON COLUMN tip.code_map.scheme IS 'the other standard: HTCDS, CTDC, ICCS, SDG, NIBRS, GLOTIP, ISO 5218';
COMMENT ON COLUMN tip.code_map.scheme_version IS 'its version';
COMMENT ON COLUMN tip.code_map.variable IS 'its field, list or variable';
COMMENT ON COLUMN tip.code_map.scheme_code IS 'its code; * where the variable as a whole is meant';
COMMENT ON COLUMN tip.code_map.list IS 'our list';
COMMENT ON COLUMN tip.code_map.code IS 'our code; empty where there is none';
COMMENT ON COLUMN tip.code_map.relation IS
'ours is exact, close (the note says what differs), broader or narrower than theirs, or theirs is unmapped';
COMMENT ON COLUMN tip.code_map.note IS 'what differs, or why there is no translation';
COMMENT ON COLUMN tip.code_map.is_local IS 'true for a row of this installation, which is dumped';

CREATE FUNCTION tip_impl.code_map_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NEW.code IS NOT NULL AND NOT EXISTS (
		SELECT FROM tip.code_list AS c
		WHERE c.list = NEW.list AND c.code = NEW.code) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('list "%s" has no code "%s"', NEW.list, NEW.code),
			HINT = 'Codes are listed in tip.code_list.';
	END IF;
	RETURN NEW;
END
$$;

CREATE FUNCTION tip_impl.require_scheme(scheme text, variable text)
RETURNS void LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM tip.code_map AS m
		WHERE m.scheme = require_scheme.scheme
		  AND m.variable = coalesce(require_scheme.variable, m.variable)) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the crosswalk has no variable "%s" of scheme "%s"',
				coalesce(variable, '*'), scheme),
			HINT = 'Schemes and variables are listed in tip.code_map.';
	END IF;
END
$$;

CREATE FUNCTION tip.from_scheme(scheme text, variable text, scheme_code text,
	list text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found text[];
BEGIN
	SELECT array_agg(f.code ORDER BY f.list) INTO found
	FROM (SELECT DISTINCT ON (m.list) m.list, m.code FROM tip.code_map AS m
	      WHERE m.scheme = from_scheme.scheme
	        AND m.variable = from_scheme.variable
	        AND m.scheme_code = from_scheme.scheme_code
	        AND (from_scheme.list IS NULL OR m.list = from_scheme.list)
	        AND m.relation <> 'narrower'
	      ORDER BY m.list, m.is_local DESC, m.scheme_version DESC) AS f;
	IF cardinality(found) > 1 THEN
		RAISE ambiguous_parameter USING
			MESSAGE = format('variable "%s" of scheme "%s" has a translation in more than one list',
				variable, scheme),
			HINT = 'Name the list as the fourth argument.';
	END IF;
	IF found IS NULL THEN
		PERFORM tip_impl.require_scheme(scheme, variable);
	END IF;
	RETURN found[1];
END
$$;
COMMENT ON FUNCTION tip.from_scheme(text, text, text, text) IS
'our code for a code of another standard; NULL where there is no sound one, and tip.code_map says why';

CREATE FUNCTION tip.to_scheme(list text, code text, scheme text,
	variable text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found text[];
BEGIN
	SELECT array_agg(f.scheme_code ORDER BY f.variable) INTO found
	FROM (SELECT DISTINCT ON (m.variable) m.variable, m.scheme_code
	      FROM tip.code_map AS m
	      WHERE m.scheme = to_scheme.scheme
	        AND m.list = to_scheme.list AND m.code = to_scheme.code
	        AND (to_scheme.variable IS NULL OR m.variable = to_scheme.variable)
	        AND m.relation <> 'broader'
	      ORDER BY m.variable, m.is_local DESC, m.scheme_version DESC) AS f;
	IF cardinality(found) > 1 THEN
		RAISE ambiguous_parameter USING
			MESSAGE = format('list "%s" has a translation in more than one variable of scheme "%s"',
				list, scheme),
			HINT = 'Name the variable as the fourth argument.';
	END IF;
	IF found IS NULL THEN
		PERFORM tip_impl.require_scheme(scheme, variable);
	END IF;
	RETURN found[1];
END
$$;
COMMENT ON FUNCTION tip.to_scheme(text, text, text, text) IS
'the code of another standard for one of ours; NULL where there is no sound one, and tip.code_map says why';

CREATE FUNCTION tip.scheme_codes(list text, code text, scheme text)
RETURNS TABLE (variable text, scheme_code text, relation text, note text)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT DISTINCT ON (m.variable, m.scheme_code)
	       m.variable, m.scheme_code, m.relation, m.note
	FROM tip.code_map AS m
	WHERE m.scheme = scheme_codes.scheme AND m.list = scheme_codes.list
	  AND m.code = scheme_codes.code
	ORDER BY m.variable, m.scheme_code, m.is_local DESC, m.scheme_version DESC;
END;
COMMENT ON FUNCTION tip.scheme_codes(text, text, text) IS
'everything that another standard has for one of our codes, sound or not, with the relation and what differs';

CREATE TRIGGER code_map_check BEFORE INSERT OR UPDATE ON tip.code_map
	FOR EACH ROW WHEN (NEW.is_local)
	EXECUTE FUNCTION tip_impl.code_map_check();

-- HTCDS 2.0 (IOM, CC BY 4.0): every option of its lists.  Tiers 2 and 3 of the
-- industry list are given by their ISIC Rev.4 codes.

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'org_Type', 'organization_type', v.*, false FROM (VALUES
	('NGO', 'ngo'::text, 'exact', NULL::text),
	('LawEnforcement', 'law_enforcement', 'exact', NULL),
	('HealthServiceOrganisation', 'health_service', 'exact', NULL),
	('CentralGovernmentOrganisation', 'central_government', 'exact', NULL),
	('LocalGovernmentOrganisation', 'local_government', 'exact', NULL),
	('ImmigrationService', 'immigration_service', 'exact', NULL),
	('LegalService', 'legal_service', 'exact', NULL),
	('CorporateBusiness', 'corporate_business', 'exact', NULL),
	('SchoolOrCollege', 'school_college', 'exact', NULL),
	('CentralGovernmentOrganisation', 'court', 'narrower', NULL),
	('CentralGovernmentOrganisation', 'prosecution', 'narrower', NULL),
	('NGO', 'shelter', 'narrower', 'a shelter run by the state is CentralGovernmentOrganisation: add a local row')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'prs_Gender', 'gender', v.*, false FROM (VALUES
	('Feminine', 'feminine'::text, 'exact', NULL::text),
	('Masculine', 'masculine', 'exact', NULL),
	('TransgenderFeminine', 'transgender_feminine', 'exact', NULL),
	('TransgenderMasculine', 'transgender_masculine', 'exact', NULL),
	('NonConforming', 'non_conforming', 'exact', NULL),
	('NonSpecifiedUnknown', 'unknown', 'exact', NULL),
	('NonSpecifiedUnknown', 'not_stated', 'narrower', NULL),
	('NonSpecifiedUnknown', 'withheld', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'prs_MaritalStatus', 'marital_status', v.*, false FROM (VALUES
	('Single', 'single'::text, 'exact', NULL::text),
	('Married', 'married', 'exact', NULL),
	('Widowed', 'widowed', 'exact', NULL),
	('Divorced', 'divorced', 'exact', NULL),
	('Separated', 'separated', 'exact', NULL),
	('RegisteredPartnership', 'registered_partnership', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'prs_HighestLevelOfEducation', 'education', v.*, false FROM (VALUES
	('EarlyChildhoodEducation', 'isced_0'::text, 'exact', NULL::text),
	('PrimaryEducation', 'isced_1', 'exact', NULL),
	('LowerSecondaryEducation', 'isced_2', 'exact', NULL),
	('UpperSecondaryEducation', 'isced_3', 'exact', NULL),
	('PostSecondaryNonTertiaryEducation', 'isced_4', 'exact', NULL),
	('ShortCycleTertiaryEducation', 'isced_5', 'exact', NULL),
	('BachelorsOrEquivalentLevel', 'isced_6', 'exact', NULL),
	('MastersOrEquivalentLevel', 'isced_7', 'exact', NULL),
	('DoctoralOrEquivalentLevel', 'isced_8', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_TraffickingStatus', 'victim_status', v.*, false FROM (VALUES
	('PossibleVictimOfTrafficking', 'possible'::text, 'exact', NULL::text),
	('PossibleVictimOfTrafficking', 'presumed', 'narrower', NULL),
	('ActualVictimOfTrafficking', 'identified', 'exact', NULL),
	('NotAVictimOfTrafficking', 'not_victim', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_TraffickingStatusDecisionMakingOrg', 'status_decider', v.*, false FROM (VALUES
	('Police', 'police'::text, 'exact', NULL::text),
	('NGO', 'ngo', 'exact', NULL),
	('CourtOrProsecution', 'court_prosecution', 'exact', NULL),
	('NonPoliceGovernmentalOrganization', 'other_gov', 'close', 'includes immigration, labour and child protection'),
	('NonPoliceGovernmentalOrganization', 'immigration', 'narrower', NULL),
	('NonPoliceGovernmentalOrganization', 'labour', 'narrower', NULL),
	('NonPoliceGovernmentalOrganization', 'child_protection', 'narrower', NULL),
	('Other', 'other', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_RelationshipToTrafficker', 'relationship', v.*, false FROM (VALUES
	('Familial', 'family'::text, 'close', 'includes partners and guardians'::text),
	('Familial', 'guardian', 'narrower', NULL),
	('Familial', 'partner', 'narrower', NULL),
	('Acquainted', 'friend', 'close', 'includes employers'),
	('Acquainted', 'employer', 'narrower', NULL),
	('Unaquainted', 'stranger', 'exact', 'spelled so in the standard')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_MethodOfRecruitment', 'recruitment_channel', v.*, false FROM (VALUES
	('AtAPlaceOfBusiness', 'business_place'::text, 'exact', NULL::text),
	('AtAnEducationalInstitution', 'educational_institution', 'exact', NULL),
	('AtWork', 'work', 'exact', NULL),
	('ThroughOnlineSocialNetworks', 'online_social_network', 'exact', NULL),
	('ThroughOnlineSocialNetworks', 'messaging_app', 'narrower', NULL),
	('ThroughAnOnlineAdvertisement', 'online_advertisement', 'exact', NULL),
	('ThroughATelevisionAdvert', 'television_advertisement', 'exact', NULL),
	('ThroughANewspaperAdvert', 'newspaper_advertisement', 'exact', NULL),
	('ThroughFamilyOrFamilyEvents', 'family_event', 'exact', NULL),
	('ThroughFamilyOrFamilyEvents', 'family_sold', 'narrower', NULL),
	('ThroughFriendsOrSocialEvents', 'friends_event', 'exact', NULL),
	('Other', 'other', 'exact', NULL),
	('Other', 'abducted', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_RecruitmentWebsitesAndApps', 'platform', v.*, false FROM (VALUES
	('Facebook', 'facebook'::text, 'exact', NULL::text),
	('Instagram', 'instagram', 'exact', NULL),
	('WhatsApp', 'whatsapp', 'exact', NULL),
	('Telegram', 'telegram', 'exact', NULL),
	('FacebookMessenger', 'facebook_messenger', 'exact', NULL),
	('Viber', 'viber', 'exact', NULL),
	('SnapChat', 'snapchat', 'exact', NULL),
	('Line', 'line', 'exact', NULL),
	('4Sale', '4sale', 'exact', NULL),
	('WeChat', 'wechat', 'exact', NULL),
	('QQ', 'qq', 'exact', NULL),
	('QZone', 'qzone', 'exact', NULL),
	('TikTok', 'tiktok', 'exact', NULL),
	('Twitter', 'twitter', 'exact', NULL),
	('Other', 'other', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_ExploitationWebsitesAndApps', 'platform', v.*, false FROM (VALUES
	('Facebook', 'facebook'::text, 'exact', NULL::text),
	('Instagram', 'instagram', 'exact', NULL),
	('WhatsApp', 'whatsapp', 'exact', NULL),
	('Telegram', 'telegram', 'exact', NULL),
	('FacebookMessenger', 'facebook_messenger', 'exact', NULL),
	('Viber', 'viber', 'exact', NULL),
	('SnapChat', 'snapchat', 'exact', NULL),
	('Line', 'line', 'exact', NULL),
	('4Sale', '4sale', 'exact', NULL),
	('WeChat', 'wechat', 'exact', NULL),
	('QQ', 'qq', 'exact', NULL),
	('QZone', 'qzone', 'exact', NULL),
	('TikTok', 'tiktok', 'exact', NULL),
	('Twitter', 'twitter', 'exact', NULL),
	('Other', 'other', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_MethodsOfControl', 'control_method', v.*, false FROM (VALUES
	('PhysicalThreats', 'threat'::text, 'close', 'ours is not limited to physical threats'::text),
	('ThreatsLawEnforcement', 'threat_le', 'exact', NULL),
	('ThreatensChildrenFamily', 'threat_family', 'exact', NULL),
	('DebtBondage', 'debt', 'exact', NULL),
	('FalsePromises', 'false_promise', 'exact', NULL),
	('PhysicalAbuse', 'phys', 'exact', NULL),
	('SexualAbuse', 'sexual', 'exact', NULL),
	('TakesEarnings', 'earnings', 'exact', NULL),
	('RestrictsFinancialAccess', 'finance', 'exact', NULL),
	('RestrictsMedicalCare', 'medical', 'exact', NULL),
	('WithholdsNecessities', 'necessities', 'exact', NULL),
	('PsychologicalAbuse', 'psych', 'exact', NULL),
	('PsychoactiveSubstance', 'substance', 'exact', NULL),
	('ExcessiveWorkingHours', 'hours', 'exact', NULL),
	('WithholdsDocuments', 'documents', 'exact', NULL),
	('Other', 'other', 'exact', NULL),
	('Other', 'movement', 'narrower', 'only the definitions list has RestrictsMovement'),
	('Other', 'uses_children', 'narrower', 'only the definitions list has UsesChildren'),
	('Other', 'abduct', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_MethodsOfControl (definitions)', 'control_method', v.*, false FROM (VALUES
	('Threats', 'threat'::text, 'exact', NULL::text),
	('Threats', 'threat_family', 'narrower', NULL),
	('ThreatOfLawEnforcement', 'threat_le', 'exact', NULL),
	('DebtBondage', 'debt', 'exact', NULL),
	('FalsePromises', 'false_promise', 'exact', NULL),
	('PhysicalAbuse', 'phys', 'exact', NULL),
	('SexualAbuse', 'sexual', 'exact', NULL),
	('TakesEarnings', 'earnings', 'exact', NULL),
	('RestrictsFinancialAccess', 'finance', 'exact', NULL),
	('RestrictsMedicalCare', 'medical', 'exact', NULL),
	('RestrictsMovement', 'movement', 'exact', NULL),
	('WithholdsNecessities', 'necessities', 'exact', NULL),
	('PsychologicalAbuse', 'psych', 'exact', NULL),
	('PsychoactiveSubstances', 'substance', 'exact', NULL),
	('ExcessiveWorkingHours', 'hours', 'exact', NULL),
	('UsesChildren', 'uses_children', 'exact', NULL),
	('WithholdsDocuments', 'documents', 'exact', NULL),
	('Other', 'other', 'exact', NULL),
	('Other', 'abduct', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_TypeOfExploitation', 'exploitation_form', v.*, false FROM (VALUES
	('ForcedLabour', 'labour'::text, 'exact', NULL::text),
	('ForcedLabour', 'debt_bondage', 'narrower', NULL),
	('SexualExploitation', 'sex', 'exact', NULL),
	('ChildLabour', 'child_labour', 'exact', NULL),
	('ForcedMarriage', 'marriage', 'exact', NULL),
	('Servitude', 'servitude_domestic', 'close', 'the standard does not say domestic'),
	('Servitude', 'slavery_like', 'narrower', NULL),
	('ForcedMilitaryByNonStateActors', 'military', 'broader', 'ours includes state actors'),
	('OrganRemoval', 'organ', 'exact', NULL),
	('ForcedBegging', 'begging', 'exact', NULL),
	('ForcedAdoption', 'adoption', 'close', 'ours includes illegal adoption of any kind'),
	('Surrogacy', 'surrogacy', 'exact', NULL),
	('Other', 'other', 'exact', NULL),
	('Other', 'forced_crime', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_TypeOfSexExploitation', 'sex_exploitation_type', v.*, false FROM (VALUES
	('Prostitution', 'prostitution'::text, 'exact', NULL::text),
	('Pornography', 'pornography', 'exact', NULL),
	('RemoteInteractiveServices', 'remote_live', 'exact', NULL),
	('PrivateSexualServices', 'private_service', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_ForcedLabourIndustry', 'sector', v.*, false FROM (VALUES
	('A', 'A'::text, 'exact', NULL::text),
	('B', 'B', 'exact', NULL),
	('C', 'C', 'exact', NULL),
	('D', 'D', 'exact', NULL),
	('E', 'E', 'exact', NULL),
	('F', 'F', 'exact', NULL),
	('G', 'G', 'exact', NULL),
	('H', 'H', 'exact', NULL),
	('I', 'I', 'exact', NULL),
	('J', 'J', 'exact', NULL),
	('K', 'K', 'exact', NULL),
	('L', 'L', 'exact', NULL),
	('M', 'M', 'exact', NULL),
	('N', 'N', 'exact', NULL),
	('O', 'O', 'exact', NULL),
	('P', 'P', 'exact', NULL),
	('Q', 'Q', 'exact', NULL),
	('R', 'R', 'exact', NULL),
	('S', 'S', 'exact', NULL),
	('T', 'T', 'exact', NULL),
	('U', 'U', 'exact', NULL),
	('A01', 'A01', 'exact', NULL),
	('A02', 'A02', 'exact', NULL),
	('A03', 'A03', 'exact', NULL),
	('C10', 'C10', 'exact', NULL),
	('C11', 'C11', 'exact', NULL),
	('C12', 'C12', 'exact', NULL),
	('C13', 'C13', 'exact', NULL),
	('C14', 'C14', 'exact', NULL),
	('C15', 'C15', 'exact', NULL),
	('C16', 'C16', 'exact', NULL),
	('C17', 'C17', 'exact', NULL),
	('C18', 'C18', 'exact', NULL),
	('C19', 'C19', 'exact', NULL),
	('C20', 'C20', 'exact', NULL),
	('C21', 'C21', 'exact', NULL),
	('C22', 'C22', 'exact', NULL),
	('C23', 'C23', 'exact', NULL),
	('C24', 'C24', 'exact', NULL),
	('C25', 'C25', 'exact', NULL),
	('C26', 'C26', 'exact', NULL),
	('C27', 'C27', 'exact', NULL),
	('C28', 'C28', 'exact', NULL),
	('C29', 'C29', 'exact', NULL),
	('C30', 'C30', 'exact', NULL),
	('C31', 'C31', 'exact', NULL),
	('C32', 'C32', 'exact', NULL),
	('C33', 'C33', 'exact', NULL),
	('H49', 'H49', 'exact', NULL),
	('H50', 'H50', 'exact', NULL),
	('H51', 'H51', 'exact', NULL),
	('H52', 'H52', 'exact', NULL),
	('H53', 'H53', 'exact', NULL),
	('I55', 'I55', 'exact', NULL),
	('I561', 'I561', 'exact', NULL),
	('I563', 'I563', 'exact', NULL),
	('N77', 'N77', 'exact', NULL),
	('N78', 'N78', 'exact', NULL),
	('N79', 'N79', 'exact', NULL),
	('N81', 'N81', 'exact', NULL),
	('N82', 'N82', 'exact', NULL),
	('A011', 'A011', 'exact', NULL),
	('A013', 'A013', 'exact', NULL),
	('A014', 'A014', 'exact', NULL),
	('A015', 'A015', 'exact', NULL),
	('A016', 'A016', 'exact', NULL),
	('A0311', 'A0311', 'exact', NULL),
	('A0312', 'A0312', 'exact', NULL),
	('A01 other', 'A01', 'broader', 'the third tier has an other for farming')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'per_RoleInProcess', 'perpetrator_role', v.*, false FROM (VALUES
	('TravellingPartner', 'companion'::text, 'exact', NULL::text),
	('Transporter', 'transporter', 'exact', NULL),
	('RecruiterOrIntermediary', 'recruiter', 'exact', NULL),
	('BrokerTravelAgent', 'broker', 'exact', NULL),
	('TransferredIndividual', 'transferor', 'exact', NULL),
	('HarbouredIndividual', 'harbourer', 'exact', NULL),
	('SoldIndividual', 'seller', 'exact', NULL),
	('BoughtIndividual', 'buyer', 'exact', NULL),
	('ReceivedIndividual', 'receiver', 'exact', NULL),
	('ControlledIndividual', 'controller', 'exact', NULL),
	('Smuggler', 'smuggler', 'exact', NULL),
	('Abuser', 'abuser', 'exact', NULL),
	('Kidnapper', 'kidnapper', 'exact', NULL),
	('Exploiter', 'exploiter', 'exact', NULL),
	('Other', 'other', 'exact', NULL),
	('Other', 'financier', 'narrower', NULL),
	('Other', 'doc_forger', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'cas_Status', 'case_status', v.*, false FROM (VALUES
	('Active', 'active'::text, 'exact', NULL::text),
	('FollowUp', 'follow_up', 'exact', NULL),
	('Closed', 'closed', 'exact', NULL),
	('ClosedReferred', 'closed_referred', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'cas_ReasonForReferral', 'referral_reason', v.*, false FROM (VALUES
	('AdditionalServicesRequired', 'additional_services'::text, 'exact', NULL::text),
	('MigrationOrChangeOfLocation', 'relocation', 'exact', NULL),
	('Other', 'other', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'hte_Type', 'movement_stage', v.*, false FROM (VALUES
	('Recruitment', 'recruitment'::text, 'exact', NULL::text),
	('Transit', 'transit', 'exact', NULL),
	('Exploitation', 'exploitation', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'spl_Type', 'service', v.*, false FROM (VALUES
	('Education', 'education'::text, 'exact', NULL::text),
	('Financial', 'financial', 'exact', NULL),
	('Health', 'health', 'exact', NULL),
	('Health', 'medical', 'narrower', NULL),
	('Health', 'psych', 'narrower', NULL),
	('LabourExploitationRehabilitation', 'labour_rehabilitation', 'exact', NULL),
	('Legal', 'legal', 'exact', NULL),
	('Livelihood', 'livelihood', 'exact', NULL),
	('RightsBasedTraining', 'rights_training', 'exact', NULL),
	('SexualExploitationRehabilitation', 'sexual_rehabilitation', 'exact', NULL),
	('SocialCare', 'social_care', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'vic_Vulnerabilities', 'vulnerability', v.*, false FROM (VALUES
	('Addiction', 'addiction'::text, 'exact', NULL::text),
	('SocialGroup', 'social_group', 'exact', NULL),
	('Discrimination', 'discrimination', 'exact', NULL),
	('Poverty', 'poverty', 'exact', NULL),
	('DisabilityAndPhysicalHealth', 'disability_health', 'exact', NULL),
	('MentalHealth', 'mental_health', 'exact', NULL),
	('Migration', 'migration', 'exact', NULL),
	('Homelessness', 'homelessness', 'exact', NULL),
	('AbuseSocialMedia', 'abuse_social_media', 'exact', NULL),
	('AbusePhysical', 'abuse_physical', 'exact', NULL),
	('Education', 'education', 'exact', NULL),
	('WorkEnvironment', 'work_environment', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'migrant type', 'migration_status', v.*, false FROM (VALUES
	('family', 'family'::text, 'exact', NULL::text),
	('visitor/tourist', 'visitor', 'exact', NULL),
	('labour', 'labour', 'exact', NULL),
	('student', 'student', 'exact', NULL),
	('irregular', 'irregular', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'international protection', 'protection_status', v.*, false FROM (VALUES
	('asylum seeker', 'asylum_seeker'::text, 'exact', NULL::text),
	('refugee', 'refugee', 'exact', NULL),
	('recipient of complementary protection', 'complementary_protection', 'exact', NULL),
	('stateless', 'stateless', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'HTCDS', '2.0', 'other status', 'other_status', v.*, false FROM (VALUES
	('environmental', 'environmental'::text, 'exact', NULL::text),
	('vulnerable', 'vulnerable', 'exact', NULL),
	('stranded', 'stranded', 'exact', NULL),
	('forced migrant', 'forced_migrant', 'exact', NULL),
	('deportee', 'deportee', 'exact', NULL),
	('ex-combatant', 'ex_combatant', 'exact', NULL),
	('IDP', 'idp', 'exact', NULL),
	('separated or unaccompanied child', 'separated_child', 'exact', NULL),
	('returnee', 'returnee', 'exact', NULL)) AS v;

-- CTDC Global Dataset: codebook 6 of 2017, and what the file of 2020 adds.

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'datasource', 'data_source', v.*, false FROM (VALUES
	('Case management', 'case_management'::text, 'exact', NULL::text),
	('Hotline', 'hotline', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2020', 'datasource', 'data_source', v.*, false FROM (VALUES
	('Case Management', 'case_management'::text, 'exact', NULL::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'gender', 'gender', v.*, false FROM (VALUES
	('Male', 'masculine'::text, 'exact', NULL::text),
	('Female', 'feminine', 'exact', NULL),
	('Transgender/NonConforming', 'trans_nonconforming', 'exact', NULL),
	('Transgender/NonConforming', 'transgender_feminine', 'narrower', NULL),
	('Transgender/NonConforming', 'transgender_masculine', 'narrower', NULL),
	('Transgender/NonConforming', 'non_conforming', 'narrower', NULL),
	('Unknown', 'unknown', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'gender', 'sex', v.*, false FROM (VALUES
	('Male', 'male'::text, 'close', 'the source records gender'::text),
	('Female', 'female', 'close', 'the source records gender'),
	('Transgender/NonConforming', NULL, 'unmapped', 'says nothing of sex'),
	('Unknown', 'unknown', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'ageBroad', 'age_band', v.*, false FROM (VALUES
	('0-8', '0-8'::text, 'exact', NULL::text),
	('9-17', '9-17', 'exact', NULL),
	('18-20', '18-20', 'exact', NULL),
	('21-23', '21-23', 'exact', NULL),
	('24-26', '24-26', 'exact', NULL),
	('27-29', '27-29', 'exact', NULL),
	('30-38', '30-38', 'exact', NULL),
	('39-47', '39-47', 'exact', NULL),
	('48+', '48+', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2020', 'ageBroad', 'age_band', v.*, false FROM (VALUES
	('0--8', '0-8'::text, 'exact', NULL::text),
	('9--17', '9-17', 'exact', NULL),
	('18--20', '18-20', 'exact', NULL),
	('21--23', '21-23', 'exact', NULL),
	('24--26', '24-26', 'exact', NULL),
	('27--29', '27-29', 'exact', NULL),
	('30--38', '30-38', 'exact', NULL),
	('39--47', '39-47', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'majorityStatus', 'age_status', v.*, false FROM (VALUES
	('Minor', 'minor'::text, 'exact', NULL::text),
	('Adult', 'adult', 'exact', NULL),
	('Unknown', 'unknown', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'majorityStatusAtExploit', 'age_status', v.*, false FROM (VALUES
	('Minor', 'minor'::text, 'exact', NULL::text),
	('Adult', 'adult', 'exact', NULL),
	('Unknown', 'unknown', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'majorityEntry', 'age_status', v.*, false FROM (VALUES
	('Minor', 'minor'::text, 'exact', NULL::text),
	('Adult', 'adult', 'exact', NULL),
	('Unknown', 'unknown', 'exact', NULL),
	('-99', 'not_stated', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'citizenship', 'country', v.*, false FROM (VALUES
	('-99', 'not_stated'::text, 'exact', NULL::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2020', 'citizenship', 'country', v.*, false FROM (VALUES
	('0', 'unknown'::text, 'exact', 'a broken unknown of the 2020 file'::text),
	('00', 'ZZ', 'close', 'another broken unknown; kept apart from 0')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'CountryOfExploitation', 'country', v.*, false FROM (VALUES
	('-99', 'not_stated'::text, 'exact', NULL::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2020', 'CountryOfExploitation', 'country', v.*, false FROM (VALUES
	('0', 'unknown'::text, 'exact', 'a broken unknown of the 2020 file'::text),
	('00', 'ZZ', 'close', 'another broken unknown; kept apart from 0')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlDebtBondage', 'control_method', v.*, false FROM (VALUES
	('1', 'debt'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlTakesEarnings', 'control_method', v.*, false FROM (VALUES
	('1', 'earnings'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlRestrictsFinancialAccess', 'control_method', v.*, false FROM (VALUES
	('1', 'finance'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlThreats', 'control_method', v.*, false FROM (VALUES
	('1', 'threat'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlPsychologicalAbuse', 'control_method', v.*, false FROM (VALUES
	('1', 'psych'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlPhysicalAbuse', 'control_method', v.*, false FROM (VALUES
	('1', 'phys'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlSexualAbuse', 'control_method', v.*, false FROM (VALUES
	('1', 'sexual'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlFalsePromises', 'control_method', v.*, false FROM (VALUES
	('1', 'false_promise'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlPsychoactiveSubstances', 'control_method', v.*, false FROM (VALUES
	('1', 'substance'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlRestrictsMovement', 'control_method', v.*, false FROM (VALUES
	('1', 'movement'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlRestrictsMedicalCare', 'control_method', v.*, false FROM (VALUES
	('1', 'medical'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlExcessiveWorkingHours', 'control_method', v.*, false FROM (VALUES
	('1', 'hours'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlUsesChildren', 'control_method', v.*, false FROM (VALUES
	('1', 'uses_children'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlThreatOfLawEnforcement', 'control_method', v.*, false FROM (VALUES
	('1', 'threat_le'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlWithholdsNecessities', 'control_method', v.*, false FROM (VALUES
	('1', 'necessities'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlWithholdsDocuments', 'control_method', v.*, false FROM (VALUES
	('1', 'documents'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlOther', 'control_method', v.*, false FROM (VALUES
	('1', 'other'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlNotSpecified', 'control_method', v.*, false FROM (VALUES
	('1', 'unknown'::text, 'close', 'controlled, nobody recorded how'::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'meansOfControlConcatenated', 'control_method', v.*, false FROM (VALUES
	('*', NULL::text, 'unmapped', 'made of the other variables of its group, which are mapped'::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isForcedLabour', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'labour'::text, 'exact', 'without sexual services'::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isSexualExploit', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'sex'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isOtherExploit', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'other'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isForcedMarriage', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'marriage'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isForcedMilitary', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'military'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isOrganRemoval', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'organ'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isSexAndLabour', 'exploitation_form', v.*, false FROM (VALUES
	('1', NULL::text, 'unmapped', 'derived: both isSexualExploit and isForcedLabour'::text),
	('0', NULL, 'unmapped', 'derived: both isSexualExploit and isForcedLabour'),
	('-99', NULL, 'unmapped', 'derived: both isSexualExploit and isForcedLabour')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2020', 'isSlaveryAndPractices', 'exploitation_form', v.*, false FROM (VALUES
	('1', 'slavery_like'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfExploitConcatenated', 'exploitation_form', v.*, false FROM (VALUES
	('*', NULL::text, 'unmapped', 'made of the other variables of its group, which are mapped'::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourAgriculture', 'sector', v.*, false FROM (VALUES
	('1', 'A01'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourAquafarming', 'sector', v.*, false FROM (VALUES
	('1', 'A03'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourBegging', 'sector', v.*, false FROM (VALUES
	('1', 'XB'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourConstruction', 'sector', v.*, false FROM (VALUES
	('1', 'F'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourDomesticWork', 'sector', v.*, false FROM (VALUES
	('1', 'T'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourHospitality', 'sector', v.*, false FROM (VALUES
	('1', 'I'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourIllicitActivities', 'sector', v.*, false FROM (VALUES
	('1', 'XI'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourManufacturing', 'sector', v.*, false FROM (VALUES
	('1', 'C'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourMiningOrDrilling', 'sector', v.*, false FROM (VALUES
	('1', 'B'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourPeddling', 'sector', v.*, false FROM (VALUES
	('1', 'XP'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourTransportation', 'sector', v.*, false FROM (VALUES
	('1', 'H'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourOther', 'sector', v.*, false FROM (VALUES
	('1', 'XO'::text, 'close', 'includes forestry'::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourNotSpecified', 'sector', v.*, false FROM (VALUES
	('1', 'unknown'::text, 'close', 'forced labour, nobody recorded in what'::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfLabourConcatenated', 'sector', v.*, false FROM (VALUES
	('*', NULL::text, 'unmapped', 'made of the other variables of its group, which are mapped'::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfSexProstitution', 'sex_exploitation_type', v.*, false FROM (VALUES
	('1', 'prostitution'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfSexPornography', 'sex_exploitation_type', v.*, false FROM (VALUES
	('1', 'pornography'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfSexRemoteInteractiveServices', 'sex_exploitation_type', v.*, false FROM (VALUES
	('1', 'remote_live'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfSexPrivateSexualServices', 'sex_exploitation_type', v.*, false FROM (VALUES
	('1', 'private_service'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'typeOfSexConcatenated', 'sex_exploitation_type', v.*, false FROM (VALUES
	('*', NULL::text, 'unmapped', 'made of the other variables of its group, which are mapped'::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'isAbduction', 'means', v.*, false FROM (VALUES
	('1', 'abduction'::text, 'close', 'the source records it as a way of entry'::text),
	('0', NULL, 'unmapped', '0 says that it is absent, which a set says by leaving it out'),
	('-99', 'not_stated', 'broader', 'the set is not_stated only where all its variables are -99')) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationIntimatePartner', 'relationship', v.*, false FROM (VALUES
	('1', 'partner'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationFriend', 'relationship', v.*, false FROM (VALUES
	('1', 'friend'::text, 'close', 'includes acquaintances'::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationFamily', 'relationship', v.*, false FROM (VALUES
	('1', 'family'::text, 'close', 'includes guardians'::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationOther', 'relationship', v.*, false FROM (VALUES
	('1', 'other'::text, 'close', 'includes brokers, employers and smugglers'::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationUnknown', 'relationship', v.*, false FROM (VALUES
	('1', 'unknown'::text, 'exact', NULL::text),
	('0', NULL, 'unmapped', '0 says that it is absent; nothing is stored'),
	('-99', 'not_stated', 'broader', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationFamily', 'relationship', v.*, false FROM (VALUES
	('1', 'guardian'::text, 'narrower', NULL::text)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'recruiterRelationOther', 'relationship', v.*, false FROM (VALUES
	('1', 'broker'::text, 'narrower', NULL::text),
	('1', 'employer', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'CTDC', '2017', 'RecruiterRelationship', 'relationship', v.*, false FROM (VALUES
	('*', NULL::text, 'unmapped', 'made of the other variables of its group, which are mapped'::text)) AS v;

-- ICCS 1.0, SDG 16.2.2, NIBRS, UNODC GLOTIP and ISO 5218.

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'ICCS', '1.0', 'code', 'exploitation_form', v.*, false FROM (VALUES
	('02041', 'sex'::text, 'exact', NULL::text),
	('02042', 'labour', 'close', 'includes servitude and slavery'),
	('02042', 'servitude_domestic', 'narrower', NULL),
	('02042', 'slavery_like', 'narrower', NULL),
	('02042', 'debt_bondage', 'narrower', NULL),
	('02042', 'forced_crime', 'narrower', 'by default: no source settles it; a local row changes it'),
	('02042', 'begging', 'narrower', 'by default: no source settles it; a local row changes it'),
	('02043', 'organ', 'exact', NULL),
	('02044', 'other', 'close', 'includes every purpose without a code'),
	('02044', 'marriage', 'narrower', NULL),
	('02044', 'adoption', 'narrower', NULL),
	('02044', 'surrogacy', 'narrower', NULL),
	('02044', 'military', 'narrower', NULL),
	('02044', 'child_labour', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'SDG', '16.2.2', 'series', 'exploitation_form', v.*, false FROM (VALUES
	('VC_HTF_DETVSX', 'sex'::text, 'exact', NULL::text),
	('VC_HTF_DETVFL', 'labour', 'close', 'includes servitude and slavery'),
	('VC_HTF_DETVFL', 'servitude_domestic', 'narrower', NULL),
	('VC_HTF_DETVFL', 'slavery_like', 'narrower', NULL),
	('VC_HTF_DETVFL', 'debt_bondage', 'narrower', NULL),
	('VC_HTF_DETVFL', 'forced_crime', 'narrower', 'by default: no source settles it; a local row changes it'),
	('VC_HTF_DETVFL', 'begging', 'narrower', 'by default: no source settles it; a local row changes it'),
	('VC_HTF_DETVOG', 'organ', 'exact', NULL),
	('VC_HTF_DETVOP', 'other', 'close', 'includes every purpose without a series'),
	('VC_HTF_DETVOP', 'marriage', 'narrower', NULL),
	('VC_HTF_DETVOP', 'adoption', 'narrower', NULL),
	('VC_HTF_DETVOP', 'surrogacy', 'narrower', NULL),
	('VC_HTF_DETVOP', 'military', 'narrower', NULL),
	('VC_HTF_DETVOP', 'child_labour', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'SDG', '16.2.2', 'sex', 'sex', v.*, false FROM (VALUES
	('M', 'male'::text, 'exact', NULL::text),
	('F', 'female', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'SDG', '16.2.2', 'age', 'age_band', v.*, false FROM (VALUES
	('<18Y', '0-17'::text, 'exact', NULL::text),
	('>=18Y', '18+', 'exact', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'NIBRS', '2023', 'offense', 'exploitation_form', v.*, false FROM (VALUES
	('64A', 'sex'::text, 'close', 'commercial sex acts'::text),
	('64B', 'labour', 'close', 'involuntary servitude'),
	('64B', 'servitude_domestic', 'narrower', NULL),
	('64B', 'slavery_like', 'narrower', NULL),
	('64B', 'debt_bondage', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'GLOTIP', '2016', 'form', 'exploitation_form', v.*, false FROM (VALUES
	('sexual exploitation', 'sex'::text, 'exact', NULL::text),
	('pornography', 'sex', 'broader', 'ours has it as a type of sexual exploitation'),
	('forced labour', 'labour', 'close', 'includes servitude and slavery'),
	('forced labour', 'servitude_domestic', 'narrower', NULL),
	('forced labour', 'slavery_like', 'narrower', NULL),
	('forced labour', 'debt_bondage', 'narrower', NULL),
	('removal of organs', 'organ', 'exact', NULL),
	('begging', 'begging', 'exact', NULL),
	('forced/petty criminality', 'forced_crime', 'exact', NULL),
	('benefit fraud', 'forced_crime', 'broader', NULL),
	('forced marriage', 'marriage', 'exact', NULL),
	('illegal adoption / baby selling', 'adoption', 'exact', NULL),
	('child soldiers', 'military', 'broader', 'ours includes adults'),
	('mixed', NULL, 'unmapped', 'a set of more than one form'),
	('other/unknown', 'other', 'narrower', NULL),
	('other/unknown', 'unknown', 'narrower', NULL),
	('other/unknown', 'not_stated', 'narrower', NULL),
	('other/unknown', 'surrogacy', 'narrower', NULL),
	('other/unknown', 'child_labour', 'narrower', NULL),
	('other/unknown', 'military', 'narrower', NULL)) AS v;

INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, note, is_local)
SELECT 'ISO 5218', '2022', 'sex', 'sex', v.*, false FROM (VALUES
	('1', 'male'::text, 'exact', NULL::text),
	('2', 'female', 'exact', NULL),
	('0', 'unknown', 'exact', NULL),
	('9', 'not_applicable', 'exact', NULL)) AS v;

-- Variables that hold our codes as they are.
INSERT INTO tip.code_map (scheme, scheme_version, variable, list, scheme_code, code, relation, is_local)
SELECT v.scheme, v.version, v.variable, v.list, c.code, c.code, 'exact', false
FROM (VALUES ('CTDC', '2017', 'citizenship', 'country'),
	('CTDC', '2017', 'CountryOfExploitation', 'country'),
	('CTDC', '2017', 'yearOfRegistration', 'calendar_year'),
	('HTCDS', '2.0', 'prs_Citizenship', 'country'),
	('HTCDS', '2.0', 'prs_PrimaryLanguage', 'language')) AS v(scheme, version, variable, list)
JOIN tip.code_list AS c ON c.list = v.list AND c.number <= 1018
WHERE v.list <> 'calendar_year' OR c.code >= '2002';
