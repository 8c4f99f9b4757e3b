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

# Cancelled when the cells are stored and the view is made: nothing is left.
$node->safe_psql('postgres', q{
	CREATE FUNCTION public.cancel_me() RETURNS event_trigger LANGUAGE plpgsql
	AS 'BEGIN PERFORM pg_catalog.pg_cancel_backend(pg_catalog.pg_backend_pid());
	    PERFORM pg_catalog.pg_sleep(60); END';
	CREATE EVENT TRIGGER cancel_me ON ddl_command_end WHEN TAG IN ('CREATE VIEW')
	EXECUTE FUNCTION public.cancel_me()});
my ($ret, $out, $err) = $node->psql('postgres', q{SELECT tip.publish('annual', 2020)});
like($err, qr/canceling statement due to user request/, 'a publication is cancelled');
is($node->safe_psql('postgres', q{SELECT (SELECT count(*) FROM tip.release),
	(SELECT count(*) FROM tip.release_cell), (SELECT count(*) FROM tip.release_certificate),
	to_regnamespace('tip_public')}), '0|0|0|', 'and leaves nothing');
$node->safe_psql('postgres', 'DROP EVENT TRIGGER cancel_me');
is($node->safe_psql('postgres', q{SELECT tip.publish('annual', 2020)}), '1', 'not even a gap');

$node->stop;
done_testing();
