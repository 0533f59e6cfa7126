#!/usr/bin/perl
# daemon.t - the daemon as a process: sockets, signals, limits, and what libmilter needs.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use MilterClient;
use Site;
use Socket;
use Test::More;
use Time::HiRes qw(sleep time);

my $number = 0;

sub lead_mail {
	my ($name) = @_;
	$number++;
	return (
		from    => "$name$number\@buyers.test",
		to      => 'sales@example.test',
		headers => [
			[ 'From',       "$name Smith <$name$number\@buyers.test>" ],
			[ 'To',         'sales@example.test' ],
			[ 'Subject',    'Offer, please' ],
			[ 'Message-ID', "<$name.$number\@buyers.test>" ],
			[ 'Date',       'Sat, 21 Nov 2026 10:00:00 +0000' ],
		],
		body   => "Hello, please send me an offer for two machines.\r\n",
		macros => { E => { i => "Q$number" } },
	);
}

sub client {
	my ($site) = @_;
	my $client = MilterClient->new($site->socket_spec) or return;
	$client->negotiate;
	$client->connect_as('192.0.2.7');
	return $client;
}

subtest 'a configuration is checked with file and line' => sub {
	my $site = Site->new;
	$site->write_config;
	my $path = $site->config_path;
	is system("$Site::BUILD/leadmilter -t -c $path >/dev/null 2>&1"), 0, 'a good one';
	for (
		[ 'nonsense = 1',                            qr/leadmilter\.conf:1: / ],
		[ "\nmax_sessions = 0",                      qr/leadmilter\.conf:2: max_sessions/ ],
		[ 'socket = "nowhere"',                      qr/leadmilter\.conf:1: socket/ ],
		[ 'log_level = "loud"',                      qr/leadmilter\.conf:1: log_level.*expected one of/ ],
		[ 'own_networks = {"300.1.2.3"}',            qr/leadmilter\.conf:1: own_networks/ ],
		[ "endpoint \"x\" {\n}\n",                   qr/leadmilter\.conf:\d+: endpoint "x".*url/ ],
		[ "endpoint \"x\" {\nurl=\"http://a/\"\nsecrets={\"whsec_!\"}\n}\n", qr/endpoint "x"/ ],
		[ "endpoint \"x\" {\nurl=\"http://a/\"\nsecrets={\"file:/nowhere\"}\n}\n", qr/leadmilter\.conf:3: secret/ ],
		[ 'scorecards = {"/nowhere.conf"}',          qr{/nowhere\.conf} ],
		[ 'mailbox "a@b" {',                         qr/leadmilter\.conf:/ ],
		[ "mailbox \"a\@b\" {\n\tscorecard = \"gone\"\n}", qr/no scorecard "gone"/ ],
	    )
	{
		my ($text, $expected) = @$_;
		local $ENV{LEADMILTER_CONF_DIR} = "$Site::ROOT/conf";
		Site::spew($path, "$text\n");
		my $out = `$Site::BUILD/leadmilter -t -c $path 2>&1`;
		is $? >> 8, 78, "exit 78 for: $text";
		like $out, $expected, 'and it says where';
	}
	is system("$Site::BUILD/leadmilter -t -c /nowhere >/dev/null 2>&1") >> 8, 78, 'no file';
};

subtest 'sockets: stale, in use, mode' => sub {
	my $site = Site->new(config => qq(socket_group = "nogroup"\n));
	$site->start_daemon;
	my $path = "$site->{dir}/run/milter.sock";
	is sprintf('%o', (stat $path)[2] & 07777), '666', 'mode as configured';
	is((stat $path)[5], scalar getgrnam('nogroup'), 'group as configured') if $> == 0;
	my $second = `$Site::BUILD/leadmilter -f -c @{[$site->config_path]} 2>&1`;
	isnt $?, 0, 'a second daemon does not start';
	like $second, qr/another program is serving/, 'and says why';
	$site->stop_daemon('KILL');
	ok -S $path, 'a killed daemon leaves its socket';
	$site->start_daemon;
	ok client($site), 'the next one serves in its place';
	is $site->stop_daemon, 0, 'a clean end';
	ok !-e $path, 'which takes the socket along';
};

subtest 'a health probe costs nothing' => sub {
	my $site = Site->new;
	$site->start_daemon;
	for (1 .. 200) {
		IO::Socket::UNIX->new(Peer => "$site->{dir}/run/milter.sock")->close;
	}
	my $half = MilterClient->new($site->socket_spec);
	$half->negotiate;
	$half->put('Q');
	my $result = client($site)->message(lead_mail('probe'));
	ok $result->{added}{'X-Lead-Id'}, 'mail after 200 probes';
	Site::wait_for('sessions to end', sub { $site->leadctl_json('stats')->[0]{daemon}{sessions} <= 1 });
	unlike $site->daemon_log, qr/warning|error/, 'nothing logged about them';
};

subtest 'what one transaction may hold' => sub {
	my $site = Site->new;
	$site->start_daemon;
	my $client = client($site);
	my %mail   = lead_mail('large');
	push @{ $mail{headers} }, [ 'X-Large', 'x' x 102_000 ];
	my $result = $client->message(%mail);
	ok $result && $result->{added}{'X-Lead-Id'}, 'a 102,000-byte header';
	%mail = lead_mail('body');
	$mail{body} = "Please send an offer.\r\n" . ("0123456789" x 7 . "\r\n") x 20_000;
	$result = $client->message(%mail);
	ok $result && $result->{added}{'X-Lead-Id'}, 'a 1.4 MB body';
	ok $result->{skipped}, 'the rest of it was not sent (SMFIS_SKIP)';
	%mail = lead_mail('fields');
	push @{ $mail{headers} }, map { [ "X-F$_", 'y' x 50 ] } 1 .. 5000;
	ok $client->message(%mail)->{added}{'X-Lead-Id'}, '5,000 fields';
	%mail = lead_mail('groups');
	$mail{headers}[0][1] = 'a:' x 45_000 . " <x\@buyers.test>";
	ok $client->message(%mail), 'a hostile address group';
	%mail = lead_mail('many');
	$mail{to} = [ map { "person$_\@example.test" } 1 .. 1000 ];
	push @{ $mail{to} }, 'sales@example.test';
	ok $client->message(%mail), '1,001 recipients';
	my $began = time;
	is $client->message(from => 'x@buyers.test', to => 'sales@example.test', headers => [], body => "text\r\n")->{verdict},
	    'c', 'a mail without header fields';
	is $client->message(from => 'x@buyers.test', to => 'sales@example.test', headers => [], body => '')->{verdict}, 'c',
	    'and one without anything';
	cmp_ok time - $began, '<', 2, 'are answered at once';
};

subtest 'of no interest: let go at DATA' => sub {
	my $site = Site->new;
	$site->start_daemon;
	my $client = client($site);
	my %mail   = lead_mail('other');
	my $result = $client->message(%mail, to => 'warehouse@example.test');
	ok $result->{early} && $result->{verdict} eq 'a', 'accepted before any header';
	$result = $client->message(lead_mail('next'));
	ok $result->{added}{'X-Lead-Id'}, 'the next mail of the connection is seen';
	is scalar @{ $site->leads }, 1, 'one lead';
};

subtest 'forged fields are removed' => sub {
	my $site = Site->new;
	$site->start_daemon;
	my %mail = lead_mail('forged');
	push @{ $mail{headers} }, [ 'X-Lead-Id', 'ld_1' ], [ 'X-Lead-Score', '99' ], [ 'x-lead-score', '98' ],
	    [ 'X-Lead-Status', 'x' ];
	unshift @{ $mail{headers} }, [ 'Received', 'from a by b' ],
	    [ 'Authentication-Results', 'mx.example.test; dmarc=pass header.from=buyers.test' ],
	    [ 'Authentication-Results', 'other.example; dmarc=pass header.from=buyers.test' ];
	my $result = client($site)->message(%mail);
	is_deeply [ sort map { "$_->[0] $_->[1]" } @{ $result->{removed} } ],
	    [ 'Authentication-Results 1', 'X-Lead-Id 1', 'X-Lead-Score 1', 'X-Lead-Score 2', 'X-Lead-Status 1' ],
	    'ours go, others stay';
	my @scores = grep { $_->[0] eq 'X-Lead-Score' } @{ $result->{removed} };
	is_deeply [ map { $_->[1] } @scores ], [ 2, 1 ], 'the last one first, so that numbers stay right';
	like $result->{added}{'X-Lead-Score'}, qr/^-?\d+\.\d$/, 'and the true ones are added';
};

subtest 'inet: does not stall' => sub {
	my $site = Site->new(socket => 'inet');
	$site->start_daemon;
	my $client = client($site);
	my $began  = time;
	ok $client->message(lead_mail('inet'))->{added}{'X-Lead-Id'} or last for 1 .. 50;
	cmp_ok((time - $began) / 50, '<', 0.03, 'well below the 40 ms of Nagle and delayed ACK');
};

subtest 'reload: under load, and a wrong file changes nothing' => sub {
	my $site = Site->new;
	my $pid  = $site->start_daemon;
	my $log  = "$site->{dir}/load.json";
	my $load = $site->start_process('load', command =>
		    [ 'sh', '-c', "$Site::BUILD/bench/load -s @{[$site->socket_spec]} -n 6000 --senders 500 > $log" ]);
	for (1 .. 10) {
		kill 'USR1', $pid;
		my $n = $_;
		Site::wait_for('a reload', sub { ($site->leadctl_json('stats')->[0]{daemon}{reloads} // 0) >= $n });
	}
	Site::wait_for('the load', sub { -s $log }, 60);
	like Site::slurp($log), qr/"answered":6000,"accepted":6000,.*"failed":0/, 'every mail was answered';
	Site::spew($site->config_path, "what = 1\n");
	kill 'USR1', $pid;
	Site::wait_for('the complaint', sub { $site->daemon_log =~ /the old configuration stays: .*leadmilter\.conf:1:/ });
	ok client($site)->message(lead_mail('old'))->{added}{'X-Lead-Id'}, 'the old configuration serves';
	$site->{mailboxes} = qq(mailbox "other\@example.test" {\n}\n);
	$site->write_config;
	$site->leadctl('reload');
	is $site->{status}, 0, 'leadctl reload';
	ok client($site)->message(lead_mail('new'))->{early}, 'the new mailbox counts now';
};

subtest 'SIGTERM during end-of-message' => sub {
	my $site   = Site->new;
	my $pid    = $site->start_daemon;
	my $record = "$site->{dir}/answered";
	my $load   = $site->start_process('load', command =>
		    [ "$Site::BUILD/bench/load", '-s', $site->socket_spec, '-c', 8, '-n', 50_000, '--record', $record ]);
	Site::wait_for('some mail', sub { (-s $record // 0) > 2000 });
	my $began = time;
	is $site->stop_daemon, 0, 'a clean end';
	cmp_ok(time - $began, '<', 10, 'within ten seconds');
	$site->stop_process($load, 'KILL');
	my @answered = split /\n/, Site::slurp($record);
	my $stored   = $site->leadctl_json('stats')->[0]{store_messages};
	cmp_ok $stored, '>=', scalar @answered, scalar(@answered) . " answered, $stored in the store";
};

subtest 'sessions are bounded' => sub {
	my $site = Site->new(config => "max_sessions = 5\n");
	$site->start_daemon;
	my @clients = map { client($site) } 1 .. 20;
	is scalar(grep { $_ } @clients), 20, 'all may connect';
	my $stats = Site::wait_for('refusals', sub {
		my $d = $site->leadctl_json('stats')->[0]{daemon};
		$d->{refused_sessions} >= 15 && $d;
	});
	cmp_ok $stats->{sessions}, '<=', 5, 'five are served';
	$_->quit for @clients;
	Site::wait_for('their end', sub { $site->leadctl_json('stats')->[0]{daemon}{sessions} == 0 });
	ok client($site)->message(lead_mail('later'))->{added}{'X-Lead-Id'}, 'and later ones again';
};

subtest 'privileges, background, pid file' => sub {
	plan skip_all => 'needs root' if $> != 0;
	my $site = Site->new(config => "user = \"nobody\"\n");
	my $nobody = getpwnam 'nobody';
	chown $nobody, -1, $site->{dir}, "$site->{dir}/run", "$site->{dir}/spool";
	my $pid = $site->start_daemon;
	like Site::slurp("/proc/$pid/status"), qr/^Uid:\s+$nobody\s+$nobody\s+$nobody\s+$nobody$/m, 'runs as nobody';
	is $site->stop_daemon, 0, 'ends';
	$site->{config} = qq(pid_file = "$site->{dir}/run/pid"\n);
	$site->write_config;
	is system("$Site::BUILD/leadmilter -c " . $site->config_path . " 2>/dev/null"), 0, 'goes into the background';
	my $background = Site::wait_for('the pid file', sub { Site::slurp("$site->{dir}/run/pid") });
	chomp $background;
	Site::wait_for('the daemon', sub { $site->daemon_answers });
	ok client($site)->message(lead_mail('background'))->{added}{'X-Lead-Id'}, 'and serves';
	kill 'TERM', $background;
	Site::wait_for('its end', sub { !kill 0, $background });
	ok !-e "$site->{dir}/run/pid", 'the pid file is gone';
};

subtest 'systemd is told' => sub {
	my $site = Site->new;
	socket(my $notify, AF_UNIX, SOCK_DGRAM, 0) or die;
	bind $notify, pack_sockaddr_un("$site->{dir}/notify") or die;
	$site->start_daemon(env => { NOTIFY_SOCKET => "$site->{dir}/notify", WATCHDOG_USEC => 4_000_000 });
	my %seen;
	local $SIG{ALRM} = sub { die "no notification\n" };
	alarm 20;
	until ($seen{'READY=1'} && $seen{'WATCHDOG=1'}) {
		recv $notify, my $text, 4096, 0;
		$seen{$_} = 1 for split /\n/, $text;
	}
	ok $seen{'EXTEND_TIMEOUT_USEC=30000000'}, 'a start may take its time';
	ok $seen{'READY=1'}, 'ready';
	ok $seen{'WATCHDOG=1'}, 'alive';
	my $serving = 'STATUS=serving ' . $site->socket_spec;
	ok $seen{$serving}, '  with a line of status';
	my $told_of = sub {
		my ($text, @told) = ('');
		while (1) {
			recv $notify, $text, 4096, 0;
			push @told, split /\n/, $text;
			return "@{[ grep { !/^WATCHDOG/ } @told ]}" if $text =~ /READY=1/;
		}
	};
	kill 'USR1', $site->{daemon};
	is $told_of->(), "RELOADING=1 READY=1 $serving", 'a reload';
	Site::spew($site->config_path, "wrong\n");
	kill 'USR1', $site->{daemon};
	like $told_of->(), qr/^RELOADING=1 READY=1 \Q$serving\E; a changed configuration was not taken: .*:1: /, 'one that fails';
	$site->write_config;
	$site->leadctl('reload');
	is $told_of->(), "RELOADING=1 READY=1 $serving", 'leadctl reload';
	alarm 0;
};

done_testing;
