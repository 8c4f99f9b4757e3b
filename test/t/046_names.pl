# Names as the Caribbean has them: the generator makes the same people again on
# any machine, and a name written another way keeps its pseudonym.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $generator = "$test/names/generate.pl";

# Runs the generator; returns the records and the truth.
my $runs = 0;

sub generate
{
	my ($before, @options) = @_;
	my $place = PostgreSQL::Test::Utils::tempdir_short() . '/' . $runs++;
	mkdir $place or die "mkdir: $!";
	system_or_bail('sh', '-c', "$before perl '$generator' --truth '$place/truth' @options > '$place/names'");
	return ("$place/names", "$place/truth");
}

foreach my $environment ('', 'LC_ALL=C', 'PERL_UNICODE=SA', 'PERL_HASH_SEED=1', 'cd /;')
{
	my ($names, $truth) = generate($environment);
	my $where = $environment eq '' ? '' : " with $environment";
	is(slurp_file($names), slurp_file("$test/fixtures/names.csv"), "the same records$where");
	is(slurp_file($truth), slurp_file("$test/fixtures/names_truth.csv"), "the same truth$where");
}

my ($few) = generate('', '--persons 20 --duplicates 0');
my ($more) = generate('', '--persons 40 --duplicates 0');
like(slurp_file($more), qr/^\Q${\slurp_file($few)}\E/, 'more people leave the first ones as they are');
my ($other) = generate('', '--seed 2');
isnt(slurp_file($other), slurp_file("$test/fixtures/names.csv"), 'another seed makes other people');
foreach my $bad ('--kinds nonsense', '--error-rate x', '--persons 1 --duplicates 5')
{
	ok(system("perl '$generator' $bad >/dev/null 2>&1") != 0, "refused: $bad");
}

# Now with a server: a pseudonym for each record.
my $node = PostgreSQL::Test::Cluster->new('names');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
my $key = $node->basedir . '/names.key';
system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');
$node->safe_psql(
	'postgres', q{
	CREATE TABLE record (rec_id text, origin text, person_name text, given text,
		surname text, birth_date text, sex text, passport text, national_id text, phone text);
	CREATE TABLE truth (rec_id text, original text, mistakes text);
	CREATE TABLE kind (kind text, area text);
	CREATE VIEW pair AS
	SELECT string_to_array(t.mistakes, ' ') AS made, d.origin, o.person_name AS was,
		d.person_name AS is_now,
		tip.pseudonymize('person_name', o.person_name, 'police')
			= tip.pseudonymize('person_name', d.person_name, 'police') AS name_kept,
		coalesce(tip.pseudonymize('passport', o.passport, 'police')
			= tip.pseudonymize('passport', d.passport, 'police'), true)
		AND coalesce(tip.pseudonymize('national_id', o.national_id, 'police')
			= tip.pseudonymize('national_id', d.national_id, 'police'), true)
		AND coalesce(tip.pseudonymize('phone', o.phone, 'police')
			= tip.pseudonymize('phone', d.phone, 'police'), true) AS numbers_kept
	FROM truth AS t JOIN record AS d USING (rec_id) JOIN record AS o ON o.rec_id = t.original
});

sub load
{
	my ($names, $truth) = @_;
	$node->safe_psql('postgres', "TRUNCATE record, truth;
		COPY record FROM '$names' (FORMAT csv, HEADER);
		COPY truth FROM '$truth' (FORMAT csv, HEADER)");
	return;
}

# Column "kept" of the pairs whose mistakes are as the condition says.
sub kept
{
	my ($column, $condition) = @_;
	return split /\|/, $node->safe_psql('postgres', "SELECT count(*),
		count(*) FILTER (WHERE $column) FROM pair WHERE $condition");
}

my @kinds = map { [split] } split /\n/, `perl '$generator' --list-kinds`;
cmp_ok(scalar @kinds, '>', 30, 'kinds of mistake');
$node->safe_psql('postgres', "INSERT INTO kind VALUES ('$_->[0]', '$_->[1]')") foreach @kinds;

# Nothing but that kind, so that each has enough of it.
my %areas = (spelling => 'name_kept', number => 'numbers_kept');
foreach my $kind (grep { $areas{ $_->[1] } } @kinds)
{
	load(generate('', "--kinds $kind->[0] --persons 600 --duplicates 600 --error-rate 1"));
	my ($pairs, $kept) = kept($areas{ $kind->[1] }, 'true');
	cmp_ok($pairs, '>', 10, "$kind->[0]: enough pairs");
	is($kept, $pairs, "$kind->[0] keeps the pseudonym")
	  or diag($node->safe_psql('postgres', "SELECT DISTINCT was, is_now FROM pair
		WHERE NOT $areas{$kind->[1]} LIMIT 10"));
}

# What makes another name of it is found by linkage, not by a pseudonym.
foreach my $kind (grep { $_->[1] eq 'name' } @kinds)
{
	load(generate('', "--kinds $kind->[0] --persons 600 --duplicates 600 --error-rate 1"));
	my ($pairs, $kept) = kept('name_kept', 'true');
	note("$kind->[0]: $kept of $pairs keep the pseudonym");
	cmp_ok($pairs, '>', 10, "$kind->[0]: enough pairs");
}

# All kinds together, as in the fixture.
load("$test/fixtures/names.csv", "$test/fixtures/names_truth.csv");
my $only_spelling = q{NOT EXISTS (SELECT FROM kind WHERE kind = ANY (made) AND area = 'name')};
my ($pairs, $kept) = kept('name_kept', $only_spelling);
cmp_ok($pairs, '>', 100, 'the fixture has pairs that differ in spelling at most');
is($kept, $pairs, 'all of them keep the pseudonym')
  or diag($node->safe_psql('postgres',
	"SELECT was, is_now FROM pair WHERE $only_spelling AND NOT name_kept"));
($pairs, $kept) = kept('name_kept', "NOT $only_spelling");
note("other mistakes in the name: $kept of $pairs keep the pseudonym");
cmp_ok($kept, '<', $pairs / 4, 'another name has another pseudonym, mostly');

# Two people who are written alike are alike: the rest is precision.
my ($found, $right) = split /\|/, $node->safe_psql(
	'postgres', q{
	WITH made AS MATERIALIZED (SELECT rec_id, split_part(rec_id, '-', 2) AS person,
		tip.pseudonymize('person_name', person_name, 'police') AS p FROM record)
	SELECT count(*), count(*) FILTER (WHERE a.person = b.person)
	FROM made AS a JOIN made AS b USING (p) WHERE a.rec_id < b.rec_id});
note("records under one pseudonym: $found pairs, $right of one person");
cmp_ok($right, '>=', 0.8 * $found, 'few pseudonyms are of two people');

$node->stop;
done_testing();
