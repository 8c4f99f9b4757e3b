# A known key and planted names go through every function of identity; then
# catalogs, statistics, logs, dumps, a base backup and the memory of backends
# are searched for them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $root = 'c0ffee' . '5a17ed0b5e55ed' x 4 . 'ab';
my $raw = pack('H*', $root);
my @key = ($root, uc $root, $raw, substr($root, 0, 24));
my @name = ('Zzplantedname', 'zzplantedname', 'QX7719405');

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/ring", "1:active:2026-01-01:$root\n");
chmod 0600, "$dir/ring";

my $node = PostgreSQL::Test::Cluster->new('identity_secrecy');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ], allows_streaming => 1);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_stat_statements,tip_module'
tip_module.key_file = '$dir/ring'
log_statement = none
max_locks_per_transaction = 160
CONF
$node->start;
my $bindir = $node->config_data('--bindir');

# How often one of the patterns occurs in a text.
sub count_in
{
	my ($text, @patterns) = @_;
	my $n = 0;
	foreach my $pattern (@patterns)
	{
		$n += () = $text =~ /\Q$pattern\E/g;
	}
	return $n;
}

sub count_in_files
{
	my ($where, @patterns) = @_;
	my $n = 0;
	$n += count_in(slurp_file($_), @patterns)
	  foreach split /\n/, qx(find '$where' -type f);
	return $n;
}

# Values travel as parameters of the extended protocol, as drivers send them.
sub with_parameters
{
	my ($text, %value) = @_;
	append_to_file("$dir/script.sql", "$text;\n");
	my @define = map { ('-D', "$_=$value{$_}") } sort keys %value;
	my ($out, $err) = ('', '');
	IPC::Run::run([ "$bindir/pgbench", '-n', '-t', '1', '-M', 'extended',
			@define, '-f', "$dir/script.sql", '-h', $node->host,
			'-p', $node->port, 'postgres' ], '>', \$out, '2>', \$err);
	unlink "$dir/script.sql";
	return "$out$err";
}

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pg_stat_statements;
CREATE EXTENSION tip_module;
SELECT tip.create_model();
INSERT INTO tip_data.victim (victim_id) VALUES ('00000000-0000-4000-8000-000000000001');
CREATE ROLE officer LOGIN;
CREATE ROLE supervisor LOGIN;
SELECT tip.grant_reidentifier('officer');
SELECT tip.grant_approver('supervisor');
SELECT tip.grant_recorder('officer');
SELECT tip.set_budget('officer', 'find_person', 1000);
SQL
my $victim = '00000000-0000-4000-8000-000000000001';

# What may be done with a name or a document, once as it should be and once
# with something that is refused.
my @deeds = (
	"SELECT tip.identify('$victim', 'person_name', :who)",
	"SELECT tip.identify('$victim', 'passport', :doc)",
	"SELECT tip.identify('$victim', 'nickname', :who)",
	"SELECT tip.identify('$victim', 'birth_date', :who)",
	"SELECT tip.pseudonymize('person_name', :who, 'police')",
	"SELECT tip.pseudonymize('passport', :doc, 'ngo')",
	"SELECT tip.pseudonymize('nickname', :who, 'ngo')",
	"SELECT tip.pseudonymize('person_name', :who, 'nowhere')",
	"SELECT tip.pseudonymize('birth_date', :who, 'police')",
	"SELECT tip.pseudonymize('composite', :who, 'police')",
	"SELECT * FROM tip.pseudonyms_all('person_name', :who, 'police')",
	"SELECT count(*) FROM tip.find_person('person_name', :who, 'tracing')",
	"SELECT count(*) FROM tip.find_person('passport', :doc, 'curiosity')",
	"SELECT tip.seal(:who, 'police', 't', 'c')",
	"SELECT tip.seal(:who, 'nowhere', 't', 'c')",
	"SELECT tip.unseal(tip.seal(:who, 'police', 't', 'c'), 't', 'd')",
	"SELECT :who::tip.pseudonym",
	"SELECT :who::tip.sealed",
	"SELECT :who::tip.victim_code",
	"SELECT tip.suggest_victim_code(:who)");
my %planted = (who => 'Zzplantedname', doc => 'QX7719405');
my $answers = '';
$answers .= with_parameters($_, %planted) foreach @deeds;
is(count_in($answers, @name), 0, 'no answer or error repeats a name');
is($node->safe_psql('postgres', 'SELECT count(*) FROM tip_data.identity'),
	2, 'both identifiers are stored');
isnt($node->safe_psql('postgres', 'SELECT count(*) FROM tip_data.victim_pseudonym'),
	0, 'and so are their pseudonyms');

# Re-identification shows the name to the one who asked, and to nobody else.
sub as
{
	my ($role, @statements) = @_;
	my ($out, $err) = run_command([ 'psql', '-XAtq', '-d',
			$node->connstr('postgres') . " user=$role", map { ('-c', $_) } @statements ]);
	return $out . $err;
}
my $pseudonym = $node->safe_psql('postgres',
	"SELECT pseudonym FROM tip_data.victim_pseudonym LIMIT 1");
my $request = as('officer',
	"SELECT tip.request_reidentification('$pseudonym', 'court_order', 'C-1')");
like($request, qr/^[0-9]+$/, 'a request has a number');
as('supervisor', "SELECT tip.approve($request)");
like(as('officer', "CALL tip.reidentify($request)"), qr/Zzplantedname/,
	'whom it is meant for sees the name');

# ---- catalogs, statistics, activity ----
my $everything = '';
foreach my $relation (
	qw(pg_settings pg_db_role_setting pg_proc pg_stat_statements
	pg_stat_activity pg_stats pg_statistic_ext pg_description pg_class
	pg_attrdef pg_file_settings pg_prepared_statements pg_cursors
	tip.ledger tip.reidentification_request tip_data.victim_pseudonym
	tip_data.identity))
{
	$everything .= $node->safe_psql('postgres', "SELECT to_jsonb(t) FROM $relation AS t");
}
like($everything, qr/tip\.pseudonymize/, 'the statements are there');
is(count_in($everything, @key), 0, 'key in catalogs and statistics: 0 hits');
is(count_in($everything, @name), 0, 'name in catalogs and statistics: 0 hits');
is( count_in($node->safe_psql('postgres', 'SELECT * FROM tip.key_status()'), @key),
	0, 'key in tip.key_status(): 0 hits');

# ---- the log ----
is(count_in(slurp_file($node->logfile), @key), 0, 'key in the log: 0 hits');
is( count_in(
		join("\n", grep { !/STATEMENT:/ } split /\n/, slurp_file($node->logfile)),
		@name),
	0, 'name in our lines of the log: 0 hits');
my $end = -s $node->logfile;
$node->append_conf('postgresql.conf',
	"log_min_duration_statement = 0\nlog_parameter_max_length = 0\n"
	  . "log_parameter_max_length_on_error = 0\n");
$node->reload;
usleep(200_000);
with_parameters($_, %planted) foreach @deeds;
my $log = substr(slurp_file($node->logfile), $end);
like($log, qr/duration: .*tip\.pseudonymize/, 'statements are logged');
is(count_in($log, @name, @key), 0,
	'log with log_min_duration_statement = 0 and parameters: 0 hits');

# With core's own log_parameter_max_length the log repeats parameters, as
# docs/confidential-errors.md says: names stand there and nowhere else, a key
# nowhere.
$end = -s $node->logfile;
$node->append_conf('postgresql.conf', "log_parameter_max_length = -1\n");
$node->reload;
usleep(200_000);
with_parameters($_, %planted) foreach @deeds;
$log = substr(slurp_file($node->logfile), $end);
like($log, qr/DETAIL:  [Pp]arameters: .*Zzplantedname/, 'parameters are logged where that is asked for');
is(count_in($log, @key), 0, 'key in a log with parameters: 0 hits');
is( count_in(
		join("\n", grep { !/DETAIL:  [Pp]arameters: / } split /\n/, $log),
		@name),
	0, 'name in a log with parameters, outside of them: 0 hits');
$node->append_conf('postgresql.conf', "log_parameter_max_length = 0\n");
$node->reload;

# ---- dumps and a base backup ----
$node->command_ok([ 'pg_dumpall', '-f', "$dir/dump.sql", '-d',
		$node->connstr('postgres') ], 'dump');
like(slurp_file("$dir/dump.sql"), qr/\Q$pseudonym\E/, 'the pseudonym is in the dump');
is(count_in(slurp_file("$dir/dump.sql"), @key, @name), 0, 'dump: 0 hits');
unlink "$dir/dump.sql";
$node->backup('whole');
is(count_in_files($node->backup_dir . '/whole', @key, @name),
	0, 'base backup with its WAL: 0 hits');

# ---- memory: what a core image would hold ----
# Text of all writable mappings that are not kept out of core dumps.
sub core_image
{
	my ($pid) = @_;
	my ($image, $range) = ('', undef);
	open my $maps, '<', "/proc/$pid/smaps" or return;
	open my $memory, '<:raw', "/proc/$pid/mem" or return;
	while (my $line = <$maps>)
	{
		$range = $3 eq 'rw' ? [ hex $1, hex $2 ] : undef
		  if $line =~ /^([0-9a-f]+)-([0-9a-f]+) (..)/;
		next unless defined $range && $line =~ /^VmFlags:(.*)/;
		next if $1 =~ /\bdd\b/;
		my $len = $range->[1] - $range->[0];
		sysseek $memory, $range->[0], 0;
		my $part = '';
		while ($len > 0)
		{
			my $got = sysread $memory, $part, $len < 1 << 24 ? $len : 1 << 24;
			last unless $got;
			$image .= $part;
			$len -= $got;
		}
		undef $range;
	}
	return $image;
}

# A session that has done something and waits.
sub session
{
	my ($statement) = @_;
	my $psql = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $psql->can('query') ? $psql->query('SELECT pg_backend_pid()') : undef;
	$psql->query($statement) if defined $pid;
	return ($psql, $pid);
}
SKIP:
{
	skip 'background sessions need the library of a newer server', 4
	  unless $node->can('background_psql');
	my ($keyed, $pid) = eval { session("SELECT 1 FROM tip.pseudonymize('passport', 'Controlvalue', 'police')") };
	skip 'no session whose memory can be read', 4
	  unless defined $pid && -r "/proc/$pid/smaps";
	my $image = core_image($pid);
	skip 'memory of another process cannot be read', 4 unless defined $image;
	isnt(count_in($image, 'Controlvalue'), 0, 'memory is searched: the statement itself is found');
	is(count_in($image, @key), 0, 'root key in a backend that used it: 0 hits');
	$keyed->quit;
	my ($bare, $other) = session('SELECT count(*) FROM tip_data.identity');
	$image = core_image($other);
	is(count_in($image, @key), 0, 'root key in another backend: 0 hits');
	is(count_in($image, @name), 0, 'name in another backend: 0 hits');
	$bare->quit;
}

$node->stop;
is(count_in_files($node->data_dir, @key, @name), 0, 'data directory: 0 hits');
is(count_in_files($dir, @key) > 0, 1, 'the search finds the key where it is');
done_testing();
