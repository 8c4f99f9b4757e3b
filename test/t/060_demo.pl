# The demonstration still shows what it says, on this very server, twice.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
my $key = $node->basedir . '/demo.key';
system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
$node->start;

$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');
$ENV{PGDATABASE} = 'demo';
$ENV{WORK} = $node->basedir;

my @shown;
foreach my $round (1, 2)
{
	$node->safe_psql('postgres', 'CREATE DATABASE demo');
	my ($out, $err) = run_command([ 'sh', "$test/demo/run.sh" ]);
	is($?, 0, "round $round runs to its end") or diag($err);
	is($err, '', 'and complains of nothing');
	push @shown, $out;
	is($node->safe_psql('demo', "SELECT count(*) FROM pg_namespace
		WHERE nspname = 'arrival'"), '0', 'the file that arrived is gone');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_database
		WHERE datname = 'demo_copy'"), '0', 'so is the copy');
	$node->safe_psql('demo', 'DROP OWNED BY recorder, analyst, investigator, supervisor');
	$node->safe_psql('postgres', 'DROP DATABASE demo');
	$node->safe_psql('postgres', 'DROP ROLE recorder, analyst, investigator, supervisor');
}

my $out = $shown[0];
is(() = $out =~ /^\d\. /mg, 7, 'seven sections');
like($out, qr/violates 5 rules.*\n(.*\n)*.* A03 .*\n.* E01 .*\n.* P01 .*\n.* P02 .*\n.* S02 /,
	'a bad record is told all that is wrong with it');
like($out, qr/victimization \|\s+60 \|\s+\d+ \|\s+1[0-9]\b/,
	'a dozen rows of the file are in quarantine');
like($out, qr/LOCAL_PERIOD \| exploitation ends before/, 'a local rule holds');
like($out, qr/^\s+male adult\s+\| \*/m, 'small counts are hidden');
like($out, qr/^\s+everybody\s+\| [1-9]\d\d/m, 'the total is not');
like($out, qr/are published as release 1/, 'nothing is published twice');
like($out, qr/VC_HTF_DETV +\|/, 'SDG 16.2.2 is there');
is(() = $out =~ / rows  [0-9a-f]{0,8}  same$/mg, 35, 'every table is compared');

# names stand in the file's first lines, which are shown, and nowhere after
my ($after) = $out =~ /(recorder> CREATE TABLE arrival\.name.*)/s;
my @names = slurp_file("$test/fixtures/incoming.csv") =~ /^\d+,[^,]*,("[^"]*"|[^,]*),/mg;
is(scalar @names, 60, 'names of the file');
my %words = map { $_ => 1 } grep { length > 3 } map { split /[^\w\x80-\xff]+/ } @names;
my $words = join '|', map { quotemeta } sort keys %words;
my @shown_names = $after =~ /\b(?:$words)\b/g;
is("@shown_names", '', 'no name is shown once the file has been loaded');

$node->stop;
done_testing();
