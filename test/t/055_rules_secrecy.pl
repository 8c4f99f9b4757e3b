# A name that stands in a record is in no error of ours, whatever road the
# record takes; and what core prints is what docs/confidential-errors.md says.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('secrecy');
$node->init(extra => [ '-E', 'UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "log_statement = none\nmax_prepared_transactions = 5\n");
$node->start;
our $planted = 'Plantedname';
my $id = '00000000-0000-4000-8000-0000000000';
$node->safe_psql('postgres', qq{
	CREATE EXTENSION tip_module;
	SELECT tip.create_model();
	INSERT INTO tip_data.event (event_id) VALUES ('${id}e1');
	INSERT INTO tip_data.involvement (involvement_id, event_id) VALUES ('${id}b1', '${id}e1');
	INSERT INTO tip.rule (id, entity, severity, message_en, predicate)
	VALUES ('GUARDED', 'event', 'error', 'no', 'prmis_ref <> ''raise'' OR 1 / (check_serial - check_serial) = 1');
	CREATE FUNCTION static(name text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (name, '2100-01-01');
	END \$\$;
	CREATE FUNCTION dynamic(name text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		EXECUTE format('INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (%L, ''2100-01-01'')', name);
	END \$\$;
	CREATE FUNCTION raised_again(name text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		PERFORM dynamic(name);
	EXCEPTION WHEN check_violation THEN
		RAISE;
	END \$\$;
	CREATE FUNCTION raised_anew(name text) RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		PERFORM dynamic(name);
	EXCEPTION WHEN check_violation THEN
		RAISE EXCEPTION '%', SQLERRM;
	END \$\$;
	CREATE FUNCTION in_sql(name text) RETURNS void LANGUAGE sql AS
		'INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (name, ''2100-01-01'')';
	CREATE FUNCTION at_commit() RETURNS void LANGUAGE sql AS
		'INSERT INTO tip_data.justice_step (event_id, involvement_id, step) VALUES (''${id}e1'', ''${id}b1'', ''convicted'')';
	CREATE TABLE miswired (name text);
	CREATE TRIGGER wrong AFTER INSERT ON miswired FOR EACH ROW EXECUTE FUNCTION tip_impl.check_row();
	SELECT tip.create_model('half_data');
	DROP TABLE half_data.finding;
	CREATE TABLE staged (name text);
	INSERT INTO staged SELECT '$planted' FROM generate_series(1, 1000);
	CREATE TABLE name (name text PRIMARY KEY);
	INSERT INTO name VALUES ('$planted');
	CREATE DOMAIN code AS text CHECK (length(value) < 3);
	CREATE TABLE core (a text, n int NOT NULL, c text CHECK (c <> '$planted'), u text UNIQUE,
		f text REFERENCES name, d date, v varchar(3), o code, j jsonb, s int2,
		EXCLUDE (upper(u) WITH =));
	CREATE VIEW checked AS SELECT a, n FROM core WHERE n > 5 WITH CHECK OPTION;
	CREATE TABLE parted (a text) PARTITION BY LIST (a);
	CREATE TABLE other (name text, EXCLUDE (name WITH =));
	INSERT INTO other VALUES ('$planted');
	CREATE FUNCTION core_dynamic() RETURNS void LANGUAGE plpgsql AS \$\$
	BEGIN
		EXECUTE 'INSERT INTO core (a) VALUES (''$planted'')';
	END \$\$;
	CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \$\$
	BEGIN
		PERFORM pg_sleep(10);
		RETURN NEW;
	END \$\$;
	CREATE TABLE waits (a text);
	CREATE TRIGGER slow BEFORE INSERT ON waits FOR EACH ROW EXECUTE FUNCTION slow();
	CREATE ROLE nobody;
});

my $files = $node->basedir;
sub file
{
	my ($name, $content) = @_;
	unlink "$files/$name";
	append_to_file("$files/$name", $content) if defined $content;
	return "$files/$name";
}
my $violating = file('violating', "$planted\t2100-01-01\n");
my $csv = file('csv', "$planted,2100-01-01\n");
my $bad_code = file('bad_code', "x,$planted\n");
my $number = file('number', "a\t$planted\n");
my $wide = file('wide', "a\t1\t$planted\n");
my $null = file('null', "$planted\t\\N\n");
my $one = file('one', "$planted\n");
my $binary = file('binary');
my $binary_null = file('binary_null');
my $binary_code = file('binary_code');
$node->safe_psql('postgres', qq{
	COPY (SELECT '$planted'::text, '2100-01-01'::date) TO '$binary' (FORMAT binary);
	COPY (SELECT '$planted'::text, NULL::int) TO '$binary_null' (FORMAT binary);
	COPY (SELECT '$planted'::text, 5::int2) TO '$binary_code' (FORMAT binary)});

# Where the name stands: the fields of the log's entries since $from that hold it.
sub fields_with_name
{
	my ($text) = @_;
	my %fields;
	my $field = '';
	foreach my $line (split /\n/, $text)
	{
		next if $line =~ /^LINE \d+:/;
		if ($line =~ /(?:^|\s)(ERROR|WARNING|NOTICE|LOG|DETAIL|CONTEXT|STATEMENT|QUERY|HINT):  /)
		{
			$field = lc $1;
			$field = 'message' if $field =~ /^(error|warning|notice|log)$/;
		}
		$fields{$field} = 1 if $line =~ /$planted/;
	}
	return join(', ', grep { $fields{$_} } qw(message detail hint query context statement));
}

# Run SQL that must fail; where do client and log print the name?
sub places
{
	my ($sql, %options) = @_;
	my $from = -s $node->logfile;
	my ($ret, $out, $err);
	if ($options{bound})
	{
		my $script = file('bench', "$sql\n");
		my $result = run_log(
			[ 'pgbench', '-n', '-M', 'extended', '-t', 1, '-D', "name=$planted", '-f', $script,
			  '-h', $node->host, '-p', $node->port, 'postgres' ],
			'>', \$out, '2>', \$err);
		$ret = $result ? 0 : 1;
	}
	else
	{
		($ret, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	}
	my $log = slurp_file($node->logfile, $from);
	my ($state) = $err =~ /ERROR:  ([0-9A-Z]{5}): /;
	return ($ret, $state, fields_with_name($err), fields_with_name($log), $err, $log);
}

# ---- ours: nowhere ----
my $step = "justice_step (event_id, involvement_id, step) VALUES ('${id}e1', '${id}b1', 'convicted')";
my @ours = (
	[ 'INSERT', "INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES ('$planted', '2100-01-01')" ],
	[ 'INSERT of many', "INSERT INTO tip_data.event (prmis_ref, recorded_on) SELECT name, '2100-01-01' FROM staged -- $planted" ],
	[ 'WITH', "WITH e AS (INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES ('$planted', '2100-01-01') RETURNING 1) TABLE e" ],
	[ 'PREPARE', "PREPARE p AS INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (\$1, '2100-01-01');\nEXECUTE p('$planted')" ],
	[ 'ON CONFLICT', "INSERT INTO tip_data.event (event_id, prmis_ref, recorded_on) VALUES ('${id}e1', '$planted', '2100-01-01')
		ON CONFLICT (event_id) DO UPDATE SET prmis_ref = EXCLUDED.prmis_ref" ],
	[ 'UPDATE', "UPDATE tip_data.event SET prmis_ref = '$planted', recorded_on = '2100-01-01'" ],
	[ 'UPDATE FROM', "UPDATE tip_data.event SET prmis_ref = n.name, recorded_on = '2100-01-01' FROM name AS n WHERE n.name = '$planted'" ],
	[ 'COPY text', "COPY tip_data.event (prmis_ref, recorded_on) FROM '$violating'" ],
	[ 'COPY csv', "COPY tip_data.event (prmis_ref, recorded_on) FROM '$csv' (FORMAT csv)" ],
	[ 'COPY binary', "COPY tip_data.event (prmis_ref, recorded_on) FROM '$binary' (FORMAT binary)" ],
	[ 'COPY csv, a code', "COPY tip_data.event (local_ref, jurisdiction) FROM '$bad_code' (FORMAT csv)", '22P02' ],
	[ 'COPY binary, a code', "COPY tip_data.event (local_ref, jurisdiction) FROM '$binary_code' (FORMAT binary)", '22P03' ],
	[ 'PL/pgSQL', "SELECT static('$planted')" ],
	[ 'PL/pgSQL, EXECUTE', "SELECT dynamic('$planted')" ],
	[ 'PL/pgSQL, RAISE', "SELECT raised_again('$planted')" ],
	[ 'DO', "DO \$\$ BEGIN INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES ('$planted', '2100-01-01'); END \$\$" ],
	[ 'SQL function', "SELECT in_sql('$planted')" ],
	[ 'a guarded rule that raises', "INSERT INTO tip_data.event (prmis_ref, local_ref) VALUES ('raise', '$planted')" ],
	[ 'a rule at commit', "BEGIN\\; INSERT INTO tip_data.event (prmis_ref) VALUES ('$planted')\\; INSERT INTO tip_data.$step\\; COMMIT" ],
	[ 'a rule at commit, at once', "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO tip_data.$step /* $planted */; COMMIT" ],
	[ 'SET CONSTRAINTS', "BEGIN; INSERT INTO tip_data.$step; SET CONSTRAINTS ALL IMMEDIATE /* $planted */; COMMIT" ],
	[ 'PREPARE TRANSACTION', "BEGIN; INSERT INTO tip_data.$step; PREPARE TRANSACTION '$planted'" ],
	[ 'tip.check_record, no model', qq{SELECT tip.check_record('victim', '{"surname": "$planted"}', 'nowhere')}, '42P01' ],
	[ 'tip.check_record, no object', qq{SELECT tip.check_record('victim', '["$planted"]')}, '22023' ],
	[ 'tip.save, no object', qq{SELECT tip.save('victim', '["$planted"]')}, '22023' ],
	[ 'tip.save, no entity', qq{SELECT tip.save('finding', '{"rule": "$planted"}')}, '42P16' ],
	[ 'tip.excuse, no rule', "SELECT tip.excuse('NOSUCH', '${id}e1', '$planted was interviewed')", '42704' ],
	[ 'tip.excuse, no schema', "SELECT tip.excuse('P10', '${id}e1', '$planted was interviewed', NULL, 'nowhere')", '42P01' ],
	[ 'tip.excuse, no right', "GRANT EXECUTE ON FUNCTION tip.excuse TO nobody; GRANT USAGE ON SCHEMA tip_data TO nobody; SET ROLE nobody;
		SELECT tip.excuse('P10', '${id}e1', '$planted was interviewed')", '42501' ],
	[ 'an excuse rewritten', "INSERT INTO tip_data.excuse (rule, record, reason) VALUES ('P10', 'x', 'y');
		UPDATE tip_data.excuse SET reason = '$planted'", '42501' ],
	[ 'a trigger in the wrong place', "INSERT INTO miswired VALUES ('$planted')", '39P01' ],
	[ 'COPY, a trigger in the wrong place', "COPY miswired FROM '$one'", '39P01' ],
	[ 'a model without findings', "INSERT INTO half_data.victim (prmis_ref, sex, citizenship) VALUES ('$planted', 'female', '{TT,TT}')", '42P01' ],
	[ 'a parallel query', "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
		SET parallel_leader_participation = off;
		SELECT count(*) FROM staged WHERE name::tip.sex = 'male'", '22P02' ]);
foreach my $case (@ours)
{
	my ($what, $sql, $state) = @$case;
	$state //= '23514';
	my ($ret, $got, $client, $log, $err, $logged) = places($sql);
	is("$got|$client|$log", "$state||", "$what: no name in an error of ours")
	  or diag("$err\n$logged");
	like($logged, qr/ERROR:  /, "$what: the log has the error");
}

# bound parameters, also where core is told to print them
foreach my $length (0, -1)
{
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET log_parameter_max_length_on_error = $length");
	foreach my $sql (
		"INSERT INTO tip_data.event (prmis_ref, recorded_on) VALUES (:name, '2100-01-01');",
		"INSERT INTO tip_data.event (jurisdiction) VALUES (:name);",
		"INSERT INTO tip_data.event (recorded_on, report_sources) VALUES ('2020-01-01', :name);",
		"SELECT tip.save('victim', jsonb_build_array(:name::text));")
	{
		my ($ret, $state, $client, $log, $err, $logged) = places($sql, bound => 1);
		like($logged, qr/ERROR:  (record|invalid|entity)/, "refused with parameters, length $length")
		  or diag("$err\n$logged");
		is("$client|$log", '|', "no name with parameters, length $length: $sql") or diag("$err\n$logged");
	}
}
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET log_parameter_max_length_on_error');

# what is no value of its type, and what core refuses, are findings of tip.save()
$node->safe_psql('postgres', 'ALTER TABLE tip_data.victim ADD CONSTRAINT one_ref UNIQUE (prmis_ref),
	ADD CONSTRAINT not_so CHECK (prmis_ref NOT LIKE \'%not so\'), ADD short varchar(3)');
my $from = -s $node->logfile;
is( $node->safe_psql('postgres', qq~
	SELECT f->>'rule', f->>'message', id IS NULL FROM (VALUES
		('{"sex": "female", "prmis_ref": "$planted"}'), ('{"sex": "female", "prmis_ref": "$planted"}'),
		('{"sex": "female", "prmis_ref": "$planted not so"}'), ('{"sex": "female", "short": "$planted"}'),
		('{"sex": "$planted"}'), ('{"sex": "female", "birth_year": "$planted"}')) AS v(r)
	CROSS JOIN LATERAL tip.save('victim', r::jsonb) LEFT JOIN LATERAL jsonb_array_elements(findings) AS f
	ON f->>'severity' = 'error' AND f->>'outcome' = 'failed'~),
	join("\n", '||f',
		'STORE|the row could not be stored: SQLSTATE 23505, constraint one_ref|t',
		'STORE|the row could not be stored: SQLSTATE 23514, constraint not_so|t',
		'TYPE|the value is not of type character varying|t',
		'TYPE|the value is not of type tip.sex|t', 'TYPE|the value is not of type smallint|t'),
	'tip.save() answers without a value');
is(fields_with_name(slurp_file($node->logfile, $from)), '', 'and the log has none');
is($node->safe_psql('postgres', 'SELECT count(*) FROM tip_data.victim'), '1', 'what it refused is not stored');

# ---- core: as docs/confidential-errors.md says ----
my %core = (
	'NOT NULL on a column' => [ "INSERT INTO core (a) VALUES ('$planted')" ],
	'CHECK constraint' => [ "INSERT INTO core (n, c) VALUES (1, '$planted')" ],
	'WITH CHECK OPTION of a view' => [ "INSERT INTO checked VALUES ('$planted', 1)" ],
	'no partition for a row' => [ "INSERT INTO parted VALUES ('$planted')" ],
	'UNIQUE on a name' => [ "INSERT INTO name VALUES ('$planted')" ],
	'FOREIGN KEY on a name' => [ "INSERT INTO core (n, f) VALUES (1, 'x$planted')" ],
	'EXCLUDE on a name' => [ "INSERT INTO other VALUES ('$planted')" ],
	'domain over text' => [ "INSERT INTO core (n, o) VALUES (1, '$planted'::text)" ],
	'text as a number' => [ "INSERT INTO core (n) VALUES ('$planted')" ],
	'text as a date' => [ "INSERT INTO core (n, d) VALUES (1, '$planted')" ],
	'number out of range' => [ "INSERT INTO core (n) VALUES ('99999999999' /* $planted */)" ],
	'text too long' => [ "INSERT INTO core (n, v) VALUES (1, '$planted')" ],
	'malformed JSON' => [ "INSERT INTO core (n, j) VALUES (1, '{$planted')" ],
	'COPY, text as a number' => [ "COPY core (a, n) FROM '$number'" ],
	'COPY, too many columns' => [ "COPY core (a, n) FROM '$wide'" ],
	'COPY, NOT NULL' => [ "COPY core (a, n) FROM '$null'" ],
	'COPY BINARY, NOT NULL' => [ "COPY core (a, n) FROM '$binary_null' (FORMAT binary)" ],
	'COPY, cancelled between rows' => [ "SET statement_timeout = 100; COPY waits FROM '$one'" ],
	'syntax error' => [ "INSERT INTO core (n) VALUES (1) $planted" ],
	'permission denied' => [ "SET ROLE nobody; INSERT INTO core (n, a) VALUES (1, '$planted')" ],
	'cancelled' => [ "SET statement_timeout = 100; SELECT pg_sleep(10), '$planted'" ],
	'bound parameter, text as a number' => [ 'INSERT INTO core (n) VALUES (:name);', 0 ],
	'bound parameter, if log_parameter_max_length_on_error is set' => [ 'INSERT INTO core (n) VALUES (:name);', -1 ],
	'PL/pgSQL, EXECUTE with literals' => [ "SELECT core_dynamic() /* $planted */" ],
	'PL/pgSQL, an error of ours raised anew' => [ "SELECT raised_anew('$planted')" ]);
# number out of range prints a number, not a name: plant one that is both
my $plain = $planted;
my ($docs) = grep { -e $_ } map { "$_/docs/confidential-errors.md" } grep { defined } $ENV{TESTDIR}, '.';
my ($table) = slurp_file($docs) =~ /<!-- checked: 055.*?-->\s*(.*?)\n\n/s;
my %said;
foreach my $line (grep { !/^\|(---| error of)/ } split /\n/, $table)
{
	my (undef, $what, $state, $where) = split /\s*\|\s*/, $line;
	$said{$what} = "$state: $where";
}
is(join("\n", sort keys %said), join("\n", sort keys %core), 'every line of the table is tried');
foreach my $what (sort keys %core)
{
	my ($sql, $length) = @{ $core{$what} };
	local $planted = $what eq 'number out of range' ? '99999999999' : $plain;
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET log_parameter_max_length_on_error = $length")
	  if defined $length;
	my ($ret, $state, $client, $log, $err, $logged) = places($sql, bound => defined $length);
	($state) = '22P02' if defined $length && $logged =~ /invalid input syntax/;
	is("$state: $log", $said{$what} // '', "as docs say: $what") or diag("$err\n$logged");
	my $told = join(', ', grep { $_ ne 'statement' } split /, /, $log);
	is($client, $told, "the client is told the same: $what") or diag($err) if !defined $length;
}

# a careful server: only messages are left
$node->append_conf('postgresql.conf', "log_error_verbosity = terse\nlog_min_error_statement = panic\n");
$node->reload;
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET log_parameter_max_length_on_error');
foreach my $what (sort keys %core)
{
	my ($sql, $length) = @{ $core{$what} };
	my ($ret, $state, $client, $log) = places($sql, bound => defined $length);
	my $message = $said{$what} =~ /message/ && $what ne 'number out of range' ? 'message' : '';
	is($log, $message, "a careful server keeps the message alone: $what");
}

# auto_explain prints statements, as core does; the queries of ours hold no value
my $explain = -s $node->logfile;
$node->psql('postgres', qq{LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
	SET client_min_messages = error;
	INSERT INTO tip_data.victim (sex, prmis_ref, citizenship) VALUES ('female', '$planted too', '{TT,TT}')});
my $explained = slurp_file($node->logfile, $explain);
my @entries = grep { /finding/ } split /(?=^\S+ \S+ \S+ \[\d+\])/m, $explained;
cmp_ok(scalar @entries, '>', 0, 'auto_explain shows our queries');
is(scalar(grep { /$planted/ } @entries), 0, 'and no name in them');

$node->stop;
done_testing();
