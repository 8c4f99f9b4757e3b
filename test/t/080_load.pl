# A load is seen while it runs, can be cancelled or crash, and goes on: nothing
# is lost and nothing is stored twice.
use strict;
use warnings;
use IPC::Run qw(start finish timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
# errors with their statements, not every statement
$node->append_conf('postgresql.conf', "log_statement = none\n");
$node->start;
my $planted = 'Plantedname';
$node->safe_psql('postgres', qq{
	CREATE EXTENSION tip_module;
	SELECT tip.create_model();
	CREATE ROLE onlooker LOGIN;
	CREATE TABLE source AS SELECT i AS n, md5('victim' || i)::uuid::text AS victim_id,
		CASE WHEN i % 50 = 7 THEN '$planted' ELSE 'female' END AS sex,
		CASE WHEN i % 70 = 9 THEN '5' ELSE '1990' END AS birth_year
	FROM generate_series(1, 40000) AS i;
	CREATE TABLE staging AS SELECT * FROM source;
	-- slow enough to be looked at
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END';
	CREATE TRIGGER wait AFTER DELETE ON staging EXECUTE FUNCTION wait();
	CREATE VIEW slow AS SELECT s.*, pg_sleep(0.0005) IS NULL AS waited FROM source AS s;
});
my $total = 40000;

# psql in the background; its errors are read when it has ended
my %err;

sub begin
{
	my ($name, $sql) = @_;
	$err{$name} = '';
	my $in = '';
	my $out = '';
	return start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \$in, '>', \$out, '2>', \$err{$name}, timeout(180));
}

sub call
{
	my ($load, $size) = @_;
	return "CALL tip.load_batches('staging', 'victim', $size, load => md5('$load')::uuid)";
}

# wait until a load has come that far, and say what can be seen of it
sub seen
{
	my ($condition) = @_;
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM tip.load_progress WHERE $condition")
	  or die 'the load was not seen';
	return;
}

# what is still in staging, stored or in quarantine is all there was, once
sub adds_up
{
	my ($what) = @_;
	is($node->safe_psql('postgres', q{
			SELECT (SELECT count(*) FROM staging) + (SELECT sum(read) FROM tip_data.load_batch)}),
		$total, "$what: rows that are not in staging have been read");
	is($node->safe_psql('postgres', q{
			SELECT (SELECT count(*) FROM tip_data.victim) = sum(stored)
			   AND (SELECT count(*) FROM tip_data.quarantine) = sum(quarantined)
			   AND bool_and(read = stored + quarantined) FROM tip_data.load_batch}),
		't', "$what: each is stored or in quarantine");
	is($node->safe_psql('postgres', q{
			SELECT count(*) FROM (
				SELECT n FROM source
				EXCEPT ALL
				(SELECT n FROM staging UNION ALL SELECT (record->>'n')::int FROM tip_data.quarantine
				 UNION ALL SELECT s.n FROM source AS s JOIN tip_data.victim AS v ON v.victim_id = s.victim_id::uuid)) AS x}),
		'0', "$what: and none is missing");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM tip.load_progress'),
		'0', "$what: no progress is left behind");
	return;
}

# ---- seen from another session, and cancelled ----
my $psql = begin('cancel', call('cancel', 300));
seen('batch >= 4 AND read > 0');
# Between two batches, or after a row that failed, there is nothing to see.
ok($node->poll_query_until('postgres', q{
	SELECT staging, entity, datname, rows_total BETWEEN 20000 AND 80000, read = stored + quarantined,
	       batch_started <= clock_timestamp() AND batch_started > clock_timestamp() - interval '1 minute'
	FROM tip.load_progress},
	'staging|tip_data.victim|postgres|t|t|t'), 'another session sees the load');
ok($node->poll_query_until('postgres', q{
		SELECT relid::regclass, command, type, tuples_processed > 0 FROM pg_stat_progress_copy},
	'staging|COPY FROM|CALLBACK|t'), 'so do the views of the server');
is($node->safe_psql('postgres', 'SET ROLE onlooker; SELECT count(*) FROM tip.load_progress'),
	'0', 'whoever may not see statistics does not');
is($node->safe_psql('postgres', q{SELECT count(*) FROM tip_data.load_batch WHERE load = md5('cancel')::uuid}) > 0,
	1, 'batches are committed while it runs');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM tip.load_progress');
finish $psql;
like($err{cancel}, qr/canceling statement due to user request/, 'it can be cancelled');
my $left = $node->safe_psql('postgres', 'SELECT count(*) FROM staging');
ok($left > 0 && $left < $total, "$left rows of $total are left");
adds_up('cancelled');

# ---- a crash, and the same load goes on ----
$psql = begin('crash', call('cancel', 300));
seen('stored > 2000');
$node->stop('immediate');
finish $psql;
$node->start;
isnt($err{crash}, '', 'the server has crashed');
my $now = $node->safe_psql('postgres', 'SELECT count(*) FROM staging');
ok($now < $left && $now > 0, 'batches before the crash are stored');
adds_up('crashed');

# ---- two at once ----
my @two = map { begin($_, call($_, 250)) } qw(one two);
finish $_ foreach @two;
like($err{$_}, qr/NOTICE:  \d+ rows read/, "load $_ of two ends well") foreach qw(one two);
adds_up('two at once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM staging'), '0', 'staging is empty');
is($node->safe_psql('postgres', q{
		SELECT count(*) FROM (SELECT FROM tip_data.load_batch
		WHERE load IN (md5('one')::uuid, md5('two')::uuid) GROUP BY load) AS x}),
	'2', 'both had their share');
is($node->safe_psql('postgres', q{
		SELECT count(DISTINCT number) = count(*) AND max(number) = count(*)
		FROM tip_data.load_batch WHERE load = md5('cancel')::uuid}),
	't', 'the load that went on has numbered its batches on');

# ---- the function is all or nothing ----
$node->safe_psql('postgres', q{
	TRUNCATE tip_data.victim, tip_data.quarantine, tip_data.load_batch CASCADE;
	DROP TRIGGER wait ON staging;
	INSERT INTO staging SELECT * FROM source});
$psql = begin('function', q{SELECT tip.load('slow', 'victim')});
seen('stored > 900 AND batch = 1 AND rows_total IS NULL');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM tip.load_progress');
finish $psql;
like($err{function}, qr/canceling statement due to user request/, 'the function can be cancelled');
is($node->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM staging), (SELECT count(*) FROM tip_data.victim),
		       (SELECT count(*) FROM tip_data.quarantine), (SELECT count(*) FROM tip_data.load_batch)}),
	"$total|0|0|0", 'and nothing has happened');
is($node->safe_psql('postgres', q{SELECT read, read = stored + quarantined FROM tip.load('staging', 'victim')}),
	"$total|t", 'it is called again');
is($node->safe_psql('postgres', q{SELECT pid IS NOT NULL FROM tip.load_progress}), '',
	'and then shows nothing');

# ---- a row that another session holds waits, and is loaded as it then is ----
$node->safe_psql('postgres', q{
	TRUNCATE tip_data.victim, tip_data.quarantine, tip_data.load_batch, staging CASCADE;
	INSERT INTO staging SELECT n, victim_id, 'female', '1990' FROM source LIMIT 10});
my $hold = begin('hold', q{BEGIN; UPDATE staging SET sex = 'male' WHERE n = 5;
	SELECT pg_sleep(2); COMMIT});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
$psql = begin('wait', call('wait', 3));
finish $_ foreach $hold, $psql;
is($node->safe_psql('postgres', q{SELECT count(*), count(*) FILTER (WHERE sex = 'male') FROM tip_data.victim}),
	'10|1', 'a row that was being changed is loaded once, changed');

# ---- what core would print of a row ----
$node->safe_psql('postgres', qq{
	ALTER TABLE tip_data.victim ADD CHECK (prmis_ref !~ '^Planted'), ADD UNIQUE (prmis_ref);
	CREATE TABLE refs AS SELECT ref AS prmis_ref
	FROM unnest('{$planted,Fabulaname,Fabulaname}'::text[]) AS ref});
my ($ret, $out, $err) = $node->psql('postgres', q{SELECT stored, quarantined FROM tip.load('refs', 'victim')});
is($out, '1|2', 'rows that core refuses are set aside');
is($err, '', 'and the client reads nothing of them');
unlike($node->safe_psql('postgres', q{SELECT string_agg(findings::text, '') FROM tip_data.quarantine}),
	qr/$planted|Fabulaname/, 'nor do the reasons');

my $log = slurp_file($node->logfile);
unlike($log, qr/$planted|Fabulaname/, 'no name is in the log');

$node->stop;
done_testing();
