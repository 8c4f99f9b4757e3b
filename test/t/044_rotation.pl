# From one version of the key to the next: over restarts, cancelled and gone on
# with, while others look people up, record and correct them.  Nobody is missed.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $test = abs_path(dirname(__FILE__) . '/..');
my $persons = 300;
my $key_1 = '11' x 31 . 'a1';
my $key_2 = '22' x 31 . 'b2';
my $node;

sub write_ring
{
	my @lines = @_;
	my $path = $node->basedir . '/ring';
	unlink $path;
	append_to_file($path, join("\n", @lines) . "\n");
	chmod 0600, $path;
	return;
}

sub ask { return $node->safe_psql('postgres', $_[0]) }

sub refused
{
	my ($sql, $message, $what, %options) = @_;
	my ($status, undef, $err) = $node->psql('postgres', $sql, %options);
	ok($status != 0 && $err =~ $message, $what) or diag($err);
	return;
}

# People who are looked for and not found.
my $misses = 'SELECT count(*) FROM probe AS q WHERE NOT EXISTS (SELECT
	FROM tip.pseudonyms_all(q.kind, q.value, q.domain) AS a (p)
	JOIN tip_data.victim_pseudonym AS v ON v.pseudonym = a.p
	WHERE v.victim_id = q.victim_id)';

sub set_up
{
	my ($preloaded) = @_;
	$node = PostgreSQL::Test::Cluster->new("rotation_$preloaded");
	$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
	write_ring("1:active:2026-01-01:$key_1");
	my $ring = $node->basedir . '/ring';
	$node->append_conf('postgresql.conf', "tip_module.key_file = '$ring'");
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'tip_module'")
	  if $preloaded;
	$node->start;
	ask(qq{
		CREATE EXTENSION tip_module;
		CREATE TABLE record (rec_id text, origin text, person_name text, given text,
			surname text, birth_date text, sex text, passport text, national_id text, phone text);
		COPY record FROM '$test/fixtures/names.csv' (FORMAT csv, HEADER)});
	ask('SELECT tip.create_model()');
	ask("SELECT tip.create_model('other')");
	ask(qq{
		CREATE TABLE probe AS SELECT gen_random_uuid() AS victim_id, 'person_name' AS kind,
			person_name AS value, NULL::uuid AS identity_id, domain
		FROM (SELECT * FROM record LIMIT $persons) AS r, unnest('{police,ngo}'::text[]) AS domain;
		INSERT INTO tip_data.victim (victim_id) SELECT victim_id FROM probe;
		UPDATE probe SET identity_id = tip.identify(victim_id, kind, value, NULL, 'tip_data', ARRAY[domain]);
		INSERT INTO other.victim (victim_id) SELECT victim_id FROM probe LIMIT 1;
		DO \$\$BEGIN PERFORM tip.identify(victim_id, 'passport', 'ZZ1', NULL, 'other') FROM other.victim; END\$\$;
		INSERT INTO tip_data.victim_pseudonym (victim_id, pseudonym)
		SELECT victim_id, tip.pseudonymize('phone', '12465550100', 'police') FROM probe LIMIT 1;
		CREATE TABLE stop (); CREATE TABLE seen (misses int8);
		CREATE PROCEDURE watch() LANGUAGE plpgsql AS \$\$
		BEGIN
			LOOP
				INSERT INTO seen $misses;
				COMMIT;
				EXIT WHEN EXISTS (SELECT FROM stop);
			END LOOP;
		END\$\$;
		CREATE PROCEDURE record_more(n int) LANGUAGE plpgsql AS \$\$
		DECLARE
			v uuid; i uuid; q probe;
		BEGIN
			FOR j IN 1 .. n LOOP
				INSERT INTO tip_data.victim DEFAULT VALUES RETURNING victim_id INTO v;
				i := tip.identify(v, 'person_name', 'Newcomer ' || j);
				INSERT INTO probe VALUES (v, 'person_name', 'Newcomer ' || j, i, 'police');
				COMMIT;
				SELECT * INTO q FROM probe WHERE domain = 'police' AND value !~ 'correct'
					ORDER BY random() LIMIT 1;
				PERFORM tip.correct_identity(q.identity_id, q.value || ' corrected');
				UPDATE probe SET value = q.value || ' corrected' WHERE identity_id = q.identity_id;
				COMMIT;
			END LOOP;
		END\$\$});
	return;
}

# A psql of its own; finish() of what is returned gives false where it failed.
my %errors;

sub start_psql
{
	my ($sql) = @_;
	my ($in, $out, $err) = ('', '', '');
	my $run = IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d',
		$node->connstr('postgres'), '-c', $sql ], \$in, \$out, '2>', \$err);
	$errors{$run} = \$err;
	return $run;
}

sub ends_well
{
	my ($run, $what) = @_;
	ok($run->finish, $what) or diag(${ $errors{$run} });
	return;
}

sub state
{
	my ($column, $domain) = @_;
	return ask("SELECT $column FROM tip.rotation_state('" . ($domain // 'police') . "')");
}

sub watched
{
	my ($watcher, $what) = @_;
	ask('INSERT INTO stop DEFAULT VALUES');
	ends_well($watcher, "$what: lookups went on");
	my ($rounds, $missed) = split /\|/, ask('SELECT count(*), sum(misses) FROM seen');
	cmp_ok($rounds, '>', 0, "$what: there were some");
	is($missed, '0', "$what: nobody was missed");
	ask('TRUNCATE stop, seen');
	return;
}

sub rotate_all
{
	my $watcher = start_psql('CALL watch()');
	is(state('remaining'), $persons, 'all lack the new version');
	is(state('without_identity'), '1', 'a pseudonym without identity is counted');

	# cancelled in the middle, while it waits for what another has locked
	my $locker = start_psql("SELECT FROM tip_data.identity JOIN tip_data.victim_pseudonym
		USING (identity_id) WHERE domain = 1 LIMIT 100 FOR UPDATE OF identity; SELECT pg_sleep(300)");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	my $rotation = start_psql("CALL tip.rotate_pseudonyms('police', 20)");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE query ~ '^CALL tip.rotate' AND wait_event_type = 'Lock'");
	ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^CALL tip.rotate'");
	ok(!$rotation->finish, 'a rotation is cancelled');
	like(${ $errors{$rotation} }, qr/canceling statement/, 'and says so');
	ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	$locker->finish;
	my $left = state('remaining');
	is($left, '100', 'what was done stays done');
	refused("CALL tip.retire_pseudonyms('police', 1)", qr/\d+ identities have no pseudonym of the active version/,
		'old ones stay while one is needed');
	watched($watcher, 'cancelled');

	$node->restart;
	is(state('remaining'), $left, 'a restart changes nothing');
	$watcher = start_psql('CALL watch()');
	my @runs = (start_psql('CALL record_more(30)'),
		map { start_psql("CALL tip.rotate_pseudonyms('police', 7)") } 1 .. 3);
	ends_well($_, 'three rotations and a recorder at once') foreach @runs;
	ask("CALL tip.rotate_pseudonyms('police')");
	is(state('remaining'), '0', 'nothing remains');
	is(state('versions'), '{1,2}', 'both versions are in use');
	watched($watcher, 'rotated');
	is( ask("SELECT count(*) FROM (SELECT FROM tip_data.victim_pseudonym
			WHERE identity_id IS NOT NULL
			GROUP BY identity_id, domain, key_version HAVING count(*) > 1) AS t"),
		'0', 'nobody has two of one version');
	return;
}

sub retire_all
{
	my $watcher = start_psql('CALL watch()');
	ask("CALL tip.reseal(50)");
	is(state('seals_remaining'), '0', 'all seals are of the new version');
	is( ask("SELECT count(*) FROM tip_data.identity AS i JOIN probe USING (identity_id)
		WHERE tip.unseal(i.value, 'tip_data.identity', 'value', i.identity_id) <> probe.value"),
		'0', 'and open to what they were');
	ask("CALL tip.retire_pseudonyms('police', 1, 50)");
	is(state('versions'), '{1,2}', 'what has no identity stays');
	is(ask('SELECT count(*) FROM tip_data.victim_pseudonym WHERE domain = 1 AND key_version = 1'),
		'1', 'and is all that stays');
	refused("CALL tip.retire_pseudonyms('police', 2)", qr/active version stay/, 'not the active one');
	ask("CALL tip.rotate_pseudonyms('ngo')");
	ask("CALL tip.retire_pseudonyms('ngo', 1)");
	is(state('versions', 'ngo'), '{2}', 'the other domain too');
	watched($watcher, 'retired');
	is(ask('SELECT problem IS NULL, checked >= 5 FROM tip.verify_ledger()'), 't|t', 'the ledger holds');
	is(ask("SELECT string_agg(DISTINCT action, ' ' ORDER BY action) FROM tip.ledger"),
		'reseal retire rotate', 'and says what was done');
	return;
}

# The tables of another role: what hangs on them runs as that role, and what
# is opened is in no log.
sub rotate_of_another
{
	ask(q{
		CREATE ROLE keeper;
		SELECT tip.create_model('third');
		INSERT INTO third.victim DEFAULT VALUES;
		DO $$BEGIN PERFORM tip.identify(victim_id, 'person_name', 'Planted Maiden', NULL, 'third')
			FROM third.victim; END$$;
		GRANT USAGE, CREATE ON SCHEMA third TO keeper; GRANT USAGE ON SCHEMA tip TO keeper;
		UPDATE third.victim_pseudonym SET pseudonym =
			tip_impl.pseudonymize_with('person_name', 'Planted Maiden', 'police', 1);
		CREATE TABLE third.ran_as (who name); ALTER TABLE third.ran_as OWNER TO keeper;
		CREATE FUNCTION third.spy() RETURNS trigger LANGUAGE plpgsql AS
			$$BEGIN INSERT INTO third.ran_as VALUES (current_user); RETURN NEW; END$$;
		CREATE TRIGGER spy BEFORE INSERT OR UPDATE ON third.victim_pseudonym
			FOR EACH ROW EXECUTE FUNCTION third.spy();
		ALTER TABLE third.victim OWNER TO keeper; ALTER TABLE third.identity OWNER TO keeper;
		ALTER TABLE third.victim_pseudonym OWNER TO keeper});
	my $before = -s $node->logfile;
	foreach my $call ("tip.rotate_pseudonyms('police', 10, 'third')", "tip.reseal(10, 'third')")
	{
		command_ok([ 'psql', '-Xq', '-d', $node->connstr('postgres'),
			'-c', "SET log_min_duration_statement = 0", '-c', "SET log_statement = 'all'",
			'-c', "LOAD 'auto_explain'", '-c', 'SET auto_explain.log_min_duration = 0',
			'-c', 'SET auto_explain.log_nested_statements = on', '-c', "CALL $call" ],
			"$call, all of it logged");
	}
	is(ask('SELECT string_agg(who, $$ $$) FROM third.ran_as'), 'keeper', 'a trigger runs as the owner');
	is(ask("SELECT versions::text || remaining FROM tip.rotation_state('police', 'third')"),
		'{1,2}0', 'it is rotated');
	my $log = substr slurp_file($node->logfile), $before;
	like($log, qr/INSERT INTO third\.victim_pseudonym/, 'statements are in the log');
	unlike($log, qr/Planted|Maiden/i, 'the name is not');
	return;
}

# The new version was a mistake: back to the old one.
sub back_out
{
	write_ring("1:active:2026-01-01:$key_1", "2:pending:2026-06-01:$key_2");
	$node->restart;
	is(ask($misses), '0', 'backed out: everybody is found');
	cmp_ok(state('remaining'), '>', 0, 'some have the new version only');
	foreach my $domain ('police', 'ngo')
	{
		ask("CALL tip.rotate_pseudonyms('$domain')");
		ask("CALL tip.retire_pseudonyms('$domain', 2)");
		is(state('versions', $domain), '{1}', "only the old version in $domain");
	}
	ask('CALL tip.reseal()');
	is(ask($misses), '0', 'everybody is found by that');
	write_ring("1:retired:2026-01-01:$key_1", "2:active:2026-06-01:$key_2");
	$node->restart;
	ask("CALL tip.rotate_pseudonyms('police', 1000)");
	ask("CALL tip.rotate_pseudonyms('ngo', 1000)");
	ask('CALL tip.reseal()');
	ask("CALL tip.retire_pseudonyms('police', 1)");
	ask("CALL tip.retire_pseudonyms('ngo', 1)");
	is(ask($misses), '0', 'and after all with the new version');
	return;
}

sub refuse_all
{
	refused("BEGIN; CALL tip.rotate_pseudonyms('police')", qr/invalid transaction termination/,
		'not inside a transaction');
	refused("SET default_transaction_isolation = 'repeatable read'; CALL tip.rotate_pseudonyms('police')",
		qr/not rotated at this isolation level/, 'not under an old snapshot');
	refused("CALL tip.rotate_pseudonyms('police', 0)", qr/size of a batch/, 'not in batches of nothing');
	refused("CALL tip.rotate_pseudonyms('nobody')", qr/domain/, 'not in no domain');
	refused("CALL tip.rotate_pseudonyms('police', 1, 'public')", qr/has no table/, 'not in another schema');
	ask('CREATE ROLE outsider');
	refused("SET ROLE outsider; $_", qr/permission denied/, "not by others: $_")
	  foreach "CALL tip.rotate_pseudonyms('police')", 'CALL tip.reseal()',
	  "CALL tip.retire_pseudonyms('police', 1)", 'SELECT tip.rotation_state()';
	return;
}

foreach my $preloaded (0, 1)
{
	set_up($preloaded);
	is(ask($misses), '0', 'everybody is found');
	refuse_all();

	write_ring("1:active:2026-01-01:$key_1", "2:pending:2026-06-01:$key_2");
	$node->restart;
	is(ask($misses), '0', 'the new version pending: everybody is found');
	is(state('active || remaining::text'), '10', 'and there is nothing to do');

	write_ring("1:retired:2026-01-01:$key_1", "2:active:2026-06-01:$key_2");
	$node->restart;
	is(ask($misses), '0', 'the new version active: everybody is found');
	rotate_all();
	retire_all();
	rotate_of_another();
	back_out();

	# An edited seal is left out, and said to be.
	ask("CREATE TABLE kept AS SELECT identity_id, value FROM tip_data.identity LIMIT 1;
		UPDATE tip_data.identity AS i SET value = (SELECT value FROM tip_data.identity
			WHERE identity_id <> i.identity_id LIMIT 1) WHERE identity_id IN (SELECT identity_id FROM kept);
		DELETE FROM tip_data.victim_pseudonym WHERE identity_id IN (SELECT identity_id FROM kept);
		INSERT INTO tip_data.victim_pseudonym (victim_id, identity_id, pseudonym)
		SELECT victim_id, identity_id, tip_impl.pseudonymize_with('passport', '1', 'police', 1)
		FROM tip_data.identity JOIN kept USING (identity_id)");
	my (undef, undef, $warning) = $node->psql('postgres', "CALL tip.rotate_pseudonyms('police')");
	like($warning, qr/WARNING:  1 identities do not open/, 'what does not open is told');
	is(state('remaining'), '1', 'and remains');

	write_ring('1:destroyed:2026-01-01:', "2:active:2026-06-01:$key_2");
	$node->restart;
	is(ask("$misses AND victim_id NOT IN (SELECT victim_id FROM tip_data.identity JOIN kept USING (identity_id))"),
		'0', 'the old version destroyed: everybody is found');
	refused("CALL tip.rotate_pseudonyms('police', 1, 'other')", qr/key version 1 has been destroyed/,
		'what was not rotated in time is lost, and that is said');
	$node->stop;
}
done_testing();
