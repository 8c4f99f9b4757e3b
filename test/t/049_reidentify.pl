# Re-identification across sessions: a backend that ends between the ledger and
# the seal, a crash, a dump.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reidentify');
my $dir = PostgreSQL::Test::Utils::tempdir();
my $key = "$dir/key";
append_to_file($key, '1:active:2026-01-01:' . '5e' x 32 . "\n");
chmod 0600, $key;
$node->init;
$node->append_conf('postgresql.conf', <<"CONF");
tip_module.key_file = '$key'
wal_writer_delay = 10000
autovacuum = off
log_statement = none
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION tip_module;
SELECT tip.create_model();
CREATE ROLE asker LOGIN;
CREATE ROLE judge LOGIN;
SELECT tip.grant_reidentifier('asker');
SELECT tip.grant_approver('judge');
INSERT INTO tip_data.victim (victim_id) VALUES ('00000000-0000-0000-0000-000000000001');
SELECT tip.identify('00000000-0000-0000-0000-000000000001', 'person_name', 'Plantedname', 'legal');
SQL
my $person = $node->safe_psql('postgres',
	"SELECT tip.pseudonymize('person_name', 'Plantedname', 'police')");

# Output and errors of a login.
sub as_login
{
	my ($login, $sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql, stdout => \$out, stderr => \$err,
		extra_params => [ '-U', $login ]);
	return ($out, $err);
}

sub approved_request
{
	my ($request, $err) = as_login('asker',
		"SELECT tip.request_reidentification('$person', 'tracing', 'C-1')");
	($_, $err) = as_login('judge', "SELECT tip.approve($request)");
	is($err, '', "request $request is approved");
	return $request;
}

sub uses
{
	my ($request) = @_;
	return $node->safe_psql('postgres',
		"SELECT count(*) FROM tip.ledger WHERE request = $request AND action = 'reidentify'");
}

# The plain case, and another session afterwards
my $request = approved_request();
my ($out, $err) = as_login('judge', "CALL tip.reidentify($request)");
like($err, qr/permission denied/, 'an approver opens nothing');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($out, qr/Plantedname/, 'the one who asked sees the name');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($err, qr/used already/, 'once');

# One message with two statements is a transaction block of its own.
$request = approved_request();
my $conn = $node->connstr('postgres') . ' user=asker';
foreach my $sql ("CALL tip.reidentify($request); SELECT 1",
	"SELECT 1; CALL tip.reidentify($request)",
	"SELECT tip_impl.begin_reidentification($request); SELECT tip_impl.open_identity($request)")
{
	($out, $err) = run_command([ 'psql', '-XAtqd', $conn, '-c', $sql ]);
	unlike($out, qr/Plantedname/, "nothing by: $sql");
	like($err, qr/transaction block|ledger row is committed/, "refused: $sql");
}
is(uses($request), 0, 'and nothing was written');

# Autocommit off, as many drivers have it
($out, $err) = run_command([ 'psql', '-XAtqd', $conn, '-v', 'AUTOCOMMIT=off',
	'-c', "CALL tip.reidentify($request)" ]);
like($err, qr/transaction block.*autocommit/s, 'a driver without autocommit is told');

# The first half committed by itself is evidence, and no other session opens it
($out, $err) = as_login('asker', "SELECT tip_impl.begin_reidentification($request)");
is($err, '', 'the first half alone');
($out, $err) = as_login('asker', "SELECT tip_impl.open_identity($request)");
like($err, qr/ledger row is committed/, 'another session does not open it');
is(uses($request), 1, 'the ledger has it');

# A backend is terminated after the commit and before the seal is read
$request = approved_request();
my $blocker = $node->background_psql('postgres');
$blocker->query_safe('BEGIN; LOCK TABLE tip_data.identity');
my ($in, $got, $said) = ('', '', '');
my $call = IPC::Run::start([ 'psql', '-XAtqd', $conn, '-c', "CALL tip.reidentify($request)" ],
	'<', \$in, '>', \$got, '2>', \$said);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE usename = 'asker' AND wait_event_type = 'Lock'") or die 'no wait';
is(uses($request), 1, 'the ledger row is committed while the seal waits');
$node->safe_psql('postgres',
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'asker'");
$call->finish;
$blocker->query_safe('ROLLBACK');
$blocker->quit;
unlike($got, qr/Plantedname/, 'nothing was shown');
is(uses($request), 1, 'the ledger row stays');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($err, qr/used already/, 'what was cut off is asked for again');

# A crash at once, with a session that does not wait for its commits
$request = approved_request();
{
	local $ENV{PGOPTIONS} = '-c synchronous_commit=off';
	($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
}
like($out, qr/Plantedname/, 'opened without waiting for commits');
$node->stop('immediate');
$node->start;
is(uses($request), 1, 'the ledger row has outlived the crash');
is($node->safe_psql('postgres', 'SELECT problem IS NULL FROM tip.verify_ledger()'),
	't', 'the ledger is whole');

# Another login that comes to have the name of the one that asked
$request = approved_request();
my ($other) = as_login('asker',
	"SELECT tip.request_reidentification('$person', 'tracing', 'C-1')");
$node->safe_psql('postgres', "ALTER ROLE asker RENAME TO former; CREATE ROLE asker LOGIN;
	SELECT tip.grant_reidentifier('asker'); SELECT tip.grant_approver('former')");
($out, $err) = as_login('former', "SELECT tip.approve($other)");
like($err, qr/another login than asked/, 'nobody approves her own under a new name');
($out, $err) = as_login('judge', "SELECT tip.approve($other)");
like($err, qr/not of the role that asked/, 'nor is it approved for whoever has the old one');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($err, qr/used by the login that asked/, 'nor what was approved used');
unlike($out, qr/Plantedname/, 'no name');
$node->safe_psql('postgres', 'DROP OWNED BY asker; DROP ROLE asker;
	ALTER ROLE former RENAME TO asker; REVOKE EXECUTE ON FUNCTION tip.approve(bigint) FROM asker');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($out, qr/Plantedname/, 'by the one who asked it is');

# An approval that was written into the table is none; nor does anybody who
# keeps a statement running keep others from the ledger.
($request) = as_login('asker',
	"SELECT tip.request_reidentification('$person', 'tracing', 'C-1')");
$node->safe_psql('postgres', "CREATE ROLE writer LOGIN; GRANT pg_write_all_data, pg_read_all_data TO writer");
($out, $err) = as_login('writer', "UPDATE tip.reidentification_request
	SET approved_by = 'judge', approved_at = clock_timestamp() WHERE id = $request");
is($err, '', 'a forged approval');
($out, $err) = as_login('asker', "CALL tip.reidentify($request)");
like($err, qr/the request is not approved/, 'is not in the ledger');
is(uses($request), 0, 'and nothing is written of it');
$request = approved_request();
($in, $got, $said) = ('', '', '');
$call = IPC::Run::start([ 'psql', '-XAtqd', $conn, '-c',
	"SELECT tip_impl.begin_reidentification($request), pg_sleep(600)" ], '<', \$in, '>', \$got, '2>', \$said);
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
	WHERE usename = 'asker' AND wait_event = 'PgSleep'") or die 'no wait';
is(uses($request), 1, 'the ledger has the first half while its statement goes on');
($out, $err) = as_login('asker',
	"SELECT tip.request_reidentification('$person', 'tracing', 'C-1')");
is($err, '', 'and takes the rows of others');
$node->safe_psql('postgres',
	"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'asker'");
$call->finish;

# A dump: seals open where they are restored, requests are not used again
my $late = approved_request();
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', "$dir/dump.sql" ],
	'dump');
unlike(slurp_file("$dir/dump.sql"), qr/Plantedname/i, 'no name in the dump');
$node->command_ok([ 'psql', '-XqAtd', $node->connstr('restored'), '-v', 'ON_ERROR_STOP=1',
	'-f', "$dir/dump.sql" ], 'restore');
is($node->safe_psql('restored', "SELECT tip.unseal(value, 'tip_data.identity', 'value', identity_id)
	FROM tip_data.identity"), 'Plantedname', 'a restored seal opens');
is($node->safe_psql('restored', "SELECT count(*), max(id) FROM tip.reidentification_request"),
	"10|$late", 'requests are restored');
($out, $err) = run_command([ 'psql', '-XAtqd', $node->connstr('restored') . ' user=asker',
	'-c', "SELECT tip.request_reidentification('$person', 'tracing', 'C-2')" ]);
is($out, $late + 1, 'the next number follows');

# Errors and the log keep the name to themselves
foreach my $sql (
	"tip.identify('00000000-0000-0000-0000-000000000001', 'Plantedname', 'Plantedname')",
	"tip.identify('00000000-0000-0000-0000-000000000009', 'person_name', 'Plantedname')",
	"tip.seal('Plantedname', 'nobody', 't', 'c')",
	"tip.seal(repeat('Plantedname', 100), 'police', 't', 'c')",
	"concat('Plantedname')::tip.sealed")
{
	($out, $err) = as_login('postgres', "SELECT $sql");
	ok($err =~ /ERROR/ && $err !~ /Plantedname/, "refused without the name: $sql")
	  or diag($err);
}
is(scalar(() = slurp_file($node->logfile) =~ /Plantedname/g), 0, 'nor does the log');
$node->stop;
done_testing();
