#!/usr/bin/perl
# crash.t - kill -9 at random moments under load: nothing answered is lost, nothing is doubled.
#
# Every message has a new sender, so each must give exactly one lead.created event, under one id
# however often it is posted.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::UNIX;
use JSON::PP;
use Site;
use Test::More;
use Time::HiRes qw(sleep);

my $kills = $ENV{KILLS} // 100;
my $site  = Site->new;
$site->start_receiver;
my $record = "$site->{dir}/answered";
srand($ENV{SEED} // 20261121);
my $answered = 0;
for my $round (1 .. $kills) {
	$site->start_daemon;
	my $load = $site->start_process('load', command => [
		"$Site::BUILD/bench/load", '-s', $site->socket_spec, '-c', 4, '-n', 200, '--seed', $round,
		'--size', 1500, '--record', $record ]);
	my $before = $answered;
	my $until  = $before + int rand 60;
	Site::wait_for('answers', sub { ($answered = (Site::slurp($record) =~ tr/\n//)) > $until || !$site->alive($load) });
	sleep rand 0.02;
	$site->stop_daemon('KILL');
	$site->stop_process($load, 'KILL');
}
my %answered = map { $_ => 1 } split /\n/, Site::slurp($record);
cmp_ok scalar(keys %answered), '>', $kills * 10, scalar(keys %answered) . " messages were answered in $kills lives";

$site->start_daemon;
Site::wait_for('the spool to be taken', sub { $site->leadctl_json('stats')->[0]{daemon}{spool_files} == 0 }, 60);
Site::wait_for('all deliveries', sub { $site->leadctl_json('stats')->[0]{outbox_waiting} == 0 }, 120);
$site->leadctl('check');
is $site->{status}, 0, 'the store is sound';

my (%events, %ids, %leads);
for my $request (@{ $site->requests }) {
	my $event = decode_json(Encode::encode('UTF-8', $request->{body}));
	$ids{ $request->{headers}{'webhook-id'} }++;
	next unless $event->{type} eq 'lead.created';
	$events{ $event->{data}{message}{message_id} }{ $request->{headers}{'webhook-id'} } = 1;
	$leads{ $event->{data}{message}{message_id} }{ $event->{data}{lead}{id} } = 1;
}
my @lost    = grep { !$events{$_} } sort keys %answered;
my @doubled = grep { keys %{ $events{$_} } > 1 || keys %{ $leads{$_} } > 1 } sort keys %events;
is_deeply \@lost,    [], 'every answered message reached the receiver';
is_deeply \@doubled, [], 'no message gave two leads or two events';
my $stats = $site->leadctl_json('stats')->[0];
is $stats->{leads}, scalar keys %events, 'leads in the store and events posted agree';
my $again = grep { $_ > 1 } values %ids;
diag "$stats->{leads} leads; $again events were posted more than once, under the same id";
done_testing;
