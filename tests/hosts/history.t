#!/usr/bin/perl
# history.t - on PostgreSQL messages and events lie in parts, and retention drops parts as a whole: what is
# kept goes on as before, figures agree, and nothing that waits for its receiver goes.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../system/lib";
use Cluster;
use POSIX ();
use Test::More;

my $DAY = 86400;
my $cluster = Cluster->new(hosts => 1, more => "retention_days = 80\n");
my ($site) = $cluster->sites;
$cluster->start;
my $number = 0;

sub sql { return $cluster->{pg}->sql($_[0], 'leads') =~ s/\s+\z//r }

sub parts {
	my ($table) = @_;
	return join ' ', sort split /\n/, sql("SELECT substr(c.relname, length('$table')+2) FROM pg_inherits i JOIN pg_class c "
		    . "ON c.oid=i.inhrelid WHERE i.inhparent='leadmilter.$table'::regclass");
}

# Ten more people write.
sub mail {
	my @mails = map { [ $number + $_, 0 ] } 0 .. 9;
	$number += 10;
	$cluster->write_all(1, @mails);
	is $cluster->wait_writers, 0, 'mail comes';
	Site::wait_for('the messages', sub { sql('SELECT count(*) FROM leadmilter.lead') == $number }, 60);
}

sub expire_on {
	my ($day) = @_;
	return $site->leadctl_json('--now', POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime time + $day * $DAY), 'expire')->[0]{count};
}

is parts($_), '0 rest', "$_ begins with one part" for qw(message conversation event delivery);
mail();
$cluster->settle(60);
is expire_on(1), 0, 'nothing is past';
is parts('message'), '0 rest', 'and the part goes on';
is expire_on(11), 0, 'after an eighth of the retention';
is parts($_), '0 1 rest', "$_ goes on in the next" for qw(message conversation event delivery);
mail();
is sql('SELECT min(number)>>28 FROM leadmilter.message_1'), 1, 'its numbers are of its block';
is sql('SELECT count(*) FROM leadmilter.message_0') . ' ' . sql('SELECT count(*) FROM leadmilter.message_1'), '10 10',
    'what came before stays where it was';
$cluster->settle(60);
my @events = map { sql("SELECT count(*) FROM leadmilter.event_$_") } 0, 1;
cmp_ok $events[1], '>=', 10, 'events go there, too';

# One that waits for its receiver holds the part.
my ($waits) = sql('SELECT id FROM leadmilter.delivery_0 ORDER BY id LIMIT 1');
sql("UPDATE leadmilter.delivery SET state=0, head=1, due=9000000000000000 WHERE id=$waits");
sql("INSERT INTO leadmilter.journal(delivery, key, value) VALUES($waits, 'done', 'half')");
is expire_on(100), 10 + $events[0] - 1, 'the first part is past, but for what waits';
is parts('message'), '1 2 rest',   'messages: it is gone, and the next one was begun';
is parts('event'),   '0 1 2 rest', 'events: what waits stays';
is sql('SELECT count(*) FROM leadmilter.event_0'), 1, 'alone';
is expire_on(100), 10 + $events[1], 'the second part goes, which nothing is added to any more';
is parts('event'), '0 2 rest', 'by itself';
is sql("SELECT value FROM leadmilter.journal WHERE delivery=$waits"), 'half', 'how far it came is still known';
sql("UPDATE leadmilter.delivery SET state=1, head=0 WHERE id=$waits");
sql("ALTER TABLE leadmilter.$_ DETACH PARTITION leadmilter.${_}_0") for qw(event delivery);
sql('CREATE TABLE leadmilter.event_notes(text TEXT)');    # somebody else's
is expire_on(100), 1, 'and it goes when it is done, even if that was interrupted';
is sql(q(SELECT count(*) FROM pg_tables WHERE schemaname='leadmilter' AND tablename IN ('event_0', 'delivery_0', 'message_0', 'conversation_0'))), 0,
    'nothing of it is left';
sql('DROP TABLE leadmilter.event_notes');
is parts($_), '2 rest', "$_ has the present part" for qw(message conversation event delivery);

mail();
$cluster->settle(60);
$cluster->write_all(1, map { [ $_, 1 ] } 15 .. 24);    # of the dropped and of the kept
is $cluster->wait_writers, 0, 'people write again';
$cluster->settle(60);
is sql('SELECT count(*) FROM leadmilter.lead'), $number, 'they are who they were';
cmp_ok sql('SELECT max(id) FROM leadmilter.delivery'), '<', 2**53, 'ids fit into JSON numbers';
my ($stats) = @{ $site->leadctl_json('stats') };
is $stats->{store_messages}, sql('SELECT count(*) FROM leadmilter.message'), 'the count of messages agrees';
is $stats->{outbox_delivered}, sql('SELECT count(*) FROM leadmilter.delivery WHERE state=1'), 'and that of deliveries';
diag $site->leadctl('store', 'check');
is $site->{status}, 0, 'the store is sound';
done_testing;
