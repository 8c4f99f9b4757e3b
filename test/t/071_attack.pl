# An attacker in another language, with another solver, against what is
# published: test/attack.  The full studies are run by "make study".
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The system's python has the packages, another may not.
my $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';
plan skip_all => 'no python3 with scipy and psycopg2'
  unless system("$python -c 'import scipy.optimize, psycopg2' 2>/dev/null") == 0;

my $test = abs_path(dirname(__FILE__) . '/..');
my $node = PostgreSQL::Test::Cluster->new('attack');
$node->init;
my $key = $node->basedir . '/attack.key';
system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
# small programs: threads cost more than they save
local $ENV{OMP_NUM_THREADS} = 1;

my ($out, $err) = run_command([ $python, "$test/attack/check.py" ]);
for my $line (split /\n/, $out)
{
	next unless $line =~ /^(not )?ok - (.*?)(?: # skip (.*))?$/;
	my ($failed, $name, $why) = ($1, $2, $3);
  SKIP:
	{
		skip "$name: $why", 1 if defined $why;
		ok(!$failed, $name);
	}
}
like($out, qr/^# done$/m, 'the checks came to their end');
diag($err) if $err ne '';

$node->stop;
done_testing();
