-- Codes: what people read.

CREATE FUNCTION tip.in_branch(code tip.subdivision, parent tip.country)
RETURNS bool
AS 'MODULE_PATHNAME', 'tip_code_in_branch'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.in_branch(tip.subdivision, tip.country) IS
'true where a subdivision belongs to a country';

CREATE FUNCTION tip.is_mixed(codes tip.country[]) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_array_is_mixed'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.is_mixed(tip.country[]) IS
'true where a missing code, or ZZ, stands beside a country; a set of codes refuses that by itself';

CREATE FUNCTION tip.is_unique(codes tip.country[]) RETURNS bool
AS 'MODULE_PATHNAME', 'tip_array_is_unique'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tip.is_unique(tip.country[]) IS
'true where no country stands twice; NULL for more than 1000';

CREATE FUNCTION tip.are_current(at date, VARIADIC codes "any") RETURNS bool
AS 'MODULE_PATHNAME', 'tip_are_current'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION tip.are_current(date, "any") IS
'true where every code, of codes, sets and arrays of codes, is known and was not retired on a day; NULL where the day is not known';

CREATE VIEW tip.code_list AS
SELECT list, number, code, parent, rank, en AS label, source, retired_on, retired_note
FROM tip_impl.code_lists();
COMMENT ON VIEW tip.code_list IS
'every code of every list, with its English label; the four missing codes are in each';
COMMENT ON COLUMN tip.code_list.list IS 'name of the list, which is the name of its type in schema tip';
COMMENT ON COLUMN tip.code_list.number IS 'stored number, never reused';
COMMENT ON COLUMN tip.code_list.code IS 'what input accepts and output prints';
COMMENT ON COLUMN tip.code_list.parent IS 'code above this one, if the list is a hierarchy';
COMMENT ON COLUMN tip.code_list.rank IS 'place in the list as people read it';
COMMENT ON COLUMN tip.code_list.label IS 'English label';
COMMENT ON COLUMN tip.code_list.source IS 'standard that the code comes from';
COMMENT ON COLUMN tip.code_list.retired_on IS 'first day on which the code is not used for new records any more; empty: in use';
COMMENT ON COLUMN tip.code_list.retired_note IS 'what to use in its place';

CREATE VIEW tip.code_label AS
SELECT c.list, c.code, l.language, coalesce(l.label, c.en) AS label,
       l.label IS NOT NULL AS is_translated
FROM tip_impl.code_lists() AS c,
     LATERAL (VALUES ('en', c.en), ('es', c.es), ('fr', c.fr), ('nl', c.nl),
                     ('ht', c.ht)) AS l(language, label);
COMMENT ON VIEW tip.code_label IS
'labels of every code in English, Spanish, French, Dutch and Haitian Creole';
COMMENT ON COLUMN tip.code_label.list IS 'name of the list';
COMMENT ON COLUMN tip.code_label.code IS 'the code';
COMMENT ON COLUMN tip.code_label.language IS 'en, es, fr, nl or ht';
COMMENT ON COLUMN tip.code_label.label IS 'label; English where there is no translation';
COMMENT ON COLUMN tip.code_label.is_translated IS 'false where the English label stands in';

CREATE VIEW tip.list AS
SELECT list, list_number, is_settable, title, source
FROM tip_impl.list_titles();
COMMENT ON VIEW tip.list IS 'the code lists themselves';
COMMENT ON COLUMN tip.list.list IS 'name of the list, which is the name of its type in schema tip';
COMMENT ON COLUMN tip.list.list_number IS 'stored number of the list';
COMMENT ON COLUMN tip.list.is_settable IS 'true where a type tip.<list>_set exists';
COMMENT ON COLUMN tip.list.title IS 'English title';
COMMENT ON COLUMN tip.list.source IS 'standard that the list comes from';

CREATE FUNCTION tip_impl.indicator_weights(OUT indicator text,
	OUT dimension int4, OUT profile text, OUT weight text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'tip_indicator_weights'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE VIEW tip.indicator_weight AS
SELECT indicator::tip.indicator, dimension, profile::tip.screening_profile, weight
FROM tip_impl.indicator_weights();
COMMENT ON VIEW tip.indicator_weight IS
'weights of the ILO/EC operational indicators (Delphi 2009), by the instrument they are scored for';
COMMENT ON COLUMN tip.indicator_weight.indicator IS 'indicator';
COMMENT ON COLUMN tip.indicator_weight.dimension IS
'1 deceptive recruitment, 2 coercive recruitment, 3 recruitment by abuse of vulnerability, 4 exploitative conditions, 5 coercion at destination, 6 abuse of vulnerability at destination';
COMMENT ON COLUMN tip.indicator_weight.profile IS
'adult or child, labour; the sets for sexual exploitation weigh differently and are not shipped';
COMMENT ON COLUMN tip.indicator_weight.weight IS 'strong, medium or weak';
GRANT SELECT ON tip.indicator_weight TO PUBLIC;
