# CREATE EXTENSION refuses what it cannot work in, and leaves nothing behind.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;

# a database that cannot hold the labels
$node->safe_psql('postgres',
	"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
my ($ret, $out, $err) =
  $node->psql('latin', 'CREATE EXTENSION tip_module');
isnt($ret, 0, 'another encoding is refused');
like($err, qr/needs a database with encoding UTF8/, 'with a reason');
is( $node->safe_psql(
		'latin', "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tip%'"
	),
	'0',
	'and nothing is left behind');

# the extension goes as it came
my $objects = q{SELECT count(*) FROM pg_proc UNION ALL
	SELECT count(*) FROM pg_type UNION ALL SELECT count(*) FROM pg_operator
	UNION ALL SELECT count(*) FROM pg_class UNION ALL
	SELECT count(*) FROM pg_opclass UNION ALL SELECT count(*) FROM pg_amproc};
$node->safe_psql('postgres', "CREATE DATABASE utf ENCODING 'UTF8' TEMPLATE template0");
my $before = $node->safe_psql('utf', $objects);
$node->safe_psql('utf', 'CREATE EXTENSION tip_module');
my $during = $node->safe_psql('utf', $objects);
isnt($during, $before, 'CREATE EXTENSION makes objects');
$node->safe_psql('utf', 'DROP EXTENSION tip_module');
is($node->safe_psql('utf', $objects), $before, 'DROP EXTENSION takes all of them');

# not for whoever may create in a database
$node->safe_psql('postgres', 'CREATE ROLE plain LOGIN; GRANT CREATE ON DATABASE utf TO plain');
($ret, $out, $err) = $node->psql('utf', 'SET ROLE plain; CREATE EXTENSION tip_module');
like($err, qr/permission denied to create extension/, 'only a superuser creates it');

# nor into a schema that somebody else has made, or has put something into
$node->safe_psql('utf', 'DROP SCHEMA IF EXISTS tip; CREATE SCHEMA tip AUTHORIZATION plain');
($ret, $out, $err) = $node->psql('utf', 'CREATE EXTENSION tip_module');
like($err, qr/schema "tip" exists and is not safe/, 'not into the schema of another role');
$node->safe_psql('utf', 'ALTER SCHEMA tip OWNER TO postgres; GRANT CREATE ON SCHEMA tip TO plain');
($ret, $out, $err) = $node->psql('utf', 'CREATE EXTENSION tip_module');
like($err, qr/schema "tip" exists and is not safe/, 'nor where another role may create');
$node->safe_psql('utf', 'SET ROLE plain;
	CREATE FUNCTION tip.left(text, bigint) RETURNS text LANGUAGE sql AS $$SELECT $1$$');
$node->safe_psql('utf', 'REVOKE CREATE ON SCHEMA tip FROM plain');
($ret, $out, $err) = $node->psql('utf', 'CREATE EXTENSION tip_module');
like($err, qr/schema "tip" exists and is not safe/, 'nor where something is in it');
$node->safe_psql('utf', 'DROP FUNCTION tip.left(text, bigint)');
$node->safe_psql('utf', 'CREATE EXTENSION tip_module');
is($node->safe_psql('utf', "SELECT count(*) FROM pg_extension WHERE extname = 'tip_module'"), '1',
	'an empty schema of a superuser will do, as when a dump is restored');

$node->stop;
done_testing();
