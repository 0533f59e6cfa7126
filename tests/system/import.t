#!/usr/bin/perl
# import.t - tables of other programs into the store: with and without a daemon, twice, at once, broken.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Site;
use Test::More;
use Time::HiRes ();

my $json = JSON::PP->new->utf8;

# Run leadctl; (exit code, standard output, standard error).
sub run {
	my ($site, @arguments) = @_;
	my $input = ref $arguments[0] ? ${ shift @arguments } : '';
	Site::spew("$site->{dir}/stdin", $input);
	my $pid = fork // die;
	if (!$pid) {
		open STDIN,  '<', "$site->{dir}/stdin";
		open STDOUT, '>', "$site->{dir}/stdout";
		open STDERR, '>', "$site->{dir}/stderr";
		chdir $site->{dir};
		{ no warnings; exec "$Site::BUILD/leadctl", '-c', $site->config_path, @arguments }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $code = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
	return ($code, Site::slurp("$site->{dir}/stdout"), Site::slurp("$site->{dir}/stderr"));
}

sub new_site {
	my (%option) = @_;
	my $site = Site->new(receiver_port => Site::free_port(), %option);
	$site->write_config;
	return $site;
}

# Put a file there, import it and compare what is counted.
sub import_is {
	my ($site, $kind, $text, $want, $what, @options) = @_;
	Site::spew("$site->{dir}/$kind.csv", $text);
	my ($code, $out, $err) = run($site, '--json', 'import', $kind, @options, "$kind.csv");
	my $got = $out ? $json->decode($out) : {};
	is join(' ', map { $got->{$_} // '-' } qw(rows created updated unchanged bad)), $want, $what;
	is $code, $want =~ / 0$/ ? 0 : 1, '  exit code';
	return $err;
}

my %table = (
	accounts => <<'END',
domain;company;employees;revenue;country;target;owner
acme.example; Acme, Ltd;51-200;12.5M;Germany;yes;sam@example.test
https://www.beta.example/about;"Beta ""B"" SA";1,200;;RO;;
END
	customers => <<'END',
email,name,company,id,since
ada@acme.example,Ada Byron,Acme,C1,2026-01-02
zoe@gmail.com,Zoe Private,,C2,2026-02-03
END
	owners => <<'END',
address,name,capacity,weight,languages,absent_from,absent_until
sam@example.test,Sam Seller,10,2,"en,de",,
kim@example.test,Kim,,,fr,2026-01-01,2099-01-01
END
	touches => <<'END',
email,touch,time,note,id
ada@acme.example,pricing_page,2026-11-01 10:00,came back,T1
bob@beta.example,demo_video,2026-11-02,,
bob@beta.example,demo_video,2026-11-03,,
END
	outcomes => <<'END',
email,outcome,time,reason
bob@beta.example,rejected,2026-11-10,too dear
END
);

sub all_kinds {
	my ($site) = @_;
	import_is($site, 'owners', $table{owners}, '2 2 0 0 0', 'owners');
	import_is($site, 'accounts', $table{accounts}, '2 2 0 0 0', 'accounts');
	import_is($site, 'customers', $table{customers}, '2 2 0 0 0', 'customers');
	my $err = import_is($site, 'touches', $table{touches}, '3 0 1 0 2', 'touches: nobody knows Bob');
	like $err, qr/^touches\.csv:3: .*bob\@beta\.example.*\ntouches\.csv:4: /m, '  says where';
	import_is($site, 'touches', $table{touches}, '3 1 1 1 0', '  with --create he has a card', '--create');
	import_is($site, 'outcomes', $table{outcomes}, '1 0 1 0 0', 'outcomes');

	my $account = $site->leadctl_json('accounts', 'www.beta.example')->[0]
	    // $site->leadctl_json('accounts', 'beta.example')->[0];
	is $account->{company},   'Beta "B" SA', 'an account as written';
	is $account->{employees}, 1200,          '  its figures';
	is $account->{country},   'RO',          '  its country';
	ok !$account->{target},   '  no target';
	is $account->{people}, 1, '  with its people';
	is $account->{leads}[0]{address}, 'bob@beta.example', '  who they are';
	ok $site->leadctl_json('accounts', 'acme.example')->[0]{target}, 'a target account';
	my %customer = map { $_->{customer} => $_ } @{ $site->leadctl_json('customers') };
	is $customer{C1}{account}, 'acme.example', 'a customer at their account';
	is $customer{C1}{owner}, 'sam@example.test', '  with its owner';
	is $customer{C2}{account}, undef, 'a free-mail address is no account';
	my %owner = map { $_->{address} => $_ } @{ $site->leadctl_json('owners') };
	is_deeply $owner{'sam@example.test'}{languages}, [qw(en de)], 'an owner';
	is $owner{'sam@example.test'}{capacity}, 10, '  with capacity';
	is $owner{'sam@example.test'}{weight}, 2, '  and weight';
	is $owner{'kim@example.test'}{presence}, 'absent', 'one who is away';
	my $bob = $site->leadctl_json('show', 'bob@beta.example')->[0];
	is $bob->{stage}, 'disqualified', 'what the CRM said';
	like $bob->{stage_cause}, qr/too dear/, '  and why';
	is scalar(grep { $_->{touch} eq 'demo_video' } @{ $bob->{history} }), 2, '  his touches';

	# said again: nothing
	my $before = state_of($site);
	import_is($site, $_->[0], $table{ $_->[0] }, $_->[1], "$_->[0] again", '--create')
	    for [ owners => '2 0 0 2 0' ], [ accounts => '2 0 0 2 0' ], [ customers => '2 0 0 2 0' ],
	    [ touches => '3 0 0 3 0' ], [ outcomes => '1 0 0 1 0' ];
	is_deeply state_of($site), $before, 'all again changes nothing';

	# an empty field says nothing
	import_is($site, 'accounts', "domain,country\nacme.example,\n", '1 0 0 1 0', 'a field left empty');
	$account = $site->leadctl_json('accounts', 'acme.example')->[0];
	is $account->{country}, 'DE', '  leaves what was known';
	ok $account->{target}, '  and so does a column that is not there';
	import_is($site, 'accounts', "domain,target\nacme.example,no\n", '1 0 1 0 0', 'a field that says no');
	ok !$site->leadctl_json('accounts', 'acme.example')->[0]{target}, '  is heard';
}

# Everything there is, as text.
sub state_of {
	my ($site) = @_;
	return [ map { my $s = $_; map { $json->canonical->encode($_) } @$s }
		    $site->leadctl_json('leads'), $site->leadctl_json('accounts'), $site->leadctl_json('owners'),
		$site->leadctl_json('outbox', 'list', '--most', 1000) ];
}

subtest 'without a daemon' => sub { all_kinds(new_site(endpoint_options => "\tevents = {\"none\"}\n")) };

subtest 'with a daemon' => sub {
	my $site = new_site(endpoint_options => "\tevents = {\"none\"}\n");
	$site->start_daemon;
	all_kinds($site);
};

subtest 'what is documented' => sub {
	my $site = new_site();
	import_is($site, $_, $table{$_}, $_ eq 'touches' ? '3 1 2 0 0' : $_ eq 'outcomes' ? '1 0 1 0 0' : '2 2 0 0 0', $_,
		'--create')
	    for qw(owners accounts customers touches outcomes);
	my %printed = (
		lead    => [ ['leads'], [ 'show', 'ada@acme.example' ], [ 'explain', 'bob@beta.example' ], ['customers'] ],
		account => [ ['accounts'], [ 'accounts', 'acme.example' ] ],
		owner   => [ ['owners'] ],
		import  => [ [ 'import', 'owners', 'owners.csv' ], [ 'import', 'accounts', '--dry-run', 'accounts.csv' ] ],
	);
	my $npm = $ENV{LEADMILTER_NPM} // "$Site::BUILD/npm";
	plan skip_all => 'no ajv' unless -d "$npm/node_modules/ajv";
	local $ENV{LEADMILTER_NPM} = $npm;
	for my $schema (sort keys %printed) {
		my $lines = '';
		$lines .= (run($site, '--json', @$_))[1] for @{ $printed{$schema} };
		Site::spew("$site->{dir}/$schema.jsonl", $lines);
		my $got = $json->decode(scalar qx(node $FindBin::Bin/schema.mjs $schema $site->{dir}/$schema.jsonl));
		is_deeply $got->{problems}, [], "$schema.schema.json describes it";
		cmp_ok $got->{documents}, '>=', 1, '  some';
	}
};

# What is wrong costs its own row, and is told with its place.
subtest 'rows that are wrong' => sub {
	my $site = new_site();
	my $err  = import_is($site, 'accounts',
		"\xef\xbb\xbfdomain,company,employees,notes\r\n"
		    . "good.example,Good,5,x\r\n"
		    . "localhost,No domain,5,\r\n"
		    . "gmail.com,Everybody,5,\r\n"
		    . "many.example,Many,lots,\r\n"
		    . "latin.example,Caf\xe9,5,\r\n"
		    . "nul.example,N\0L,5,\r\n"
		    . "more.example,a,5,b,c\r\n"
		    . "quote.example,an \"odd\" one,5,\r\n"
		    . "lines.example,\"two\r\nlines\",5,\r\n"
		    . "last.example,Last,5,\r\n"
		    . "open.example,\"never closed,5,\r\n",
		'11 3 0 0 8', 'three are good');
	my @want = (
		[ 1,  qr/^accounts\.csv: columns not used: notes$/ ],
		[ 2,  qr/^accounts\.csv:3: domain: "localhost" is no domain/ ],
		[ 3,  qr/^accounts\.csv:4: domain: "gmail\.com" is no domain/ ],
		[ 4,  qr/^accounts\.csv:5: employees: "lots" is no number, expected one like 250/ ],
		[ 5,  qr/^accounts\.csv:6: company: byte 0xe9 is no UTF-8; expected a file saved as "CSV UTF-8"/ ],
		[ 6,  qr/^accounts\.csv:7: company: a NUL byte/ ],
		[ 7,  qr/^accounts\.csv:8: 5 fields, expected 4 as in the header/ ],
		[ 8,  qr/^accounts\.csv:9: field 2: a quote inside of a field/ ],
		[ 9,  qr/^accounts\.csv:13: field 2: its quote never ends/ ],
	);
	my %said = map { $_ => 1 } split /\n/, $err;
	for (@want) {
		my ($n, $pattern) = @$_;
		is scalar(grep { $_ =~ $pattern } keys %said), 1, "it says $pattern";
	}
	is_deeply [ sort map { $_->{domain} } @{ $site->leadctl_json('accounts') } ],
	    [qw(good.example last.example lines.example)], 'these are there';
	is $site->leadctl_json('accounts', 'lines.example')->[0]{company}, 'two lines', 'a line break is a space';

	$err = import_is($site, 'touches',
		"email,touch,time\nx\@good.example,pricing_pag,2026-11-01\nx\@good.example,pricing_page,2099-01-01\n",
		'2 0 0 0 2', 'touches nobody knows, times that are not yet', '--create');
	like $err, qr/^touches\.csv:2: .*"pricing_pag".*pricing_page/m, 'the nearest touch is named';
	like $err, qr/^touches\.csv:3: /m, 'the future is no time for a touch';
	$err = import_is($site, 'outcomes', "email,outcome\nnobody\@good.example,won\nx\@y.example,wonn\n", '2 0 0 0 2', 'outcomes');
	like $err, qr/^outcomes\.csv:2: no lead 'nobody\@good\.example'$/m, 'of nobody';
	like $err, qr/^outcomes\.csv:3: "wonn" is no outcome.*"won"/m, 'unknown ones';
};

# CRMs export owners by name.
subtest 'owners by name' => sub {
	my $site = new_site();
	import_is($site, 'owners', "address,name\nmaria\@x.test,Maria Ionescu\na\@x.test,Al Twin\nb\@x.test,al twin\n",
		'3 3 0 0 0', 'owners');
	my $err = import_is($site, 'accounts',
		"domain,owner\na.example,maria IONESCU\nb.example,Nobody Here\nc.example,Nobody Here\nd.example,Al Twin\n"
		    . "e.example,maria\@x.test\n", '5 5 0 0 0', 'every row is taken');
	my $note = 'is neither an address nor the name of one owner; taken without owner';
	is $err, qq(accounts.csv:3: note: owner: "Nobody Here" $note\naccounts.csv:5: note: owner: "Al Twin" $note\n),
	    '  once for each name it says what is not';
	my %owner = map { $_->{domain} => $_->{owner} } @{ $site->leadctl_json('accounts') };
	is_deeply [ @owner{ map {"$_.example"} qw(a b c d e) } ], [ 'maria@x.test', undef, undef, undef, 'maria@x.test' ],
	    '  whose they are';
	my ($code, undef, $dry) = run($site, 'import', 'accounts', '--dry-run', 'accounts.csv');
	is $code, 0, '--dry-run';
	is $dry, $err, '  says the same';
	(undef, undef, $dry) = run($site, 'import', 'accounts', '--strict', 'accounts.csv');
	is $dry, $err, '--strict says it once';
};

subtest 'files that are wrong' => sub {
	my $site = new_site();
	my @cases = (
		[ '',                            qr/:1: is empty/ ],
		[ "company,owner\nx,y\n",        qr/:1: no column "domain"; expected a header with domain, company/ ],
		[ "domain,domain\nx,y\n",        qr/:1: the column "domain" is there twice/ ],
		[ "\xff\xfed\0o\0",              qr/:1: is UTF-16/ ],
		[ "PK\x03\x04",                  qr/:1: is a spreadsheet/ ],
		[ "domain,\"x\n1,2\n",           qr/:1: field 2: its quote never ends/ ],
		[ 'x' x 1_000_000,               qr/:1: longer than 65536 bytes/ ],
	);
	for (@cases) {
		my ($text, $want) = @$_;
		Site::spew("$site->{dir}/f.csv", $text);
		my ($code, $out, $err) = run($site, 'import', 'accounts', 'f.csv');
		is $code, 70, 'a file: ' . substr($text =~ s/[^ -~]/./gr, 0, 30);
		like $err, qr/^leadctl: f\.csv$want/, '  says what';
	}
	my ($code, undef, $err) = run($site, 'import', 'accounts', 'gone.csv');
	is $code, 70, 'no file';
	like $err, qr/gone\.csv: No such file/, '  is named';
	ok !-e "$site->{dir}/leads.db", 'no store was made';
	for my $case (
		['import'], [ 'import', 'accounts' ], [ 'import', 'nonsense', 'f.csv' ],
		[ 'import', 'accounts', '--nonsense', 'f.csv' ], [ 'import', 'accounts', '--strict', '-' ] )
	{
		is((run($site, @$case))[0], 2, "leadctl @$case: wrong usage");
	}
};

# A hundred megabytes without a line end, or within one pair of quotes.
subtest 'a hostile file' => sub {
	my $site = new_site();
	for my $quote ('', '"') {
		open my $f, '>:raw', "$site->{dir}/big.csv" or die;
		print $f "domain,company\nfirst.example,$quote";
		print $f 'x' x 1_000_000 for 1 .. 100;
		print $f "$quote\nlast.example,L\n";
		close $f;
		my $pid = fork // die;
		if (!$pid) {
			open STDERR, '>', "$site->{dir}/stderr";
			open STDOUT, '>', "$site->{dir}/stdout";
			{ no warnings; exec 'sh', '-c', "ulimit -v 400000; exec $Site::BUILD/leadctl -c "
				. $site->config_path . " import accounts $site->{dir}/big.csv" }
			POSIX::_exit(127);
		}
		waitpid $pid, 0;
		is $? >> 8, 1, 'in 400 MB of address space';
		like Site::slurp("$site->{dir}/stderr"), qr/big\.csv:2: longer than/, '  the row is named';
		like Site::slurp("$site->{dir}/stdout"), qr/2 accounts: [01] created, 0 updated, [01] unchanged, 1 bad/,
		    '  the next is read';
	}
};

subtest '--dry-run, --strict, --map, standard input' => sub {
	my $site = new_site();
	my $good = "domain,company\na.example,A\nb.example,B\n";
	my $bad  = "domain,company\na.example,A\nlocalhost,B\nc.example,C\n";
	Site::spew("$site->{dir}/good.csv", $good);
	Site::spew("$site->{dir}/bad.csv",  $bad);
	my ($code, $out, $err) = run($site, 'import', 'accounts', '--dry-run', 'good.csv');
	is $code, 0, '--dry-run of a good file';
	like $out, qr/^good\.csv: 2 accounts: 2 good, 0 bad; nothing was written$/, '  says so';
	ok !-e "$site->{dir}/leads.db", '  and makes no store';
	($code, $out, $err) = run($site, 'import', 'accounts', '--dry-run', 'bad.csv');
	is $code, 1, '--dry-run of a bad one';
	like $err, qr/bad\.csv:3: domain/, '  names the row';
	($code, $out, $err) = run($site, 'import', 'accounts', '--strict', 'bad.csv');
	is $code, 1, '--strict of a bad file';
	like $err, qr/\Abad\.csv:3: [^\n]*\n\z/, '  names the first row';
	ok !-e "$site->{dir}/leads.db", '  nothing was written';
	($code, $out) = run($site, 'import', 'accounts', '--strict', 'good.csv');
	is $code, 0, '--strict of a good one';
	like $out, qr/\Agood\.csv: 2 accounts: 2 created, 0 updated, 0 unchanged, 0 bad\n\z/, '  does it';
	($code, $out) = run($site, 'import', 'accounts', 'good.csv', 'bad.csv');
	is $code, 1, 'several files';
	like $out, qr/^good\.csv: 2 accounts: .*^bad\.csv: 3 accounts: 1 created/ms, '  one after another';
	($code, $out) = run($site, \"A;B\nx.example;X\n", 'import', 'accounts', '--map', 'domain=A', '--map', 'company=B', '-');
	is $code, 0, '--map and standard input';
	is $site->leadctl_json('accounts', 'x.example')->[0]{company}, 'X', '  as said';
	($code, $out, $err) = run($site, 'import', 'accounts', '--map', 'domain=Z', 'good.csv');
	is $code, 70, '--map of what is not there';
	like $err, qr/"domain=Z": the file has no column "Z"/, '  is named';
	Site::spew("$site->{dir}/t.csv", "email,touch,time\nnew\@a.example,pricing_page,2026-11-01\n");
	($code, $out, $err) = run($site, 'import', 'touches', '--dry-run', 't.csv');
	is $code, 1, '--dry-run knows who is known';
	is((run($site, 'import', 'touches', '--dry-run', '--create', 't.csv'))[0], 0, '  and who would be');
	is scalar @{ $site->leads }, 0, '  nobody was made';
};

# Events of what is imported go out, unless nobody shall be told.
subtest '--shadow' => sub {
	my $site = new_site();
	import_is($site, 'touches', $table{touches}, '3 2 1 0 0', 'touches', '--create', '--shadow');
	is scalar(grep { $_->{state} eq 'waiting' } @{ $site->leadctl_json('outbox', 'list') }), 0, 'nobody is told';
	import_is($site, 'outcomes', $table{outcomes}, '1 0 1 0 0', 'an outcome');
	cmp_ok scalar(grep { $_->{state} eq 'waiting' } @{ $site->leadctl_json('outbox', 'list') }), '>', 0, 'is told';
};

sub many {
	my ($file, $count, $company) = @_;
	open my $f, '>', $file or die;
	print $f "domain,company,employees,country,target\n";
	printf $f "c%d.example,%s %d,%d,Germany,%s\n", $_, $company, $_, $_ % 5000, $_ % 10 ? 'no' : 'yes' for 1 .. $count;
	close $f;
}

# Ended anywhere and started again, an import ends with each row once; two at once don't hurt.
subtest 'killed and started again, two at once' => sub {
	my $site = new_site();
	many("$site->{dir}/many.csv", 50_000, 'Company');
	for my $wait (0.1, 0.3) {
		my $pid = $site->start_process('import',
			command => [ "$Site::BUILD/leadctl", '-c', $site->config_path, 'import', 'accounts', "$site->{dir}/many.csv" ]);
		Time::HiRes::sleep($wait);
		$site->stop_process($pid, 'KILL');
	}
	my ($code, $out) = run($site, '--json', 'import', 'accounts', 'many.csv');
	is $code, 0, 'the last one ends';
	my $got = $json->decode($out);
	is $got->{created} + $got->{unchanged}, 50_000, 'having seen every row';
	is scalar @{ $site->leadctl_json('accounts', '--most', 100_000) }, 50_000, 'each is there once';

	$site->start_daemon;
	many("$site->{dir}/many.csv", 20_000, 'Firm');
	my @pids = map { $site->start_process("import$_", command =>
		    [ "$Site::BUILD/leadctl", '-c', $site->config_path, 'import', 'accounts', "$site->{dir}/many.csv" ]) } 1, 2;
	for (@pids) {
		waitpid $_, 0;
		is $?, 0, 'one of two at once';
		delete $site->{pids}{$_};
	}
	my @updated = map { Site::slurp("$site->{dir}/import$_.log") =~ /(\d+) updated, (\d+) unchanged/ ? [ $1, $2 ] : () } 1, 2;
	is $updated[0][0] + $updated[1][0], 20_000, 'each row was taken once';
	is $updated[0][1] + $updated[1][1], 20_000, '  and found there once';
};

subtest 'who may not write' => sub {
	plan skip_all => 'root may' if $> != 0;
	my $site = new_site();
	Site::spew("$site->{dir}/a.csv", "domain\na.example\n");
	chmod 0755, $site->{dir};
	# The tree may stand where nobody may look.
	system('cp', "$Site::BUILD/leadctl", "$site->{dir}/") == 0 && system('cp', '-r', "$Site::ROOT/conf", "$site->{dir}/") == 0
	    or die 'cp';
	system('chmod', '-R', 'a+rX', "$site->{dir}/conf", "$site->{dir}/leadctl");
	Site::spew($site->config_path, Site::slurp($site->config_path) =~ s{\Q$Site::ROOT\E/conf}{$site->{dir}/conf}gr);
	my ($uid, $gid) = (getpwnam 'nobody')[ 2, 3 ];
	my $pid = fork // die;
	if (!$pid) {
		$( = $) = "$gid $gid";
		$< = $> = $uid;
		open STDOUT, '>', '/dev/null';
		{ no warnings; exec 'sh', '-c', "cd / && $site->{dir}/leadctl -c " . $site->config_path . " import accounts $site->{dir}/a.csv 2>&1 | grep -q 'must belong to the user' && exit 70" }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	is $? >> 8, 70, 'is told whose the store must be';
};

# Growth: a hundred thousand accounts in seconds.
subtest 'a hundred thousand accounts' => sub {
	my $site = new_site();
	many("$site->{dir}/many.csv", 100_000, 'Company');
	my $began = Time::HiRes::time();
	my ($code, $out) = run($site, 'import', 'accounts', 'many.csv');
	my $seconds = Time::HiRes::time() - $began;
	is $code, 0, 'are imported';
	like $out, qr/100000 created/, '  all of them';
	diag sprintf '%.1f s', $seconds;
	cmp_ok $seconds, '<', 30, '  in seconds';
};

done_testing;
