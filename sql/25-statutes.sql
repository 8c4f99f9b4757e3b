-- Statutes: the sections that are charged, as rows of a national dictionary.

CREATE TABLE tip.statute (
	statute_id   text CONSTRAINT statute_pkey PRIMARY KEY
	             CONSTRAINT statute_id_spelling CHECK (statute_id ~ '^[A-Z]{2}-[A-Z0-9()-]+$'),
	country      tip.country NOT NULL,
	act          text NOT NULL,
	section      text,
	title        text NOT NULL,
	victim_class tip.age_status,
	min_months   int CONSTRAINT statute_min CHECK (min_months >= 0),
	max_months   int CONSTRAINT statute_max CHECK (max_months >= min_months),
	allows_life  boolean NOT NULL DEFAULT false,
	min_fine     numeric CONSTRAINT statute_min_fine CHECK (min_fine >= 0),
	max_fine     numeric CONSTRAINT statute_max_fine CHECK (max_fine >= min_fine),
	currency     text CONSTRAINT statute_currency CHECK (currency ~ '^[A-Z]{3}$'),
	fine_alone   boolean,
	fine_alone_to date,
	in_force_from date,
	in_force_to  date CONSTRAINT statute_in_force CHECK (in_force_to >= in_force_from),
	note         text,
	is_local     boolean NOT NULL DEFAULT true
);
SELECT pg_catalog.pg_extension_config_dump('tip.statute', 'WHERE is_local');
GRANT SELECT ON tip.statute TO PUBLIC;
COMMENT ON TABLE tip.statute IS
'sections of law that a justice step may name; penalties as far as they are known';
COMMENT ON COLUMN tip.statute.statute_id IS 'country and section, such as TT-16; other law of a country is XX-OTHER';
COMMENT ON COLUMN tip.statute.country IS 'country (ISO 3166-1)';
COMMENT ON COLUMN tip.statute.act IS 'act';
COMMENT ON COLUMN tip.statute.section IS 'section; empty where only the act is known';
COMMENT ON COLUMN tip.statute.title IS 'offence';
COMMENT ON COLUMN tip.statute.victim_class IS 'adult or minor victims; empty for any';
COMMENT ON COLUMN tip.statute.min_months IS 'least imprisonment in months';
COMMENT ON COLUMN tip.statute.max_months IS 'most imprisonment in months; empty if unknown or for life';
COMMENT ON COLUMN tip.statute.allows_life IS 'imprisonment for life is possible';
COMMENT ON COLUMN tip.statute.min_fine IS 'least fine';
COMMENT ON COLUMN tip.statute.max_fine IS 'most fine';
COMMENT ON COLUMN tip.statute.currency IS 'currency of the fine (ISO 4217)';
COMMENT ON COLUMN tip.statute.fine_alone IS 'a fine may stand in the place of imprisonment; empty if unknown';
COMMENT ON COLUMN tip.statute.fine_alone_to IS 'last day on which it could, where it no longer may; empty if it never could or is unknown';
COMMENT ON COLUMN tip.statute.in_force_from IS 'first day in force; empty if not established';
COMMENT ON COLUMN tip.statute.in_force_to IS 'last day in force';
COMMENT ON COLUMN tip.statute.note IS 'what is doubtful, or changed';
COMMENT ON COLUMN tip.statute.is_local IS 'true for a row of this installation, which is dumped';

INSERT INTO tip.statute (statute_id, country, act, section, title, victim_class,
	min_months, max_months, allows_life, min_fine, max_fine, currency,
	fine_alone, fine_alone_to, in_force_from, note, is_local) VALUES
	('TT-14', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '14', 'obstructing the unit', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('TT-16', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '16', 'trafficking in persons', 'adult', 180, NULL, false, 500000, NULL, 'TTD', false, NULL, NULL, NULL, false),
	('TT-17', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '17', 'inciting or organising trafficking', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('TT-18', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '18', 'trafficking in children', 'minor', 240, NULL, false, 1000000, NULL, 'TTD', false, NULL, NULL, 'the number of the section is not confirmed', false),
	('TT-23', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '23', 'transporting for prostitution', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, '144 months, and 144 more if aggravated; whether least or most is not confirmed', false),
	('TT-25', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '25', 'receiving a benefit of trafficking', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('TT-26', 'TT', 'Trafficking in Persons Act, Ch. 12:10', '26', 'receiving a benefit of trafficking', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('TT-OTHER', 'TT', 'other law', NULL, 'conspiracy, Sexual Offences Act, earlier law', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('BB-3', 'BB', 'Trafficking in Persons Prevention Act 2016', '3', 'trafficking in persons', 'adult', NULL, 300, false, NULL, 1000000, 'BBD', true, NULL, '2016-06-09', NULL, false),
	('BB-4', 'BB', 'Trafficking in Persons Prevention Act 2016', '4', 'trafficking in children', 'minor', NULL, NULL, true, NULL, 2000000, 'BBD', true, NULL, '2016-06-09', NULL, false),
	('BB-OTHER', 'BB', 'other law', NULL, 'conspiracy, sexual offences, earlier law', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('LC-ADULT', 'LC', 'Counter-Trafficking Act 2010', NULL, 'trafficking in persons', 'adult', NULL, 60, false, NULL, 100000, 'XCD', false, '2021-12-31', NULL, 'until 2021 a fine in the place of imprisonment; neither the day nor the number of the section is confirmed', false),
	('LC-CHILD', 'LC', 'Counter-Trafficking Act 2010', NULL, 'trafficking in children', 'minor', NULL, 120, false, NULL, NULL, NULL, false, '2021-12-31', NULL, 'and 60 months under section 10; the number of the section is not confirmed', false),
	('LC-10', 'LC', 'Counter-Trafficking Act 2010', '10', 'aggravation of a sentence', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, 'months that are added are those of the list aggravating_factor', false),
	('LC-OTHER', 'LC', 'other law', NULL, 'conspiracy, sexual offences, earlier law', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-13', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '13', 'trafficking in persons', 'adult', NULL, 240, false, NULL, 400000, 'XCD', false, '2018-12-31', NULL, 'since 2018 both are mandatory; the day is not confirmed', false),
	('AG-14', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '14', 'directing or conspiring', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-15', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '15', 'trafficking in children', 'minor', NULL, 300, false, NULL, NULL, 'XCD', NULL, NULL, NULL, 'sources disagree on the fine: 600000 or 1000000', false),
	('AG-16', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '16', 'aggravating factors', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-17', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '17', 'debt bondage', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-18', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '18', 'using the services of a trafficked person', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-21', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '21', 'fraudulent documents', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-22', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '22', 'destroying or confiscating documents', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-23', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '23', 'recruiting', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-24', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '24', 'providing facilities or advertising', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-25', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '25', 'providing services', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-26', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '26', 'harbouring', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-27', 'AG', 'Trafficking in Persons (Prevention) Act 2010', '27', 'owning a conveyance', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false),
	('AG-OTHER', 'AG', 'other law', NULL, 'conspiracy, sexual offences, earlier law', NULL, NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false);
