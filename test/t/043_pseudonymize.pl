# Encodings that pseudonyms refuse, a restore that changes nothing, and a log
# that shows no identifier.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('pseudonymize');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", '1:active:2026-01-01:' . '5eed0123' x 8 . "\n");
chmod 0600, "$dir/key";
$node->append_conf('postgresql.conf',
	"log_statement = none\ntip_module.key_file = '$dir/key'");
$node->start;

for my $encoding ('LATIN1', 'SQL_ASCII')
{
	$node->safe_psql('postgres',
		"CREATE DATABASE \"$encoding\" ENCODING '$encoding' TEMPLATE template0");
	my ($ret, $out, $err) = $node->psql($encoding, "\\set VERBOSITY verbose
		CREATE EXTENSION tip_module;
		SELECT tip.pseudonymize('person_name', 'Plantedname', 'police')");
	like($err, qr/needs a database with encoding UTF8/,
		"$encoding is refused");
}

$node->safe_psql('postgres', q{CREATE EXTENSION tip_module;
	CREATE TABLE arrival (name text, person tip.pseudonym);
	CREATE TRIGGER a BEFORE INSERT OR UPDATE ON arrival FOR EACH ROW EXECUTE
		FUNCTION tip.pseudonymize_row('person_name', 'name', 'person', 'police', 'clear');
	INSERT INTO arrival SELECT 'Ana ' || i FROM generate_series(1, 20) AS i});
my $digest = 'SELECT md5(string_agg(person::text, \' \' ORDER BY person)) FROM arrival';
my $before = $node->safe_psql('postgres', $digest);
my $data = "$dir/data.sql";
$node->command_ok([ 'pg_dump', '--data-only', '-t', 'arrival', '-f', $data,
	$node->connstr('postgres') ], 'dump');
unlike(slurp_file($data), qr/Ana/, 'no name is in the dump');
$node->safe_psql('postgres', 'TRUNCATE arrival');
$node->command_ok([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', $data,
	$node->connstr('postgres') ], 'restore through the trigger');
is($node->safe_psql('postgres', $digest), $before, 'nothing has changed');

# whatever is wrong with a name, the log does not show it
my $from = -s $node->logfile;
for my $call ("'person_name', repeat('Plantedname', 200)",
	"'person_name', E'Plantedname\\x01'", "'phone', 'Plantedname'",
	"'birth_date', 'Plantedname'", "'Plantedname', 'x'",
	"'composite', '{\"Plantedname\": \"x\", \"phone\": \"1\"}'",
	"'composite', '{\"phone\": Plantedname'")
{
	my ($ret, $out, $err) = $node->psql('postgres',
		"SELECT tip.pseudonymize($call, 'police')");
	isnt($ret, 0, 'refused');
	unlike($err, qr/(ERROR|DETAIL|HINT|CONTEXT).*Plantedname/, 'not shown');
	($ret, $out, $err) = $node->psql('postgres', "DO \$\$ BEGIN
		PERFORM tip.pseudonymize($call, 'police'); END \$\$");
	unlike($err, qr/(ERROR|DETAIL|HINT|CONTEXT).*Plantedname/, 'not shown from a function');
}
# nor where the domain is what is wrong, or the key
for my $call ("tip.pseudonymize('person_name', 'Plantedname', 'nobody')",
	"tip.pseudonyms_all('person_name', 'Plantedname', 'nobody')",
	"tip.shift_date('2020-02-02'::date, gen_random_uuid(), 'Plantedname', '1999-09-09'::date)")
{
	my ($ret, $out, $err) = $node->psql('postgres', "SELECT $call");
	like($err, qr/unknown domain/, 'refused');
	unlike($err, qr/(ERROR|DETAIL|HINT|CONTEXT).*Plantedname/, 'not shown');
}
my ($ret, $out, $err) = $node->psql('postgres',
	"COPY arrival (name) FROM stdin;\nPlantedname\x{1}\n\\.\n");
unlike($err, qr/Plantedname/, 'not shown by COPY');
unlike(substr(slurp_file($node->logfile), $from), qr/Plantedname/,
	'not shown in the log');
rename("$dir/key", "$dir/gone");
$node->restart;
($ret, $out, $err) = $node->psql('postgres',
	"SELECT tip.pseudonyms_all('person_name', 'Plantedname', 'police')");
isnt($ret, 0, 'refused without a key');
unlike(substr(slurp_file($node->logfile), $from), qr/Plantedname|1999-09-09/,
	'and not shown in the log');
$node->stop;
done_testing();
