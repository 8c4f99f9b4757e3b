# The choice of hidden cells depends on the key ring, and on nothing else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('choice');
$node->init;
$node->append_conf('postgresql.conf', "max_locks_per_transaction = 160\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

# Sixteen tables of four by four, all prices alike: much to choose from.
my $sql = q{
SELECT string_agg(x.hidden, ';' ORDER BY s) FROM generate_series(1, 16) AS s,
LATERAL (SELECT string_agg(p.node::text, ' ' ORDER BY p.node) AS hidden
	FROM tip_impl.protect_cells('{5,5}', '{0,0,0,0,0,0,0,0,0,0}',
		'{1,1,1,2,1,3,1,4,2,1,2,2,2,3,2,4,3,1,3,2,3,3,3,4,4,1,4,2,4,3,4,4}',
		(SELECT array_agg((1 + get_byte(sha256(('t' || s)::bytea), i) % 12)::int8
			ORDER BY i) FROM generate_series(0, 15) AS i),
		'{3}', '{1000,1000,1000,1000}', 5, 1, false, 1, NULL, false) AS p
	WHERE p.is_hidden) AS x};

sub pattern_of
{
	my ($name, $root) = @_;
	my $file = $node->basedir . "/$name";

	append_to_file($file, "1:active:2026-01-01:$root\n");
	chmod 0600, $file;
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$file'\n");
	$node->restart;
	return $node->safe_psql('postgres', $sql);
}

my $none = $node->safe_psql('postgres', $sql);
my $one = pattern_of('one', '01' x 31 . '02');
my $two = pattern_of('two', '03' x 31 . '04');
isnt($one, $none, 'a key changes what is hidden');
isnt($one, $two, 'another key hides other cells');
is(pattern_of('again', '01' x 31 . '02'), $one, 'the same key the same ones');

$node->append_conf('postgresql.conf', "tip_module.key_file = '/none/key'\n");
$node->restart;
my ($ret) = $node->psql('postgres', $sql);
isnt($ret, 0, 'a key that cannot be read is not passed over');

$node->stop;
done_testing();
