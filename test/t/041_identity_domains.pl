# Columns that are declared for a domain of pseudonyms are dumped and restored,
# also for a local domain, whose row is restored after the table is created.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('domains');
$node->init;
$node->start;
my $dir = $node->basedir;

$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', q{
CREATE EXTENSION tip_module;
INSERT INTO tip.domain (id, name, title, members, purpose, legal_basis, policy)
VALUES (100, 'border', 'Border guard', '{guard,customs}', 'find', 'law', 'event');
CREATE TABLE shipped (p tip.pseudonym('police') UNIQUE, a tip.pseudonym('ngo')[]);
CREATE TABLE local (p tip.pseudonym('border') DEFAULT 'p1.100.1.008J4CT4ANK7F24SNAXWSQ8H3',
	q tip.pseudonym(101));
CREATE DOMAIN token AS tip.pseudonym('border');
CREATE TABLE of_domain (t token);
CREATE VIEW seen AS SELECT p FROM local WHERE p::tip.pseudonym('border') > 'p1.100.1.008J4CT4ANK7F24SNAXWSQ8H3';
CREATE MATERIALIZED VIEW kept AS SELECT p FROM local;
CREATE FUNCTION same(tip.pseudonym) RETURNS tip.pseudonym LANGUAGE sql
	AS $$SELECT $1::tip.pseudonym('border')$$;
INSERT INTO shipped VALUES ('p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF', '{p1.2.1.008J4CT4ANK7F24SNAXWSQ8ZZ}');
INSERT INTO local DEFAULT VALUES;
INSERT INTO of_domain SELECT p FROM local;
REFRESH MATERIALIZED VIEW kept;
});

my $state = q{
SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), atttypmod FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) AND attnum > 0
ORDER BY 1, 2;
SELECT pg_get_viewdef('seen'::regclass);
SELECT format_type(typbasetype, typtypmod) FROM pg_type WHERE typname = 'token';
SELECT * FROM tip.domain ORDER BY id;
SELECT * FROM shipped; SELECT * FROM local; SELECT * FROM of_domain; SELECT * FROM kept;
SELECT same(p) FROM local;
};
my $before = $node->safe_psql('old', $state);
like($before, qr/^shipped\|p\|tip\.pseudonym\('police'\)\|1$/m, 'a shipped domain is named');
like($before, qr/^local\|p\|tip\.pseudonym\(100\)\|100$/m, 'a local one is a number');

foreach my $format ('plain', 'custom')
{
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS new');
	$node->safe_psql('postgres', 'CREATE DATABASE new TEMPLATE template0');
	$node->command_ok([ 'pg_dump', '-F', $format, '-d', $node->connstr('old'), '-f', "$dir/$format" ],
		"$format dump");
	$node->command_ok($format eq 'plain'
		? [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('new'), '-f', "$dir/plain" ]
		: [ 'pg_restore', '-e', '-d', $node->connstr('new'), "$dir/custom" ],
		"$format restore");
	is($node->safe_psql('new', $state), $before, "$format: nothing has changed");
}
my ($ret, $out, $err) = $node->psql('new', q{INSERT INTO local VALUES ('p1.1.1.008J4CT4ANK7F24SNAXWSQ8AF')});
like($err, qr/pseudonym belongs to domain police, not to domain border/, 'the restored column is declared');
unlike($err, qr/008J4/, 'the value is not repeated');

# the binary form keeps to the declaration, too
$node->safe_psql('new', "COPY local TO '$dir/local.bin' (FORMAT binary); TRUNCATE local; "
	  . "COPY local FROM '$dir/local.bin' (FORMAT binary)");
is($node->safe_psql('new', 'SELECT count(*) FROM local'), '1', 'binary copy');
($ret, $out, $err) = $node->psql('new', "COPY shipped (p) FROM '$dir/local.bin' (FORMAT binary)");
isnt($ret, 0, 'of another shape it is refused');
($ret, $out, $err) = $node->psql('new', "COPY (SELECT p FROM local) TO '$dir/p.bin' (FORMAT binary); "
	  . "COPY shipped (p) FROM '$dir/p.bin' (FORMAT binary)");
like($err, qr/pseudonym belongs to domain border, not to domain police/, 'of another domain it is refused');

# another session's new domain is known at once
my $session;
$session = $node->background_psql('new', on_error_stop => 0)
  if eval { require PostgreSQL::Test::BackgroundPsql; 1 };
SKIP:
{
	skip 'needs background_psql with queries', 1 unless $session;
	$session->query_safe("SELECT format_type('tip.pseudonym'::regtype, 1)");
	$node->safe_psql('new', q{INSERT INTO tip.domain (id, name, title) VALUES (102, 'court', 'Courts')});
	is($session->query_safe(q{CREATE TABLE of_court (p tip.pseudonym('court'));
		SELECT atttypmod FROM pg_attribute WHERE attrelid = 'of_court'::regclass AND attname = 'p'}),
		'102', 'a domain that was added meanwhile is found');
	$session->quit;
}

# also one that a parallel query, with an older snapshot, could not see
append_to_file("$dir/key", '1:active:2026-11-24:' . 'a1' x 32 . "\n");
chmod 0600, "$dir/key";
$node->append_conf('postgresql.conf', "tip_module.key_file = '$dir/key'");
$node->reload;
my $insert = q{INSERT INTO tip.domain (id, name, title) VALUES (103, 'late', 'Late')};
my $other = $node->connstr('new');
$node->safe_psql('new', 'CREATE TABLE many AS SELECT i::text AS n FROM generate_series(1, 5000) AS i; ANALYZE many');
($ret, $out, $err) = $node->psql('new', qq{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(tip.pseudonymize('passport', '1', 'police')) FROM many WHERE n = '1';
\\! psql -X -q -d "$other" -c "$insert"
SELECT count(p) FROM (SELECT tip.pseudonymize('passport', n, 'police') AS p FROM many WHERE n ~ '00\$' OFFSET 0) AS t;
COMMIT;
SELECT tip.pseudonym_domain(tip.pseudonymize('passport', '1', 'late'));});
is($out, "1\n50\n103", 'a domain is found after a parallel query that could not see it');
$node->stop;
done_testing();
