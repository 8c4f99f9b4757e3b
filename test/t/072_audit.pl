# Negative controls: what other systems published as protected.
#
# The figures are those of a program that shares nothing with ours.  Nothing of
# the audit is logged.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $shared = ($ENV{TIP_SHARED_DATA} // '') . '/sdc';

my $node = PostgreSQL::Test::Cluster->new('audit');
$node->init;
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');

# An error is about codes; the log has neither the rows nor the statement.
my $log = -s $node->logfile;
my ($status, $out, $err) = $node->psql('postgres',
	q{SELECT * FROM tip.audit('[{"r":"PLANTED1","n":4},{"r":"b","n":5},{"n":7,"x":"PLANTED2"}]', '{r}')});
isnt($status, 0, 'a table that contradicts itself is refused');
like($err, qr/Cell \(_T\) is shown as 7/, 'by the cell that is wrong');
unlike($err, qr/PLANTED/, 'and no other');
unlike(slurp_file($node->logfile, $log), qr/PLANTED|INSERT|SELECT/, 'the log has nothing of the table');

sub load_pattern
{
	my ($name) = @_;
	my @group = map { "(DISTINCT $_, left($_, 3)) FILTER (WHERE length($_) = 5)" } qw(region age form);
	my $rows = slurp_file("$shared/peer_$name.csv") =~ s/^.*\n//r;
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS peer CASCADE; CREATE TABLE peer
		(region text, age text, form text, n int, is_primary boolean, hidden boolean)');
	$node->safe_psql('postgres', "COPY peer FROM STDIN CSV;\n$rows\\.\n");
	$node->safe_psql('postgres', qq{CREATE OR REPLACE VIEW pattern AS
		SELECT jsonb_agg(jsonb_build_object('region', region, 'age', age, 'form', form, 'truth', n,
				'marks', CASE WHEN is_primary THEN 'p' WHEN hidden THEN 's' ELSE n::text END,
				'n', CASE WHEN hidden THEN '*' ELSE n::text END)) AS published,
			jsonb_build_object('region', jsonb_object_agg$group[0], 'age', jsonb_object_agg$group[1],
				'form', jsonb_object_agg$group[2]) AS parents FROM peer});
}

# How many primary cells come out exact, for those outside and inside?
sub broken
{
	my ($options, $value) = @_;
	$value //= 'n';
	return $node->safe_psql('postgres', qq{
		SELECT count(*) FILTER (WHERE insider IS NULL AND is_exact), count(DISTINCT insider) FILTER (WHERE is_exact),
			count(*) FILTER (WHERE a.status = 'not proven'),
			count(*) FILTER (WHERE n < low OR n > high)
		FROM pattern, tip.audit(published, '{region,age,form}', '$value', parents,
			'{"region":"RTOT","age":"ATOT","form":"FTOT"}', $options) AS a
		JOIN peer AS p ON a.codes = ARRAY[region, age, form]
		WHERE p.is_primary});
}

my %outside = (gauss_tip_country_FALSE => 25, gauss_tip1e3_FALSE => 11,
	sdctable_GAUSS_tip_country => 0, sdctable_GAUSS_tip1e3 => 0,
	sdctable_HYPERCUBE_tip_country => 0, sdctable_HYPERCUBE_tip1e3 => 0,
	sdctable_OPT_tip_country => 0, sdctable_SIMPLEHEURISTIC_tip_country => 23,
	sdctable_SIMPLEHEURISTIC_OLD_tip_country => 126, sdctable_SIMPLEHEURISTIC_OLD_tip1e3 => 376);
my %inside = (gauss_tip_country_FALSE => 2, sdctable_GAUSS_tip_country => 0,
	sdctable_HYPERCUBE_tip_country => 0, sdctable_OPT_tip_country => 1,
	sdctable_SIMPLEHEURISTIC_tip_country => 4);

SKIP:
{
	skip 'no patterns of other systems here', 23 unless -d $shared;
	foreach my $name (sort keys %outside)
	{
		load_pattern($name);
		is(broken('bounds => true'), "$outside{$name}|0|0|0", "$name: cells found exactly");
		next unless defined $inside{$name};
		is((split /\|/, broken(q{insiders => 'singletons', true_column => 'truth', bounds => false}))[1],
			$inside{$name}, "$name: singles who can fix another cell");
		# which of the hidden cells are primary must never be published
		cmp_ok((split /\|/, broken(q{marks => '{"p":[1,4],"s":[5,null]}', bounds => false}, 'marks'))[0],
			'>=', 110, "$name: two marks give it away");
	}
	# zeros hidden like small counts
	foreach (['gauss_tip_country_TRUE', 14], ['gauss_tip1e3_TRUE', 0])
	{
		load_pattern($_->[0]);
		is(broken('zeros_published => false, bounds => false'), "$_->[1]|0|0|0", "$_->[0]: cells found exactly");
	}
	# without zeros published the same cells cannot be found
	load_pattern('gauss_tip_country_FALSE');
	is(broken('zeros_published => false, bounds => false'), '0|0|0|0', 'an attacker who takes hidden cells for possible zeros');
}

$node->stop;
done_testing();
