# Which person is in which cell stays in the transaction that found out.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('persons');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');
$node->safe_psql('postgres', q{
	CREATE TABLE seen AS SELECT md5((i % 700)::text)::uuid AS victim, 1 + i % 2 AS a, 1 + i % 3 AS b
	FROM generate_series(1, 20000) AS i;
	ALTER TABLE seen SET (parallel_workers = 2);
	CREATE VIEW counted AS SELECT tip.count_persons(tip.tabulate_persons(tip.cell(a, b), victim)) AS t FROM seen});

# The workers of one leader have one secret, drawn at start or not.
my $parallel = q{
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;
};
my $total = q{SELECT n FROM counted, tip.margins(t) WHERE level = 0};

sub count_both_ways
{
	my ($what) = @_;
	like($node->safe_psql('postgres', "$parallel EXPLAIN SELECT * FROM counted"),
		qr/Workers Planned: 2/, "workers, $what");
	is($node->safe_psql('postgres', "$parallel $total"), '700', "parallel, $what");
	is($node->safe_psql('postgres', $total), '700', "serial, $what");
	is($node->safe_psql('postgres', "$parallel BEGIN; DECLARE c CURSOR WITH HOLD FOR $total; COMMIT; FETCH c"),
		'700', "held over the end of the transaction, $what");
	return $node->safe_psql('postgres', 'SELECT t FROM counted');
}
my $without = count_both_ways('not preloaded');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'tip_module'");
$node->restart;
is(count_both_ways('preloaded'), $without, 'whose counts are the same');

# A table keeps nothing that can be read.
my $cell = '00020001' . '0' x 24;
$node->safe_psql('postgres', q{CREATE TABLE kept AS
	SELECT tip.tabulate_persons(tip.cell(a, b), victim) AS t FROM seen WHERE victim = md5('1')::uuid;
	CREATE TABLE control AS SELECT tip.cell(a, b) AS cell, victim FROM seen WHERE victim = md5('1')::uuid;
	CHECKPOINT});

sub on_disk
{
	my ($table) = @_;
	my $path = $node->safe_psql('postgres', "SELECT pg_relation_filepath('$table')");
	return unpack('H*', slurp_file($node->data_dir . "/$path"));
}
my $id = $node->safe_psql('postgres', q{SELECT md5('1')});
ok(on_disk('control') =~ $cell, 'a cell is found where it is');
ok(on_disk('control') =~ $id, 'and so is an id');
ok(on_disk('kept') !~ $cell, 'no cell is on disk');
ok(on_disk('kept') !~ $id, 'and no id');
my ($result, $out, $err) = $node->psql('postgres', 'SELECT tip.count_persons(t) FROM kept');
like($err, qr/made by another transaction/, 'nor is it counted later');
command_fails_like(
	[ 'pg_dump', '-d', $node->connstr('postgres'), '-t', 'kept' ],
	qr/not read, shown or stored/, 'nor dumped');

# Until its transaction ends it is of use.
($result, $out, $err) = $node->psql('postgres', q{
	BEGIN;
	CREATE TABLE here (t tip.person_tabulation);
	INSERT INTO here SELECT tip.tabulate_persons(tip.cell(a, b), victim) FROM seen WHERE victim = md5('1')::uuid;
	SELECT sum(n) FROM here, tip.cells(tip.count_persons(t));
	COMMIT});
like($out, qr/^\d+$/, 'before that it is');
$node->stop;
done_testing();
