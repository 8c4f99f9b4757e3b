-- One spelling of an identifier: what is the same person and what is not.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.c(kind text, value text) RETURNS text LANGUAGE sql AS
$$ SELECT tip_impl.canonical(kind, value) $$;

-- the same, or why not
CREATE FUNCTION pg_temp.tried(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN tip_impl.canonical('person_name', value);
EXCEPTION WHEN OTHERS THEN
	RETURN sqlerrm;
END $$;

-- names: a pair, and whether it is one name
CREATE TEMP TABLE pair (origin text, a text, b text, same boolean);
INSERT INTO pair VALUES
-- Spanish
('Spanish', 'MARÍA DEL CARMEN RODRÍGUEZ PÉREZ', 'Rodriguez Perez, Maria del Carmen', true),
('Spanish', 'Ma. del Carmen Rodríguez', 'María del Carmen Rodriguez', true),
('Spanish', 'Mª del Carmen Rodríguez', 'Maria del Carmen Rodríguez', true),
('Spanish', 'Ana de la Cruz', 'DE LA CRUZ, Ana', true),
('Spanish', 'Ana de la Cruz', 'Ana Cruz', false),
('Spanish', 'Ana Núñez', 'Ana Nunez', true),
('Spanish', 'Ana Pérez Rodríguez', 'Ana Rodríguez Pérez', true),
('Spanish', 'Ana Pérez Rodríguez', 'Ana Pérez', false),
('Spanish', 'Ana Pérez viuda de Soto', 'Ana Pérez de Soto', false),
-- Haitian and Saint Lucian
('Haitian', 'Jean Baptiste PIERRE', 'PIERRE, Jean-Baptiste', true),
('Haitian', 'Jean Baptiste PIERRE', 'Pierre Jn Baptiste', true),
('Haitian', 'Jn. Bte Pierre', 'Jean-Baptiste Pierre', true),
('Haitian', 'Marie St-Fleur', 'Marie Saint Fleur', true),
('Haitian', 'Marie St. Fleur', 'SAINTE FLEUR Marie', true),
('Haitian', 'Marie Ste Rose', 'Marie Sainte-Rose', true),
('Haitian', 'Jean Saint-Pierre', 'Pierre Saint-Jean', false),
('Haitian', 'Jozef Mari', 'Joseph Marie', false),
('Haitian', 'Éloïse Désir', 'Eloise DESIR', true),
('Saint Lucian', 'Jn Pierre, Lucia', 'Lucia Jean Pierre', true),
-- Indo-Caribbean
('Indo-Caribbean', 'Anil Singh Persad', 'PERSAD Anil Singh', true),
('Indo-Caribbean', 'Mohammed Ali', 'Mohamed Ali', false),
('Indo-Caribbean', 'Anil Persad', 'Anil Prasad', false),
-- Chinese and Dutch
('Chinese', 'WANG Xiao Ming', 'Xiao-Ming Wang', true),
('Chinese', 'Ma Li', 'Maria Li', false),
('Chinese', 'MA Li', 'Li Ma', true),
('Chinese', U&'\738B\5C0F\660E', U&'\738B\5C0F\660E', true),
('Chinese', U&'\738B\5C0F\660E', U&'\738B\5C0F\7EA2', false),
('Chinese', U&'\FF37ang\3000\FF2Ci', 'Wang Li', true),
('Dutch', 'Jan van der Berg', 'VAN DER BERG, Jan', true),
('Dutch', 'Jan van der Berg', 'Jan Berg', false),
('Dutch', U&'Jan van \0132sel', 'Jan van IJsel', true),
-- English
('English', 'Mc Donald, Ana', 'Ana McDonald', true),
('English', 'Ana MacDonald', 'Ana McDonald', false),
('English', 'Ana O''Neil', U&'ONeil Ana', true),
('English', U&'O\2019 Neil, Ana', U&'Ana O\02BCNeil', true),
('English', 'Ana D`Souza', U&'Ana D\00B4Souza', true),
('English', 'Smith-Jones', 'Jones Smith', true),
('English', 'Ana', 'Ana Ana', false),
-- letters
('letters', U&'Jos\00E9', U&'Jose\0301', true),
('letters', U&'A\00ADn\200Ba\200E', 'Ana', true),
('letters', U&'STRASSE', U&'Stra\00DFe', true),
('letters', U&'\0141ukasz \00D8rsted \00C6be', 'lukasz orsted aebe', true),
('letters', U&'\0130nci I\015F\0131k', 'Inci Isik', true),
('letters', U&'\FB03', 'ffi', true),
('letters', U&'\0410\043D\043D\0430', U&'\0430\043D\043D\0430', true),
('letters', U&'\0399\03C9\03AC\03BD\03BD\03B7\03C2', U&'\0399\03A9\0391\039D\039D\0397\03A3', true),
('letters', U&'\0627\062D\0645\062F', U&'\0623\062D\0645\062F', true),
('letters', U&'\00D1', U&'N\0303', true),
('letters', U&'\FEDF\FE92\FEE8\FEF0', U&'\0644\0628\0646\0649', true),
('letters', U&'\0639\FEFC', U&'\0639\0644\0627', true),
('letters', U&'\212Aim \212Bsa', 'Kim Asa', true),
('letters', U&'Juan \2162', 'Juan III', true),
('letters', U&'\+01D4D0\+01D4F7\+01D4EA', 'Ana', true);
SELECT ok((pg_temp.c('person_name', a) = pg_temp.c('person_name', b)) = same,
	format('%s: %s, %s', origin, a, b)) FROM pair;
SELECT is(pg_temp.c('person_name', v), want, v) FROM (VALUES
	('Jean Baptiste PIERRE', 'baptiste jean pierre'),
	('Saint', 'saint'),
	('Saint, St, Ana', 'ana saint'),
	('Saint E.', 'e saint'),
	('Ana Mc', 'ana'),
	('de la Cruz', 'cruz de la')) AS t(v, want);

-- the other kinds
SELECT is(pg_temp.c(kind, v), want, kind || ' ' || v) FROM (VALUES
	('passport', 'AB-12 34/O0', 'ab1234o0'),
	('national_id', '001-0012345-6', '00100123456'),
	('national_id', U&'\FF10\0661\06F2', '012'),
	('national_id', U&'1\2075\2086', '156'),
	('phone', '+1 246 555 0100', '+12465550100'),
	('phone', '1 (246) 555-0100', '+12465550100'),
	('phone', '(246) 555.0100', '+12465550100'),
	('phone', '246-155-0100', '2461550100'),
	('phone', '212 555 0100', '2125550100'),
	('phone', '1 212 555 0100', '+12125550100'),
	('phone', '011 597 412-3456', '+5974123456'),
	('phone', '011 44 20 7946 0000', '+442079460000'),
	('phone', '00 597 412 345', '+597412345'),
	('phone', '+597 412 345', '+597412345'),
	('phone', '412 345', '412345'),
	('birth_date', '1998', '1998'),
	('birth_date', '1998-01-01', '1998'),
	('birth_date', '1998-01-01?', '1998'),
	('birth_date', '1998-01', '1998-01'),
	('birth_date', ' 1998-05-17~ ', '1998-05-17'),
	('composite', '{"birth_date": "1998-01-01", "person_name": "ANA"}',
		'{"person_name": "ana", "birth_date": "1998"}')) AS t(kind, v, want);

-- what is refused, and with which state
SELECT throws_ok(format('SELECT tip_impl.canonical(%L, %s)', kind, v), state, NULL,
	format('%s of %s', state, what))
FROM (VALUES ('person_name', $$''$$, '22023', 'an empty name'),
	('person_name', $$' - '''' , '$$, '22023', 'a name of signs'),
	('person_name', $$'Mc'$$, '22023', 'a prefix alone'),
	('person_name', $$U&'\0301\200B'$$, '22023', 'marks alone'),
	('person_name', $$E'a\x07'$$, '22021', 'a control character'),
	('person_name', $$U&'a\0080'$$, '22021', 'another control character'),
	('person_name', $$U&'a\E000'$$, '22021', 'private use'),
	('person_name', $$U&'a\FFFD'$$, '22021', 'a failed conversion'),
	('person_name', $$U&'a\+0E0041'$$, '22021', 'tags'),
	('person_name', $$repeat('a', 1001)$$, '22001', 'a long name'),
	('person_name', $$repeat('a', 1000000)$$, '22001', 'a name of a megabyte'),
	('person_name', $$repeat('bte ', 250)$$, NULL, 'many abbreviations'),
	('phone', $$'246 555 0100 ext 5'$$, '22023', 'an extension'),
	('phone', $$'+'$$, '22023', 'a plus sign'),
	('phone', $$'1+2'$$, '22023', 'a plus sign inside'),
	('phone', $$repeat('1', 21)$$, '22023', 'too many digits'),
	('birth_date', $$'1998-13'$$, '22007', 'a month that is none'),
	('birth_date', $$'17/05/1998'$$, '22007', 'another notation'),
	('birth_date', $$repeat('1', 900)$$, '22007', 'a long date'),
	('passport', $$'--'$$, '22023', 'an empty passport'),
	('nickname', $$'Ana'$$, '22023', 'an unknown kind'),
	('composite', $$'{"person_name": "Ana"}'$$, '22023', 'one part'),
	('composite', $$'{"person_name": "Ana", "x": "1"}'$$, '22023', 'an unknown part'),
	('composite', $$'{"person_name": "Ana", "phone": 1}'$$, '22023', 'a number'),
	('composite', $$'{"person_name": "Ana", "phone": null}'$$, '22023', 'null'),
	('composite', $$'{"person_name": "Ana", "composite": "x"}'$$, '22023', 'itself'),
	('composite', $$'["person_name", "phone"]'$$, '22023', 'an array'),
	('composite', $$'{"person_name": "Ana", '$$, '22023', 'half an object'),
	('composite', $$repeat('[', 1000)$$, '22023', 'depth'),
	('composite', $$''$$, '22023', 'nothing')) AS t(kind, v, state, what)
WHERE state IS NOT NULL;
SELECT is(length(pg_temp.c('person_name', repeat('bte ', 250))), 250 * 9 - 1,
	'abbreviations grow');
SELECT is(length(pg_temp.c('person_name', repeat('a,', 500))), 999, 'many words');

-- what it gives is its own spelling, for words of all pieces
CREATE TEMP TABLE piece (i serial, p text);
INSERT INTO piece (p) SELECT unnest(ARRAY['St', 'Ste', 'saint', 'Sainte', 'e', 'E.', 'Mc',
	'mc', 'Mac', 'O''', 'D''', 'Ma.', 'Ma', 'Jn', 'Bte', ',', '-', ' ', '.', '''', 'de', 'la',
	U&'\00AA', 'M', U&'\00DF', U&'\0149', U&'\01C4', U&'\FB05', U&'e\0301', U&'\00AD',
	U&'\3000', U&'\738B', U&'\F900', U&'\FA6C', U&'\0130', '1', '"', U&'\2019', U&'\00B7',
	U&'\1F9C', U&'\0344', U&'\0675']);
CREATE FUNCTION pg_temp.again(value text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	once text;
BEGIN
	BEGIN
		once := tip_impl.canonical('person_name', value);
	EXCEPTION WHEN invalid_parameter_value THEN
		RETURN true;
	END;
	RETURN tip_impl.canonical('person_name', once) = once;
END $$;
CREATE TEMP TABLE generated AS
SELECT (SELECT string_agg((SELECT p FROM piece
			WHERE piece.i = 1 + (abs(hashint8(n * 64 + k)) % 42)),
		CASE WHEN hashint8(n) % 2 = 0 THEN ' ' ELSE '' END ORDER BY k)
	FROM generate_series(1, 2 + n % 9) AS k) AS v
FROM generate_series(1, 6000) AS n;
SELECT is_empty('SELECT v FROM generated WHERE NOT pg_temp.again(v)',
	'a canonical name is its own canonical name');
SELECT is_empty($$SELECT c FROM (SELECT chr(c) AS v, c
	FROM (SELECT generate_series(33, 55295) UNION ALL SELECT generate_series(63744, 64975)
		UNION ALL SELECT generate_series(65008, 65519)) AS t(c)
	WHERE c NOT BETWEEN 127 AND 159) AS t
	WHERE NOT pg_temp.again(v)$$, 'nor has any letter two forms');
SELECT is_empty($$SELECT c FROM (SELECT chr(c) AS v, c FROM
	(SELECT generate_series(192, 591) UNION ALL SELECT generate_series(7680, 7935)
		UNION ALL SELECT generate_series(8304, 8348) UNION ALL SELECT generate_series(8544, 8575)
		UNION ALL SELECT generate_series(64256, 64262) UNION ALL SELECT generate_series(64336, 64445)
		UNION ALL SELECT generate_series(65136, 65276) UNION ALL SELECT generate_series(65296, 65370)
		UNION ALL SELECT generate_series(119808, 120779)) AS t(c)
	WHERE chr(c) ~ '[[:alnum:]]' AND c NOT IN (319, 320)) AS t
	WHERE normalize(v, NFKC) !~ '[[:space:]]'
	AND pg_temp.tried(v) <> pg_temp.tried(lower(normalize(v, NFKC)))$$,
	'compatible and composed letters are as core normalizes them');
SELECT is_empty($$SELECT c FROM (SELECT chr(c) AS v, c FROM generate_series(192, 591) AS t(c)
	WHERE c NOT IN (215, 247)) AS t
	WHERE pg_temp.tried(v) <> pg_temp.tried(normalize(v, NFD))$$,
	'composed and decomposed Latin letters agree');
SELECT is_empty($$SELECT c FROM (SELECT chr(c) AS v, c FROM
	(SELECT generate_series(7680, 7935) UNION ALL SELECT generate_series(902, 1019)
		UNION ALL SELECT generate_series(1024, 1119) UNION ALL SELECT generate_series(1569, 1610)
		UNION ALL SELECT generate_series(63744, 64217)) AS t(c)
		WHERE c NOT IN (903, 907, 909, 930)) AS t
	WHERE c <> 1600
	AND pg_temp.tried(v) <> pg_temp.tried(normalize(v, NFD))$$,
	'so do Vietnamese, Greek, Cyrillic, Arabic and compatible Chinese ones');

-- no junk crashes or is shown
CREATE FUNCTION pg_temp.junk(kind text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	context text;
BEGIN
	RETURN CASE WHEN tip_impl.canonical(kind, value) IS NULL THEN 'null' END;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN strpos(sqlerrm || detail, value) > 0 THEN 'shown' END;
END $$;
SELECT is_empty($$SELECT n FROM generate_series(1, 3000) AS n,
	LATERAL (SELECT 'Planted' || string_agg(chr(1 + abs(hashint8(n * 99 + k)) %
		CASE n % 3 WHEN 0 THEN 127 WHEN 1 THEN 1500 ELSE 55000 END), '') AS v
		FROM generate_series(1, 1 + n % 40) AS k) AS t,
	unnest(ARRAY['person_name', 'passport', 'phone', 'birth_date', 'composite']) AS kind
	WHERE pg_temp.junk(kind, v) IS NOT NULL$$, 'junk is refused without being shown');

SELECT * FROM finish();
ROLLBACK;
