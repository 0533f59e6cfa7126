#!/usr/bin/perl
# leadctl.t - every command: for people, as JSON, with and without a running daemon, and wrong usage.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use MilterClient;
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
		{ no warnings; exec "$Site::BUILD/leadctl", '-c', $site->config_path, @arguments }
		POSIX::_exit(127);
	}
	waitpid $pid, 0;
	my $code = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
	return ($code, Site::slurp("$site->{dir}/stdout"), Site::slurp("$site->{dir}/stderr"));
}

sub documents {
	my ($text) = @_;
	return [ map { $json->decode($_) } split /\n/, $text ];
}

sub mail {
	my ($n, %more) = @_;
	my $name = $more{name} // "Ada Person$n";
	my $from = $more{from} // "p$n\@buyers$n.test";
	my $to   = $more{to} // 'sales@example.test';
	return <<"END";
Return-Path: <$from>
From: $name <$from>
To: $to
Subject: An offer for number $n
Message-ID: <m$n\@buyers.test>
Date: Fri, 20 Nov 2026 10:00:00 +0000

Hello,

please send an offer for $n machines. What is the price?

Regards,
$name
Head of Purchasing
END
}

sub put_archives {
	my ($site) = @_;
	my $d = $site->{dir};
	Site::spew("$d/one.eml", mail(1));
	my $line = "From p\@buyers.test Fri Nov 20 10:00:00 2026\n";
	Site::spew("$d/box", join "\n", map { $line . mail($_) } 1 .. 3);
	mkdir "$d/maildir";
	mkdir "$d/maildir/$_" for qw(cur new tmp);
	Site::spew("$d/maildir/cur/$_.host:2,S", mail($_)) for 2 .. 4;
	Site::spew("$d/maildir/new/5.host",       mail(5));
	Site::spew("$d/maildir/tmp/6.host",       mail(6));
	Site::spew("$d/maildir/dovecot-uidlist",  "3 V1 N4\n");
}

sub new_site {
	my (%option) = @_;
	# one event a lead: what time changes of old mail is another test's
	my $site = Site->new(receiver_port => Site::free_port(),
		endpoint_options => qq(\tevents = {"lead.created"}\n), %option);
	$site->write_config;
	put_archives($site);
	return $site;
}

# Without an argument that it needs, with one too many, with one that is nonsense.
subtest 'wrong usage: 2, and nothing is done' => sub {
	my $site = new_site();
	for my $case (
		[],
		['nonsense'],
		['outbox'],
		[ 'outbox', 'nonsense' ],
		['endpoint'],
		['--nonsense'],
		[ '--nonsense', 'leads' ],
		[ '--now', 'never', 'leads' ],
		['inspect'],
		['score'],
		['replay'],
		[ 'inspect', '--nonsense', 'x' ],
		[ 'replay', '--mail-from' ],
		[ 'signals', 'x' ],
		[ 'leads',   'x' ],
		[ 'leads',   '--stage', 'nonsense' ],
		[ 'leads',   '--since', 'never' ],
		[ 'leads',   '--most',  'all' ],
		['show'],
		[ 'show', 'a', 'b' ],
		['explain'],
		[ 'explain', 'a', 'b' ],
		['claim'],
		[ 'claim', 'a' ],
		[ 'claim', 'a', 'b', 'c' ],
		[ 'claim', '--nonsense', 'a', 'b' ],
		[ 'stage', 'a' ],
		[ 'stage', 'a', 'b', '--reason' ],
		[ 'merge', 'a' ],
		[ 'merge', 'a', 'b', 'c' ],
		[ 'split', 'a' ],
		[ 'split', 'a', '--origin', 'b', '--address', 'c' ],
		[ 'split', '--origin', 'b' ],
		[ 'keep-apart', 'a' ],
		[ 'sweep', 'x' ],
		['forget'],
		[ 'forget', 'p1@buyers1.test' ],
		[ 'forget', '--yes' ],
		[ 'forget', '--yes', 'Ada' ],
		['export'],
		[ 'export', 'a', 'b' ],
		[ 'compact', 'x' ],
		[ 'accounts', 'a', 'b' ],
		[ 'accounts', '--most', 'all' ],
		[ 'customers', 'x' ],
		[ 'owners', 'x' ],
		[ 'outbox', 'list',   'x' ],
		[ 'outbox', 'list',   '--state', 'nonsense' ],
		[ 'outbox', 'show' ],
		[ 'outbox', 'show', 'x' ],
		[ 'outbox', 'show', '0' ],
		[ 'outbox', 'retry' ],
		[ 'outbox', 'retry', 'x' ],
		[ 'outbox', 'retry', '1x' ],
		[ 'outbox', 'retry', '-1' ],
		[ 'outbox', 'drop' ],
		[ 'outbox', 'drop', 'dead' ],
		[ 'endpoint', 'status', 'crm' ],
		[ 'endpoint', 'resume' ],
		[ 'endpoint', 'park', 'a', 'b' ],
		[ 'check',  'x' ],
		[ 'stats',  'x' ],
		[ 'reload', 'x' ],
	    )
	{
		my ($code, $out, $err) = run($site, @$case);
		is $code, 2, "leadctl @$case";
		is $out, '', '  says nothing on standard output';
		like $err, qr/usage:|leadctl/, '  but on standard error';
	}
	ok !-e "$site->{dir}/leads.db", 'no store was made';
};

subtest 'help and version' => sub {
	my $site = new_site();
	my ($code, $out) = run($site, '--help');
	is $code, 0, '--help';
	like $out, qr/^  \Q$_\E\b/m, "  names $_"
	    for 'inspect', 'score', 'replay', 'signals', 'leads', 'show', 'explain', 'claim', 'stage', 'merge', 'split',
	    'keep-apart', 'sweep', 'export', 'forget', 'compact', 'accounts', 'customers', 'owners', 'import', 'outbox list', 'outbox show',
	    'outbox retry', 'outbox drop', 'endpoint status', 'endpoint resume', 'endpoint park',
	    'endpoint test', 'endpoint key', 'check', 'stats',
	    'reload';
	($code, $out) = run($site, '--version');
	is $code, 0, '--version';
	like $out, qr/^leadctl \d+\.\d+/, '  says it';
};

subtest 'a configuration that is wrong or missing: 70 with its place' => sub {
	my $site = new_site();
	Site::spew($site->config_path, "# a comment\nmax_sessions = 0\n");
	for my $case ([ 'inspect', "$site->{dir}/one.eml" ], ['leads'], ['check'], ['stats'], ['reload'],
		[ 'replay', "$site->{dir}/one.eml" ], [ 'endpoint', 'resume', 'crm' ])
	{
		my ($code, undef, $err) = run($site, @$case);
		is $code, 70, "leadctl @$case";
		like $err, qr/leadmilter\.conf:2: max_sessions/, '  names the line';
	}
	unlink $site->config_path;
	my ($code, undef, $err) = run($site, 'check');
	is $code, 70, 'no such file';
	like $err, qr/leadmilter\.conf:0: No such file/, '  is named';
};

subtest 'inspect: a file, standard input, an mbox, a Maildir' => sub {
	my $site = new_site();
	my $d    = $site->{dir};
	my @cases = (
		[ "$d/one.eml", ["$d/one.eml"], [1] ],
		[ "$d/box", [ map { "$d/box#$_" } 1 .. 3 ], [ 1 .. 3 ] ],
		[ "$d/maildir", [ (map { "$d/maildir/cur/$_.host:2,S" } 2 .. 4), "$d/maildir/new/5.host" ], [ 2 .. 5 ] ],
		[ "$d/maildir/new", ["$d/maildir/new/5.host"], [5] ],
	);
	for (@cases) {
		my ($path, $files, $numbers) = @$_;
		my ($code, $out, $err) = run($site, '--json', 'inspect', $path);
		is $code, 0, "leadctl --json inspect $path";
		is $err, '', '  without complaint';
		my $all = documents($out);
		is_deeply [ map { $_->{file} } @$all ], $files, '  names the files';
		is_deeply [ map { $_->{message_id} } @$all ], [ map { "m$_\@buyers.test" } @$numbers ], '  in their order';
		is $all->[0]{envelope}{from}, "p$numbers->[0]\@buyers$numbers->[0].test", '  Return-Path is the sender';
		ok !exists $all->[0]{score} || !defined $all->[0]{score}, '  without a score';
	}
	my ($code, $out) = run($site, \mail(9), '--json', 'inspect', '-');
	is $code, 0, 'standard input';
	is documents($out)->[0]{file}, '-', '  has no name';
	is documents($out)->[0]{message_id}, 'm9@buyers.test', '  is read';
	($code, $out) = run($site, \'', '--json', 'inspect', '-');
	is $code, 0, 'empty standard input';
	is documents($out)->[0]{kind}, 'empty', '  is an empty message';
	($code, $out) = run($site, "inspect", "$d/one.eml", "$d/maildir/new");
	is $code, 0, 'for people, several paths';
	like $out, qr/^\Q$d\E\/one\.eml\n.*^  kind\s+human.*^  person\s+Ada Person1\n.*^\Q$d\E\/maildir\/new\/5\.host\n/ms,
	    '  what was understood';
	($code, $out) = run($site, '--json', 'inspect', '--mail-from', 'x@y.test', '--rcpt', 'a@example.test',
		'--rcpt', 'b@example.test', '--client', '192.0.2.1', "$d/one.eml");
	is_deeply documents($out)->[0]{envelope}, { from => 'x@y.test', rcpt => [ 'a@example.test', 'b@example.test' ] },
	    'an envelope from the command line';
	($code, $out, my $err) = run($site, '--json', 'inspect', "$d/nowhere", "$d/one.eml");
	is $code, 70, 'a path that is not there';
	like $err, qr/\Q$d\E\/nowhere/, '  is named';
	is scalar @{ documents($out) }, 1, '  and the others are read';
	ok !-e "$d/leads.db", 'no store was made';
};

subtest 'score' => sub {
	my $site = new_site();
	my $path = "$site->{dir}/one.eml";
	my ($code, $out) = run($site, '--json', 'score', $path);
	is $code, 0, 'as JSON';
	my $score = documents($out)->[0]{score};
	my $sum   = 0;
	$sum += $_->{points} for @{ $score->{contributions} };
	cmp_ok abs($sum - $score->{total}), '<', 0.01, '  the contributions make the total';
	is $score->{scorecard}, 'default', '  names the scorecard';
	($code, $out) = run($site, 'score', '--scorecard', 'default', $path);
	is $code, 0, 'for people';
	like $out, qr/^  score\s+[\d.]+ on default.*^\s+\+[\d.]+  intent-price/ms, '  with its reasons';
	($code, undef, my $err) = run($site, 'score', '--scorecard', 'gone', $path);
	is $code, 1, 'a scorecard that is not there';
	like $err, qr/no scorecard "gone"/, '  is named';
};

subtest 'score --diff' => sub {
	my $site = new_site();
	my $path = "$site->{dir}/one.eml";
	my $old  = "$Site::ROOT/conf/scorecards/default.conf";
	my $new  = "$site->{dir}/new.conf";
	Site::spew($new, qq(name = "new"\ninclude = {"$old"}\n)
		    . qq(rule "intent-price" { when = "has(content.hits, 'intent_price')" points = 1.0 group = "intent" }\n));
	my ($code, $out) = run($site, 'score', '--diff', $old, $new, $path);
	is $code, 0, 'for people';
	like $out, qr/[+]10[.]0 ->    [+]1[.]0  intent-price/, '  says what the rule gave and gives';
	like $out, qr/^1 messages of people, 1 score differently$/m, '  and sums up';
	($code, $out) = run($site, '--json', 'score', '--diff', $old, $new, $path);
	my @documents = @{ documents($out) };
	is $code, 0, 'as JSON';
	is $documents[0]{rules}[0]{after}, 1, '  a document a message';
	is $documents[-1]{summary}{changed}, 1, '  and a summary';
	($code, $out) = run($site, 'score', '--diff', $old, $old, $path);
	unlike $out, qr/one[.]eml/, 'what is the same is not told';
	($code, undef, my $err) = run($site, 'score', '--diff', $old, "$site->{dir}/gone.conf", $path);
	is $code, 70, 'a file that is not there';
	like $err, qr/gone[.]conf:0: No such file/, '  is named';
	($code) = run($site, 'score', '--diff', $old, $path);
	is $code, 2, 'two files are needed';
};

subtest 'signals' => sub {
	my $site = new_site();
	my ($code, $out) = run($site, 'signals');
	is $code, 0, 'for people';
	like $out, qr/^sender\.freemail\s+boolean\s+\S/m, '  name, type, meaning';
	($code, my $lines) = run($site, '--json', 'signals');
	is $code, 0, 'as JSON';
	my $all = documents($lines);
	is scalar @$all, scalar(my @l = split /\n/, $out), '  as many';
	is scalar(grep { !($_->{name} && $_->{type} && $_->{meaning}) } @$all), 0, '  each complete';
};

subtest 'no store yet: reading fails, replay makes it' => sub {
	my $site = new_site();
	for my $case (['leads'], [ 'show', 'x' ], [ 'explain', 'x' ], [ 'claim', 'x', 'y' ], [ 'stage', 'x', 'sql' ], ['accounts'],
		['customers'], ['owners'], [ 'outbox', 'list' ], [ 'endpoint', 'status' ], ['stats']) {
		my ($code, undef, $err) = run($site, @$case);
		is $code, 70, "leadctl @$case";
		like $err, qr/leads\.db: there is no store yet/, '  says so';
	}
	my ($code, $out) = run($site, 'check');
	is $code, 0, 'check';
	like $out, qr/store not made yet/, '  says so, too';
	is((run($site, 'replay', "$site->{dir}/one.eml"))[0], 0, 'replay');
	is scalar @{ $site->leads }, 1, 'and there is a lead';
};

# What the commands on a store answer, whether a daemon runs or not.
sub commands_on_a_store {
	my ($site) = @_;
	my $lead = $site->leads->[0];
	my ($code, $out, $err) = run($site, 'leads');
	is $code, 0, 'leads';
	like $out, qr/^ld_\w{26}\s+-?[\d.]+ [A-D] (hot|warm|cold)\s+eql\s+Ada Person\d\s+-\s/m, '  for people';
	is scalar(my @l = split /\n/, $out), 5, '  five';
	is scalar @{ $site->leadctl_json('leads', '--most', 2) }, 2, '  two at most';
	is scalar @{ $site->leadctl_json('leads', '--most', 9, '--skip', 4) }, 1, '  the last one';
	is_deeply [ map { $_->{address} } @{ $site->leadctl_json('leads', '--text', 'Person3') } ], ['p3@buyers3.test'],
	    '  by text';
	is_deeply [ map { $_->{address} } @{ $site->leadctl_json('leads', '--account', 'buyers4.test') } ],
	    ['p4@buyers4.test'], '  by account';
	is scalar @{ $site->leadctl_json('leads', '--stage', 'eql') }, 5, '  by stage';
	is scalar @{ $site->leadctl_json('leads', '--since', '2026-11-20') }, 5, '  since a day';
	for my $none ([ '--stage', 'customer' ], [ '--owner', 'x@example.test' ], [ '--since', '2099-01-01' ]) {
		($code, $out) = run($site, 'leads', @$none);
		is $code, 1, "leads @$none: none";
		is $out, '', '  nothing printed';
	}

	for my $key ($lead->{id}, $lead->{address}, uc $lead->{address}) {
		my $shown = $site->leadctl_json('show', $key)->[0];
		is $site->{status}, 0, "show $key";
		is $shown->{id}, $lead->{id}, '  is that lead';
		is scalar @{ $shown->{history} }, 1, '  its history';
		is $shown->{stages}[0]{to}, 'eql', '  its stages';
	}
	($code, $out) = run($site, 'show', $lead->{id});
	is $code, 0, 'show for people';
	like $out, qr/^\Q$lead->{id}\E  \Q$lead->{name}\E\n.*^  address\s+\Q$lead->{address}\E\n.*^  history\n.*inbound/ms,
	    '  card and history';
	my $explained = $site->leadctl_json('explain', $lead->{id})->[0];
	my $sum       = 0;
	$sum += $_->{points} for @{ $explained->{contributions} };
	cmp_ok abs($sum - $explained->{score}), '<', 1e-6, 'explain: the contributions make the score';
	is $explained->{scores}[0]{total}, $explained->{score}, '  the leading scorecard comes first';
	is_deeply $explained->{scores}[0]{contributions}, $explained->{contributions}, '  with the same contributions';
	($code, $out) = run($site, 'explain', $lead->{id});
	is $code, 0, 'explain for people';
	like $out, qr/intent-price.*= fit .* on scorecard "default"/s, '  every point';
	for my $command (qw(show explain)) {
		($code, $out, $err) = run($site, $command, 'ld_01ARZ3NDEKTSV4RRFFQ69G5FAV');
		is $code, 1, "$command: no such lead";
		like $err, qr/no lead 'ld_01ARZ3NDEKTSV4RRFFQ69G5FAV'/, '  says so';
		is((run($site, '--json', $command, 'nobody@buyers.test'))[0], 1, '  nor such an address');
	}

	# as of another day: engagement decays, fit does not
	my @at = map { $site->leadctl_json('--now', $_, 'explain', $lead->{id})->[0] } '2026-11-20T10:00:00Z', '2026-12-20 10:00';
	cmp_ok $at[0]{engagement}, '>', 0, 'engagement on the day';
	cmp_ok abs($at[1]{engagement} - $at[0]{engagement} / 2), '<', 0.1, '  is half of it a month later';
	is $at[1]{fit}, $at[0]{fit}, '  fit stays';

	my ($check, $checked) = run($site, 'check');
	is $check, 0, 'check';
	like $checked, qr/ok: 1 mailboxes, 1 endpoints, 1 scorecards; store sound/, '  for people';
	is $site->leadctl_json('check')->[0]{endpoints}, 1, '  as JSON';
	is $site->leadctl_json('stats')->[0]{leads}, 5, 'stats as JSON';
	($code, $out) = run($site, 'stats');
	is $code, 0, 'stats';
	like $out, qr/^leads\s+5$/m, '  for people';
}

# Deliveries and endpoints; nobody listens at the endpoint.
sub commands_on_deliveries {
	my ($site) = @_;
	my $all = $site->leadctl_json('outbox', 'list');
	is $site->{status}, 0, 'outbox list';
	is scalar @$all, 5, '  five deliveries';
	my $one = $all->[0];
	is_deeply [ map { $_->{id} } @{ $site->leadctl_json('outbox', 'list', '--lead', $one->{lead}) } ], [ $one->{id} ],
	    '  by lead';
	is scalar @{ $site->leadctl_json('outbox', 'list', '--state', 'waiting', '--endpoint', 'crm') }, 5, '  by state';
	is scalar @{ $site->leadctl_json('outbox', 'list', '--most', 3) }, 3, '  three at most';
	my ($code, $out, $err) = run($site, 'outbox', 'list');
	is $code, 0, '  for people';
	like $out, qr/^\s+$one->{id}  .* waiting\s+crm\s+lead\.created\s+$one->{lead}/m, '  a line each';
	for my $none ([ '--state', 'dead' ], [ '--endpoint', 'other' ], [ '--lead', 'ld_x' ]) {
		is((run($site, 'outbox', 'list', @$none))[0], 1, "outbox list @$none: none");
	}

	my $shown = $site->leadctl_json('outbox', 'show', $one->{id})->[0];
	is $shown->{body}{type}, 'lead.created', 'outbox show: its body';
	($code, $out) = run($site, 'outbox', 'show', $one->{id});
	is $code, 0, '  for people';
	like $out, qr/^\{"type":"lead\.created"/m, '  with the body';
	($code, $out, $err) = run($site, 'outbox', 'show', 999_999);
	is $code, 1, 'outbox show: no such delivery';
	like $err, qr/no delivery 999999/, '  says so';

	($code, $out) = run($site, 'outbox', 'drop', $one->{id});
	is $code, 0, 'outbox drop';
	like $out, qr/^1 dropped$/, '  says how many';
	is $site->leadctl_json('outbox', 'show', $one->{id})->[0]{state}, 'dropped', '  and it is';
	($code, $out) = run($site, 'outbox', 'drop', 999_999);
	is $code, 1, '  one that is not there';
	is $site->leadctl_json('outbox', 'retry', $one->{id})->[0]{count}, 1, 'outbox retry takes it up again';
	is $site->leadctl_json('outbox', 'show', $one->{id})->[0]{state}, 'waiting', '  it waits';
	is((run($site, 'outbox', 'retry', 999_999))[0], 1, '  one that is not there');
	($code, $out) = run($site, 'outbox', 'retry', 'dead');
	is $code, 1, 'outbox retry dead: none';
	like $out, qr/^0 due now$/, '  says so';

	is((run($site, 'endpoint', 'status'))[0], 0, 'endpoint status: none is parked');
	is((run($site, 'endpoint', 'park', 'crm'))[0], 0, 'endpoint park');
	my $status = $site->leadctl_json('endpoint', 'status');
	is $site->{status}, 1, 'endpoint status: one is';
	is $status->[0]{reason}, 'parked by the administrator', '  with the reason';
	($code, $out) = run($site, 'endpoint', 'status');
	like $out, qr/^crm\s+parked\s+waiting 5 /m, '  for people';
	is((run($site, 'endpoint', 'resume', 'crm'))[0], 0, 'endpoint resume');
	is((run($site, 'endpoint', 'status'))[0], 0, '  it is open');
	for my $command (qw(park resume)) {
		($code, $out, $err) = run($site, 'endpoint', $command, 'nowhere');
		is $code, 1, "endpoint $command: no such endpoint";
		like $err, qr/endpoint nowhere: not known/, '  says so';
	}
}

# Changing leads by hand.
sub commands_on_people {
	my ($site) = @_;
	my @id = map { $site->leadctl_json('show', "p$_\@buyers$_.test")->[0]{id} } 1 .. 5;

	# who is meant
	my ($code, $out, $err) = run($site, 'show', 'Person3');
	is $code, 0, 'a part of a name that fits one lead';
	like $out, qr/^\Q$id[2]\E  Ada Person3$/m, '  is shown';
	($code, $out, $err) = run($site, 'show', 'Ada');
	is $code, 1, 'one that fits several';
	like $err, qr/'Ada' fits several leads; say which:\n(?:  ld_\w{26}  Ada Person\d <p\d\@buyers\d\.test>\n){5}\z/,
	    '  lists them';
	($code, $out, $err) = run($site, 'explain', 'p3@elsewhere.test');
	is $code, 1, 'an address nobody has';
	like $err, qr/no lead 'p3\@elsewhere\.test'; near are:\n  \Q$id[2]\E/, '  lists what is near';
	for my $command ([ 'claim', 'Person3', 's@example.test' ], [ 'stage', 'Person3', 'sql' ], [ 'merge', 'Person3', $id[0] ],
		[ 'merge', $id[0], 'Person3' ], [ 'split', 'Person3', '--address', 'x@y.test' ], [ 'keep-apart', 'Person3', $id[0] ])
	{
		($code, $out, $err) = run($site, @$command);
		is $code, 1, "$command->[0]: a name is not enough";
		like $err, qr/no lead 'Person3'; near are:\n  \Q$id[2]\E/, '  but is a hint';
	}

	# owner and stage
	($code, $out) = run($site, 'claim', $id[0], 'sam@example.test', '--reason', 'met at the fair');
	is $code, 0, 'claim';
	like $out, qr/^\Q$id[0]\E \(\w+\): .*sam\@example\.test/, '  says what was done';
	my $shown = $site->leadctl_json('show', $id[0])->[0];
	is $shown->{owner}, 'sam@example.test', '  it is';
	like $shown->{owner_reason}, qr/met at the fair/, '  with the reason';
	is_deeply [ map { $_->{id} } @{ $site->leadctl_json('leads', '--owner', 'sam@example.test') } ], [ $id[0] ],
	    '  and found by it';
	my ($sam) = grep { $_->{address} eq 'sam@example.test' } @{ $site->leadctl_json('owners') };
	is $sam->{load}, 1, '  it counts';
	ok !$sam->{known}, '  though nobody said that Sam sells';
	like +(run($site, 'owners'))[1], qr/^sam\@example\.test .*\b1 .*neither configured nor imported$/m, '  for people';
	($code, undef, $err) = run($site, 'claim', $id[0], 'sam');
	is $code, 70, 'claim: no address';
	like $err, qr/"sam" is no owner's address/, '  says so';
	($code, $out) = run($site, 'stage', 'p2@buyers2.test', 'disqualified', '--reason', 'no budget');
	is $code, 0, 'stage';
	like $out, qr/^\Q$id[1]\E \(disqualified\): .*no budget/, '  says what was done';
	is_deeply [ map { $_->{id} } @{ $site->leadctl_json('leads', '--stage', 'disqualified') } ], [ $id[1] ], '  it is';
	is $site->leadctl_json('show', $id[1])->[0]{stages}[-1]{to}, 'disqualified', '  in its history';
	($code, undef, $err) = run($site, 'stage', $id[1], 'disqualifid');
	is $code, 70, 'stage: no such stage';
	like $err, qr/"disqualifid" is no stage; the nearest is "disqualified"/, '  names the nearest';

	# two cards, one person
	($code, $out) = run($site, 'merge', $id[2], $id[3]);
	is $code, 0, 'merge';
	like $out, qr/^to undo: leadctl split \Q$id[2]\E --origin \Q$id[3]\E$/m, '  says how to undo it';
	is $site->leadctl_json('show', $id[3])->[0]{id}, $id[2], '  the other id leads there';
	is $site->leadctl_json('show', 'p4@buyers4.test')->[0]{id}, $id[2], '  and so does the address';
	$shown = $site->leadctl_json('show', $id[2])->[0];
	is_deeply $shown->{merged}, [ $id[3] ], '  the card says so';
	is scalar(grep { $_->{touch} ne 'merge' && $_->{message_id} } @{ $shown->{history} }), 2, '  with both histories';
	like +(run($site, 'show', $id[2]))[1], qr/^  merged         \Q$id[3]\E$/m, '  for people';
	($code, undef, $err) = run($site, 'merge', $id[2], $id[3]);
	isnt $code, 0, 'merge: they are one already';
	ok $err, '  says so';
	($code, $out) = run($site, 'split', $id[2], '--origin', $id[3]);
	is $code, 0, 'split';
	is $site->leadctl_json('show', 'p4@buyers4.test')->[0]{address}, 'p4@buyers4.test', '  there are two again';
	isnt $site->leadctl_json('show', 'p4@buyers4.test')->[0]{id}, $id[2], '  of their own';
	($code, undef, $err) = run($site, 'split', $id[2], '--origin', $id[0]);
	isnt $code, 0, 'split: what was never merged';
	ok $err, '  says so';
	is((run($site, 'keep-apart', $id[0], $id[4]))[0], 0, 'keep-apart');

	# time
	($code, $out) = run($site, '--now', '2027-11-20', 'sweep');
	is $code, 0, 'sweep of a year from now';
	like $out, qr/^\d+ leads were due$/, '  says how many';
	is $site->leadctl_json('--now', '2027-11-20', 'sweep')->[0]{count}, 0, '  then none is';
	is $site->leadctl_json('leads', '--text', 'Person5')->[0]{temperature}, 'cold', '  and they have cooled';

	# accounts and customers
	($code, $out) = run($site, 'accounts', 'buyers5.test');
	is $code, 0, 'an account nobody imported';
	like $out, qr/^buyers5\.test.*^  heat +1 people known.*^\Q$id[4]\E/ms, '  with its people';
	($code, undef, $err) = run($site, 'accounts', 'nowhere.test');
	is $code, 1, 'no such account';
	like $err, qr/no account 'nowhere\.test'/, '  says so';
	is((run($site, 'accounts'))[0], 1, 'accounts: none was imported');
	is((run($site, 'customers'))[0], 1, 'customers: none');
	run($site, 'stage', $id[4], 'customer');
	($code, $out) = run($site, 'customers');
	like $out, qr/^\Q$id[4]\E Ada Person5/m, '  one now';
}

# A person sees what is kept of them, and is erased.
sub commands_on_privacy {
	my ($site) = @_;
	my $address = 'p2@buyers2.test';
	my $id      = $site->leadctl_json('show', $address)->[0]{id};
	my ($code, $out, $err) = run($site, 'export', $address);
	is $code, 0, 'export';
	my $all = $json->decode($out);
	is $all->{leads}[0]{id}, $id, '  the card';
	cmp_ok scalar @{ $all->{touches} }, '>=', 1, '  touches';
	like $out, qr/Ada Person2/, '  with the name';
	is_deeply $site->leadctl_json('export', $id)->[0]{leads}, $all->{leads}, '  by id, in one line';
	($code, $out, $err) = run($site, 'export', 'ld_01ARZ3NDEKTSV4RRFFQ69G5FAV');
	is $code, 1, 'export: no such lead';

	my $answer = on_terminal($site, "n\n", 'forget', $address);
	like $answer, qr/Erase everything that is kept of \Q$address\E\?.*nothing was erased/s, 'forget asks';
	is $site->{status}, 1, '  and heeds a no';
	is $site->leadctl_json('show', $address)->[0]{id}, $id, '  nothing was erased';
	$answer = on_terminal($site, "y\n", 'forget', $address);
	like $answer, qr/\Q$address\E: erased: 1 lead, \d+ touch/, '  and a yes';
	is $site->{status}, 0, '  is done';
	($code, undef, $err) = run($site, 'show', $address);
	is $code, 1, 'nobody is there';
	is scalar(grep { $_->{name} && $_->{name} eq 'Ada Person2' } @{ $site->leads }), 0, '  nor in the list';
	unlike Site::slurp("$site->{dir}/leads.db"), qr/Person2/, '  nor in the file';
	($code, $out) = run($site, 'forget', '--yes', $address);
	is $code, 1, 'forget: again';
	like $out, qr/nothing was kept/, '  there is nothing';
	is $site->leadctl_json('forget', '--yes', '--remember', 'p1@buyers1.test')->[0]{leads}, 1, 'forget as JSON';
	run($site, 'replay', "$site->{dir}/one.eml");
	is((run($site, 'show', 'p1@buyers1.test'))[0], 1, '  a replay brings nobody back');
	is((run($site, 'compact'))[0], 0, 'compact');
}

# leadctl on a terminal of its own that types `input`; what it shows.
sub on_terminal {
	my ($site, $input, @arguments) = @_;
	my $command = join ' ', map { quotemeta } "$Site::BUILD/leadctl", '-c', $site->config_path, @arguments;
	Site::spew("$site->{dir}/typed", $input);
	my $shown = qx(script -qec "$command" /dev/null < $site->{dir}/typed);
	$site->{status} = $? >> 8;
	return $shown;
}

# Other people's words on it move no cursor and forge no line.
sub guarded {
	my ($site) = @_;
	my $mail = mail(77) =~ s/^Subject: .*/Subject: =?utf-8?q?=c2=9b2J_price_=1b[2J?=/mr;
	Site::spew("$site->{dir}/controls.eml", $mail =~ s/please send/\x{1b}]0;owned\x{07}\rplease send \xc2\x9b31m/r);
	my $shown = on_terminal($site, '', 'inspect', "$site->{dir}/controls.eml");
	like $shown, qr/\xc2\xbf2J price/, 'on a terminal: the subject';
	unlike $shown, qr/[^\n\t\x20-\x7e\x80-\xff\r]|\r(?!\n)|\xc2[\x80-\x9f]/, '  without controls';
	my (undef, $out) = run($site, 'inspect', "$site->{dir}/controls.eml");
	like $out, qr/\xc2\x9b2J price/, '  elsewhere as it is';
}

sub replay_all {
	my ($site) = @_;
	my $d = $site->{dir};
	my ($code, $out, $err) = run($site, 'replay', "$d/box");
	is $code, 0, 'replay of an mbox';
	like $out, qr/^3 messages: create 3 failed 0$/, '  counts';
	is $err, '', '  no progress bar but on a terminal';
	my $replies = $site->leadctl_json('replay', "$d/maildir");
	is_deeply [ map { $_->{action} } @$replies ], [qw(duplicate duplicate create create)],
	    'replay of a Maildir: what is there already is not done twice';
	is $replies->[2]{file}, "$d/maildir/cur/4.host:2,S", '  by file';
	like $replies->[2]{lead}, qr/^ld_/, '  with its lead';
	($code, $out) = run($site, 'replay', "$d/box", "$d/maildir", "$d/one.eml");
	like $out, qr/^8 messages: duplicate 8 failed 0$/, 'all again changes nothing';
	is scalar @{ $site->leads }, 5, 'five leads';
	is_deeply [ map { $_->{created} } @{ $site->leads } ], [ ('2026-11-20T10:00:00.000Z') x 5 ], '  as of their mail';
	($code, undef, $err) = run($site, 'replay', "$d/nowhere", "$d/one.eml");
	is $code, 70, 'a path that is not there';
	like $err, qr/\Q$d\E\/nowhere/, '  is named';
}

subtest 'without a daemon' => sub {
	my $site = new_site();
	guarded($site);
	replay_all($site);
	commands_on_a_store($site);
	commands_on_deliveries($site);
	commands_on_people($site);
	commands_on_privacy($site);
	is $site->leadctl_json('stats')->[0]{daemon}, undef, 'stats: no daemon';
	like +(run($site, 'stats'))[1], qr/^daemon\s+not running$/m, '  says so';
	my ($code, undef, $err) = run($site, 'reload');
	is $code, 1, 'reload: no daemon';
	like $err, qr/no daemon answers/, '  says so';
};

subtest 'with a daemon' => sub {
	my $site = new_site();
	$site->start_daemon;
	replay_all($site);
	commands_on_a_store($site);
	commands_on_deliveries($site);
	commands_on_people($site);
	commands_on_privacy($site);
	my $stats = $site->leadctl_json('stats')->[0]{daemon};
	is $stats->{created}, 5, 'stats: the daemon did it';
	is $stats->{reloads}, 0, '  with one configuration';
	is((run($site, 'reload'))[0], 0, 'reload');
	is $site->leadctl_json('stats')->[0]{daemon}{reloads}, 1, '  it did';
	Site::spew($site->config_path, $site->config_text . "freemail_list = \"nowhere.txt\"\n");
	my ($code, undef, $err) = run($site, 'reload');
	is $code, 70, 'reload of a wrong configuration';
	like $err, qr/nowhere\.txt/, '  says what';
	$site->write_config;
	is $site->leadctl_json('stats')->[0]{daemon}{reload_failures}, 1, '  and the daemon lives';
};

# What went through the milter is found again in the mailbox, with LF for CRLF and fields added.
subtest 'replay of mail that was seen live' => sub {
	my $site = new_site();
	$site->start_daemon;
	my $client = MilterClient->new($site->socket_spec);
	$client->negotiate;
	$client->connect_as;
	my ($head, $body) = split /\n\n/, mail(1), 2;
	my @headers = map { [ split /: /, $_, 2 ] } split /\n/, $head =~ s/^Return-Path.*\n//r;
	my $result  = $client->message(from => 'p1@buyers1.test', to => 'sales@example.test', headers => \@headers,
		body => $body =~ s/\n/\r\n/gr);
	ok $result->{added}{'X-Lead-Id'}, 'a lead';
	my $added = join '', map { "$_: $result->{added}{$_}\n" } sort keys %{ $result->{added} };
	Site::spew("$site->{dir}/stored", mail(1) =~ s/\n\n/\n$added\n/r);
	my $reply = $site->leadctl_json('replay', "$site->{dir}/stored")->[0];
	is $reply->{action}, 'duplicate', 'nothing new';
	is $reply->{lead}, $result->{added}{'X-Lead-Id'}, 'the same lead';
};

# An archive for measuring only: leads are made, nobody is told.
subtest 'replay --shadow' => sub {
	my $site = new_site(endpoint_options => "\tevents = {}\n");
	$site->start_receiver;
	$site->start_daemon;
	my ($code, $out) = run($site, 'replay', '--shadow', "$site->{dir}/box");
	is $code, 0, 'done';
	is scalar @{ $site->leads }, 3, 'three leads';
	my %state;
	$state{ $_->{state} }++ for @{ $site->leadctl_json('outbox', 'list') };
	is_deeply \%state, { delivered => 3 }, 'their events count as delivered';
	run($site, 'replay', '--shadow', "$site->{dir}/maildir");
	is_deeply [ grep { $_->{state} ne 'delivered' } @{ $site->leadctl_json('outbox', 'list') } ], [], 'those of the rest, too';
	# an event that is not in the shadow is posted: so the others would have been
	Site::spew("$site->{dir}/last.eml", mail(7));
	run($site, 'replay', "$site->{dir}/last.eml");
	my $requests = Site::wait_for('a request', sub { my $r = $site->requests; @$r && $r });
	ok scalar @$requests, 'its events are posted';
};

# Interrupted anywhere and started again, a replay ends with each message once.
subtest 'replay, killed and started again' => sub {
	my $site = new_site();
	my $line = "From p\@buyers.test Fri Nov 20 10:00:00 2026\n";
	Site::spew("$site->{dir}/large", join "\n", map { $line . mail($_) } 1 .. 300);
	for my $wait (0.05, 0.2, 0.4) {
		my $pid = $site->start_process('replay', command =>
			    [ "$Site::BUILD/leadctl", '-c', $site->config_path, 'replay', "$site->{dir}/large" ]);
		Time::HiRes::sleep($wait);
		$site->stop_process($pid, 'KILL');
	}
	my ($code, $out) = run($site, 'replay', "$site->{dir}/large");
	is $code, 0, 'the last one ends';
	my ($created) = $out =~ /create (\d+)/;
	my ($before)  = $out =~ /duplicate (\d+)/;
	is +($created // 0) + ($before // 0), 300, 'having seen every message';
	is $site->leadctl_json('stats')->[0]{leads}, 300, 'each once';
	is $site->leadctl_json('stats')->[0]{outbox_waiting}, 300, 'one event each';
};

# A lead of two product lines has a score on each scorecard.
subtest 'several scorecards' => sub {
	my $site = new_site(mailboxes => qq(mailbox "sales\@example.test" {\n}\n)
		    . qq(mailbox "pumps\@example.test" {\n\tscorecard = "pumps"\n}\n));
	my $config = $site->config_text;
	$config =~ s/^scorecards = \{("[^"]*")\}/scorecards = {$1, "pumps.conf"}/m or die;
	Site::spew($site->config_path, $config);
	Site::spew("$site->{dir}/pumps.conf", <<'END');
name = "pumps"
rule "asks" {
	when = "content.questions > 0"
	points = 90.0
}
END
	run($site, 'replay', "$site->{dir}/one.eml");
	Site::spew("$site->{dir}/pumps.eml",
		mail(1) =~ s/^To: .*/To: pumps\@example.test/mr =~ s/<m1\@/<other\@/r);
	run($site, 'replay', "$site->{dir}/pumps.eml");
	my $shown = $site->leadctl_json('explain', 'p1@buyers1.test')->[0];
	is_deeply [ map { $_->{scorecard} } @{ $shown->{scores} } ], [ 'pumps', 'default' ], 'the leading one first';
	is $shown->{scorecard}, 'pumps', 'that is the lead\'s';
	ok $shown->{scores}[0]{qualified}, 'it is qualified there';
	for my $card (@{ $shown->{scores} }) {
		my $sum = 0;
		$sum += $_->{points} for @{ $card->{contributions} };
		cmp_ok abs($sum - $card->{total}), '<', 1e-6, "  $card->{scorecard}: every point is explained";
	}
	my ($code, $out) = run($site, 'explain', 'p1@buyers1.test');
	like $out, qr/on scorecard "pumps".*on scorecard "default"/s, 'for people, too';
	($code, $out) = run($site, 'show', 'p1@buyers1.test');
	like $out, qr/^  score +[\d.]+ on pumps.*^ +[\d.]+ on default/ms, 'show names both';
};

# Our own sent mail shows who answered.
subtest 'replay --submitted' => sub {
	my $site = new_site();
	run($site, 'replay', "$site->{dir}/one.eml");
	Site::spew("$site->{dir}/answer.eml", <<'END');
From: Sam Seller <sam@example.test>
To: p1@buyers1.test
Subject: Re: An offer for number 1
Message-ID: <a1@example.test>
In-Reply-To: <m1@buyers.test>
Date: Fri, 20 Nov 2026 11:00:00 +0000

Dear Ada, here it is.
END
	my $reply = $site->leadctl_json('replay', '--submitted', "$site->{dir}/answer.eml")->[0];
	is $reply->{action}, 'outbound', 'is outbound';
	my $lead = $site->leadctl_json('show', 'p1@buyers1.test')->[0];
	is $lead->{first_response}, '2026-11-20T11:00:00.000Z', 'and the first response';
	is $lead->{stage}, 'sal', 'sales took the lead';
};

done_testing;
