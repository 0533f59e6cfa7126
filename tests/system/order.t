#!/usr/bin/perl
# order.t - mail comes in any order over many connections, some of it twice: the leads are those of the
# same mail taken in one by one, and every owner has the share that was promised.  The daemon's clock
# stands, so that figures are equal and not only near.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use List::Util qw(shuffle);
use MilterClient;
use POSIX ();
use Site;
use Test::More;

my $PEOPLE = $ENV{LEADMILTER_PEOPLE} // 1000;
my $EACH   = 10;
my $FIRM   = 4; # people of one
my $TIME   = 1795255200;

my %WEIGHT = (t1 => 1, t2 => 2, t3 => 3, t4 => 4);
my $CONFIG = join('', map { qq(owner "$_\@example.test" { weight = $WEIGHT{$_} }\n) } sort keys %WEIGHT)
    . qq(assign "turns" {\n}\n);

my @SAYS = (
	'Could you send an offer for twenty pumps?',
	'We have a budget of 50,000 EUR for this.',
	'We need them by 1 March.',
	'What would the maintenance cost?',
	'I am the one who decides about this.',
	'Please call me about the delivery.',
	'Can you send the data sheets, too?',
	'Is there a discount for forty?',
	'Thank you, that helps.',
	'When could you visit us?',
);

# Message number `n` of person `p`, as MilterClient wants it.
sub message {
	my ($p, $n) = @_;
	my $firm = int($p / $FIRM);
	my $from = "person$p\@firm$firm.test";
	my @thread = $n > 0 ? [ 'In-Reply-To', sprintf '<%d.%d@firm.test>', $p, $n - 1 ] : ();
	return (
		from    => $from,
		to      => $n % 3 == 2 ? 'info@example.test' : 'sales@example.test',
		headers => [
			[ 'Authentication-Results', "mx.example.test; dmarc=pass header.from=firm$firm.test" ],
			[ 'From',                   "Petra Person$p <$from>" ],
			[ 'To',                     'sales@example.test' ],
			[ 'Subject',                ($n > 0 ? 'Re: ' : '') . "Pumps for $p" ],
			[ 'Message-ID',             sprintf '<%d.%d@firm.test>', $p, $n ],
			[ 'Date',                   POSIX::strftime('%a, %d %b %Y %H:%M:%S +0000', gmtime $TIME) ],
			@thread,
		],
		body => "Hello,\r\n\r\n$SAYS[$n % @SAYS]\r\n\r\nPetra\r\n",
	);
}

# Connection `i` of so many writes its part of the messages.
sub write_part {
	my ($site, $i, $connections, @messages) = @_;
	my $client = MilterClient->new($site->socket_spec) or return 1;
	$client->negotiate;
	$client->connect_as;
	for (my $n = $i; $n < @messages; $n += $connections) {
		my $result = $client->message(message(@{ $messages[$n] }));
		return 1 unless $result && $result->{added}{'X-Lead-Id'};
	}
	$client->quit;
	return 0;
}

sub write_all {
	my ($site, $connections, @messages) = @_;
	my @pids;
	for my $i (0 .. $connections - 1) {
		my $pid = fork // die "fork: $!";
		POSIX::_exit(write_part($site, $i, $connections, @messages)) unless $pid;
		push @pids, $pid;
	}
	my $failed = 0;
	for (@pids) {
		waitpid $_, 0;
		$failed++ if $?;
	}
	return $failed;
}

sub take_in {
	my ($connections, @messages) = @_;
	my $site = Site->new(clock => 1, config => $CONFIG, mailboxes => join '', map { qq(mailbox "$_\@example.test" {\n}\n) } qw(sales info));
	$site->set_clock($TIME, 1);
	$site->start_daemon;
	is write_all($site, $connections, @messages), 0, "$connections at a time: every mail belongs to a lead";
	return $site;
}

# What must be equal, by address.
sub leads_of {
	my ($site) = @_;
	my %leads;
	for (@{ $site->leads(2 * $PEOPLE) }) {
		my $lead = $_;
		$leads{ $lead->{address} } = {
			map { ($_ => $lead->{$_}) }
			    grep { exists $lead->{$_} } qw(name company title account stage score fit engagement quality
			    completeness grade temperature touches unverified)
		};
	}
	return \%leads;
}

sub check_owners {
	my ($site) = @_;
	my (%firm, %count);
	$firm{ $_->{account} }{ $_->{owner} // 'nobody' }++ for @{ $site->leads(2 * $PEOPLE) };
	is_deeply [ grep { keys %{ $firm{$_} } != 1 } sort keys %firm ], [], 'one owner a firm';
	$count{ (keys %$_)[0] =~ s/\@.*//r }++ for values %firm;
	for (sort keys %WEIGHT) {
		my $share = scalar(keys %firm) * $WEIGHT{$_} / 10;
		cmp_ok abs(($count{$_} // 0) - $share), '<=', 1, "$_ has their share of the firms: $share";
	}
}

sub touches_of {
	my ($site, $address) = @_;
	my $lead = $site->leadctl_json('show', $address)->[0];
	return [ sort map { "$_->{touch} " . ($_->{message_id} // '') } @{ $lead->{history} } ];
}

my @messages = map { my $n = $_; map { [ $_, $n ] } 0 .. $PEOPLE - 1 } 0 .. $EACH - 1;
srand 20261122;

my $one  = take_in(1, @messages);
my $want = leads_of($one);
is scalar keys %$want, $PEOPLE, 'a lead each';
is scalar(grep { $_->{touches} == $EACH && $_->{score} > 0 } values %$want), $PEOPLE, 'with a touch for each mail';
check_owners($one);
my @some    = map { my $p = int $PEOPLE * $_; sprintf 'person%d@firm%d.test', $p, $p / $FIRM } 0, 0.3, 0.999;
my %touches = map { $_ => touches_of($one, $_) } @some;
undef $one;

my @mixed = shuffle @messages;
my $many  = take_in(64, @mixed, @mixed[ 0 .. @mixed / 50 ]);    # an MTA sends some again
my $got  = leads_of($many);
my @differ = grep { !eq_hash($got->{$_} // {}, $want->{$_}) } sort keys %$want;
is scalar keys %$got, scalar keys %$want, 'as many leads';
is scalar @differ, 0, 'the same leads, whatever the order' or diag explain [ map { [ $want->{$_}, $got->{$_} ] } @differ[ 0 .. 1 ] ];
is_deeply touches_of($many, $_), $touches{$_}, "the history of $_" for @some;
check_owners($many);

done_testing;
