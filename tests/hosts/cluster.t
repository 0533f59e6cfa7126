#!/usr/bin/perl
# cluster.t - three mail hosts with one PostgreSQL: mail of the same people comes to any of them, and the
# leads are those of one host with SQLite; every event is delivered once and in order.
#
# LEADMILTER_MAILS says how many (2000; 20000 is the full measure), ten of each person.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../system/lib";
use Cluster;
use List::Util qw(shuffle);
use MilterClient;
use Test::More;
use Time::HiRes qw(time);

my $MAILS  = $ENV{LEADMILTER_MAILS} // 3000;
my $EACH   = 10;
my $PEOPLE = int($MAILS / $EACH);
srand($ENV{SEED} // 20261122);
my @mails = map { my $n = $_; map { [ $_, $n ] } 0 .. $PEOPLE - 1 } 0 .. $EACH - 1;

# One host, one after another.
my $one = Cluster::site(clock => 1);
$one->set_clock($Cluster::TIME, 1);
$one->start_daemon;
my $client = MilterClient->new($one->socket_spec);
$client->negotiate;
$client->connect_as;
for (@mails) {
	my $result = $client->message(Cluster::message(@$_));
	$result && $result->{added}{'X-Lead-Id'} or BAIL_OUT("the one host didn't take @$_");
}
$client->quit;
my $want = Cluster::leads($one, 2 * $PEOPLE, @Cluster::FIGURES);
is scalar keys %$want, $PEOPLE, "one host: $PEOPLE leads";
undef $one;

my $cluster = Cluster->new(standing => 1);
$cluster->start;
my $began = time;
$cluster->write_all(4, shuffle @mails);
is $cluster->wait_writers, 0, 'three hosts take every mail';
my $took = time - $began;
$cluster->settle;
my @times = map { $_->[1] } $cluster->answered;
diag sprintf '%d mails in %.1f s: %.0f/s; median %.1f ms, p99 %.1f ms', scalar @times, $took, @times / $took,
    Cluster::percentile(0.5, @times), Cluster::percentile(0.99, @times);
cmp_ok Cluster::percentile(0.99, @times), '<', 400, 'mail waits less than 400 ms (p99)';

my $got = Cluster::leads(($cluster->sites)[1], 2 * $PEOPLE, @Cluster::FIGURES);
is scalar keys %$got, $PEOPLE, 'as many leads';
my @differ = grep { !eq_hash($got->{$_} // {}, $want->{$_}) } sort keys %$want;
is scalar @differ, 0, 'the same leads' or diag explain [ map { [ $want->{$_}, $got->{$_} ] } @differ[ 0 .. 1 ] ];

my ($times, $events) = $cluster->deliveries;
is_deeply [ grep { $times->{$_} > 1 } keys %$times ], [], 'every event came once: ' . keys(%$times) . ' events';
my ($wrong, $lost) = $cluster->out_of_order($events);
is_deeply $lost,  [], 'all of them';
is_deeply $wrong, [], 'in the order of each lead';
my @shares = map { Cluster::figure($_, 'deliveries') } $cluster->sites;
diag "delivered by the hosts: @shares";
diag 'spooled for a moment by the hosts: ' . join ' ', map { Cluster::figure($_, 'spooled') } $cluster->sites;
$cluster->{sites}[0]->leadctl('check');
is $cluster->{sites}[0]{status}, 0, 'the store is sound';
done_testing;
