# The CTDC Global Dataset layout comes in through the crosswalk, and nothing is
# lost: a generated file always, the real one where TIP_SHARED_DATA has it.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $script = "$test/../docs/importing-ctdc.sql";
plan skip_all => 'no docs here' unless -e $script;

my $node = PostgreSQL::Test::Cluster->new('ctdc');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$node->start;

# Load a file; returns the database, which has the raw rows in public.raw too.
sub load
{
	my ($db, $source) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION tip_module');
	$node->safe_psql($db, 'CREATE TABLE raw (year text, gender text, age text,'
		  . ' citizenship text, labour text, sexual text, country text)');
	my $psql = "psql -X -q -d '" . $node->connstr($db) . "'";
	command_ok([ 'sh', '-c', "$source | $psql -f $script" ], "$db: the script runs");
	command_ok(
		[ 'sh', '-c', "$source | $psql -c 'COPY raw FROM STDIN (FORMAT csv, HEADER)'" ],
		"$db: the raw rows");
	return;
}

# A translation written once more here, without the crosswalk.
my $place = q{CASE %1$s WHEN '0' THEN 'unknown' WHEN '00' THEN 'ZZ' WHEN '-99' THEN 'not_stated'
	ELSE %1$s END};
my $loaded = q{ctdc.victimization AS z JOIN ctdc.victim AS v USING (victim_id)};
my $is_good = q{age !~ 'yrs' AND gender <> 'Femmale' AND citizenship IS DISTINCT FROM 'Venezuela'
	AND labour IS DISTINCT FROM 'yes' AND year <> '17'};

sub same_counts
{
	my ($db, $what, $ours, $theirs) = @_;
	my $differ = $node->safe_psql($db, qq{
		WITH ours AS (SELECT coalesce($ours, '(null)') AS k, count(*) AS n FROM $loaded GROUP BY 1),
		theirs AS (SELECT coalesce($theirs, '(null)') AS k, count(*) AS n FROM raw
			WHERE coalesce($is_good, true) GROUP BY 1)
		SELECT count(*) FROM ours FULL JOIN theirs USING (k)
		WHERE ours.n IS DISTINCT FROM theirs.n});
	is($differ, '0', "$db: counts by $what are those of the file");
	return;
}

sub check
{
	my ($db, $rows) = @_;
	is( $node->safe_psql($db, q{
		SELECT (SELECT count(*) FROM raw), (SELECT count(*) FROM ctdc.victimization)
			+ (SELECT count(*) FROM ctdc.quarantine WHERE entity = 'victimization')}),
		"$rows|$rows", "$db: each row is stored or in quarantine");
	same_counts($db, 'year', 'z.identified_on::text', 'year');
	same_counts($db, 'gender', 'v.sex::text', q{CASE gender WHEN 'Female' THEN 'female' WHEN 'Male' THEN 'male' END});
	same_counts($db, 'citizenship', 'v.citizenship[1]::text', sprintf($place, 'citizenship'));
	same_counts($db, 'country', 'z.exploitation_country::text', sprintf($place, 'country'));
	same_counts($db, 'age', 'z.age_band_at_identification::text',
		q{CASE age WHEN '-99' THEN 'not_stated' ELSE replace(age, '--', '-') END});
	# the same by way of a tabulation
	is( $node->safe_psql($db, qq{
		SELECT count(*) FROM (
			SELECT tip.codes(cell)::text AS c, n FROM tip.cells((SELECT
				tip.tabulate(tip.cell(v.sex, z.exploitation_country), 1) FROM $loaded))
			EXCEPT
			SELECT ARRAY[coalesce(v.sex::text, 'not_recorded'),
				coalesce(z.exploitation_country::text, 'not_recorded')]::text, count(*)
			FROM $loaded GROUP BY 1) AS d}),
		'0', "$db: the tabulation says the same");
	return;
}

my $groups = qq{SELECT count(*), min(n), sum(n) FROM (SELECT count(*) AS n FROM $loaded
	GROUP BY z.identified_on, v.gender, z.age_band_at_identification, v.citizenship,
	z.is_forced_labour, z.is_sexual_exploit, z.exploitation_country) AS g};

load('generated', "cat $test/fixtures/ctdc_generated.csv");
check('generated', 485);
is( $node->safe_psql('generated', q{SELECT count(*), count(*) FILTER (WHERE findings = '[]')
	FROM ctdc.quarantine WHERE entity = 'victimization'}), '5|0',
	'five bad rows are in quarantine, each with a reason');
is( $node->safe_psql('generated',
	q{SELECT count(DISTINCT coalesce(citizenship::text, '')) FROM ctdc.victim
	WHERE citizenship IS NULL OR tip.is_missing(citizenship[1]) OR citizenship[1] = 'ZZ'}), '4',
	'0, 00, -99 and empty stay apart');

SKIP:
{
	my $real = ($ENV{TIP_SHARED_DATA} || '') . '/tip/ctdc_kanon_14apr2020_7cols.csv.gz';
	skip 'the real file is not here', 11 unless -e $real;
	load('actual', "gzip -dc $real");
	check('actual', 48773);
	is($node->safe_psql('actual', 'SELECT count(*) FROM ctdc.quarantine'), '0', 'none is refused');
	is($node->safe_psql('actual', $groups), '936|11|48773', 'the smallest of the 936 groups is 11');
}

$node->stop;
done_testing();
