# A look at unpublished figures leaves a trace, even if it is rolled back.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('release');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION tip_module');
$node->safe_psql('postgres', 'SELECT tip.create_model()');
$node->safe_psql('postgres', 'CREATE ROLE analyst LOGIN');
$node->safe_psql('postgres', q{SELECT tip.grant_analyst('analyst')});

my $before = -s $node->logfile;
$node->safe_psql('postgres', q{BEGIN;
	SELECT count(*) FROM tip.preview('annual', 2020);
	SELECT count(*) FROM tip.preview_loss('annual', 2021);
	ROLLBACK});
$node->safe_psql('postgres', q{BEGIN;
	SELECT count(*) FROM tip.protect(
		(SELECT tip.tabulate(tip.cell(1), 1)), 'public_exact');
	ROLLBACK}, extra_params => [ '-U', 'analyst' ]);
is($node->safe_psql('postgres', 'SELECT count(*) FROM tip.release_log'), '0',
	'a look that was rolled back has no row');

my $log = slurp_file($node->logfile, $before);
like($log, qr/LOG:  release: preview of "annual", years 2020 to 2020, by "/,
	'but the log of the server has it');
like($log, qr/LOG:  release: preview of "annual", years 2021 to 2021/,
	'and the look at the loss');
like($log, qr/LOG:  release: protect of "public_exact", years .* by "analyst"/,
	'and the look at a tabulation, by the login that looked');

$node->stop;
done_testing();
