#!/usr/bin/perl
# assign.t - who gets the lead: shares hold however many connections there are, absences and
# changed owners count from the next mail, and an answer is due in working hours.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use MilterClient;
use POSIX ();
use Site;
use Test::More;

my $MAILBOXES = join '', map { qq(mailbox "$_\@example.test" {\n}\n) } qw(sales fewest small vip nobody);

my $RULES = <<'END';
assign "turns" {
	when = "source.mailbox == 'sales@example.test'"
	owners = {"team:turns"}
}
assign "fewest" {
	when = "source.mailbox == 'fewest@example.test'"
	strategy = "least_loaded"
	owners = {"team:fewest"}
}
assign "small" {
	when = "source.mailbox == 'small@example.test'"
	owners = {"cap3@example.test", "cap5@example.test"}
}
assign "vip" {
	when = "source.mailbox == 'vip@example.test'"
	strategy = "fixed"
	owners = {"t1@example.test"}
	response_within = "15m"
}
assign "nobody" {
	when = "source.mailbox == 'nobody@example.test'"
	strategy = "pool"
}
END

my %WEIGHT = (t1 => 1, t2 => 2, t3 => 3, t4 => 4, l1 => 1, l2 => 2);

# more => { name => "options of its section" }
sub owners {
	my (%more) = @_;
	my $text = qq(fallback_owner = "boss\@example.test"\nresponse_within = "30m"\n);
	for my $name (sort keys %WEIGHT) {
		my $team = $name =~ /^t/ ? 'turns' : 'fewest';
		$text .= sprintf qq(owner "%s\@example.test" {\n\tteam = "%s"\n\tweight = %d\n\t%s\n}\n),
		    $name, $team, $WEIGHT{$name}, $more{$name} // '';
	}
	$text .= qq(owner "cap$_\@example.test" { capacity = $_ }\n) for 3, 5;
	return $text . ($more{''} // '') . $RULES;
}

sub mail {
	my ($client, $name, $to, %more) = @_;
	my $from = $more{from} // "$name\@buyers-$name.test";
	return $client->message(
		from    => $from,
		to      => "$to\@example.test",
		headers => [
			[ 'From',       "Person $name <$from>" ],
			[ 'To',         "$to\@example.test" ],
			[ 'Subject',    $more{subject} // 'Offer' ],
			[ 'Message-ID', sprintf('<%s@buyers.test>', $more{id} // $name) ],
			[ 'Date',       POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime) ],
		],
		body => "Could you send an offer for twenty pumps?\r\n",
	);
}

sub connect_to {
	my ($site) = @_;
	my $client = MilterClient->new($site->socket_spec) or die 'no milter';
	$client->negotiate;
	$client->connect_as;
	return $client;
}

sub send_one {
	my ($site, @mail) = @_;
	my $client = connect_to($site);
	my $result = mail($client, @mail) or die 'no answer';
	$client->quit;
	return $result;
}

# One of us writes, from the host itself.
sub answer {
	my ($site, $who, $to) = @_;
	my $client = MilterClient->new($site->socket_spec) or die 'no milter';
	$client->negotiate;
	$client->connect_as('127.0.0.1');
	$client->message(
		from    => "$who\@example.test",
		to      => $to,
		headers => [
			[ 'From',       "$who\@example.test" ],
			[ 'To',         $to ],
			[ 'Subject',    'Re: Offer' ],
			[ 'Message-ID', "<answer-$who\@example.test>" ],
			[ 'Date',       POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime) ],
		],
		body => "With pleasure: here it is.\r\n",
	);
	$client->quit;
}

# Many connections at once; each writes its share of the mails one after another.
sub send_all {
	my ($site, $connections, @mails) = @_;
	my @pids;
	pipe my $wait, my $go or die "pipe: $!";
	for my $i (0 .. $connections - 1) {
		my $pid = fork // die "fork: $!";
		push(@pids, $pid), next if $pid;
		close $go;
		my $client = connect_to($site);
		sysread $wait, my $byte, 1;
		for (my $n = $i; $n < @mails; $n += $connections) {
			my $result = mail($client, @{ $mails[$n] });
			POSIX::_exit(1) unless $result && $result->{verdict} =~ /[ac]/ && $result->{added}{'X-Lead-Owner'};
		}
		$client->quit;
		POSIX::_exit(0);
	}
	close $wait;
	sleep 1;
	close $go;
	my $failed = 0;
	for (@pids) {
		waitpid $_, 0;
		$failed++ if $?;
	}
	return $failed;
}

# How many leads each owner has, of those a mailbox made: { t1 => 100, … }
sub shares {
	my ($site, $mailbox) = @_;
	my %count;
	for (@{ $site->leads(5000) }) {
		next unless $_->{source} eq "$mailbox\@example.test";
		$count{ ($_->{owner} // 'nobody') =~ s/\@.*//r }++;
	}
	return \%count;
}

sub lead_of {
	my ($site, $address) = @_;
	return (grep { ($_->{address} // '') eq $address } @{ $site->leads(5000) })[0];
}

sub reload {
	my ($site, $config) = @_;
	$site->{config} = $config;
	$site->write_config;
	$site->leadctl('reload');
	return $site->{status};
}

my $site = Site->new(config => owners(), mailboxes => $MAILBOXES);
$site->start_daemon;

subtest '1,000 first mails over 64 connections' => sub {
	my @mails = map { [ "p$_", $_ % 5 == 4 ? 'fewest' : 'sales' ] } 1 .. 1000;
	is send_all($site, 64, @mails), 0, 'every mail is answered with an owner';
	is scalar @{ $site->leads(5000) }, 1000, 'a lead each';
	is_deeply shares($site, 'sales'), { t1 => 80, t2 => 160, t3 => 240, t4 => 320 }, 'round robin: the shares to the lead';
	is_deeply shares($site, 'fewest'), { l1 => 67, l2 => 133 }, 'least loaded: open leads follow the weights';
	like lead_of($site, 'p1@buyers-p1.test')->{owner_reason},
	    qr/^round robin of rule 'turns': t\d\@example\.test \(weight \d of 10, \d+ open\)$/, 'each choice is explained';
};

subtest 'first mails of many people of few firms at once' => sub {
	my @mails = map { my $firm = $_ % 20; [ "f$_", 'fewest', from => "f$_\@firm$firm.test" ] } 1 .. 300;
	is send_all($site, 64, @mails), 0, 'three hundred mails of twenty firms';
	my %owners;
	for (@{ $site->leads(5000) }) {
		$owners{$1}{ $_->{owner} }++ if $_->{address} =~ /\@(firm\d+)/;
	}
	is scalar keys %owners, 20, 'twenty firms';
	is_deeply [ grep { keys %{ $owners{$_} } != 1 } sort keys %owners ], [], 'no two salespeople talk to one of them';
};

subtest 'capacity, pool, fallback' => sub {
	is send_all($site, 8, map { [ "s$_", 'small' ] } 1 .. 20), 0, 'twenty mails for eight places';
	is_deeply shares($site, 'small'), { cap3 => 3, cap5 => 5, boss => 12 }, 'nobody has more than they can';
	my $reason = (grep { ($_->{owner} // '') eq 'boss@example.test' } @{ $site->leads(5000) })[0]{owner_reason};
	is $reason, "fallback owner: rule 'small': nobody free of 2 (0 absent, 2 full)", 'why the fallback got it';
	send_one($site, 'n1', 'nobody');
	my $lead = lead_of($site, 'n1@buyers-n1.test');
	is $lead->{owner}, undef, 'a pool gives it to nobody';
};

subtest 'who comes again, and who comes from the same firm' => sub {
	my $owner = lead_of($site, 'p1@buyers-p1.test')->{owner};
	is send_one($site, 'p1', 'nobody', id => 'p1-again')->{added}{'X-Lead-Owner'}, $owner, 'again: the same owner';
	is send_one($site, 'q1', 'nobody', from => 'boss@buyers-p1.test')->{added}{'X-Lead-Owner'}, $owner,
	    'a colleague: the same owner';
};

subtest 'absences and changed owners count at once' => sub {
	my ($mine) = grep { /^p/ } map { $_->{address} } grep { ($_->{owner} // '') eq 't4@example.test' } @{ $site->leads(5000) };
	my ($name) = $mine =~ /^(\w+)/;
	my %away = (t4 => qq(absent_until = "2099-07-01"\n\tsubstitute = "t1\@example.test"));
	is reload($site, owners(%away)), 0, 'reloaded: one is away';
	is send_all($site, 4, map { [ "a$_", 'sales' ] } 1 .. 60), 0, 'sixty mails';
	is_deeply shares($site, 'sales'), { t1 => 90, t2 => 180, t3 => 270, t4 => 320, }, 'the others share them';
	is send_one($site, $name, 'sales', id => 'away')->{added}{'X-Lead-Owner'}, 't4@example.test',
	    'who is known stays with whom they know';
	ok $site->daemon_log =~ /t4\@example\.test absent until 2099-07-01; t1\@example\.test stands in/, 'and the log says so';
	my $history = $site->leadctl_json('show', $mine)->[0]{history};
	ok scalar(grep { ($_->{note} // '') =~ /t1\@example\.test stands in/ } @$history), 'and the history';
	my %gone = (
		t4 => qq(absent_from = "2020-01-01"\n\tsubstitute = "t1\@example.test"),
		'' => qq(owner "t5\@example.test" {\n\tteam = "turns"\n\tweight = 6\n}\n)
	);
	is reload($site, owners(%gone)), 0, 'reloaded: one has left, one is new';
	is send_all($site, 4, map { [ "g$_", 'sales' ] } 1 .. 60), 0, 'sixty mails';
	my $shares = shares($site, 'sales');
	cmp_ok abs($shares->{t5} - 30), '<=', 1, 'the new one gets their share' or diag explain $shares;
	is $shares->{t4}, 320, 'who has left gets nothing';
	is send_one($site, $name, 'sales', id => 'gone')->{added}{'X-Lead-Owner'}, 't1@example.test',
	    'who is known goes to who stands in';
	is lead_of($site, $mine)->{owner_reason}, 'was theirs (t4@example.test has left; t1@example.test stands in)', 'and why';
	isnt reload($site, owners() . qq(assign "x" {\n\twhen = "lead.grad == 'A'"\n}\n)), 0, 'a wrong rule changes nothing';
	my $why = `$Site::BUILD/leadmilter -t -c @{[$site->config_path]} 2>&1`;
	is $? >> 8, 78, 'leadmilter -t refuses it';
	like $why, qr/leadmilter\.conf:\d+:10: unknown signal "lead\.grad"/, 'and names it to the column';
	is send_one($site, 'w1', 'vip')->{added}{'X-Lead-Owner'}, 't1@example.test', 'the rules are still there';
};

# A day on which nobody works today: tomorrow's weekday is the only one with hours.
subtest 'mail outside of working hours is due in the morning' => sub {
	my $tomorrow = time + 86400;
	my $hours    = sprintf qq(working_hours = "%s 09:00-17:00"\ntime_zone = "UTC"\n), POSIX::strftime('%a', gmtime $tomorrow);
	my $day      = POSIX::strftime('%Y-%m-%d', gmtime $tomorrow);
	is reload($site, $hours . owners()), 0, 'reloaded';
	send_one($site, $_, $_ eq 'd2' ? 'vip' : 'nobody') for qw(d1 d2);
	is lead_of($site, 'd1@buyers-d1.test')->{task}{what}, 'reply', 'a reply is to be written';
	is lead_of($site, 'd1@buyers-d1.test')->{task}{due}, "${day}T09:30:00.000Z", 'half an hour of work later';
	is lead_of($site, 'd2@buyers-d2.test')->{task}{due}, "${day}T09:15:00.000Z", 'a rule may want it sooner';
	answer($site, 't2', 'd1@buyers-d1.test');
	is lead_of($site, 'd1@buyers-d1.test')->{task}, undef, 'an answer of ours ends it';
	is lead_of($site, 'd1@buyers-d1.test')->{owner}, 't2@example.test', 'and makes who wrote it the owner of what a pool held';
	my $holiday = qq(holidays = {"$day"}\n);
	is reload($site, $holiday . $hours . owners()), 0, 'reloaded: tomorrow is a holiday';
	send_one($site, 'd3', 'nobody');
	my $next_week = POSIX::strftime('%Y-%m-%d', gmtime $tomorrow + 7 * 86400);
	is lead_of($site, 'd3@buyers-d3.test')->{task}{due}, "${next_week}T09:30:00.000Z", 'a week later then';
};

done_testing;
