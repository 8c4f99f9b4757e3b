-- Crosswalk: what somebody sees who imports or exports.
\set SHOW_CONTEXT never

SELECT tip.from_scheme('HTCDS', 'vic_TypeOfExploitation', 'ForcedLabour') AS from_htcds,
       tip.to_scheme('exploitation_form', 'debt_bondage', 'HTCDS') AS to_htcds,
       tip.to_scheme('exploitation_form', 'debt_bondage', 'ICCS') AS to_iccs;
SELECT * FROM tip.scheme_codes('exploitation_form', 'slavery_like', 'HTCDS');
SELECT * FROM tip.scheme_codes('exploitation_form', 'slavery_like', 'CTDC');
-- why there is no translation
SELECT tip.from_scheme('CTDC', 'isSexAndLabour', '1');
SELECT note FROM tip.code_map
WHERE scheme = 'CTDC' AND variable = 'isSexAndLabour' AND scheme_code = '1';
-- a mistake in a name is none of data
SELECT tip.from_scheme('CTDC', 'Gender', 'Male', 'sex');
SELECT tip.from_scheme('CTDC', 'gender', 'Male');
INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
VALUES ('PRMIS', '3', 'sx', 'M', 'sex', 'mann', 'exact');
INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, relation)
VALUES ('PRMIS', '3', 'sx', 'U', 'sex', 'unmapped');
-- the country's own codes
BEGIN;
INSERT INTO tip.code_map (scheme, scheme_version, variable, scheme_code, list, code, relation)
VALUES ('PRMIS', '3', 'sx', 'M', 'sex', 'male', 'exact'),
       ('PRMIS', '3', 'sx', 'F', 'sex', 'female', 'exact');
SELECT s, tip.from_scheme('PRMIS', 'sx', s)::tip.sex FROM unnest('{M,F,X}'::text[]) AS s;
ROLLBACK;
