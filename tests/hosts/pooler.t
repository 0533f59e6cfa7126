#!/usr/bin/perl
# pooler.t - two mail hosts reach PostgreSQL through pgbouncer in transaction mode; it is killed and started
# again while mail comes, and a daemon starts before there is anything to reach.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../system/lib";
use Cluster;
use List::Util qw(shuffle);
use Test::More;

my ($pgbouncer) = grep { -x } qw(/usr/sbin/pgbouncer /usr/bin/pgbouncer);
plan skip_all => 'pgbouncer is not installed' unless $pgbouncer;

my $PEOPLE = 40;
my $EACH   = 10;
my $port   = Site::free_port();
my $cluster = Cluster->new(hosts => 2, url => sub { "postgresql:///leads?host=127.0.0.1&port=$port&user=leadmilter" });
my @sites = $cluster->sites;

sub start_pooler {
	my $dir = $cluster->{pg}->dir;
	Site::spew("$dir/pgbouncer.ini", <<"END");
[databases]
leads = host=$dir port=@{[ $cluster->{pg}->port ]} dbname=leads user=leadmilter
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
auth_type = any
pool_mode = transaction
default_pool_size = 4
unix_socket_dir =
END
	chmod 0644, "$dir/pgbouncer.ini";
	my @as = $> == 0 ? ('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups') : ();
	my $pid = $sites[0]->start_process('pgbouncer', command => [ @as, $pgbouncer, "$dir/pgbouncer.ini" ]);
	Site::wait_for('pgbouncer', sub { IO::Socket::INET->new("127.0.0.1:$port") });
	return $pid;
}

# Nothing answers yet: mail is served, and spooled.
$cluster->start;
my @mails = shuffle map { my $p = $_; map { [ $p, $_ ] } 0 .. $EACH - 1 } 0 .. $PEOPLE - 1;
$cluster->write_all(2, splice @mails, 0, 50);
is $cluster->wait_writers, 0, 'mail is taken before the database was ever there';
is Cluster::figure($_, 'store_outage'), 'away', 'and the figures say that it is away' for @sites;
my $pooler = start_pooler();
Site::wait_for('the store', sub { !grep { (Cluster::figure($_, 'store_outage') // 'none') ne 'none' } @sites }, 60);
pass 'it is taken up when it comes';

$cluster->write_all(2, splice @mails, 0, 150);
Site::wait_for('some mail', sub { (() = $cluster->answered) > 90 }, 60);
$sites[0]->stop_process($pooler, 'KILL');
$pooler = start_pooler();
is $cluster->wait_writers, 0, 'mail is taken while the pooler is started again';
$cluster->write_all(2, splice @mails);
is $cluster->wait_writers, 0, 'and after that';
$cluster->settle(120);

my $leads = Cluster::leads($sites[1], 2 * $PEOPLE, @Cluster::FACTS);
is scalar keys %$leads, $PEOPLE, 'a lead for each person';
is_deeply [ grep { $leads->{$_}{touches} != $EACH } sort keys %$leads ], [], 'with a touch for each mail';
my ($times, $events) = $cluster->deliveries;
my ($disorder, $lost) = $cluster->out_of_order($events);
is_deeply $lost,     [], 'every event came';
is_deeply $disorder, [], 'in the order of each lead';
done_testing;
