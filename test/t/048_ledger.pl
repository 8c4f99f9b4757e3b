# Budgets and the ledger on servers: sessions at once, a dump, a standby, no
# worker to be had, a cancelled statement, and what the log says.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');

sub new_server
{
	my ($name) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(allows_streaming => 1, extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
	my $key = $node->basedir . '/test.key';
	system_or_bail('sh', '-c', "umask 077; sh '$test/make_key.sh' > '$key'");
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$key'\nmax_locks_per_transaction = 160\nlog_statement = none\n");
	$node->start;
	return $node;
}

# Run the same statements in several sessions at once; what each of them printed.
sub at_once
{
	my ($node, $user, @scripts) = @_;
	my (@runs, @out);
	foreach my $i (0 .. $#scripts)
	{
		push @out, '';
		push @runs,
		  start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . " user=$user" ],
			'<', \$scripts[$i], '>', \$out[$i], '2>&1');
	}
	finish($_) foreach @runs;
	return @out;
}

# Budgets are of the hour of the clock: do not begin just before it strikes.
my $left = 3600 - time % 3600;
sleep $left + 1 if $left < 120;

my $node = new_server('ledger');
my $super = getpwuid($<);
$node->safe_psql('postgres', q{CREATE EXTENSION tip_module; SELECT tip.create_model();
	CREATE ROLE desk LOGIN; CREATE ROLE desk_group; GRANT desk_group TO desk;
	GRANT USAGE ON SCHEMA tip, tip_data TO desk, desk_group;
	GRANT EXECUTE ON FUNCTION tip.find_person, tip.budget_state TO desk, desk_group;
	INSERT INTO tip_data.reporting_entity (reporting_entity_id)
	VALUES ('a0000000-0000-4000-8000-000000000001'), ('a0000000-0000-4000-8000-000000000002');
	SELECT tip.set_agency('desk', 'a0000000-0000-4000-8000-000000000001')});

# ---- sessions at once ----

my $append = join '', map { 'SELECT tip_impl.ledger_append_apart(' .
	"'busy', NULL, NULL, 'tracing', 'x', $_) IS NULL;\n" .
	"SELECT tip_impl.ledger_append('busy', NULL, NULL, 'tracing', 'x', $_) IS NULL;\n" } 1 .. 60;
my @out = at_once($node, $super, ($append) x 4);
unlike(join('', @out), qr/ERROR/, 'four sessions append at once');
is($node->safe_psql('postgres', 'SELECT * FROM tip.verify_ledger()'), '480||', 'the chain holds');
is($node->safe_psql('postgres', 'SELECT min(seq), max(seq), count(*) FROM tip.ledger'), '1|480|480', 'without a gap');

# One login behind a pool: two sessions share its budget of 20.
my $find = "BEGIN;\nSELECT * FROM tip.find_person('passport', 'PLANTED1', 'tracing');\nROLLBACK;\n";
@out = at_once($node, 'desk', ($find x 12) x 2);
my $refused = () = join('', @out) =~ /hourly budget of find_person is spent/g;
is($refused, 4, 'twenty of twenty-four questions in two sessions that roll back');
is($node->safe_psql('postgres', q{SELECT count(*) FROM tip.ledger WHERE action = 'find_person'}), 20,
	'and each is in the ledger');
my ($ret, $stdout, $stderr) = $node->psql('postgres',
	"SET ROLE desk_group; SELECT tip.find_person('passport', 'PLANTED1', 'tracing')",
	extra_params => [ '-U', 'desk' ]);
like($stderr, qr/is spent/, 'another role has no other budget');
($ret, $stdout, $stderr) = $node->psql('postgres', "SET SESSION AUTHORIZATION $super",
	extra_params => [ '-U', 'desk' ]);
like($stderr, qr/permission denied/, 'nor is there another login to be had');

# ---- nothing is left behind ----

my $backends = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'tip_module'};
my $segments = sub { my @s = glob('/dev/shm/PostgreSQL.*'); return scalar @s; };
my $before = $segments->();
$node->safe_psql('postgres', q{SELECT count(tip_impl.ledger_append_apart('many', NULL, NULL, NULL, NULL, i))
	FROM generate_series(1, 1000) AS i});
cmp_ok($segments->(), '<=', $before + 3, 'a thousand calls leave no shared memory');
is($node->safe_psql('postgres', $backends), 0, 'and no process');
is($node->safe_psql('postgres', 'SELECT * FROM tip.verify_ledger()'), '1500||', 'and a thousand rows');

# ---- cancelled, locked ----

($ret, $stdout, $stderr) = $node->psql('postgres', q{SET statement_timeout = '500ms';
	BEGIN; LOCK TABLE tip.ledger IN ACCESS EXCLUSIVE MODE;
	SELECT tip_impl.ledger_append_apart('locked', NULL, NULL, NULL, NULL, NULL)});
like($stderr, qr/canceling statement due to statement timeout/, 'a statement that waits can be cancelled');
($ret, $stdout, $stderr) = $node->psql('postgres', q{BEGIN; LOCK TABLE tip.ledger IN ACCESS EXCLUSIVE MODE;
	SELECT tip_impl.ledger_append_apart('locked', NULL, NULL, NULL, NULL, NULL)});
like($stderr, qr/locked by another transaction/, 'and does not wait for ever');
ok($node->poll_query_until('postgres', "SELECT ($backends) = 0"), 'its worker has gone');
# whoever cancels a question may find it written down, and has no answer
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM tip.ledger WHERE action = 'locked'}), '<=', 1,
	'and wrote nothing that was not asked');
is($node->safe_psql('postgres', q{ALTER DATABASE postgres SET default_transaction_read_only = on}), '', 'read only');
my $rows = $node->safe_psql('postgres', q{SELECT tip_impl.ledger_append_apart('read only', NULL, NULL, NULL, NULL, NULL)});
is($node->safe_psql('postgres', 'SELECT * FROM tip.verify_ledger()'), "$rows||", 'a database that is read only by default keeps its ledger');
$node->safe_psql('postgres', q{SET default_transaction_read_only = off; ALTER DATABASE postgres RESET ALL});

# ---- the log ----

my $log = slurp_file($node->logfile);
like($log, qr/LOG:  tip_module ledger: seq 1500, action many, login \Q$super\E, request 1000, mac [0-9a-f]{16}/,
	'each row is in the log');
unlike($log, qr/PLANTED1/, 'and not what was looked for');

# ---- a standby ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('ledger_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT * FROM tip.verify_ledger()'), "$rows||", 'a standby verifies');
($ret, $stdout, $stderr) = $standby->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT tip_impl.ledger_append_apart('standby', NULL, NULL, NULL, NULL, NULL)");
like($stderr, qr/25006: what is asked about people cannot be counted/, 'and writes nothing');
$standby->stop;

# ---- a dump ----

my ($seq, $mac) = split /\|/, $node->safe_psql('postgres', 'SELECT seq, mac FROM tip.ledger_head()');
$node->safe_psql('postgres', q{INSERT INTO tip.purpose VALUES ('ours', 'A purpose of ours');
	SELECT tip.set_budget(NULL, 'find_person', 30); SELECT tip.set_budget('desk', 'translate', 3)});
my $file = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $file, $node->connstr('postgres') ], 'dumped');
my $other = new_server('ledger_restored');
$other->safe_psql('postgres', 'CREATE ROLE desk; CREATE ROLE desk_group');
$other->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, $other->connstr('postgres') ], 'restored');
is($other->safe_psql('postgres', "SELECT * FROM tip.verify_ledger(anchor_seq => $seq, anchor_mac => '$mac')"),
	"$rows||", 'the chain verifies after a restore');
is($other->safe_psql('postgres', q{SELECT tip_impl.ledger_append_apart('restored', NULL, NULL, NULL, NULL, NULL)}),
	$rows + 1, 'and goes on');
is($other->safe_psql('postgres', q{SELECT string_agg(role_name || per_hour, ' ' ORDER BY role_name COLLATE "C") FROM tip.budget WHERE is_local}),
	'desk3 public30', 'budgets came along');
is($other->safe_psql('postgres', q{SELECT count(*) FROM tip.purpose WHERE is_local}), 1, 'and purposes');
is($other->safe_psql('postgres', q{SELECT agency FROM tip.agency_member}), 'a0000000-0000-4000-8000-000000000001',
	'and agencies');

# ---- a crash, no worker, no key ----

$other->stop('immediate');
$other->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\nmax_logical_replication_workers = 0\n");
$other->start;
is($other->safe_psql('postgres', 'SELECT checked FROM tip.verify_ledger()'), $rows + 1, 'a crash loses nothing');
($ret, $stdout, $stderr) = $other->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT tip_impl.ledger_append_apart('none', NULL, NULL, NULL, NULL, NULL)");
like($stderr, qr/53000: no background worker is free.*max_worker_processes/s, 'no worker: nothing is answered');
$other->append_conf('postgresql.conf', "max_worker_processes = 4\ntip_module.key_file = ''\n");
$other->restart;
($ret, $stdout, $stderr) = $other->psql('postgres',
	"\\set VERBOSITY verbose\nSELECT tip_impl.ledger_append_apart('none', NULL, NULL, NULL, NULL, NULL)");
like($stderr, qr/55000: /, 'nor without a key');
# the ring of another server: every row was made with a key that is not here
$other->stop;
my $key = $other->basedir . '/other.key';
append_to_file($key, '9:active:2026-01-01:' . 'ab' x 32 . "\n");
chmod 0600, $key;
$other->append_conf('postgresql.conf', "tip_module.key_file = '$key'\n");
$other->start;
like($other->safe_psql('postgres', 'SELECT * FROM tip.verify_ledger()'), qr/^0\|\|not_verifiable from row 1 on/,
	'rows whose key is gone are not verifiable, and not bad');

# A superuser is exempt, what others have her run is not.
my $third = new_server('third');
$third->safe_psql('postgres', q{CREATE EXTENSION tip_module; CREATE ROLE owner LOGIN;
	GRANT CREATE ON DATABASE postgres TO owner;
	GRANT EXECUTE ON FUNCTION tip.pseudonymize TO owner;
	SELECT tip.set_budget('owner', 'pseudonymize', 3);
	SELECT count(tip.pseudonymize('phone', '+1246' || (2000000 + i), 'police')) FROM generate_series(1, 2000) AS i;
	SET SESSION AUTHORIZATION owner;
	CREATE SCHEMA own;
	CREATE FUNCTION own.guess(i int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
		RETURN tip.pseudonymize('phone', '+1246' || (2000000 + i), 'police');
	END $$;
	CREATE TABLE own.guesses (i int);
	CREATE INDEX ON own.guesses (own.guess(i));
	INSERT INTO own.guesses VALUES (1);});
($ret, $stdout, $stderr) = $third->psql('postgres',
	'SET ROLE owner; INSERT INTO own.guesses SELECT generate_series(2, 9)');
like($stderr, qr/hourly budget of pseudonymize is spent/, 'SET ROLE pays');
$third->safe_psql('postgres', q{DROP INDEX own.guesses_guess_idx; INSERT INTO own.guesses
	SELECT generate_series(2, 9)});
$third->safe_psql('postgres', "DELETE FROM tip_impl.budget_use");
foreach my $statement ('CREATE INDEX ON own.guesses (own.guess(i))', 'REINDEX TABLE own.guesses',
	'ANALYZE own.guesses')
{
	($ret, $stdout, $stderr) = $third->psql('postgres', $statement);
	like($stderr, qr/hourly budget of pseudonymize is spent/, "nothing for nothing by $statement");
	$third->safe_psql('postgres', q{SELECT tip.set_budget('owner', 'pseudonymize', 100);
		CREATE INDEX IF NOT EXISTS guesses_guess_idx ON own.guesses (own.guess(i));
		SELECT tip.set_budget('owner', 'pseudonymize', 3)});
}
is($third->safe_psql('postgres', q{SELECT string_agg(DISTINCT role_name, ',') FROM tip_impl.budget_use}),
	'owner', 'and the owner has paid');

done_testing();
