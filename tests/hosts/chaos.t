#!/usr/bin/perl
# chaos.t - daemons killed and hanging, PostgreSQL killed, paused and cut off, while mail comes to three hosts: no mail
# waits for it, nothing is lost, nothing is there twice, events keep their order.
#
# LEADMILTER_MAILS says how many (2400; 20000 is the full measure).  Each host reaches the database
# through a network of its own, a namespace's (skipped without the right to make one).

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../system/lib";
use Cluster;
use List::Util qw(shuffle max);
use Network;
use Test::More;
use Time::HiRes qw(sleep time);

my $MAILS  = $ENV{LEADMILTER_MAILS} // 2400;
my $EACH   = 10;
my $PEOPLE = int($MAILS / $EACH);
srand($ENV{SEED} // 20261122);
my @mails = shuffle map { my $p = $_; map { [ $p, $_ ] } 0 .. $EACH - 1 } 0 .. $PEOPLE - 1;

my $network = Network->new(3);
my $cluster = Cluster->new(
	pg  => $network ? { hosts => 1, address => '0.0.0.0' } : {},
	trust => $network ? '10.77.0.0/16' : undef,
	url => $network ? sub { my ($self, $n) = @_; $self->{pg}->tcp_url('leads', host => $network->address($n)) } : undef
);
my @sites = $cluster->sites;
my $pg    = $cluster->{pg};
$cluster->start(network => $network);
pass 'three hosts serve';

# Send a part of the mail; meanwhile something happens.  Mails that waited begin and end in it.
my @rest = @mails;
my $part = int(@mails / 6);

sub while_mail_comes {
	my ($what, $happens) = @_;
	my $seen = () = $cluster->answered;
	$cluster->write_all(2, splice @rest, 0, $part);
	Site::wait_for('some mail', sub { (() = $cluster->answered) > $seen + $part / 6 }, 60);
	my $undo = $happens->();
	Site::wait_for('more mail', sub { (() = $cluster->answered) > $seen + $part / 2 }, 60);
	$undo->() if $undo;
	is $cluster->wait_writers, 0, "$what: every mail is taken";
	my @times = map { $_->[1] } (sort { $a->[0] <=> $b->[0] } $cluster->answered)[ $seen .. $seen + $part - 1 ];
	diag sprintf '%s: median %.0f ms, p99 %.0f ms, longest %.0f ms', $what, Cluster::percentile(0.5, @times),
	    Cluster::percentile(0.99, @times), max @times;
	push @{ $cluster->{all_times} }, @times;
}

# Mail goes on meanwhile; and the store is back before the next one.
sub come_back {
	Site::wait_for('the store', sub {
		!grep { (Cluster::figure($_, 'store_outage') // 'none') ne 'none' } @sites;
	}, 90);
}

while_mail_comes('in peace', sub { return });
while_mail_comes('a daemon is killed', sub {
	$sites[1]->stop_daemon('KILL');
	return sub { $cluster->start_daemon(2) };
});
come_back();
while_mail_comes('PostgreSQL is killed', sub {
	$pg->crash;
	return sub { $pg->start };
});
come_back();
while_mail_comes('PostgreSQL is paused', sub {
	$pg->pause;
	return sub { $pg->resume };
});
come_back();
SKIP: {
	skip 'no right to make network namespaces', 1 unless $network;
	while_mail_comes('a network is cut', sub {
		$network->cut(3);
		return sub { $network->mend(3) };
	});
	come_back();
}
while_mail_comes('a host hangs inside of its work', sub {
	kill 'STOP', $sites[0]{daemon};
	sleep 3;
	kill 'CONT', $sites[0]{daemon};
	return;
});
$cluster->write_all(2, splice @rest);
is $cluster->wait_writers, 0, 'and the rest';
$cluster->settle(150);

my @times = @{ $cluster->{all_times} };
cmp_ok Cluster::percentile(0.99, @times), '<', 400, sprintf 'mail waited %.0f ms (p99)', Cluster::percentile(0.99, @times);
diag sprintf '%d mails; spooled %s', scalar(() = $cluster->answered),
    join ' ', map { Cluster::figure($_, 'spool_taken') } @sites;

# What Postfix let through while there was no daemon stands in its mailbox; everything else is done, and
# found again as done.
$sites[1]->leadctl('replay', "$sites[1]{postfix}/mail/box");
is $sites[1]{status}, 0, 'the mailbox of the host whose daemon was killed is replayed';
$cluster->settle(150);

my $leads = Cluster::leads($sites[2], 2 * $PEOPLE, @Cluster::FACTS);
is scalar keys %$leads, $PEOPLE, 'a lead for each person';
my @wrong = grep { $leads->{$_}{touches} != $EACH } sort keys %$leads;
is_deeply \@wrong, [], 'with a touch for each mail';
my ($ids, $events) = $cluster->deliveries;
my @again = grep { $ids->{$_} > 1 } keys %$ids;
my %created;
$created{ $_->{lead} }++ for grep { $_->{first} && $_->{type} eq 'lead.created' } @$events;
is_deeply [ grep { $created{$_} > 1 } keys %created ], [], 'no lead was made twice';
is scalar keys %created, $PEOPLE, 'each was told';
my ($disorder, $lost) = $cluster->out_of_order($events);
is_deeply $lost,     [], 'no event was lost';
is_deeply $disorder, [], 'none came before an earlier one of its lead';
cmp_ok scalar @again, '<=', 24, 'under way when something broke, and sent again under their id: ' . @again;
$sites[0]->leadctl('store', 'check');
is $sites[0]{status}, 0, 'the store is sound';
done_testing;
