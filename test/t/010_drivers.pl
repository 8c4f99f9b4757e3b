# Real drivers against codes: libpq, psycopg and pgjdbc each insert, filter,
# sort and read, with parameters of every type that they send.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $drivers = abs_path(dirname(__FILE__) . '/../drivers');
my $work = File::Temp->newdir();
my $node = PostgreSQL::Test::Cluster->new('drivers');
$node->init;
# pgjdbc knows no Unix sockets: listen on the loopback for it alone.
my $port = $node->port;
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust");
$node->start;
$node->safe_psql('postgres', slurp_file("$drivers/setup.sql"));

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $port;
local $ENV{PGDATABASE} = 'postgres';

sub have
{
	my ($command) = @_;
	return system("command -v $command >/dev/null 2>&1") == 0;
}

sub run_driver
{
	my ($name, @command) = @_;
	my ($out, $err) = run_command(\@command);
	my $status = $?;
	like($out, qr/^\S.*: \d+ checks passed$/m, "$name works with codes")
	  or diag("exit $status: $out $err");
	return;
}

SKIP:
{
	skip 'no C compiler or no libpq headers', 1
	  unless have('cc') && -e $node->config_data('--includedir') . '/libpq-fe.h';
	my $include = $node->config_data('--includedir');
	system_or_bail('cc', '-Wall', '-Werror', "-I$include", '-o',
		"$work/libpq", "$drivers/libpq.c", '-lpq');
	run_driver('libpq', "$work/libpq");
}

SKIP:
{
	# The system's python has the driver packages, another may not.
	my $python = -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';
	skip 'no psycopg', 1
	  unless system("$python -c 'import psycopg2' 2>/dev/null") == 0
	  || system("$python -c 'import psycopg' 2>/dev/null") == 0;
	run_driver('psycopg', $python, "$drivers/python_client.py");
}

SKIP:
{
	my ($jar) = grep { -e } qw(/usr/share/java/postgresql.jar
	  /usr/share/java/postgresql-jdbc4.jar);
	skip 'no pgjdbc or no javac', 1 unless $jar && have('javac');
	system_or_bail('javac', '-d', "$work", "$drivers/Jdbc.java");
	my $user = $node->safe_psql('postgres', 'SELECT current_user');
	run_driver('pgjdbc', 'java', '-cp', "$work:$jar", 'Jdbc',
		"jdbc:postgresql://127.0.0.1:$port/postgres?user=$user");
}

$node->stop;
done_testing();
