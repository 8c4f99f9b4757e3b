# A dump holds everything a country has added, and a restore brings it back to
# a server where only the extension's files are installed.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');

sub new_server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
	my $key = $node->basedir . '/test.key';
	system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
	$node->start;
	return $node;
}

# The values that fill a column of a type: one that is not empty.
my $fill = q{
CREATE FUNCTION pg_temp.filler(col text, type regtype) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	of_list text := regexp_replace(type::text, '^tip\.|_set$|\[\]$', '', 'g');
	found text;
BEGIN
	-- what the rules ask for
	SELECT v.text INTO found FROM (VALUES ('forms', '{sex}'), ('main_form', 'sex'),
		('birth_year', '1977'), ('retention_until', '2034-02-28'), ('age_basis', 'stated'),
		('age', '20'), ('age_at_entry', '20'), ('age_at_exploitation', '20'),
		('age_at_identification', '20'), ('person_kind', 'natural'), ('form', 'sex'),
		('is_intended_only', 'false')) AS v(name, text)
	WHERE v.name = col;
	IF found IS NOT NULL THEN
		RETURN quote_literal(found);
	END IF;
	IF type::text NOT LIKE 'tip.%' THEN
		RETURN CASE type::text WHEN 'text' THEN $q$'a "b" \ é|NULL'$q$
			WHEN 'boolean' THEN 'true' WHEN 'date' THEN $q$'2024-02-29'$q$
			WHEN 'numeric' THEN '12.50' ELSE '7' END;
	END IF;
	IF type::text = 'tip.partial_date' THEN
		RETURN $q$'1998-05~'$q$;
	END IF;
	SELECT c.code INTO found FROM tip.code_list AS c
	WHERE c.list = of_list AND c.number < 1019 ORDER BY c.number DESC LIMIT 1;
	IF of_list = 'country' THEN
		SELECT left(c.code, 2) INTO found FROM tip.code_list AS c
		WHERE c.list = 'subdivision' AND c.number < 1019 ORDER BY c.number DESC LIMIT 1;
	END IF;
	IF type::text LIKE '%\_set' OR type::text LIKE '%[]' THEN
		found := '{' || found || '}';
	END IF;
	RETURN quote_literal(found);
END $$;

-- two rows a table: one with every column, one with none but the key where the
-- rules ask for nothing
DO $$
DECLARE
	t record;
	names text;
	vals text;
BEGIN
	FOR t IN SELECT * FROM (VALUES (1, 'reporting_entity'), (2, 'event'), (3, 'victim'),
		(4, 'perpetrator'), (5, 'victimization'), (6, 'involvement'), (7, 'exploitation'),
		(8, 'screening'), (9, 'screening_answer'), (10, 'status_decision'), (11, 'referral'),
		(12, 'assistance'), (13, 'justice_step'), (14, 'sentence'), (15, 'movement')) AS v(o, name)
		ORDER BY o LOOP
		SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal),
			string_agg(CASE WHEN refers_to IS NULL
				THEN pg_temp.filler(column_name, split_part(type, ' ', 1)::regtype)
				ELSE format('(SELECT min(%I::text)::uuid FROM :S.%I)', refers_to || '_id', refers_to)
				END, ', ' ORDER BY ordinal)
		INTO names, vals
		FROM tip.model_element WHERE table_name = t.name AND column_name <> ':P';
		IF ':P' <> '' AND t.name NOT IN ('reporting_entity', 'victim', 'perpetrator') THEN
			names := concat_ws(', ', ':P', names);
			vals := concat_ws(', ', ':V', vals);
		END IF;
		EXECUTE format('INSERT INTO :S.%I (%s) VALUES (%s)', t.name, names, vals);
		IF ':P' = '' AND t.name NOT IN ('exploitation', 'screening_answer', 'status_decision',
			'assistance', 'justice_step', 'sentence') THEN
			EXECUTE format('INSERT INTO :S.%I DEFAULT VALUES', t.name);
		END IF;
	END LOOP;
END $$;
};

sub fill_model
{
	my ($node, $db, $schema, $part, $value) = @_;
	my $sql = $fill;
	$sql =~ s/:S\b/$schema/g;
	$sql =~ s/:P\b/$part/g;
	$sql =~ s/:V\b/$value/g;
	$node->safe_psql($db, $sql);
}

# What pg_dump says of a database, without what differs from run to run.
sub catalogue
{
	my ($node, $db) = @_;
	my ($out, $err) = run_command(
		[ 'pg_dump', '--schema-only', '-d', $node->connstr($db) ]);
	is($err, '', "$db: the schema is dumped without a word");
	$out =~ s/^\\(un)?restrict .*$//mg;
	return $out;
}

# Every row of every table of user, including the catalogues' local rows.
sub content
{
	my ($node, $db) = @_;
	my @tables = split /\n/, $node->safe_psql($db, q{
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND (n.nspname IN ('tip_data', 'by_country', 'tip_public')
		   OR c.oid IN (SELECT unnest(extconfig) FROM pg_extension))
		ORDER BY 1});
	my $all = '';
	foreach my $table (@tables)
	{
		$all .= "-- $table\n"
		  . $node->safe_psql($db, "SELECT t::text FROM $table AS t ORDER BY 1") . "\n";
	}
	return ($all, scalar @tables);
}

my $old = new_server('old');
$old->safe_psql('postgres', 'CREATE DATABASE before');
$old->safe_psql('before',
	'CREATE EXTENSION tip_module; SELECT tip.create_model();'
	  . "SELECT tip.create_model('by_country', partition_by => 'country');");
fill_model($old, 'before', 'tip_data', '', '');

# what a country adds
$old->safe_psql('before', q{
	CREATE TABLE by_country.event_bb PARTITION OF by_country.event FOR VALUES IN ('BB');
	CREATE TABLE by_country.victimization_bb PARTITION OF by_country.victimization
		FOR VALUES IN ('BB');
	ALTER TABLE tip_data.event ADD unit_note text DEFAULT 'ours', ADD unit_country tip.country;
	CREATE INDEX event_unit_note ON tip_data.event (unit_note, unit_country);
	ALTER TABLE tip_data.victim ENABLE ROW LEVEL SECURITY;
	CREATE POLICY adults ON tip_data.victim
		USING (age_status_at_identification = 'adult');
	CREATE FUNCTION tip_data.ours() RETURNS trigger LANGUAGE plpgsql
		AS $$ BEGIN NEW.unit_note := 'by trigger'; RETURN NEW; END $$;
	CREATE TRIGGER ours BEFORE INSERT ON tip_data.event
		FOR EACH ROW EXECUTE FUNCTION tip_data.ours();
	ALTER TABLE tip_data.victimization ALTER acts SET STATISTICS 500;
	SELECT tip.create_text_views();
	INSERT INTO tip_data.victim_pseudonym (victim_id, pseudonym)
	SELECT victim_id, tip.pseudonymize('person_name', 'Planted Name', 'police')
	FROM tip_data.victim;
});
# codes that are retired, and one that a later version has added, which rules
# refuse for a new record and a restore must keep
$old->safe_psql('before', q{
	SET session_replication_role = replica;
	INSERT INTO tip_data.victim (citizenship, recorded_on) VALUES ('{AN,YU}', '2024-05-01');
	INSERT INTO tip_data.victim (sex, recorded_on) VALUES ('#900', '2024-05-01');
});
is($old->safe_psql('before', q{SELECT count(*) FROM tip.check_table('tip_data.victim')
	WHERE rule = 'X08_VICTIM'}), '2', 'two records have codes that are not current');
# a rule over the whole case, ours (J01) and a user's own, deferred to the
# commit, that a restore must not trip
$old->safe_psql('before', q{
	WITH e AS (
		INSERT INTO tip_data.event (jurisdiction, provenance) VALUES ('TT', 'live') RETURNING *),
	i AS (
		INSERT INTO tip_data.involvement (event_id) SELECT event_id FROM e RETURNING *)
	INSERT INTO tip_data.justice_step (event_id, involvement_id, step)
	SELECT event_id, involvement_id, step
	FROM i, unnest('{charged,convicted}'::tip.justice_step_kind[]) AS step;
});
$old->safe_psql('before', q{
	CREATE FUNCTION tip_data.case_needs_victim() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NOT EXISTS (SELECT FROM tip_data.victimization) THEN
			RAISE check_violation USING MESSAGE = 'no victim';
		END IF;
		RETURN NULL;
	END $$;
	CREATE CONSTRAINT TRIGGER case_needs_victim AFTER INSERT OR UPDATE ON tip_data.event
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
		EXECUTE FUNCTION tip_data.case_needs_victim();
});
fill_model($old, 'before', 'by_country', 'jurisdiction', q{''BB''});
is($old->safe_psql('before', 'SELECT count(*) FROM by_country.event_bb'),
	'1', 'the added partition has a row');

# local rows in every catalogue that a dump carries
my @local = (
	q{INSERT INTO tip.population (country, year, persons, source) VALUES ('BB', 2024, 280000, 'invented')},
	q{INSERT INTO tip.dictionary (dictionary, number, code, label) VALUES ('agency', 1, 'ctu', 'Unit')},
	q{INSERT INTO tip.domain (id, name, title) VALUES (100, 'border', 'Border guard')},
	q{INSERT INTO tip.policy (id, title, threshold, audience) VALUES ('ours', 'ours', 10, 'public')},
	q{INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source)
	  VALUES ('ours', 'ours', 'event', 'recorded', 'none', '{case_stage}',
	  'SELECT 2023 AS year, case_stage::text FROM %1$I.event')},
	q{INSERT INTO tip.release_plan (id, title, measure, policy, years)
	  VALUES ('ours', 'ours', 'ours', 'ours', 1)},
	q{INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions)
	  VALUES ('ours', 'ours', 1, 'Ours', '{case_stage}')},
	q{SELECT tip.publish('ours', 2023)},
	q{INSERT INTO tip.minimum_element (entity, column_name, standard) VALUES ('event', 'hotspot', 'ours')},
);
push @local, q{INSERT INTO tip.rule (id, entity, columns, severity, predicate, message_en)
	VALUES ('LOCAL01', 'event', '{local_ref}', 'warning', 'local_ref IS NOT NULL', 'no reference')},
  q{INSERT INTO tip.rule_override (rule, why) VALUES ('LOCAL01', 'for the test')}
  if $old->safe_psql('before', "SELECT to_regclass('tip.rule') IS NOT NULL") eq 't';
push @local,
  q{INSERT INTO tip.code_map (list, code, scheme, scheme_version, variable, scheme_code, relation)
	VALUES ('sex', 'male', 'OURS', '1', 'sx', 'M', 'exact')}
  if $old->safe_psql('before', "SELECT to_regclass('tip.code_map') IS NOT NULL") eq 't';
foreach my $sql (@local)
{
	my ($ret, $out, $err) = $old->psql('before', $sql);
	is($ret, 0, 'local: ' . substr($sql, 0, 40)) or diag($err);
}
# only the added rows are dumped, else a restore would meet the shipped ones
my $empty = $old->safe_psql('before', q{
	SELECT string_agg(c::regclass::text, ' ') FROM pg_extension, unnest(extconfig) AS c
	WHERE extname = 'tip_module' AND (xpath('/row/n/text()', query_to_xml(
		format('SELECT count(*) AS n FROM %s %s', c::regclass,
		CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = c
			AND attname = 'is_local') THEN 'WHERE is_local' ELSE '' END),
		false, true, '')))[1]::text = '0'
	  AND EXISTS (SELECT FROM pg_class WHERE oid = c AND relkind = 'r')});
note("catalogues without a local row in this test: $empty");

my ($before, $tables) = content($old, 'before');
cmp_ok($tables, '>', 40, 'the content of all tables is compared');
unlike($before, qr/Planted/, 'no name is in it');
my $schema = catalogue($old, 'before');
like($schema, qr/CREATE POLICY adults/, 'the comparison sees a policy');

my ($ret, $out, $err) = $old->psql('before', 'DROP EXTENSION tip_module');
isnt($ret, 0, 'DROP EXTENSION refuses while there are model tables');
like($err, qr/cannot drop extension tip_module because other objects depend/, 'and says why');

my $dir = $old->basedir;
$old->command_ok([ 'pg_dump', '-d', $old->connstr('before'), '-f', "$dir/plain.sql" ], 'plain dump');
$old->command_ok([ 'pg_dump', '-Fc', '-d', $old->connstr('before'), '-f', "$dir/custom" ], 'custom dump');

my $new = new_server('new');
foreach my $format ('plain', 'custom')
{
	# the same name, so that nothing differs for the name's sake
	$new->safe_psql('postgres', 'DROP DATABASE IF EXISTS before');
	$new->safe_psql('postgres', 'CREATE DATABASE before TEMPLATE template0');
	$new->command_ok(
		$format eq 'plain'
		? [
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d',
			$new->connstr('before'), '-f', "$dir/plain.sql"
		  ]
		: [ 'pg_restore', '-e', '-d', $new->connstr('before'), "$dir/custom" ],
		"$format: restored");
	my ($after) = content($new, 'before');
	ok($after eq $before, "$format: every row is the same");
	ok(catalogue($new, 'before') eq $schema, "$format: every object is the same");
	is( $new->safe_psql('before', 'SELECT string_agg(object, \' \' ORDER BY object) FROM tip.upgrade_model()'),
		'column column index model policy trigger trigger',
		"$format: what was added is still listed");
	my ($ret, $out, $err) = $new->psql('before',
		"DELETE FROM tip_data.justice_step WHERE step = 'charged'");
	like($err, qr/violates 1 rule/, "$format: a conviction still needs its charge");
	isnt(
		$new->psql('before',
			'BEGIN; DELETE FROM tip_data.sentence; SET CONSTRAINTS ALL IMMEDIATE;'
			  . 'TRUNCATE tip_data.victimization CASCADE; INSERT INTO tip_data.event DEFAULT VALUES; COMMIT'),
		0,
		"$format: the user's deferred rule is on again");
}

$old->stop;
$new->stop;
done_testing();
