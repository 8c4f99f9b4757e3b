# Two releases of one period: a hundred new cases, two who publish at once, a
# dump, a cancelled publication, a server without a key.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $key = "$PostgreSQL::Test::Utils::tmp_check/revisions.key";
my $umask = umask 077;
system("sh $ENV{TESTDIR}/test/make_key.sh > $key") == 0 or die 'no key';
umask $umask;

my $node = PostgreSQL::Test::Cluster->new('revisions');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf',
	"tip_module.key_file = '$key'\nmax_locks_per_transaction = 160\n");
$node->start;

sub sql { return $node->safe_psql($_[1] // 'postgres', $_[0]) }

# Three dimensions, a total each; 20 to 50 invented persons a year.
sql(q{CREATE EXTENSION tip_module;
	CREATE SCHEMA invented;
	CREATE TABLE invented.person (year int, sex text, age text, form text);
	INSERT INTO tip.measure (id, title, unit, date_basis, age_basis, dimensions, source)
	VALUES ('inv', 'invented persons', 'person', 'year', 'stated', '{sex,age,form}',
		'SELECT * FROM %1$I.person');
	INSERT INTO tip.release_plan (id, title, measure, policy, years)
	VALUES ('inv', 'a year', 'inv', 'public_exact', 1);
	INSERT INTO tip.release_plan_table (name, plan, ordinal, title, dimensions) VALUES
		('inv_sex_age', 'inv', 1, 'sex by age', '{sex,age}'),
		('inv_form', 'inv', 2, 'by form', '{form}');
	CREATE FUNCTION invented.draw(seed text, m int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$SELECT (('x' || substr(md5(seed), 1, 6))::bit(24)::int) % m$$;
	CREATE FUNCTION invented.add(y int, first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO invented.person
	SELECT y, CASE WHEN invented.draw('s' || y || '-' || i, 100) < 80 THEN 'f' ELSE 'm' END,
		CASE WHEN invented.draw('a' || y || '-' || i, 100) < 32 THEN 'child' ELSE 'adult' END,
		(ARRAY['sexual', 'labour', 'other'])[1
			+ (invented.draw('f' || y || '-' || i, 100) > 67)::int
			+ (invented.draw('f' || y || '-' || i, 100) > 92)::int]
	FROM generate_series(first, last) AS i$$;
	SELECT invented.add(y, 1, 20 + invented.draw('n' || y, 31)) FROM generate_series(1901, 2000) AS y});

# What an attacker gets from two releases is what changed in a cell that both
# show.  One new case is in every cell that changes: nothing may change.
sql(q{SELECT tip.publish('inv', y, NULL, 'invented') FROM generate_series(1901, 2000) AS y;
	SELECT invented.add(y, 1000, 1000) FROM generate_series(1901, 2000) AS y;
	SELECT tip.revise('inv', y, NULL, 'invented') FROM generate_series(1901, 2000) AS y});
my $pair = q{tip.release_link AS l JOIN tip.release_cell AS n ON n.release = l.release
	JOIN tip.release_cell AS o ON o.release = l.earlier AND o.table_name = n.table_name
		AND o.codes = n.codes};
is(sql("SELECT count(*) FROM $pair WHERE n.value <> o.value"), '0',
	'a hundred times one new case: no cell tells of her');
is(sql('SELECT count(*) FROM tip.release_link'), '100', 'in a hundred revisions');
is(sql('SELECT count(*) FROM tip.release AS r WHERE NOT tip.verify_release(r.release)'), '0',
	'and all two hundred releases are verified');
my $held = sql(q{SELECT round(100.0 * count(*) FILTER (WHERE obs_status = 'P')
	/ count(*), 1) FROM tip.release_cell JOIN tip.release_link USING (release) WHERE value > 0});
diag("one new case: $held % of the cells with persons that are shown are pending");

# twelve more at once
sql(q{SELECT invented.add(y, 1001, 1012) FROM generate_series(1901, 1920) AS y;
	SELECT tip.revise('inv', y, NULL, 'invented') FROM generate_series(1901, 1920) AS y});
$held = sql(q{SELECT round(100.0 * count(*) FILTER (WHERE obs_status = 'P')
	/ count(*), 1) FROM tip.release_cell WHERE release > 200 AND value > 0});
diag("thirteen new cases: $held % are pending");
cmp_ok($held, '<', 100, 'some of thirteen changes are seen');
is(sql(q{SELECT count(*) FROM (SELECT n.value - o.value AS d, o.release, n.table_name
	FROM tip.release_cell AS n JOIN tip.release_link AS l ON l.release = n.release
	JOIN tip.release_cell AS o ON o.release = l.earlier AND o.table_name = n.table_name
		AND o.codes = n.codes
	WHERE n.release > 200 AND n.obs_status = 'A') AS x WHERE d BETWEEN 1 AND 4}), '0',
	'none of them by fewer than five');
is(sql('SELECT bool_and(tip.verify_release(release)) FROM tip.release WHERE release > 200'), 't',
	'they are verified');

# A dump carries certificates and sealed counts.
my $dump = "$PostgreSQL::Test::Utils::tmp_check/revisions.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'a dump is made');
my $text = slurp_file($dump);
unlike($text, qr/"cells": \[/, 'without counts that can be read');
sql('CREATE DATABASE again');
$node->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('again') ],
	'and restored');
is(sql('SELECT bool_and(tip.verify_release(release)) FROM tip.release', 'again'), 't',
	'what was restored is verified');
sql(q{SELECT invented.add(1901, 2001, 2040)}, 'again');
like(sql(q{SELECT tip.revise('inv', 1901, NULL, 'invented')}, 'again'), qr/^221$/,
	'and can be revised');
is(sql('SELECT tip.verify_release(221)', 'again'), 't', 'safely');

# Cancelled or rolled back, nothing is left.
sql('SELECT invented.add(2001, 1, 40)');
my ($ret, $out, $err) = $node->psql('postgres',
	q{SET statement_timeout = 1; SELECT tip.publish('inv', 2001, NULL, 'invented')});
like($err, qr/canceling statement/, 'a publication is cancelled');
sql(q{BEGIN; SELECT tip.publish('inv', 2001, NULL, 'invented'); ROLLBACK});
is(sql(q{SELECT (SELECT max(release) FROM tip.release) || ' '
	|| (SELECT count(*) FROM tip.release_cell WHERE release > 220) || ' '
	|| (SELECT count(*) FROM tip.release_certificate WHERE release > 220) || ' '
	|| (SELECT count(*) FROM tip.release_secret WHERE release > 220)}), '220 0 0 0',
	'nothing of it is left');

# Two who publish the same: one waits, and is refused.
my @sessions;
for my $who (1, 2)
{
	my ($in, $out, $err) = ('', '', '');
	push @sessions,
	  { out => \$out, err => \$err, run => IPC::Run::start(
		[ 'psql', '-qXAt', '-d', $node->connstr('postgres'),
		  '-c', q{SELECT tip.publish('inv', 2001, NULL, 'invented')} ],
		'<', \$in, '>', \$out, '2>', \$err) };
}
$_->{run}->finish for @sessions;
is(join('', sort map { ${ $_->{out} } } @sessions), "221\n", 'one of two publishes');
is(scalar(grep { ${ $_->{err} } =~ /are published as release 221|published meanwhile/ } @sessions), 1,
	'the other is refused');
# one whose snapshot is older than the other's release
sql('SELECT invented.add(2002, 1, 40)');
my ($in, $first, $second) = ('', '', '');
($ret, $out, $err) = $node->psql('postgres', qq{
	BEGIN ISOLATION LEVEL REPEATABLE READ;
	SELECT count(*) FROM tip.release;
	\\! psql -qXAt -d '@{[$node->connstr('postgres')]}' -c "SELECT tip.publish('inv', 2002, NULL, 'invented')" >/dev/null
	SELECT tip.publish('inv', 2002, NULL, 'invented');
	COMMIT;});
like($err, qr/another release was published meanwhile/, 'an old snapshot publishes nothing');

# Without a key a first release is made and no second; one that is named but
# cannot be read stops both.
$node->append_conf('postgresql.conf', "tip_module.key_file = ''\n");
$node->restart;
sql('SELECT invented.add(2003, 1, 40)');
sql(q{SELECT tip.publish('inv', 2003, NULL, 'invented')});
is(sql('SELECT tip.verify_release(223)'), 't',
	'without a key a period can be published');
sql('SELECT invented.add(2003, 41, 60)');
($ret, $out, $err) = $node->psql('postgres', q{SELECT tip.revise('inv', 2003, NULL, 'invented')},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/55000: the counts behind release 223 were not kept/, 'but not revised');
($ret, $out, $err) = $node->psql('postgres', q{SELECT tip.revise('inv', 2000, NULL, 'invented')},
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  55000:/, 'nor is one whose key is gone');
$node->append_conf('postgresql.conf', "tip_module.key_file = '$key.none'\n");
$node->restart;
sql('SELECT invented.add(2004, 1, 40)');
($ret, $out, $err) = $node->psql('postgres', q{SELECT tip.publish('inv', 2004, NULL, 'invented')});
isnt($ret, 0, 'a key that cannot be read is not passed over');
is(sql('SELECT max(release) FROM tip.release'), '223', 'and nothing is published');

my $log = slurp_file($node->logfile);
unlike($log, qr/"codes": \[/, 'no count is in the log of the server');
$node->stop;
done_testing();
